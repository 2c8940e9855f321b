# exported from my notebook (File > Save as .py)
# imports
import matplotlib.pyplot as plt
import torch
import torch.nn as nn
import torch.nn.functional as F
from fashion import CLASS_NAMES


# 1. output shape
def calculate_output_shape(image_size, kernel, stride, padding):
    shape = []
    for n, k, s, p in zip(image_size, kernel, stride, padding):
        if s == 0 or n + 2*p < k:
            raise ValueError(f"can't do n={n}, k={k}, s={s}, p={p}")
        shape.append(int((n + 2*p - k) / s) + 1)    # int() cuts the rest off
    return shape


# 2. layers
conv1 = nn.Conv2d(
    in_channels=1,
    out_channels=16,
    kernel_size=(5, 5),
    stride=(1, 1),
    padding=(0, 0),
)
# 24x24
maxpool1 = nn.MaxPool2d(kernel_size=(2, 2), stride=(2, 2), padding=(0, 0))
# 12x12
conv2 = nn.Conv2d(in_channels=16, out_channels=64, kernel_size=(5, 5), stride=(1, 1), padding=(0, 0))
# 8x8
maxpool2 = nn.MaxPool2d(kernel_size=(8, 8), stride=(8, 8), padding=(0, 0))
# 1x1
linear1 = nn.Linear(in_features=64, out_features=10)


# 3. the network
class CNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 16, 5)
        self.conv2 = nn.Conv2d(16, 64, 5)
        self.linear1 = nn.Linear(64, 10)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), 4)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        x = torch.flatten(x, 1)
        return self.linear1(x)


# 4. training
def evaluate(model, data, loss_fn):
    model.eval()
    loss, correct, n = 0.0, 0, 0
    with torch.no_grad():
        for x, y in data:
            out = model(x)
            loss += loss_fn(out, y).item() * len(y)
            correct += (out.argmax(1) == y).sum().item()
            n += len(y)
    return loss / n, correct / n


def train(model, train_data, val_data, epochs=10):
    loss_fn = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=10)
    history = {"train_loss": [], "val_loss": [], "val_accuracy": []}
    for epoch in range(epochs):
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


# 5. plots
def plot_history(history):
    fig = plt.figure()
    plt.plot(history["train_loss"], label="train loss")
    plt.plot(history["val_loss"], label="val loss")
    plt.plot(history["val_accuracy"], label="val accuracy")
    plt.xlabel("Epoch")
    plt.ylabel("Loss / accuracy")
    plt.legend()
    return fig


def plot_confusion(y_true, y_pred):
    matrix = torch.zeros(10, 10, dtype=torch.int)
    for t, p in zip(y_true, y_pred):
        matrix[int(t), int(p)] += 1
    fig, ax = plt.subplots(figsize=(8, 8))
    ax.imshow(matrix, cmap="Blues")
    for i in range(10):
        for j in range(10):
            ax.text(j, i, matrix[i, j].item(), ha="center", va="center")
    ax.set_xticks(range(10), CLASS_NAMES, rotation=90)
    ax.set_yticks(range(10), CLASS_NAMES)
    ax.set_xlabel("predicted")
    ax.set_ylabel("true")
    return fig
