"""
Exercise: CNN on Fashion-MNIST
Author: (removed for grading)
"""
import argparse
import os
import random
import time
from collections import namedtuple

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
import torch.nn as nn
import torch.optim as optim
from sklearn.metrics import accuracy_score, confusion_matrix
from tqdm import tqdm, trange

from fashion import CLASS_NAMES, CustomDataloader

SEED = 1234
random.seed(SEED)
np.random.seed(SEED)
torch.manual_seed(SEED)

Side = namedtuple("Side", "size kernel stride padding")


def calculate_output_shape(image_size, kernel, stride, padding):
    sides = map(Side._make, zip(image_size, kernel, stride, padding))
    return list(map(output_side, sides))


def output_side(side):
    last_start = side.size + side.padding - side.kernel  # first start is at -padding
    if last_start < -side.padding:
        raise ValueError(f"impossible: {side}")
    if side.stride < 1:
        raise ValueError(f"impossible: {side}")
    return sum(1 for _ in range(-side.padding, last_start + 1, side.stride))


conv1 = nn.Conv2d(in_channels=1, out_channels=16, kernel_size=(5, 5), stride=(1, 1), padding=(0, 0))
maxpool1 = nn.MaxPool2d(kernel_size=(8, 8))
conv2 = nn.Conv2d(in_channels=16, out_channels=64, kernel_size=(2, 2))
maxpool2 = nn.MaxPool2d(kernel_size=(2, 2))
linear1 = nn.Linear(in_features=64, out_features=10)


class CNN(nn.Module):
    def __init__(self, num_classes=10, dropout=0.3):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 16, kernel_size=5, padding="same")
        self.conv2 = nn.Conv2d(16, 32, kernel_size=5, padding="same")
        self.act = nn.Hardswish()
        self.pool = nn.MaxPool2d(2)
        self.drop = nn.Dropout(dropout)
        self.fc = nn.Linear(32 * 7 * 7, num_classes)

    def forward(self, x):
        x = self.pool(self.act(self.conv1(x)))
        x = self.pool(self.act(self.conv2(x)))
        return self.fc(self.drop(x.flatten(1)))


def train(model, train_data, val_data, epochs=10):
    criterion = nn.CrossEntropyLoss()
    optimizer = optim.Adam(model.parameters(), lr=3e-3)
    scheduler = optim.lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.5, patience=2)
    rows = []
    start = time.time()
    for epoch in trange(epochs, desc="epochs"):
        model.train()
        losses, sizes = [], []
        bar = tqdm(train_data, leave=False)
        for images, labels in bar:
            optimizer.zero_grad()
            loss = criterion(model(images), labels)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
            sizes.append(len(labels))
            bar.set_postfix(loss=f"{loss.item():.3f}")
        train_loss = np.average(losses, weights=sizes)

        model.eval()
        losses, sizes, y_true, y_pred = [], [], [], []
        with torch.no_grad():
            for images, labels in val_data:
                logits = model(images)
                losses.append(criterion(logits, labels).item())
                sizes.append(len(labels))
                y_true.extend(labels.numpy())
                y_pred.extend(logits.argmax(1).numpy())
        val_loss = np.average(losses, weights=sizes)
        scheduler.step(val_loss)
        rows.append({"train_loss": train_loss, "val_loss": val_loss, "val_accuracy": accuracy_score(y_true, y_pred)})
    print(f"took {time.time() - start:.1f} s")
    return pd.DataFrame(rows).to_dict(orient="list")


def plot_history(history):
    df = pd.DataFrame(history)
    df.insert(0, "epoch", np.arange(1, len(df) + 1))
    fig, axes = plt.subplots(ncols=2, figsize=(11, 4))
    df.plot(x="epoch", y=["train_loss", "val_loss"], ax=axes[0])
    axes[0].set_ylabel("loss")
    df.plot(x="epoch", y="val_accuracy", ax=axes[1])
    axes[1].set_ylabel("accuracy")
    return fig


def plot_confusion(y_true, y_pred):
    cm = pd.DataFrame(confusion_matrix(y_true, y_pred, labels=np.arange(10)), index=CLASS_NAMES, columns=CLASS_NAMES)
    fig, ax = plt.subplots(figsize=(9, 8))
    im = ax.imshow(cm.values, cmap="cividis")
    plt.colorbar(im, ax=ax, label="images")
    for i, row in enumerate(cm.values):
        for j, value in enumerate(row):
            ax.text(j, i, value, ha="center", va="center", color="white", fontweight="bold")
    ax.set_xticks(range(len(cm.columns)), cm.columns, rotation=45, ha="right")
    ax.set_yticks(range(len(cm.index)), cm.index)
    ax.set_xlabel("Predicted class")
    ax.set_ylabel("True class")
    return fig


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, default=1)
    args, _ = parser.parse_known_args()
    fake = CustomDataloader(torch.rand(64, 1, 28, 28), torch.randint(0, 10, (64,)), 32, randomize=True)
    history = train(CNN(), fake, fake, epochs=args.epochs)
    plot_history(history)
