# Group 7
# imports
import matplotlib.pyplot as plt
import torch
import torch.nn as nn
import torch.nn.functional as F
from fashion import CLASS_NAMES


# 1. output shape
def calculate_output_shape(image_size, kernel, stride, padding):
    if stride[0] * stride[1] == 0:
        raise ValueError("stride")
    if kernel[0] > image_size[0] + 2 * padding[0] or kernel[1] > image_size[1] + 2 * padding[1]:
        raise ValueError("kernel")
    output_shape = (image_size[0] + 2 * padding[0] - kernel[0]) // stride[0] + 1
    return output_shape


# 2. layers
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
    fig = plt.figure()
    plt.plot(history["train_loss"], label="train loss")
    plt.plot(history["val_loss"], label="val loss")
    plt.plot(history["val_accuracy"], label="val accuracy")
    plt.xlabel("Epoch")
    plt.ylabel("Loss / accuracy")
    plt.legend()
    return fig


def plot_confusion(y_true, y_pred):
    from sklearn.metrics import ConfusionMatrixDisplay, confusion_matrix

    cm = confusion_matrix(y_true, y_pred, labels=list(range(10)))
    fig, ax = plt.subplots(figsize=(9, 9))
    ConfusionMatrixDisplay(cm, display_labels=CLASS_NAMES).plot(ax=ax, xticks_rotation=90)
    return fig
