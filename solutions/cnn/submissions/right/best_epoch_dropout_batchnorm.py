# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Convolutional Neural Nets
# I work in VS Code, so this is the percent format. Everything runs from the top.

# %%
# %matplotlib inline
import copy

import matplotlib.pyplot as plt
import numpy as np
import torch
from torch import nn

from fashion import CLASS_NAMES, CustomDataloader

# %% [markdown]
# ## Question 1

# %%
def calculate_output_shape(image_size, kernel, stride, padding):
    sizes = []
    for i, k, s, p in zip(image_size, kernel, stride, padding):
        if s <= 0 or k > i + 2 * p:
            raise ValueError(f"no output for image {i}, kernel {k}, stride {s}, padding {p}")
        sizes.append(int((i + 2 * p - k) / s + 1))
    return sizes


calculate_output_shape([8, 8], [3, 3], [1, 1], [0, 0])

# %% [markdown]
# ## Question 2

# %%
conv1 = nn.Conv2d(in_channels=1, out_channels=16, kernel_size=(5, 5), stride=(1, 1), padding=(0, 0))
maxpool1 = nn.MaxPool2d(kernel_size=2)  # 24 -> 12
conv2 = nn.Conv2d(in_channels=16, out_channels=64, kernel_size=(3, 3), stride=(3, 3))  # 12 -> 4
maxpool2 = nn.MaxPool2d(kernel_size=4)  # 4 -> 1
linear1 = nn.Linear(in_features=64, out_features=10)

img = torch.rand(1, 1, 28, 28)
for layer in (conv1, maxpool1, conv2, maxpool2):
    img = layer(img)
    print(type(layer).__name__, tuple(img.shape))

# %% [markdown]
# ## Question 3
# With batch norm before each activation, and a bit of dropout before the last layer.

# %%
class CNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.block1 = nn.Sequential(nn.Conv2d(1, 16, 5), nn.BatchNorm2d(16), nn.ReLU(), nn.MaxPool2d(4))
        self.block2 = nn.Sequential(nn.Conv2d(16, 64, 3), nn.BatchNorm2d(64), nn.ReLU(), nn.MaxPool2d(2))
        self.dropout = nn.Dropout(0.25)
        self.out = nn.Linear(64 * 2 * 2, 10)

    def forward(self, x):
        x = self.block2(self.block1(x))
        x = self.dropout(x.flatten(1))
        return self.out(x)


# %% [markdown]
# ## Question 4
# I keep the weights of the best epoch and put them back at the end.

# %%
def train(model, train_data, val_data, epochs=10):
    opt = torch.optim.Adam(model.parameters(), lr=2e-3)
    loss_fn = nn.CrossEntropyLoss(reduction="sum")
    history = {"train_loss": [], "val_loss": [], "val_accuracy": []}
    best, best_state = -1.0, None
    for epoch in range(epochs):
        model.train()
        total, n = 0.0, 0
        for xb, yb in train_data:
            loss = loss_fn(model(xb), yb)
            opt.zero_grad()
            (loss / len(yb)).backward()
            opt.step()
            total, n = total + loss.item(), n + len(yb)
        history["train_loss"].append(total / n)

        model.eval()
        total, correct, n = 0.0, 0, 0
        with torch.no_grad():
            for xb, yb in val_data:
                scores = model(xb)
                total += loss_fn(scores, yb).item()
                correct += (scores.argmax(dim=1) == yb).sum().item()
                n += len(yb)
        history["val_loss"].append(total / n)
        history["val_accuracy"].append(correct / n)
        if correct / n > best:
            best, best_state = correct / n, copy.deepcopy(model.state_dict())
    model.load_state_dict(best_state)
    return history


# a short try with noise, only to see that it runs
quick = train(CNN(), CustomDataloader(torch.rand(64, 1, 28, 28), torch.randint(10, (64,)), 32, True),
              CustomDataloader(torch.rand(20, 1, 28, 28), torch.randint(10, (20,)), 32), epochs=1)
print(quick)

# %% [markdown]
# ## Question 5

# %%
def plot_history(history):
    fig, axs = plt.subplots(ncols=2, figsize=(11, 4))
    e = np.arange(len(history["train_loss"])) + 1
    axs[0].plot(e, history["train_loss"], label="train")
    axs[0].plot(e, history["val_loss"], label="validation")
    axs[0].set(title="Loss", xlabel="epoch", ylabel="loss")
    axs[1].plot(e, history["val_accuracy"], label="validation")
    axs[1].set(title="Accuracy", xlabel="epoch", ylabel="accuracy")
    for ax in axs:
        ax.legend()
    return fig


def plot_confusion(y_true, y_pred):
    m = np.histogram2d(np.array(y_true), np.array(y_pred), bins=np.arange(11) - 0.5)[0].astype(int)
    fig, ax = plt.subplots(figsize=(9, 8))
    im = ax.imshow(m)
    fig.colorbar(im, ax=ax)
    for (i, j), v in np.ndenumerate(m):
        ax.text(j, i, v, ha="center", va="center", color="white" if v < m.max() / 2 else "black")
    ax.set(xticks=range(10), yticks=range(10), xlabel="predicted", ylabel="actual")
    ax.set_xticklabels(CLASS_NAMES, rotation=45, ha="right")
    ax.set_yticklabels(CLASS_NAMES)
    fig.tight_layout()
    return fig


# %%
plot_history(quick);
