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
maxpool1 = nn.MaxPool2d(kernel_size=4, stride=4, padding=0)
conv2 = nn.Conv2d(in_channels=16, out_channels=32, kernel_size=5, stride=1, padding=0)
maxpool2 = nn.MaxPool2d(kernel_size=2, stride=2, padding=0)
linear1 = nn.Linear(in_features=32, out_features=10)


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
