# Written by hand after cnn/right/kl_divergence.py: other names, other comments, other quotes, functions in another order.
# %%
import numpy as np
import torch
from matplotlib import pyplot as plt, ticker
from torch import nn, optim
from torch.nn import functional as fun

from fashion import CLASS_NAMES


# %%
def plot_confusion(y_true, y_pred):
    """My table of guesses."""
    size = len(CLASS_NAMES)
    table = torch.zeros(size, size)
    for k in range(len(y_true)):
        table[y_true[k]][y_pred[k]] += 1  # one more
    picture = plt.figure(figsize=(8, 8))
    axis = picture.add_subplot(111)
    image = axis.matshow(table.numpy())
    picture.colorbar(image)
    for row in range(size):
        for column in range(size):
            axis.text(column, row, "%.0f" % table[row][column], ha="center", va="center", color="w")
    axis.set_ylabel("what it is")
    axis.set_xlabel("what it was taken for")
    axis.set_yticks(np.arange(size), labels=CLASS_NAMES)
    axis.set_xticks(np.arange(size), labels=CLASS_NAMES, rotation=90)
    return picture


# %%
# the labels are made softer, I read that this helps
def train(network, training, validation, epochs=10):
    criterion = nn.KLDivLoss(reduction="batchmean")
    opt = optim.Adam(network.parameters(), lr=0.003, betas=(0.9, 0.99))
    decay = optim.lr_scheduler.ExponentialLR(opt, gamma=0.85)
    log = {"train_loss": [], "val_loss": [], "val_accuracy": []}
    for number in range(epochs):
        for stage, batches in (("train", training), ("val", validation)):
            if stage == "train":
                network.train()
            else:
                network.eval()
            hits = 0
            total = 0.0
            n = 0
            for images, targets in batches:
                opt.zero_grad()
                with torch.set_grad_enabled(stage == "train"):
                    scores = network(images)
                    _, guesses = torch.max(scores, 1)
                    cost = criterion(scores, soften(targets))
                    if stage == "train":
                        cost.backward()
                        opt.step()
                total += cost.item() * images.size(0)
                hits += torch.sum(guesses == targets.data).item()
                n += images.size(0)
            if stage == "train":
                decay.step()
            log[stage + "_loss"].append(total / n)
            if stage == "val":
                log["val_accuracy"].append(hits / n)
    return log


# %%
def soften(classes):
    return fun.one_hot(classes, 10) * 0.9 + 0.01


# %%
class CNN(nn.Module):
    def forward(self, batch):
        h = self.prelu_a(self.first(batch))
        h = fun.max_pool2d(h, 2)
        h = self.prelu_b(self.second(h))
        h = fun.max_pool2d(h, 2)
        h = torch.flatten(h, start_dim=1)
        h = self.prelu_c(self.hidden(h))
        return fun.log_softmax(self.last(h), dim=-1)

    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(1, 20, 5)
        self.second = nn.Conv2d(20, 40, 5)
        self.hidden = nn.Linear(640, 100)
        self.last = nn.Linear(100, 10)
        self.prelu_a = nn.PReLU()
        self.prelu_b = nn.PReLU()
        self.prelu_c = nn.PReLU()
