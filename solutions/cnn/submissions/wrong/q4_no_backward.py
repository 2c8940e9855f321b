# CNN homework -- Sequential version
# my_names: I kept all the names from the sheet

import math

import matplotlib.pyplot as plt
import torch
from sklearn.metrics import ConfusionMatrixDisplay, confusion_matrix
from torch import nn, optim

import fashion


def calculate_output_shape(image_size: list[int], kernel: list[int], stride: list[int], padding: list[int]):
    """Same formula for rows and for columns, so do it once in a helper."""

    def one_side(n, k, s, p):
        room = n + 2 * p - k  # how far the window can move
        if room < 0 or s <= 0 or k <= 0:
            raise ValueError(f"impossible: n={n} k={k} s={s} p={p}")
        return math.floor(room / s) + 1

    h = one_side(image_size[0], kernel[0], stride[0], padding[0])
    w = one_side(image_size[1], kernel[1], stride[1], padding[1])
    return (h, w)


conv1 = nn.Conv2d(in_channels=1, out_channels=16, kernel_size=(5, 5), stride=(1, 1), padding=(0, 0))
# 24x24 now
maxpool1 = nn.MaxPool2d(kernel_size=2, stride=2, padding=0)
# 12x12
conv2 = nn.Conv2d(in_channels=16, out_channels=64, kernel_size=5, stride=1, padding=0)
# 8x8 -> one single max over the whole thing
maxpool2 = nn.MaxPool2d(kernel_size=8, stride=8, padding=0)
linear1 = nn.Linear(in_features=64, out_features=10)


class CNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 16, kernel_size=5),
            nn.MaxPool2d(4),
            nn.ReLU(),
            nn.Conv2d(16, 64, kernel_size=5),
            nn.MaxPool2d(2),
            nn.ReLU(),
        )
        self.classifier = nn.Sequential(nn.Flatten(), nn.Linear(64, 10))

    def forward(self, x):
        return self.classifier(self.features(x))


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


def plot_history(history):
    fig, ax1 = plt.subplots()
    n = len(history["train_loss"])
    l1 = ax1.plot(range(n), history["train_loss"], "b-", label="train loss")
    l2 = ax1.plot(range(n), history["val_loss"], "b--", label="val loss")
    ax1.set_xlabel("Epoch")
    ax1.set_ylabel("Loss")
    ax2 = ax1.twinx()
    l3 = ax2.plot(range(n), history["val_accuracy"], "r--", label="val accuracy")
    ax2.set_ylabel("Accuracy")
    lines = l1 + l2 + l3
    ax1.legend(lines, [ln.get_label() for ln in lines], loc="center right")
    return fig


def plot_confusion(y_true, y_pred):
    cm = confusion_matrix(y_true, y_pred, labels=range(10))
    disp = ConfusionMatrixDisplay(cm, display_labels=fashion.CLASS_NAMES)
    fig, ax = plt.subplots(figsize=(9, 9))
    disp.plot(ax=ax, xticks_rotation="vertical", colorbar=False)
    return fig
