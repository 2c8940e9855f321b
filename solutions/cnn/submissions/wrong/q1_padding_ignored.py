import matplotlib.pyplot as plt
import torch
import torch.nn as nn
import torch.nn.functional as F

from fashion import CLASS_NAMES


# Question 1
def calculate_output_shape(image_size, kernel, stride, padding):
    # slide the window over rows and columns and count where it stands
    rows = cols = 0
    if min(stride) < 1 or kernel[0] > image_size[0] + 2 * padding[0] or kernel[1] > image_size[1] + 2 * padding[1]:
        raise ValueError
    for top in range(0, image_size[0] - kernel[0] + 1, stride[0]):
        rows += 1
    for left in range(0, image_size[1] - kernel[1] + 1, stride[1]):
        cols += 1
    return [rows, cols]


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
