# Fashion-MNIST with an exponential moving average of the weights ("EMA"): the average jumps less than the weights
import numpy as np
import matplotlib.pyplot as plt
import seaborn as sns
import torch
import torch.nn as nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from fashion import CLASS_NAMES


def calculate_output_shape(image_size, kernel, stride, padding):
    if 0 in stride:
        raise ValueError("A stride of 0 makes no sense.")
    shape = []
    for n, k, s, p in zip(image_size, kernel, stride, padding):
        padded = np.zeros(n + 2 * p)
        if k > padded.size:
            raise ValueError("The kernel is larger than the padded image.")
        shape.append(len(np.lib.stride_tricks.sliding_window_view(padded, k)[::s]))
    return shape


conv1 = nn.Conv2d(in_channels=1, out_channels=16, kernel_size=(5, 5), stride=(1, 1), padding=(0, 0))
maxpool1 = nn.MaxPool2d(kernel_size=(2, 2), stride=(2, 2))
conv2 = nn.Conv2d(16, 64, kernel_size=(5, 5), stride=(1, 1), dilation=(2, 2))  # 9 pixels wide: 12 -> 4
maxpool2 = nn.MaxPool2d(kernel_size=(4, 4))
linear1 = nn.Linear(in_features=64, out_features=10)


class CNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.block1 = self.make_block(1, 8)
        self.block2 = self.make_block(8, 24)
        self.fc = nn.Linear(24 * 7 * 7, 10)

    def make_block(self, inputs, outputs):
        return nn.Sequential(
            nn.Conv2d(inputs, outputs, 3, padding=1),
            nn.GroupNorm(4, outputs),
            nn.Mish(),
            nn.MaxPool2d(2),
        )

    def forward(self, x):
        x = self.block1(x)
        x = self.block2(x)
        x = x.view(x.size(0), -1)
        return self.fc(x)


def train(model, train_data, val_data, epochs=10):
    ema = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(0.95))
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    train_loss, val_loss, val_accuracy = [], [], []
    for epoch in range(epochs):
        model.train()
        total = 0.0
        for x, y in train_data:
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
            ema.update_parameters(model)
            total += loss.item() * len(x)
        train_loss.append(total / len(train_data.dataset))

        # the average is the network that I hand over, so I measure that one
        ema.eval()
        total, correct = 0.0, 0
        with torch.no_grad():
            for x, y in val_data:
                out = ema(x)
                total += criterion(out, y).item() * len(x)
                correct += (out.argmax(1) == y).sum().item()
        val_loss.append(total / len(val_data.dataset))
        val_accuracy.append(correct / len(val_data.dataset))
    model.load_state_dict(ema.module.state_dict())
    model.eval()
    return {"train_loss": train_loss, "val_loss": val_loss, "val_accuracy": val_accuracy}


def plot_history(history):
    sns.set_style("darkgrid")
    fig, (ax1, ax2) = plt.subplots(2, 1, figsize=(7, 8), sharex="col")
    epochs = range(1, len(history["train_loss"]) + 1)
    ax1.plot(epochs, history["train_loss"], label="train")
    ax1.plot(epochs, history["val_loss"], label="val")
    ax1.set_ylabel("loss")
    ax1.legend(title="Loss")
    ax2.plot(epochs, history["val_accuracy"], color="C1", label="val")
    ax2.set_xlabel("epoch")
    ax2.set_ylabel("accuracy")
    ax2.legend(title="Accuracy")
    return fig


def plot_confusion(y_true, y_pred):
    counts = np.zeros((10, 10), dtype=int)
    for t, p in zip(np.asarray(y_true), np.asarray(y_pred)):
        counts[t, p] += 1
    fig = plt.figure(figsize=(9, 7))
    ax = sns.heatmap(counts, annot=True, fmt="d", cmap="rocket_r", linewidths=0.5)
    ax.set_xticklabels(CLASS_NAMES, rotation=45, ha="right")
    ax.set_yticklabels(CLASS_NAMES, rotation=0)
    ax.set(xlabel="predicted class", ylabel="true class")
    return fig
