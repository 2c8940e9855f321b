"""Convolutional neural nets: my solutions."""
import torch
import torch.nn.functional as F
from matplotlib import pyplot as plt
from torch import nn

from fashion import CLASS_NAMES


# --- q1 ---
def calculate_output_shape(image_size: list[int], kernel: list[int], stride: list[int], padding: list[int]):
    h, w = image_size
    h = h + 2 * padding[0]
    w = w + 2 * padding[1]
    if h < kernel[0] or w < kernel[1] or min(stride) < 1:
        raise ValueError("impossible geometry")
    return [(h - kernel[0]) // stride[0] + 1, (w - kernel[1]) // stride[1] + 1]


# --- q2 ---
conv1 = nn.Conv2d(
    in_channels=1,
    out_channels=16,
    kernel_size=(5, 5),
    stride=(1, 1),
    padding=(0, 0),
)
maxpool1 = nn.MaxPool2d(kernel_size=4, stride=4, padding=0)
conv2 = nn.Conv2d(in_channels=16, out_channels=64, kernel_size=5, stride=1, padding=0)
maxpool2 = nn.MaxPool2d(kernel_size=2, stride=2, padding=0)
linear1 = nn.Linear(in_features=64, out_features=10)


# --- q3 ---
class CNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(
            nn.Conv2d(1, 16, 5), nn.ReLU(), nn.MaxPool2d(4),
            nn.Conv2d(16, 64, 5), nn.ReLU(), nn.MaxPool2d(2),
            nn.Flatten(), nn.Linear(64, 10),
        )

    def forward(self, x):
        return self.net(x)


# --- q4 ---
# not done yet


# --- q5 ---
def plot_history(history):
    fig, (ax1, ax2) = plt.subplots(1, 2, figsize=(10, 4))
    ax1.plot(history["train_loss"], label="training loss")
    ax1.plot(history["val_loss"], label="validation loss")
    ax1.set_xlabel("epoch")
    ax1.set_ylabel("loss")
    ax1.legend()
    ax2.plot(history["val_accuracy"], label="validation accuracy")
    ax2.set_xlabel("epoch")
    ax2.set_ylabel("accuracy")
    ax2.legend()
    return fig


def plot_confusion(y_true, y_pred):
    from sklearn.metrics import ConfusionMatrixDisplay, confusion_matrix

    cm = confusion_matrix(y_true, y_pred, labels=list(range(10)))
    fig, ax = plt.subplots(figsize=(9, 9))
    ConfusionMatrixDisplay(cm).plot(ax=ax)
    return fig
