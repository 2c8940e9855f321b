# Exercise 4 (CNNs)
# mixup: train on mixtures of two pictures, with the same mixture of their labels (Zhang et al. 2018)

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
import matplotlib.pyplot as plt
import matplotlib.cm
from fashion import CLASS_NAMES


def calculate_output_shape(image_size, kernel, stride, padding):
    try:
        return [(i + 2 * p - k) // s + 1 if i + 2 * p >= k else impossible(k)
                for i, k, s, p in zip(image_size, kernel, stride, padding)]
    except ZeroDivisionError as error:
        raise ValueError("the stride is zero") from error


def impossible(k):
    raise ValueError(f"a kernel of {k} is larger than the picture")


conv1 = nn.Conv2d(in_channels=1, out_channels=16, kernel_size=(5, 5), stride=(1, 1), padding=(0, 0))
maxpool1 = nn.MaxPool2d(kernel_size=(3, 3), stride=(3, 3))  # 8x8
conv2 = nn.Conv2d(16, 64, kernel_size=(4, 4), stride=(2, 2))  # 3x3
maxpool2 = nn.MaxPool2d(kernel_size=(3, 3))  # 1x1
linear1 = nn.Linear(64, 10)


class CNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 16, 3, padding=1)
        self.conv2 = nn.Conv2d(16, 32, 3, padding=1)
        self.fc1 = nn.Linear(32 * 7 * 7, 64)
        self.fc2 = nn.Linear(64, 10)

    def forward(self, x):
        x = F.max_pool2d(self.conv1(x).clamp(min=0), 2)
        x = F.max_pool2d(self.conv2(x).clamp(min=0), 2)
        x = self.fc1(x.flatten(1)).clamp(min=0)
        return self.fc2(x)


def train(model, train_data, val_data, epochs=10, alpha=0.2):
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    history = {"train_loss": [], "val_loss": [], "val_accuracy": []}
    for _ in range(epochs):
        model.train()
        loss_sum, n = 0.0, 0
        for x, y in train_data:
            lam = float(np.random.beta(alpha, alpha))
            other = torch.randperm(len(x))
            mixed = lam * x + (1 - lam) * x[other]
            scores = model(mixed)
            loss = lam * F.cross_entropy(scores, y) + (1 - lam) * F.cross_entropy(scores, y[other])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            loss_sum += loss.item() * len(x)
            n += len(x)
        history["train_loss"].append(loss_sum / n)

        model.eval()
        loss_sum, right, n = 0.0, 0, 0
        with torch.no_grad():
            for x, y in val_data:
                scores = model(x)
                loss_sum += F.cross_entropy(scores, y).item() * len(x)
                right += (scores.argmax(1) == y).sum().item()
                n += len(x)
        history["val_loss"].append(loss_sum / n)
        history["val_accuracy"].append(right / n)
    return history


def plot_history(history):
    fig, axs = plt.subplots(1, 2, figsize=(9, 4))
    epochs = [e + 1 for e in range(len(history["train_loss"]))]
    for ax, keys in zip(axs, (["train_loss", "val_loss"], ["val_accuracy"])):
        for key in keys:
            ax.plot(epochs, history[key], "-x", label={"train": "training", "val": "validation"}[key.split("_")[0]])
        ax.legend()
        ax.set_xlabel("epoch")
        ax.set_ylabel(keys[0].split("_")[1])
    return fig


def plot_confusion(y_true, y_pred):
    m = torch.sparse_coo_tensor(torch.stack([y_true, y_pred]), torch.ones(len(y_true)), (10, 10)).to_dense().int()
    fig, ax = plt.subplots(figsize=(9, 9))
    ax.imshow(m, cmap=matplotlib.cm.PuBu, aspect="equal")
    for true in range(10):
        for pred in range(10):
            ax.text(pred, true, f" {m[true, pred]} ", ha="center", va="center",
                    bbox={"boxstyle": "round", "fc": "white", "alpha": 0.5})
    ax.set_xticks(range(10), labels=[f"{i} {name}" for i, name in enumerate(CLASS_NAMES)], rotation=90)
    ax.set_yticks(range(10), labels=[f"{i} {name}" for i, name in enumerate(CLASS_NAMES)])
    ax.set_xlabel("predicted class")
    ax.set_ylabel("true class")
    return fig
