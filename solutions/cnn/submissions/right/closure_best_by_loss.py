# cnn.py - week 5
# optimizer.step takes a closure. That is needed for LBFGS, and works for the others too.
# I keep the weights of the epoch with the lowest validation loss.

import copy
import functools

import matplotlib.pyplot as plt
import numpy as np
import torch
from torch import nn

from fashion import CLASS_NAMES


@functools.lru_cache(maxsize=None)
def _length(n, k, s, p):
    if s <= 0 or n + 2 * p < k:
        raise ValueError((n, k, s, p))
    if n + 2 * p < k + s:  # no step possible
        return 1
    return 1 + _length(n - s, k, s, p)


def calculate_output_shape(image_size, kernel, stride, padding):
    return [_length(*numbers) for numbers in zip(image_size, kernel, stride, padding)]


conv1 = nn.Conv2d(in_channels=1, out_channels=16, kernel_size=(5, 5), stride=(1, 1), padding=(0, 0))
maxpool1 = nn.MaxPool2d(kernel_size=(4, 4), stride=(2, 2))  # 11
conv2 = nn.Conv2d(16, 64, kernel_size=(3, 3), stride=(2, 2))  # 5
maxpool2 = nn.MaxPool2d(kernel_size=(5, 5))  # 1
linear1 = nn.Linear(64, 10)


class CNN(nn.Module):
    def __init__(self):
        super().__init__()
        layers = {
            "conv1": nn.Conv2d(1, 16, 5),
            "conv2": nn.Conv2d(16, 32, 3),
            "conv3": nn.Conv2d(32, 64, 3),
        }
        self.convs = nn.ModuleDict(layers)
        self.pool = nn.MaxPool2d(2)
        self.out = nn.Linear(64 * 3 * 3, 10)

    def forward(self, x):
        zero = torch.zeros(())
        x = self.pool(torch.max(self.convs["conv1"](x), zero))  # 12
        x = self.pool(torch.max(self.convs["conv2"](x), zero))  # 5
        x = torch.max(self.convs["conv3"](x), zero)  # 3
        return self.out(x.flatten(1))


def train(model, train_data, val_data, epochs=10):
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    history = {"train_loss": [], "val_loss": [], "val_accuracy": []}
    best_loss, best_weights = float("inf"), None
    for epoch in range(epochs):
        model.train()
        losses = []
        for x, y in train_data:

            def closure():
                optimizer.zero_grad()
                loss = criterion(model(x), y)
                loss.backward()
                return loss

            loss = optimizer.step(closure)
            losses += [loss.item()] * len(y)  # once for each image
        history["train_loss"].append(float(np.mean(losses)))

        model.eval()
        losses, hits = [], []
        with torch.no_grad():
            for x, y in val_data:
                scores = model(x)
                losses += [criterion(scores, y).item()] * len(y)
                hits += (scores.argmax(dim=1) == y).tolist()
        history["val_loss"].append(float(np.mean(losses)))
        history["val_accuracy"].append(float(np.mean(hits)))
        if history["val_loss"][-1] < best_loss:
            best_loss = history["val_loss"][-1]
            best_weights = copy.deepcopy(model.state_dict())
    model.load_state_dict(best_weights)
    return history


def plot_history(history):
    with plt.style.context("ggplot"):
        fig, axes = plt.subplots(3, 1, figsize=(6, 10), sharex=True)
        x = np.arange(1, len(history["train_loss"]) + 1)
        names = {"train_loss": "training loss", "val_loss": "validation loss", "val_accuracy": "validation accuracy"}
        for ax, (key, name) in zip(axes, names.items()):
            ax.plot(x, history[key], label=name)
            ax.set_ylabel(key.split("_")[1])
            ax.legend()
        axes[1].plot(x, history["train_loss"], "--", label="training loss")  # to compare
        axes[1].legend()
        axes[-1].set_xlabel("epoch")
        # mark the epoch whose weights I keep
        axes[1].axvline(x[int(np.argmin(history["val_loss"]))], color="gray", linestyle=":")
    return fig


def plot_confusion(y_true, y_pred):
    pairs = list(zip(np.asarray(y_true).tolist(), np.asarray(y_pred).tolist()))
    fig, ax = plt.subplots(figsize=(8, 8))
    counts = [[pairs.count((row, column)) for column in range(10)] for row in range(10)]
    ax.imshow(counts, cmap="Wistia")
    for row in range(10):
        for column in range(10):
            ax.text(column, row, counts[row][column], ha="center", va="center")
    ax.set(xticks=range(10), yticks=range(10), xticklabels=CLASS_NAMES, yticklabels=CLASS_NAMES)
    ax.tick_params(axis="x", rotation=90)
    ax.set_xlabel("predicted class")
    ax.set_ylabel("true class")
    return fig
