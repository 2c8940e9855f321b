#!/usr/bin/env python3
# Focal loss: the easy pictures count less. It is from object detection, but it works for ten classes as well.
# A smaller learning rate for the convolutions than for the last layers.

from typing import Dict, List, Tuple

import matplotlib
matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.metrics import confusion_matrix

from fashion import CLASS_NAMES, CustomDataloader


def calculate_output_shape(image_size: List[int], kernel: List[int], stride: List[int], padding: List[int]) -> Tuple[int, int]:
    def out(axis: int) -> int:
        numerator = image_size[axis] - kernel[axis] + 2 * padding[axis]
        if stride[axis] < 1 or numerator < 0:
            raise ValueError(
                f"axis {axis}: image {image_size[axis]}, kernel {kernel[axis]}, "
                f"stride {stride[axis]}, padding {padding[axis]}"
            )
        return numerator // stride[axis] + 1

    height, width = out(0), out(1)
    return height, width


conv1: nn.Conv2d = nn.Conv2d(in_channels=1, out_channels=16, kernel_size=(5, 5), stride=(1, 1), padding=(0, 0))
maxpool1: nn.MaxPool2d = nn.MaxPool2d(kernel_size=(12, 12))
conv2: nn.Conv2d = nn.Conv2d(in_channels=16, out_channels=64, kernel_size=(1, 1))
maxpool2: nn.MaxPool2d = nn.MaxPool2d(kernel_size=(2, 2))
linear1: nn.Linear = nn.Linear(in_features=64, out_features=10)


class CNN(nn.Module):
    """Two convolutions, then a small dense network."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.Sequential()
        self.encoder.add_module("conv1", nn.Conv2d(1, 16, 5, padding=2))
        self.encoder.add_module("act1", nn.SELU())
        self.encoder.add_module("pool1", nn.MaxPool2d(3))
        self.encoder.add_module("conv2", nn.Conv2d(16, 32, 3))
        self.encoder.add_module("act2", nn.SELU())
        self.encoder.add_module("pool2", nn.MaxPool2d(2))
        self.decoder = nn.Sequential(nn.Flatten(), nn.Linear(32 * 3 * 3, 48), nn.SELU(), nn.Linear(48, 10))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.decoder(self.encoder(x))


class FocalLoss(nn.Module):
    def __init__(self, gamma: float = 2.0) -> None:
        super().__init__()
        self.gamma = gamma

    def forward(self, logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        ce = F.cross_entropy(logits, labels, reduction="none")
        pt = torch.exp(-ce)  # probability of the right class
        return ((1 - pt) ** self.gamma * ce).mean()


def train(model: nn.Module, train_data: CustomDataloader, val_data: CustomDataloader, epochs: int = 10) -> Dict[str, List[float]]:
    focal = FocalLoss()
    optimizer = torch.optim.Adam(
        [
            {"params": model.encoder.parameters(), "lr": 2e-3},
            {"params": model.decoder.parameters(), "lr": 4e-3},
        ]
    )
    log: Dict[str, List[float]] = {"train_loss": [], "val_loss": [], "val_accuracy": []}
    for _ in range(epochs):
        model.train()
        meter: List[Tuple[float, int]] = []
        for images, labels in train_data:
            loss = focal(model(images), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            meter.append((loss.item(), len(labels)))
        log["train_loss"].append(sum(value * n for value, n in meter) / sum(n for _, n in meter))

        model.eval()
        meter, hits = [], 0
        with torch.inference_mode():
            for images, labels in val_data:
                logits = model(images)
                meter.append((focal(logits, labels).item(), len(labels)))
                hits += (logits.argmax(dim=1) == labels).sum().item()
        n_images = sum(n for _, n in meter)
        log["val_loss"].append(sum(value * n for value, n in meter) / n_images)
        log["val_accuracy"].append(hits / n_images)
    return log


def plot_history(history: Dict[str, List[float]]) -> plt.Figure:
    figure, axes = plt.subplots(1, 2, figsize=(10, 4), sharex=True, constrained_layout=True)
    x = np.arange(1, len(history["train_loss"]) + 1)
    axes[0].plot(x, history["train_loss"], label="Training")
    axes[0].plot(x, history["val_loss"], label="Validation")
    axes[1].plot(x, history["val_accuracy"], label="Validation", color="C1")
    for axis, label in zip(axes, ("Focal loss", "Accuracy")):
        axis.set(xlabel="Epoch", ylabel=label)
        axis.legend()
    return figure


def plot_confusion(y_true, y_pred) -> plt.Figure:
    matrix = confusion_matrix(np.asarray(y_true), np.asarray(y_pred), labels=np.arange(10))
    figure, axis = plt.subplots(figsize=(8, 8), constrained_layout=True)
    picture = axis.pcolormesh(np.arange(11) - 0.5, np.arange(11) - 0.5, matrix, cmap="GnBu")
    axis.invert_yaxis()
    figure.colorbar(picture, ax=axis, label="number of images")
    for row in range(10):
        for column in range(10):
            axis.text(column, row, f"{matrix[row, column]:,}", ha="center", va="center")
    axis.set_xticks(range(10), CLASS_NAMES, rotation=45, ha="right")
    axis.set_yticks(range(10), CLASS_NAMES)
    axis.set_xlabel("Predicted")
    axis.set_ylabel("True")
    return figure
