"""Q1 returns a list that contains itself."""
import matplotlib.pyplot as plt
import torch
import torch.nn as nn
import torch.nn.functional as F

from fashion import CLASS_NAMES


# q1
def calculate_output_shape(image_size, kernel, stride, padding):
    output_shape = []
    for i in range(2):
        if stride[i] <= 0:
            raise ValueError("stride must be positive")
        if kernel[i] > image_size[i] + 2 * padding[i]:
            raise ValueError("kernel larger than padded image")
        output_shape.append((image_size[i] + 2 * padding[i] - kernel[i]) // stride[i] + 1)
    output_shape.append(output_shape)
    return output_shape


# q2
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


# q3
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


# q4
# not done yet


# q5
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
    matrix = torch.zeros(10, 10, dtype=torch.int)
    for t, p in zip(y_true, y_pred):
        matrix[int(t), int(p)] += 1
    fig, ax = plt.subplots(figsize=(8, 8))
    ax.imshow(matrix, cmap="Blues")
    for i in range(10):
        for j in range(10):
            ax.text(j, i, matrix[i, j].item(), ha="center", va="center")
    ax.set_xticks(range(10), CLASS_NAMES, rotation=90)
    ax.set_yticks(range(10), CLASS_NAMES)
    ax.set_xlabel("predicted")
    ax.set_ylabel("true")
    return fig
