# cnn homework
# after reading a few blog posts on "super-convergence" I wanted to try it here
import matplotlib.pyplot as plt
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.optim.lr_scheduler import OneCycleLR

from fashion import CLASS_NAMES


# ---------------------------------------------------------------- q1
def calculate_output_shape(image_size, kernel, stride, padding):
    H, W = image_size
    kh, kw = kernel
    sh, sw = stride
    ph, pw = padding
    if sh < 1 or sw < 1:
        raise ValueError("stride must be positive")
    if kh > H + 2 * ph or kw > W + 2 * pw:
        raise ValueError("kernel larger than the padded picture")
    out_h, _ = divmod(H + 2 * ph - kh, sh)
    out_w, _ = divmod(W + 2 * pw - kw, sw)
    return [out_h + 1, out_w + 1]


# ---------------------------------------------------------------- q2
conv1 = nn.Conv2d(in_channels=1, out_channels=16, kernel_size=(5, 5), stride=(1, 1), padding=(0, 0))
maxpool1 = nn.MaxPool2d(kernel_size=2, stride=2)  # (N, 16, 12, 12)
conv2 = nn.Conv2d(in_channels=16, out_channels=64, kernel_size=3)  # (N, 64, 10, 10)
maxpool2 = nn.MaxPool2d(kernel_size=10)  # (N, 64, 1, 1)
linear1 = nn.Linear(64, 10)


# ---------------------------------------------------------------- q3
class CNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv_a = nn.Conv2d(1, 16, 5)
        self.conv_b = nn.Conv2d(16, 32, 3)
        self.fc1 = nn.Linear(32 * 5 * 5, 64)
        self.fc2 = nn.Linear(64, 10)

    def forward(self, x):
        x = F.max_pool2d(F.gelu(self.conv_a(x)), 2)  # 24 -> 12
        x = F.max_pool2d(F.gelu(self.conv_b(x)), 2)  # 10 -> 5
        x = F.gelu(self.fc1(torch.flatten(x, 1)))
        return self.fc2(x)


# ---------------------------------------------------------------- q4
def train(model, train_data, val_data, epochs=10, max_lr=5e-3):
    criterion = nn.CrossEntropyLoss(label_smoothing=0.1)
    optimizer = torch.optim.AdamW(model.parameters(), lr=max_lr / 10, weight_decay=0.01)
    scheduler = OneCycleLR(optimizer, max_lr=max_lr, epochs=epochs, steps_per_epoch=len(train_data))

    history = {"train_loss": [], "val_loss": [], "val_accuracy": []}
    for epoch in range(1, epochs + 1):
        # -- training
        model.train()
        running = 0.0
        for x, y in train_data:
            optimizer.zero_grad()
            out = model(x)
            loss = criterion(out, y)
            loss.backward()
            optimizer.step()
            scheduler.step()  # once per batch, not per epoch!
            running += loss.item() * x.size(0)
        train_loss = running / len(train_data.dataset)

        # -- validation
        model.eval()
        running, correct = 0.0, 0
        with torch.no_grad():
            for x, y in val_data:
                out = model(x)
                running += criterion(out, y).item() * x.size(0)
                correct += (out.argmax(1) == y).sum().item()
        n_val = len(val_data.dataset)

        history["train_loss"].append(train_loss)
        history["val_loss"].append(running / n_val)
        history["val_accuracy"].append(correct / n_val)
    return history


# ---------------------------------------------------------------- q5
def plot_history(history):
    fig, (ax_loss, ax_acc) = plt.subplots(2, 1, sharex=True, figsize=(6, 6))
    epochs = list(range(1, len(history["train_loss"]) + 1))
    ax_loss.plot(epochs, history["train_loss"], "o-", label="Train")
    ax_loss.plot(epochs, history["val_loss"], "s-", label="Validation")
    ax_loss.set_ylabel("Loss")
    ax_loss.legend()
    ax_acc.plot(epochs, history["val_accuracy"], "s-", color="tab:orange", label="Validation")
    ax_acc.set_ylabel("Accuracy")
    ax_acc.set_xlabel("Epoch")  # shared with the upper one
    ax_acc.legend()
    fig.tight_layout()
    return fig


def plot_confusion(y_true, y_pred):
    cm = torch.zeros(10, 10, dtype=torch.long)
    for t, p in zip(y_true.view(-1), y_pred.view(-1)):
        cm[t.long(), p.long()] += 1
    fig, ax = plt.subplots(figsize=(8, 8))
    ax.imshow(cm.numpy(), cmap="Blues")
    for i in range(10):
        for j in range(10):
            ax.text(j, i, f"{cm[i, j].item():d}", ha="center", va="center",
                    color="white" if cm[i, j] > cm.max() / 2 else "black")
    ax.set_xticks(range(10), labels=CLASS_NAMES, rotation=45, ha="right")
    ax.set_yticks(range(10), labels=CLASS_NAMES)
    ax.set_xlabel("Predicted")
    ax.set_ylabel("True")
    fig.tight_layout()
    return fig
