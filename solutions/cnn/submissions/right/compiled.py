# CNN assignment. My laptop has a graphics card, so device and torch.compile are in here; without one it still works.
import sys

import numpy as np
import torch
import torch._dynamo
from matplotlib import pyplot as plt
from torch import nn
from torch.nn import functional as F

from fashion import CLASS_NAMES

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
torch._dynamo.config.suppress_errors = True


# --- 1 ---
def calculate_output_shape(image_size, kernel, stride, padding):
    n, k, s, p = (torch.tensor(pair) for pair in (image_size, kernel, stride, padding))
    if bool((s < 1).any()) or bool((k > n + 2 * p).any()):
        raise ValueError("this convolution has no output")
    return torch.div(n + 2 * p - k, s, rounding_mode="floor").add(1).tolist()


# --- 2 ---
conv1 = nn.Conv2d(in_channels=1, out_channels=16, kernel_size=(5, 5), stride=(1, 1), padding=(0, 0))
maxpool1 = nn.MaxPool2d(kernel_size=(2, 2), ceil_mode=True)
conv2 = nn.Conv2d(in_channels=16, out_channels=64, kernel_size=(9, 9))
maxpool2 = nn.MaxPool2d(kernel_size=(4, 4))
linear1 = nn.Linear(in_features=64, out_features=10)


# --- 3 ---
class CNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 16, 5)
        self.conv2 = nn.Conv2d(16, 64, 5)
        self.norm = nn.LayerNorm(64)
        self.linear1 = nn.Linear(64, 10)

    def forward(self, x):
        x = F.max_pool2d(F.celu(self.conv1(x)), 4)
        x = F.max_pool2d(F.celu(self.conv2(x)), 2)
        return self.linear1(self.norm(x[:, :, 0, 0]))


# --- 4 ---
def maybe_compile(model):
    """Compiled code is faster, but not every computer has what it takes."""
    if DEVICE == "cuda" and sys.platform == "linux":
        return torch.compile(model)
    try:
        return torch.compile(model, backend="eager")
    except Exception as error:
        print("not compiled:", error)
        return model


def train(model, train_data, val_data, epochs=10):
    model.to(DEVICE)
    net = maybe_compile(model)  # shares the weights with model
    optimizer = torch.optim.Adam(net.parameters(), lr=2e-3)
    history = {"train_loss": [], "val_loss": [], "val_accuracy": []}
    for _ in range(epochs):
        net.train()
        loss_sum, n = 0.0, 0
        for x, y in train_data:
            x, y = x.to(DEVICE), y.to(DEVICE)
            loss = F.cross_entropy(net(x), y)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            loss_sum += loss.item() * len(y)
            n += len(y)
        history["train_loss"].append(loss_sum / n)

        net.eval()
        loss_sum, correct, n = 0.0, 0, 0
        with torch.no_grad():
            for x, y in val_data:
                x, y = x.to(DEVICE), y.to(DEVICE)
                scores = net(x)
                loss_sum += F.cross_entropy(scores, y, reduction="sum").item()
                correct += (scores.argmax(1) == y).sum().item()
                n += len(y)
        history["val_loss"].append(loss_sum / n)
        history["val_accuracy"].append(correct / n)
    return history


# --- 5 ---
def plot_history(history):
    fig, axes = plt.subplot_mosaic([["loss", "accuracy"]], figsize=(10, 4))
    x = np.arange(len(history["train_loss"])) + 1
    axes["loss"].plot(x, history["train_loss"], "--", color="gray", label="train")
    axes["loss"].plot(x, history["val_loss"], "-", color="black", label="valid")
    axes["accuracy"].plot(x, history["val_accuracy"], "-", color="black", label="valid")
    for name, ax in axes.items():
        ax.set_xlabel("epochs done")
        ax.set_ylabel(name)
        ax.legend(frameon=False)
    return fig


def plot_confusion(y_true, y_pred):
    y_true, y_pred = torch.as_tensor(y_true), torch.as_tensor(y_pred)
    cm = torch.stack([torch.bincount(y_pred[y_true == c], minlength=10) for c in range(10)])
    fig, ax = plt.subplots(figsize=(8, 8))
    ax.imshow(cm, cmap="gist_yarg", norm="symlog")
    for c in range(10):
        for d in range(10):
            ax.text(d, c, "%i" % cm[c, d], ha="center", va="center", color="tab:blue")
    ax.set_xticks(range(10), CLASS_NAMES, rotation=90)
    ax.set_yticks(range(10), CLASS_NAMES)
    ax.set_xlabel("predicted class")
    ax.set_ylabel("true class")
    return fig
