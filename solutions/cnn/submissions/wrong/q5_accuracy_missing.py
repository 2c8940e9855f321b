# hw: CNN, second try
import torch
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
maxpool1 = nn.MaxPool2d(3)              # (N, 16, 8, 8)
conv2 = nn.Conv2d(16, 64, 3)            # (N, 64, 6, 6)
maxpool2 = nn.MaxPool2d(6)              # (N, 64, 1, 1)
linear1 = nn.Linear(64, 10)


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
    fig = plt.figure()
    plt.plot(history["train_loss"], label="train loss")
    plt.plot(history["val_loss"], label="val loss")
    plt.xlabel("Epoch")
    plt.ylabel("Loss")
    plt.legend()
    return fig


def plot_confusion(y_true, y_pred):
    from sklearn.metrics import ConfusionMatrixDisplay, confusion_matrix

    cm = confusion_matrix(y_true, y_pred, labels=list(range(10)))
    fig, ax = plt.subplots(figsize=(9, 9))
    ConfusionMatrixDisplay(cm, display_labels=CLASS_NAMES).plot(ax=ax, xticks_rotation=90)
    return fig
