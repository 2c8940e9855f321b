# Group 7
# imports
import matplotlib.pyplot as plt
import torch
import torch.nn as nn
import torch.nn.functional as F
from fashion import CLASS_NAMES


# 1. output shape
def calculate_output_shape(image_size, kernel, stride, padding):
    shape = []
    for n, k, s, p in zip(image_size, kernel, stride, padding):
        if s == 0 or n + 2*p < k:
            raise ValueError(f"can't do n={n}, k={k}, s={s}, p={p}")
        shape.append(int((n + 2*p - k) / s) + 1)    # int() cuts the rest off
    return shape


# 2. layers
conv1 = nn.Conv2d(
    in_channels=1,
    out_channels=16,
    kernel_size=(5, 5),
    stride=(1, 1),
    padding=(0, 0),
)
maxpool1 = nn.MaxPool2d(3)              # (N, 16, 8, 8)
conv2 = nn.Conv2d(16, 64, 3)            # (N, 64, 6, 6)
maxpool2 = nn.MaxPool2d(6)              # (N, 64, 1, 1)
linear1 = nn.Linear(64, 10)


# 3. the network
class CNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 16, 5)
        self.conv2 = nn.Conv2d(16, 64, 5)
        self.linear1 = nn.Linear(64, 10)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), 4)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        x = torch.flatten(x, 1)
        return self.linear1(x)


# 4. training
def train(model, train_data, val_data, epochs=10):
    opt = torch.optim.Adam(model.parameters(), lr=3e-3)
    train_losses, val_losses, val_accuracies = [], [], []

    for e in range(epochs):
        # --- training ---
        model.train()
        running = 0
        for i in range(train_data.num_batches_per_epoch):
            batch = train_data.fetch_batch()
            x, y = batch["x_batch"], batch["y_batch"]
            opt.zero_grad()
            loss = F.cross_entropy(model(x), y)
            loss.backward()
            opt.step()
            running += loss.item() * x.shape[0]
        train_losses.append(running / len(train_data.dataset))

        # --- validation ---
        model.eval()
        running = 0
        right = 0
        with torch.no_grad():
            for i in range(val_data.num_batches_per_epoch):
                batch = val_data.fetch_batch()
                x, y = batch["x_batch"], batch["y_batch"]
                out = model(x)
                running += F.cross_entropy(out, y).item() * x.shape[0]
                right += (out.argmax(dim=1) == y).sum().item()
        val_losses.append(running / len(val_data.dataset))
        val_accuracies.append(right / len(val_data.dataset))

    return {"train_loss": train_losses, "val_loss": val_losses, "val_accuracy": val_accuracies}


# 5. plots
def plot_history(history):
    fig, (ax1, ax2) = plt.subplots(1, 2, figsize=(10, 4))
    ax1.plot(history["train_loss"], label="training loss")
    ax1.plot(history["val_loss"], label="validation loss")
    ax1.set_xlabel("epoch")
    ax1.set_ylabel("loss")
    ax1.legend()
    ax2.plot(history["val_accuracy"], label="validation accuracy")
    ax2.set_xlabel("epoch")
    ax2.set_ylabel("accuracy")
    ax2.legend()
    return fig


def plot_confusion(y_true, y_pred):
    matrix = torch.zeros(10, 10, dtype=torch.int)
    for t, p in zip(y_true, y_pred):
        matrix[int(p), int(t)] += 1
    fig, ax = plt.subplots(figsize=(8, 8))
    ax.imshow(matrix, cmap="Blues")
    for i in range(10):
        for j in range(10):
            ax.text(j, i, matrix[i, j].item(), ha="center", va="center")
    ax.set_xticks(range(10), CLASS_NAMES, rotation=90)
    ax.set_yticks(range(10), CLASS_NAMES)
    ax.set_xlabel("true")
    ax.set_ylabel("predicted")
    return fig
