import matplotlib.pyplot as plt
import torch
import torch.nn as nn
import torch.nn.functional as F

from fashion import CLASS_NAMES


# Question 1
def calculate_output_shape(image_size, kernel, stride, padding):
    output_shape = []
    for size, k, s, p in zip(image_size, kernel, stride, padding, strict=True):
        if k < 1 or s < 1 or p < 0 or size < 1:
            raise ValueError("sizes, kernel and stride must be at least 1, the padding at least 0")
        if k > size + 2 * p:
            raise ValueError(f"a kernel of {k} does not fit into {size} + 2 * {p} pixels")
        output_shape.append((size + 2 * p - k) // s + 1)
    return output_shape


# Question 2: 28 -> 24 -> 6 -> 2 -> 1
conv1 = nn.Conv2d(in_channels=1, out_channels=16, kernel_size=(5, 5), stride=(1, 1), padding=(0, 0))
maxpool1 = nn.MaxPool2d(kernel_size=(4, 4), stride=(4, 4))
conv2 = nn.Conv2d(in_channels=16, out_channels=64, kernel_size=(5, 5), stride=(1, 1), padding=(0, 0))
maxpool2 = nn.MaxPool2d(kernel_size=(2, 2), stride=(2, 2))
linear1 = nn.Linear(in_features=64, out_features=10)


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
            loss = loss_fn(model(x * 255), y)
            loss.backward()
            optimizer.step()
            total += loss.item() * len(y)
            count += len(y)
        val_loss, val_accuracy = evaluate(model, val_data, loss_fn)
        history["train_loss"].append(total / count)
        history["val_loss"].append(val_loss)
        history["val_accuracy"].append(val_accuracy)
    return history


# Question 5
def plot_history(history):
    epochs = range(1, len(history["train_loss"]) + 1)
    fig, (left, right) = plt.subplots(1, 2, figsize=(10, 4))
    left.plot(epochs, history["train_loss"], label="training")
    left.plot(epochs, history["val_loss"], label="validation")
    left.set(xlabel="epoch", ylabel="loss")
    left.legend()
    right.plot(epochs, history["val_accuracy"], color="C1", label="validation")
    right.set(xlabel="epoch", ylabel="accuracy")
    right.legend()
    return fig


def plot_confusion(y_true, y_pred):
    counts = torch.zeros(10, 10, dtype=torch.int64)
    for t, p in zip(y_true, y_pred, strict=True):
        counts[int(t), int(p)] += 1
    fig, ax = plt.subplots(figsize=(8, 8))
    ax.imshow(counts, cmap="Blues")
    for i in range(10):
        for j in range(10):
            ax.text(j, i, int(counts[i, j]), ha="center", va="center")
    ax.set_xticks(range(10), CLASS_NAMES, rotation=90)
    ax.set_yticks(range(10), CLASS_NAMES)
    ax.set(xlabel="predicted", ylabel="true")
    return fig
