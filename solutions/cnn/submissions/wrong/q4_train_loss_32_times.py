import torch
import torch.nn as nn
import torch.nn.functional as F


# Question 3
class CNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 16, 5)
        self.maxpool1 = nn.MaxPool2d(4)
        self.conv2 = nn.Conv2d(16, 64, 5)
        self.maxpool2 = nn.MaxPool2d(2)
        self.linear1 = nn.Linear(64, 10)

    def forward(self, x):  # (N, 1, 28, 28)
        x = self.maxpool1(F.relu(self.conv1(x)))  # (N, 16, 6, 6)
        x = self.maxpool2(F.relu(self.conv2(x)))  # (N, 64, 1, 1)
        return self.linear1(torch.flatten(x, 1))  # (N, 10), logits


# Question 4
def evaluate(model, data, loss_fn):
    """Mean loss and accuracy over all samples of data."""
    model.eval()
    loss, right, count = 0.0, 0, 0
    with torch.no_grad():
        for x, y in data:
            scores = model(x)
            loss += loss_fn(scores, y).item() * len(y)
            right += (scores.argmax(1) == y).sum().item()
            count += len(y)
    return loss / count, right / count


def train(model, train_data, val_data, epochs=10):
    loss_fn = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    history = {"train_loss": [], "val_loss": [], "val_accuracy": []}
    for _ in range(epochs):
        model.train()
        total, count = 0.0, 0
        for x, y in train_data:
            optimizer.zero_grad()
            loss = loss_fn(model(x), y)
            loss.backward()
            optimizer.step()
            total += loss.item() * len(y)
            count += len(y)
        val_loss, val_accuracy = evaluate(model, val_data, loss_fn)
        history["train_loss"].append(total / len(train_data))
        history["val_loss"].append(val_loss)
        history["val_accuracy"].append(val_accuracy)
    return history
