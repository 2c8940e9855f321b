"""As much as possible by hand: the loss, the optimizer, ReLU, and layers from nn.Parameter."""
import math

import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from torch import nn

from fashion import CLASS_NAMES


# (1) ------------------------------------------------------------------------------------------------
def one_direction(n, k, s, p):
    if s < 1:
        raise ValueError("stride < 1")
    places = 0
    left_over = n + 2 * p - k
    while left_over >= 0:  # one more place for each step that still fits
        places += 1
        left_over -= s
    if places == 0:
        raise ValueError("no room for the kernel")
    return places


def calculate_output_shape(image_size, kernel, stride, padding):
    return [one_direction(*direction) for direction in zip(image_size, kernel, stride, padding)]


# (2) ------------------------------------------------------------------------------------------------
conv1 = nn.Conv2d(in_channels=1, out_channels=16, kernel_size=(5, 5), stride=(1, 1), padding=(0, 0))
maxpool1 = nn.MaxPool2d(kernel_size=3, stride=2, padding=1)
conv2 = nn.Conv2d(in_channels=16, out_channels=64, kernel_size=12)
maxpool2 = nn.MaxPool2d(kernel_size=1)
linear1 = nn.Linear(in_features=64, out_features=10)


# (3) ------------------------------------------------------------------------------------------------
def relu(x):
    return x * (x > 0)


class CNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.w1 = nn.Parameter(torch.randn(16, 1, 5, 5) * math.sqrt(2 / 25))
        self.b1 = nn.Parameter(torch.zeros(16))
        self.w2 = nn.Parameter(torch.randn(32, 16, 5, 5) * math.sqrt(2 / (16 * 25)))
        self.b2 = nn.Parameter(torch.zeros(32))
        self.w3 = nn.Parameter(torch.randn(32 * 4 * 4, 10) * math.sqrt(1 / 512))
        self.b3 = nn.Parameter(torch.zeros(10))

    def forward(self, x):
        x = F.max_pool2d(relu(F.conv2d(x, self.w1, self.b1)), 2)  # 28 -> 24 -> 12
        x = F.max_pool2d(relu(F.conv2d(x, self.w2, self.b2)), 2)  # 12 -> 8 -> 4
        return x.reshape(x.shape[0], 512) @ self.w3 + self.b3


# (4) ------------------------------------------------------------------------------------------------
def softmax_cross_entropy(scores, labels):
    log_sum = torch.logsumexp(scores, dim=1)
    score_of_label = scores[torch.arange(len(labels)), labels]
    return (log_sum - score_of_label).mean()


def train(model, train_data, val_data, epochs=10, lr=0.03, momentum=0.9):
    velocity = [torch.zeros_like(p) for p in model.parameters()]
    history = {"train_loss": [], "val_loss": [], "val_accuracy": []}
    for epoch in range(epochs):
        model.train()
        loss_sum, image_count = 0.0, 0
        for x, y in train_data:
            loss = softmax_cross_entropy(model(x), y)
            for p in model.parameters():
                p.grad = None
            loss.backward()
            with torch.no_grad():
                for p, v in zip(model.parameters(), velocity):
                    v.mul_(momentum).add_(p.grad)
                    p -= lr * v
            loss_sum += loss.item() * len(y)
            image_count += len(y)
        history["train_loss"].append(loss_sum / image_count)

        model.eval()
        loss_sum, right, image_count = 0.0, 0, 0
        with torch.no_grad():
            for x, y in val_data:
                scores = model(x)
                loss_sum += softmax_cross_entropy(scores, y).item() * len(y)
                right += int((scores.max(dim=1).indices == y).sum())
                image_count += len(y)
        history["val_loss"].append(loss_sum / image_count)
        history["val_accuracy"].append(right / image_count)
    return history


# (5) ------------------------------------------------------------------------------------------------
def plot_history(history):
    fig = plt.figure()
    ax = fig.gca()
    x = list(range(1, len(history["train_loss"]) + 1))
    ax.plot(x, history["train_loss"], "k:", label="training loss")
    ax.plot(x, history["val_loss"], "k-", label="validation loss")
    ax.set_xlabel("epoch")
    ax.set_ylabel("loss")
    right = ax.twinx()
    right.plot(x, history["val_accuracy"], "b-", label="validation accuracy")
    right.set_ylabel("accuracy", color="b")
    right.tick_params(axis="y", labelcolor="b")
    ax.legend(loc="upper left")
    right.legend(loc="upper right")
    return fig


def plot_confusion(y_true, y_pred):
    fig, ax = plt.subplots(figsize=(8, 8))
    table = torch.zeros(10, 10, dtype=torch.long)
    table.index_put_((y_true.long(), y_pred.long()), torch.ones(len(y_true), dtype=torch.long), accumulate=True)
    ax.imshow(table, cmap="binary", vmax=2 * int(table.max()))
    for true in range(10):
        for predicted in range(10):
            ax.text(x=predicted, y=true, s=str(int(table[true, predicted])), ha="center", va="center")
    ax.set_xticks(range(10), CLASS_NAMES, rotation=90)
    ax.set_yticks(range(10), CLASS_NAMES)
    ax.xaxis.tick_top()
    ax.set_xlabel("predicted class")
    ax.set_ylabel("true class")
    return fig
