"""Fashion-MNIST, no pooling inside my network: strides do the shrinking."""
import itertools

import torch
from matplotlib import pyplot as plt
from torch import nn
from torch.nn import functional as F

from fashion import CLASS_NAMES


def calculate_output_shape(image_size, kernel, stride, padding):
    out = []
    for d in range(2):
        if stride[d] == 0:
            raise ValueError("stride 0 never moves")
        padded = image_size[d] + 2 * padding[d]
        if padded < kernel[d]:
            raise ValueError("kernel does not fit")
        # number of start positions 0, s, 2s, ... that are still <= padded - kernel
        out.append(len(range(0, padded - kernel[d] + 1, stride[d])))
    return out


# q2: other numbers also end at (64, 1, 1); checked with a random image
conv1 = nn.Conv2d(in_channels=1, out_channels=16, kernel_size=(5, 5), stride=(1, 1), padding=(0, 0))
maxpool1 = nn.MaxPool2d(kernel_size=(3, 3), stride=(2, 2), padding=(1, 1))  # 24 -> 12
conv2 = nn.Conv2d(16, 64, kernel_size=(3, 3), stride=(2, 2), padding=(1, 1))  # 12 -> 6
maxpool2 = nn.MaxPool2d(kernel_size=(6, 6))  # 6 -> 1
linear1 = nn.Linear(in_features=64, out_features=10, bias=True)


class CNN(nn.Module):
    def __init__(self, hidden: int = 16):
        super().__init__()
        self.conv1 = nn.Conv2d(1, hidden, 5, stride=2, padding=2)  # 28 -> 14
        self.conv2 = nn.Conv2d(hidden, 2 * hidden, 3, stride=2, padding=1)  # 14 -> 7
        self.conv3 = nn.Conv2d(2 * hidden, 4 * hidden, 3, stride=2, padding=0)  # 7 -> 3
        self.fc = nn.Linear(4 * hidden * 9, 10)

    def forward(self, x):
        for conv in (self.conv1, self.conv2, self.conv3):
            x = F.gelu(conv(x))
        return self.fc(x.flatten(start_dim=1))


@torch.inference_mode()
def validate(model, data):
    was_training = model.training
    model.eval()
    n = loss = hits = 0
    for x, y in data:
        logits = model(x)
        loss += F.cross_entropy(logits, y, reduction="sum").item()
        hits += int((logits.argmax(-1) == y).sum())
        n += y.numel()
    model.train(was_training)
    return loss / n, hits / n


def train(model, train_data, val_data, epochs=10):
    steps = epochs * len(train_data)
    opt = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=1e-2)
    sched = torch.optim.lr_scheduler.OneCycleLR(opt, max_lr=4e-3, total_steps=steps)
    history = {k: [] for k in ("train_loss", "val_loss", "val_accuracy")}
    for _ in range(epochs):
        model.train()
        total = seen = 0
        for x, y in train_data:
            opt.zero_grad(set_to_none=True)
            loss = F.cross_entropy(model(x), y)
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            opt.step()
            sched.step()
            total += loss.item() * y.numel()
            seen += y.numel()
        vl, va = validate(model, val_data)
        for key, value in zip(history, (total / seen, vl, va)):
            history[key].append(value)
    return history


def plot_history(history):
    fig, axes = plt.subplots(2, 1, sharex=True, figsize=(6, 7))
    x = [i + 1 for i in range(len(history["val_loss"]))]
    axes[0].plot(x, history["train_loss"], marker=".", label="Training loss")
    axes[0].plot(x, history["val_loss"], marker=".", label="Validation loss")
    axes[0].set_xlabel("Epoch")
    axes[0].set_ylabel("Cross-entropy")
    axes[0].legend()
    axes[1].plot(x, history["val_accuracy"], marker=".", c="tab:green", label="Validation accuracy")
    axes[1].set_xlabel("Epoch")
    axes[1].set_ylabel("Accuracy")
    axes[1].set_ylim(0, 1)
    axes[1].legend()
    return fig


def plot_confusion(y_true, y_pred):
    table = [[0] * 10 for _ in range(10)]
    for t, p in zip(y_true, y_pred):
        table[int(t)][int(p)] += 1
    fig, ax = plt.subplots(figsize=(9, 9))
    ax.matshow(table, cmap="Greens")
    for r, c in itertools.product(range(10), repeat=2):
        ax.annotate(table[r][c], (c, r), ha="center", va="center")
    ax.set_xticks(range(10))
    ax.set_xticklabels(CLASS_NAMES, rotation=60, ha="left")
    ax.set_yticks(range(10))
    ax.set_yticklabels(CLASS_NAMES)
    ax.set_xlabel("Predicted label")
    ax.set_ylabel("True label")
    return fig
