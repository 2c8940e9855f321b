"""Makes a new model and optimizer in each epoch."""


def train(model, train_data, val_data, epochs=10):
    loss_fn = nn.CrossEntropyLoss()
    history = {"train_loss": [], "val_loss": [], "val_accuracy": []}
    for epoch in range(epochs):
        # start each epoch fresh
        model = CNN()
        optimizer = torch.optim.Adam(model.parameters(), lr=0.003)
        model.train()
        total, n = 0.0, 0
        for x, y in train_data:
            optimizer.zero_grad()
            loss = loss_fn(model(x), y)
            loss.backward()
            optimizer.step()
            total += loss.item() * len(y)
            n += len(y)
        val_loss, val_accuracy = evaluate(model, val_data, loss_fn)
        history["train_loss"].append(total / n)
        history["val_loss"].append(val_loss)
        history["val_accuracy"].append(val_accuracy)
    return history
