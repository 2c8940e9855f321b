# Group 7
# imports
import matplotlib.pyplot as plt
import torch
import torch.nn as nn
import torch.nn.functional as F
from fashion import CLASS_NAMES


# 1. output shape
def calculate_output_shape(image_size, kernel, stride, padding):
    shape = []
    for n, k, s, p in zip(image_size, kernel, stride, padding):
        if s == 0 or n + 2*p < k:
            raise ValueError(f"can't do n={n}, k={k}, s={s}, p={p}")
        shape.append(int((n + 2*p - k) / s) + 1)    # int() cuts the rest off
    return shape


# 2. layers
conv1 = nn.Conv2d(
    in_channels=1,
    out_channels=16,
    kernel_size=(5, 5),
    stride=(1, 1),
    padding=(0, 0),
)
# 24x24
maxpool1 = nn.MaxPool2d(kernel_size=(2, 2), stride=(2, 2), padding=(0, 0))
# 12x12
conv2 = nn.Conv2d(in_channels=16, out_channels=64, kernel_size=(5, 5), stride=(1, 1), padding=(0, 0))
# 8x8
maxpool2 = nn.MaxPool2d(kernel_size=(8, 8), stride=(8, 8), padding=(0, 0))
# 1x1
linear1 = nn.Linear(in_features=28 * 28, out_features=10)


# 3. the network
class CNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 16, 5)
        self.conv2 = nn.Conv2d(16, 64, 5)
        self.linear1 = nn.Linear(64, 10)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), 4)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        x = torch.flatten(x, 1)
        return self.linear1(x)


# 4. training
# not done yet


# 5. plots
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
    ConfusionMatrixDisplay(cm, display_labels=CLASS_NAMES).plot(ax=ax, xticks_rotation=90)
    return fig
