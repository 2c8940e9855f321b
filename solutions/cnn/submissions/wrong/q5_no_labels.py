import matplotlib.pyplot as plt
import torch
import torch.nn as nn
import torch.nn.functional as F

from fashion import CLASS_NAMES


# Question 1
def calculate_output_shape(image_size, kernel, stride, padding):
    output_shape = []
    for i in range(2):
        if stride[i] <= 0:
            raise ValueError("stride must be positive")
        if kernel[i] > image_size[i] + 2 * padding[i]:
            raise ValueError("kernel larger than padded image")
        output_shape.append((image_size[i] + 2 * padding[i] - kernel[i]) // stride[i] + 1)
    return output_shape


# Question 2
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
linear1 = nn.Linear(in_features=64, out_features=10)


# Question 3
class CNN(nn.Module):
    def __init__(self):
        super(CNN, self).__init__()
        self.conv1 = nn.Conv2d(in_channels=1, out_channels=16, kernel_size=(5, 5))
        self.maxpool1 = nn.MaxPool2d(kernel_size=4, stride=4)
        self.conv2 = nn.Conv2d(in_channels=16, out_channels=64, kernel_size=(5, 5))
        self.maxpool2 = nn.MaxPool2d(kernel_size=2, stride=2)
        self.linear1 = nn.Linear(in_features=64, out_features=10)
        self.relu = nn.ReLU()

    def forward(self, x):
        x = self.conv1(x)       # 24x24
        x = self.relu(x)
        x = self.maxpool1(x)    # 6x6
        x = self.conv2(x)       # 2x2
        x = self.relu(x)
        x = self.maxpool2(x)    # 1x1
        x = x.view(x.size(0), -1)
        x = self.linear1(x)
        return x


# Question 4
# not done yet


# Question 5
def plot_history(history):
    fig, ax = plt.subplots(1, 2, figsize=(10, 4))
    ax[0].plot(history["train_loss"])
    ax[0].plot(history["val_loss"])
    ax[1].plot(history["val_accuracy"])
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
