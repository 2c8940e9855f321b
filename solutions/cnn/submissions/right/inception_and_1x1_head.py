# %% [markdown]
# CNN sheet. My network has parallel branches (idea from GoogLeNet) and no linear layer at the end,
# but a 1x1 convolution to ten channels and the mean of each channel.

# %%
import matplotlib.pyplot as plt
import numpy as np
import torch
from torch import nn

import fashion
from fashion import CustomDataloader

# %% Question 1
def calculate_output_shape(image_size, kernel, stride, padding):
    shape = []
    for (n, k), (s, p) in zip(zip(image_size, kernel), zip(stride, padding)):
        if s < 1 or k < 1:
            raise ValueError(f"{s=} and {k=} have to be positive")
        starts = np.arange(-p, n + p - k + 1, s)  # where the window can start
        if starts.size == 0:
            raise ValueError(f"{k=} does not fit into {n=} with {p=}")
        shape.append(len(starts))
    return shape

# %% Question 2
conv1 = nn.Conv2d(in_channels=1, out_channels=16, kernel_size=(5, 5), stride=(1, 1), padding=(0, 0))
maxpool1 = nn.MaxPool2d(kernel_size=(6, 6))
conv2 = nn.Conv2d(in_channels=16, out_channels=64, kernel_size=(3, 3))
maxpool2 = nn.MaxPool2d(kernel_size=(2, 2))
linear1 = nn.Linear(in_features=64, out_features=10)

# %% Question 3
class Branches(nn.Module):
    """Windows of three sizes look at the same picture; their answers are stacked"""

    def __init__(self, c_in, c_each):
        super().__init__()
        self.one = nn.Sequential(nn.Conv2d(c_in, c_each, 1), nn.ReLU())
        self.three = nn.Sequential(nn.Conv2d(c_in, c_each, 3, padding=1), nn.ReLU())
        self.five = nn.Sequential(nn.Conv2d(c_in, c_each, 5, padding=2), nn.ReLU())
        self.pool = nn.Sequential(nn.MaxPool2d(3, stride=1, padding=1), nn.Conv2d(c_in, c_each, 1), nn.ReLU())

    def forward(self, x):
        return torch.cat([self.one(x), self.three(x), self.five(x), self.pool(x)], dim=1)


class CNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(1, 16, 5, stride=2, padding=2)  # 14
        self.inception1 = Branches(16, 8)  # 32 channels
        self.inception2 = Branches(32, 16)  # 64 channels
        self.pool = nn.MaxPool2d(2)
        self.head = nn.Conv2d(64, 10, kernel_size=1)

    def forward(self, x):
        x = torch.relu(self.stem(x))
        x = self.pool(self.inception1(x))  # 7
        x = self.pool(self.inception2(x))  # 3
        x = self.head(x)  # (N, 10, 3, 3)
        return x.mean(dim=(2, 3))

# %% Question 4
def train(model, train_data, val_data, epochs=10):
    optimizer = torch.optim.Adamax(model.parameters(), lr=8e-3)
    loss_function = nn.CrossEntropyLoss()
    history = {"train_loss": [], "val_loss": [], "val_accuracy": []}
    for epoch in range(epochs):
        model.train()
        batch_losses, batch_sizes = [], []
        for batch_index in range(train_data.num_batches_per_epoch):
            batch = train_data.fetch_batch()
            x_batch, y_batch = batch["x_batch"], batch["y_batch"]
            loss = loss_function(model(x_batch), y_batch)
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
            batch_losses.append(loss.item())
            batch_sizes.append(len(x_batch))
        history["train_loss"].append(float(np.dot(batch_losses, batch_sizes) / np.sum(batch_sizes)))

        model.eval()
        with torch.no_grad():
            scores = model(val_data.x)  # small enough for one go
            history["val_loss"].append(loss_function(scores, val_data.y).item())
            history["val_accuracy"].append((scores.argmax(dim=1) == val_data.y).sum().item() / len(val_data.y))
    return history

# %% Question 5
def plot_history(history):
    fig = plt.figure(figsize=(9, 7))
    grid = fig.add_gridspec(2, 2)
    wide, small = fig.add_subplot(grid[0, :]), fig.add_subplot(grid[1, 0])
    epochs = np.arange(1, 1 + len(history["train_loss"]))
    wide.plot(epochs, history["train_loss"], marker="v", label="loss on training data")
    wide.plot(epochs, history["val_loss"], marker="^", label="loss on validation data")
    wide.set(xlabel="epoch", ylabel="cross-entropy [nats]")
    small.plot(epochs, history["val_accuracy"], marker="o", label="accuracy on validation data")
    small.set(xlabel="epoch", ylabel="accuracy", ylim=(0, 1))
    wide.legend()
    small.legend()
    return fig


def plot_confusion(y_true, y_pred):
    y_true = np.array(y_true).astype(int)
    y_pred = np.array(y_pred).astype(int)
    counts = np.array([[np.sum((y_true == t) & (y_pred == p)) for p in range(10)] for t in range(10)])
    row_sums = counts.sum(axis=1, keepdims=True)
    shares = counts / np.maximum(row_sums, 1)
    fig, ax = plt.subplots(figsize=(10, 10))
    ax.imshow(shares, vmin=0, vmax=1, cmap="Blues")
    for t in range(10):
        for p in range(10):
            # count, and below the share of the true class
            ax.text(p, t, f"{counts[t, p]}\n{shares[t, p]:.0%}", ha="center", va="center", fontsize=8,
                    color="white" if shares[t, p] > 0.5 else "black")
    ax.set_xticks(np.arange(10), fashion.CLASS_NAMES, rotation=45, ha="right")
    ax.set_yticks(np.arange(10), fashion.CLASS_NAMES)
    ax.set(xlabel="predicted class", ylabel="true class", title="Counts (and share of the row)")
    return fig

# %%
plot_history({"train_loss": [2, 1], "val_loss": [2, 1.5], "val_accuracy": [0.3, 0.6]}).savefig("history.png")
