"""Calls train() once, so that dropout and batch norm are in evaluation mode from the second epoch on."""

del calculate_output_shape, conv1, maxpool1, conv2, maxpool2, linear1, plot_history, plot_confusion


class CNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 16, 5)
        self.maxpool1 = nn.MaxPool2d(4)
        self.conv2 = nn.Conv2d(16, 64, 5)
        self.norm = nn.BatchNorm2d(64)
        self.maxpool2 = nn.MaxPool2d(2)
        self.dropout = nn.Dropout(0.2)
        self.linear1 = nn.Linear(64, 10)

    def forward(self, x):  # (N, 1, 28, 28)
        x = self.maxpool1(F.relu(self.conv1(x)))  # (N, 16, 6, 6)
        x = self.maxpool2(F.relu(self.norm(self.conv2(x))))  # (N, 64, 1, 1)
        return self.linear1(self.dropout(torch.flatten(x, 1)))  # (N, 10), logits


def train(model, train_data, val_data, epochs=10):
    loss_fn = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    history = {"train_loss": [], "val_loss": [], "val_accuracy": []}
    model.train()
    for _ in range(epochs):
        total, count = 0.0, 0
        for x, y in train_data:
            optimizer.zero_grad()
            loss = loss_fn(model(x), y)
            loss.backward()
            optimizer.step()
            total += loss.item() * len(y)
            count += len(y)
        val_loss, val_accuracy = evaluate(model, val_data, loss_fn)
        history["train_loss"].append(total / count)
        history["val_loss"].append(val_loss)
        history["val_accuracy"].append(val_accuracy)
    return history
