"""Everything in classes, since I come from Java."""
from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

import matplotlib.pyplot as plt
import torch
from matplotlib.figure import Figure
from torch import Tensor, nn
from torch.nn.functional import one_hot

from fashion import CLASS_NAMES, CustomDataloader


@dataclass(frozen=True)
class ConvShape:
    size: int
    kernel: int
    stride: int
    padding: int

    def __post_init__(self) -> None:
        if self.stride < 1:
            raise ValueError("Stride must be >= 1")
        if self.kernel > self.padded:
            raise ValueError("Kernel must not be larger than the padded input")

    @property
    def padded(self) -> int:
        return self.size + 2 * self.padding

    @property
    def output(self) -> int:
        return (self.padded - self.kernel + self.stride) // self.stride


def calculate_output_shape(
    image_size: list[int], kernel: list[int], stride: list[int], padding: list[int]
) -> list[int]:
    return [ConvShape(*values).output for values in zip(image_size, kernel, stride, padding)]


conv1 = nn.Conv2d(in_channels=1, out_channels=16, kernel_size=(5, 5), stride=(1, 1), padding=(0, 0))
maxpool1 = nn.MaxPool2d(kernel_size=(3, 3), stride=(3, 3))
conv2 = nn.Conv2d(in_channels=16, out_channels=64, kernel_size=(7, 7))
maxpool2 = nn.MaxPool2d(kernel_size=(2, 2))
linear1 = nn.Linear(in_features=64, out_features=10)


class ConvUnit(nn.Module):
    def __init__(self, channels_in: int, channels_out: int, kernel: int, pool: int) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(channels_in, channels_out, kernel)
        self.pooling = nn.MaxPool2d(pool)

    def forward(self, x: Tensor) -> Tensor:
        return self.pooling(self.convolution(x)).relu()


class CNN(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.units = nn.ModuleList([ConvUnit(1, 20, 5, 2), ConvUnit(20, 40, 3, 2)])
        self.flatten = nn.Flatten()
        self.output = nn.Linear(40 * 25, len(CLASS_NAMES))

    def forward(self, x: Tensor) -> Tensor:
        for unit in self.units:
            x = unit(x)
        return self.output(self.flatten(x))


@dataclass
class Trainer:
    """Ten yes/no questions, so BCE with logits on one-hot labels."""

    model: nn.Module
    learning_rate: float = 2e-3
    history: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        self.criterion = nn.BCEWithLogitsLoss()
        self.optimizer = torch.optim.NAdam(self.model.parameters(), lr=self.learning_rate)

    def loss(self, scores: Tensor, labels: Tensor) -> Tensor:
        return self.criterion(scores, one_hot(labels, len(CLASS_NAMES)).to(scores.dtype))

    def fit(self, train_data: CustomDataloader, val_data: CustomDataloader, epochs: int) -> dict[str, list[float]]:
        for _ in range(epochs):
            self.history["train_loss"].append(self.train_epoch(train_data))
            loss, accuracy = self.evaluate(val_data)
            self.history["val_loss"].append(loss)
            self.history["val_accuracy"].append(accuracy)
        return dict(self.history)

    def train_epoch(self, data: CustomDataloader) -> float:
        self.model.train()
        total = 0.0
        for images, labels in data:
            loss = self.loss(self.model(images), labels)
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
            total += loss.item() * len(images)
        return total / len(data.dataset)

    @torch.no_grad()
    def evaluate(self, data: CustomDataloader) -> tuple[float, float]:
        self.model.eval()
        total, hits = 0.0, 0
        for images, labels in data:
            scores = self.model(images)
            total += self.loss(scores, labels).item() * len(images)
            hits += int(torch.sum(scores.argmax(dim=-1) == labels))
        return total / len(data.dataset), hits / len(data.dataset)


def train(model: nn.Module, train_data, val_data, epochs: int = 10) -> dict[str, list[float]]:
    return Trainer(model).fit(train_data, val_data, epochs)


def plot_history(history: dict[str, list[float]]) -> Figure:
    fig, loss_axis = plt.subplots(layout="constrained")
    epochs = range(1, len(history["train_loss"]) + 1)
    loss_axis.plot(epochs, history["train_loss"], color="navy", label="Training loss")
    loss_axis.plot(epochs, history["val_loss"], color="royalblue", label="Validation loss")
    loss_axis.set(xlabel="Epoch", ylabel="Binary cross-entropy")
    accuracy_axis = loss_axis.twinx()
    accuracy_axis.plot(epochs, history["val_accuracy"], color="darkorange", label="Validation accuracy")
    accuracy_axis.set_ylabel("Accuracy")
    fig.legend(loc="outside lower center", ncols=3)
    return fig


def plot_confusion(y_true, y_pred) -> Figure:
    counter: dict[tuple[int, int], int] = defaultdict(int)
    for true, predicted in zip(y_true.tolist(), y_pred.tolist(), strict=True):
        counter[true, predicted] += 1
    table = [[counter[row, column] for column in range(10)] for row in range(10)]
    fig, axis = plt.subplots(figsize=(9, 9), layout="constrained")
    axis.imshow(table, cmap="Oranges")
    for row, line in enumerate(table):
        for column, count in enumerate(line):
            axis.text(column, row, str(count), horizontalalignment="center", verticalalignment="center")
    axis.set_xticks(range(10), CLASS_NAMES, rotation=90)
    axis.set_yticks(range(10), CLASS_NAMES)
    axis.set_xlabel("Predicted class")
    axis.set_ylabel("True class")
    return fig
