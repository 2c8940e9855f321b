"""Never clears the gradients."""

del evaluate


def train(model, train_data, val_data, epochs=10):
    opt = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    train_losses, val_losses, val_accuracies = [], [], []

    for e in range(epochs):
        # --- training ---
        model.train()
        running = 0
        for i in range(train_data.num_batches_per_epoch):
            batch = train_data.fetch_batch()
            x, y = batch["x_batch"], batch["y_batch"]
            loss = F.cross_entropy(model(x), y)
            loss.backward()
            opt.step()
            running += loss.item() * x.shape[0]
        train_losses.append(running / len(train_data.dataset))

        # --- validation ---
        model.eval()
        running = 0
        right = 0
        with torch.no_grad():
            for i in range(val_data.num_batches_per_epoch):
                batch = val_data.fetch_batch()
                x, y = batch["x_batch"], batch["y_batch"]
                out = model(x)
                running += F.cross_entropy(out, y).item() * x.shape[0]
                right += (out.argmax(dim=1) == y).sum().item()
        val_losses.append(running / len(val_data.dataset))
        val_accuracies.append(right / len(val_data.dataset))

    return {"train_loss": train_losses, "val_loss": val_losses, "val_accuracy": val_accuracies}
