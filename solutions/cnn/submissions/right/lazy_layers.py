# -*- coding: utf-8 -*-
# Lazy layers work out the number of inputs by themselves, so I never have to count again!

import torch
from torch import nn
import matplotlib.pyplot as plt
from fashion import CLASS_NAMES


# Task 1: I tell it in words, then count
def calculate_output_shape(image_size, kernel, stride, padding):
    (h, w), (kh, kw), (sh, sw), (ph, pw) = image_size, kernel, stride, padding
    h_places = h + 2 * ph - kh
    w_places = w + 2 * pw - kw
    if h_places < 0 or w_places < 0 or sh == 0 or sw == 0:
        raise ValueError("This can not be computed")
    h_out = (h_places - h_places % sh) // sh + 1
    w_out = (w_places - w_places % sw) // sw + 1
    return [h_out, w_out]


# Task 2
conv1 = nn.Conv2d(in_channels=1, out_channels=16, kernel_size=(5, 5), stride=(1, 1), padding=(0, 0))
maxpool1 = nn.MaxPool2d(4)
conv2 = nn.LazyConv2d(64, kernel_size=5)
maxpool2 = nn.MaxPool2d(2)
linear1 = nn.LazyLinear(10)


# Task 3
class CNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.LazyConv2d(16, kernel_size=5)
        self.conv2 = nn.LazyConv2d(32, kernel_size=3)
        self.dense1 = nn.LazyLinear(64)
        self.dense2 = nn.LazyLinear(10)
        self.pool = nn.MaxPool2d(2)
        self.relu = nn.ReLU()

    def forward(self, x):
        x = self.pool(self.relu(self.conv1(x)))
        x = self.pool(self.relu(self.conv2(x)))
        x = nn.Flatten()(x)
        x = self.relu(self.dense1(x))
        return self.dense2(x)


# Task 4
def train(model, train_data, val_data, epochs=10):
    lossfn = nn.CrossEntropyLoss()
    opt = torch.optim.Adam(model.parameters(), lr=0.003)
    train_loss = []
    val_loss = []
    val_accuracy = []
    for epoch in range(epochs):
        model.train()
        s = torch.tensor(0.0)
        c = 0
        for img, lab in train_data:
            opt.zero_grad()
            pred = model(img)
            loss = lossfn(pred, lab)
            loss.backward()
            opt.step()
            with torch.no_grad():
                s += loss * len(lab)
            c += len(lab)
        train_loss.append((s / c).item())

        model.eval()
        s = torch.tensor(0.0)
        r = 0
        c = 0
        with torch.no_grad():
            for img, lab in val_data:
                pred = model(img)
                s += lossfn(pred, lab) * len(lab)
                r += torch.count_nonzero(pred.argmax(dim=1) == lab).item()
                c += len(lab)
        val_loss.append((s / c).item())
        val_accuracy.append(r / c)
    return dict(train_loss=train_loss, val_loss=val_loss, val_accuracy=val_accuracy)


# Task 5
def plot_history(history):
    fig, ax = plt.subplots(2)
    ax[0].plot(history["train_loss"], color="red", label="Train")
    ax[0].plot(history["val_loss"], color="blue", label="Val")
    ax[0].set_xlabel("Epoch")
    ax[0].set_ylabel("Loss")
    ax[0].legend()
    ax[1].plot(history["val_accuracy"], color="blue", label="Val")
    ax[1].set_xlabel("Epoch")
    ax[1].set_ylabel("Accuracy")
    ax[1].legend()
    return fig


def plot_confusion(y_true, y_pred):
    m = torch.zeros((10, 10)).int()
    for i in range(y_true.shape[0]):
        m[int(y_true[i]), int(y_pred[i])] += 1
    fig, ax = plt.subplots(figsize=(8, 8))
    ax.imshow(m)
    for i in range(10):
        for j in range(10):
            ax.text(j, i, m[i, j].item(), color="w", ha="center", va="center")
    ax.set_xticks(list(range(10)))
    ax.set_yticks(list(range(10)))
    ax.set_xticklabels(CLASS_NAMES, rotation=90)
    ax.set_yticklabels(CLASS_NAMES)
    ax.set_xlabel("Predicted")
    ax.set_ylabel("Actual")
    return fig
