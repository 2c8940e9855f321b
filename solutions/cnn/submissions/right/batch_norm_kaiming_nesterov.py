# Convolutional networks, hand-in 3
#
# Block = conv + batch norm + relu. Weights by Kaiming He's recipe, since the nets are relu nets.

import numpy as np
import torch
from torch import nn
from torch.optim import SGD
from torch.optim.lr_scheduler import CosineAnnealingLR
import matplotlib.pyplot as plt
from fashion import CLASS_NAMES, CustomDataloader


def calculate_output_shape(image_size, kernel, stride, padding):
    """Output height and width of a convolution"""
    image_size, kernel, stride, padding = map(np.asarray, (image_size, kernel, stride, padding))
    if np.any(stride <= 0):
        raise ValueError("strides start at 1")
    free = image_size + 2 * padding - kernel
    if np.any(free < 0):
        raise ValueError("the kernel does not fit")
    return np.floor_divide(free, stride) + 1


print(calculate_output_shape([8, 8], [3, 3], [1, 1], [0, 0]))  # should be 6 6

conv1 = nn.Conv2d(in_channels=1, out_channels=16, kernel_size=(5, 5), stride=(1, 1), padding=(0, 0))
maxpool1 = nn.MaxPool2d((3, 3))
conv2 = nn.Conv2d(16, 64, (3, 3), padding=(1, 1))
maxpool2 = nn.MaxPool2d((8, 8))
linear1 = nn.Linear(64, 10)


def conv_block(c_in, c_out):
    return nn.Sequential(
        nn.Conv2d(c_in, c_out, kernel_size=3, padding=1, bias=False),  # the norm has a bias already
        nn.BatchNorm2d(c_out),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(2),
    )


class CNN(nn.Module):
    def __init__(self, width=12):
        super().__init__()
        self.body = nn.Sequential(conv_block(1, width), conv_block(width, 2 * width), conv_block(2 * width, 4 * width))
        self.head = nn.Linear(4 * width * 3 * 3, 10)
        self.apply(self._init)

    @staticmethod
    def _init(m):
        if isinstance(m, nn.Conv2d):
            nn.init.kaiming_normal_(m.weight, mode="fan_out", nonlinearity="relu")
        elif isinstance(m, nn.BatchNorm2d):
            nn.init.ones_(m.weight)
            nn.init.zeros_(m.bias)

    def forward(self, x):
        x = self.body(x)
        return self.head(x.flatten(1))


def run_epoch(model, data, loss_fn, optimizer=None):
    """One pass over data; with an optimizer it trains, without it only measures."""
    is_train = optimizer is not None
    model.train(is_train)
    loss_sum, hits, count = 0.0, 0, 0
    with torch.set_grad_enabled(is_train):
        for images, labels in data:
            logits = model(images)
            loss = loss_fn(logits, labels)
            if is_train:
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
            loss_sum += loss.item() * len(labels)
            hits += logits.argmax(dim=1).eq(labels).sum().item()
            count += len(labels)
    return loss_sum / count, hits / count


def train(model, train_data, val_data, epochs=10):
    loss_fn = nn.CrossEntropyLoss()
    optimizer = SGD(model.parameters(), lr=0.05, momentum=0.9, nesterov=True, weight_decay=5e-4)
    scheduler = CosineAnnealingLR(optimizer, T_max=epochs)
    history = {"train_loss": [], "train_accuracy": [], "val_loss": [], "val_accuracy": [], "lr": []}
    for _ in range(epochs):
        history["lr"].append(scheduler.get_last_lr()[0])
        loss, accuracy = run_epoch(model, train_data, loss_fn, optimizer)
        history["train_loss"].append(loss)
        history["train_accuracy"].append(accuracy)
        loss, accuracy = run_epoch(model, val_data, loss_fn)
        history["val_loss"].append(loss)
        history["val_accuracy"].append(accuracy)
        scheduler.step()
    return history


def plot_history(history):
    fig, axes = plt.subplots(1, 2, figsize=(10, 4))
    axes[0].set_title("Loss")
    axes[0].plot(history["train_loss"], label="train_loss")
    axes[0].plot(history["val_loss"], label="val_loss")
    axes[0].set_ylabel("cross-entropy")
    axes[1].set_title("Accuracy")
    axes[1].plot(history["val_accuracy"], label="val_accuracy")
    axes[1].set_ylabel("accuracy")
    for a in axes:
        a.set_xlabel("epoch")
        a.legend(loc="best")
    return fig


def plot_confusion(y_true, y_pred):
    # one-hot matrices: the product counts all pairs at once
    true = nn.functional.one_hot(torch.as_tensor(y_true).long(), 10)
    pred = nn.functional.one_hot(torch.as_tensor(y_pred).long(), 10)
    cm = (true.T @ pred).numpy()
    fig, ax = plt.subplots(figsize=(9, 8))
    im = ax.imshow(cm, interpolation="nearest", cmap=plt.cm.Blues)
    ax.figure.colorbar(im, ax=ax)
    ax.set(
        xticks=np.arange(cm.shape[1]), yticks=np.arange(cm.shape[0]),
        xticklabels=CLASS_NAMES, yticklabels=CLASS_NAMES,
        title="Confusion matrix", ylabel="True label", xlabel="Predicted label",
    )
    plt.setp(ax.get_xticklabels(), rotation=45, ha="right", rotation_mode="anchor")
    thresh = cm.max() / 2.0
    for i in range(cm.shape[0]):
        for j in range(cm.shape[1]):
            ax.text(j, i, format(cm[i, j], "d"), ha="center", va="center", color="white" if cm[i, j] > thresh else "black")
    fig.tight_layout()
    return fig
