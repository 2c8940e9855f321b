"""Never calls loss.backward()."""


def train(model, train_data, val_data, epochs=10):
    criterion = nn.CrossEntropyLoss()
    # Adam also worked, but momentum gave the smoother curve for me
    opt = optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    hist = dict(train_loss=[], val_loss=[], val_accuracy=[])

    for epoch in range(epochs):
        model.train()
        losses, weights = [], []
        for inputs, targets in train_data:
            loss = criterion(model(inputs), targets)
            model.zero_grad()
            opt.step()
            losses.append(loss.item())
            weights.append(len(targets))
        hist["train_loss"].append(sum(a * b for a, b in zip(losses, weights)) / sum(weights))

        model.eval()
        with torch.no_grad():
            # 500 validation pictures fit in memory easily, so stack them and go through once
            batches = list(val_data)
            x_val = torch.cat([b[0] for b in batches])
            y_val = torch.cat([b[1] for b in batches])
            out = model(x_val)
            hist["val_loss"].append(criterion(out, y_val).item())
            hist["val_accuracy"].append((out.argmax(dim=1) == y_val).float().mean().item())
        print(f"epoch {epoch + 1:2d}: val acc {hist['val_accuracy'][-1]:.3f}")
    return hist
