# Assignment: CNNs.  I used the squared error because we had it in the regression part of the lecture:
# the target is 1 for the right class and 0 for the nine others.

import torch, math
import torch.nn as nn
import matplotlib.pyplot as plt
from fashion import CLASS_NAMES


def calculate_output_shape(image_size, kernel, stride, padding):
    height = out_side(image_size[0], kernel[0], stride[0], padding[0])
    width = out_side(image_size[1], kernel[1], stride[1], padding[1])
    return [height, width]


def out_side(size, k, s, p):
    if not (s > 0 and size + 2*p >= k):
        raise ValueError(f"no place for k={k}, s={s} on {size}+2*{p}")
    return int(math.floor((size + 2*p - k) / s)) + 1


conv1 = nn.Conv2d(in_channels=1, out_channels=16, kernel_size=(5, 5), stride=(1, 1), padding=(0, 0))
maxpool1 = nn.MaxPool2d(3)                       # 24 -> 8
conv2 = nn.Conv2d(16, 64, kernel_size=(5, 5))    # 8 -> 4
maxpool2 = nn.MaxPool2d(4)                       # 4 -> 1
linear1 = nn.Linear(64, 10)


class CNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 16, 5)
        self.conv2 = nn.Conv2d(16, 32, 5)
        self.pool = nn.MaxPool2d(2, 2)
        self.fc = nn.Linear(32 * 4 * 4, 10)

    def forward(self, x):
        x = self.pool(nn.functional.relu(self.conv1(x)))
        x = self.pool(nn.functional.relu(self.conv2(x)))
        return self.fc(x.view(x.shape[0], -1))


def one_hot(labels):
    return torch.eye(10)[labels]


def train(model, train_data, val_data, epochs=10):
    mse = nn.MSELoss()
    optim = torch.optim.Adam(model.parameters(), lr=0.002)
    train_loss, val_loss, val_accuracy = [], [], []

    for epoch in range(epochs):
        model.train()
        losses = 0
        n = 0
        for x, y in train_data:
            optim.zero_grad()
            loss = mse(model(x), one_hot(y))
            loss.backward()
            optim.step()
            losses += loss.item() * len(x)
            n += len(x)
        train_loss.append(losses / n)

        model.eval()
        losses = 0
        right = 0
        n = 0
        with torch.no_grad():
            for x, y in val_data:
                out = model(x)
                losses += mse(out, one_hot(y)).item() * len(x)
                right += (out.argmax(1) == y).sum().item()
                n += len(x)
        val_loss.append(losses / n)
        val_accuracy.append(right / n)
        print(epoch, train_loss[-1], val_loss[-1], val_accuracy[-1])

    return {"train_loss": train_loss, "val_loss": val_loss, "val_accuracy": val_accuracy}


def plot_history(history):
    plt.figure(figsize=(10, 4))
    plt.subplot(1, 2, 1)
    plt.plot(history["train_loss"], label="Training loss")
    plt.plot(history["val_loss"], label="Validation loss")
    plt.xlabel("Epoch")
    plt.ylabel("MSE")
    plt.legend()
    plt.subplot(1, 2, 2)
    plt.plot(history["val_accuracy"], label="Validation accuracy")
    plt.xlabel("Epoch")
    plt.ylabel("Accuracy")
    plt.legend()
    return plt.gcf()


def plot_confusion(y_true, y_pred):
    fig = plt.figure(figsize=(9, 9))
    ax = plt.gca()
    counts = [[int(((y_true == i) & (y_pred == j)).sum()) for j in range(10)] for i in range(10)]
    plt.imshow(counts, cmap="Greys")
    for i in range(10):
        for j in range(10):
            plt.text(j, i, counts[i][j], ha="center", va="center", color="red")
    plt.xticks(range(10), CLASS_NAMES, rotation=45)
    plt.yticks(range(10), CLASS_NAMES)
    plt.xlabel("Predicted class")
    plt.ylabel("True class")
    plt.title("Confusion matrix")
    return fig
