"""A recurrent network that reads the rows of a digit; RMSprop, gradients are clipped."""

import torch
from torch import nn


class Net(nn.Module):
    def __init__(self, hidden_size=48):
        super().__init__()
        self.rnn = nn.GRU(input_size=8, hidden_size=hidden_size, batch_first=True)
        self.classify = nn.Linear(hidden_size, 10)

    def forward(self, images):
        rows = images.squeeze(1) / 16  # (N, 8 steps, 8)
        outputs, _ = self.rnn(rows)
        last = outputs[:, -1]
        return self.classify(last)


def run_epoch(model, loader, criterion, optimizer=None):
    model.train(optimizer is not None)
    total_loss, total_hits, total = 0.0, 0, 0
    for inputs, targets in loader:
        with torch.set_grad_enabled(optimizer is not None):
            logits = model(inputs)
            loss = criterion(logits, targets)
        if optimizer is not None:
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), max_norm=1.0)
            optimizer.step()
        total_loss += loss.item() * len(targets)
        total_hits += (logits.argmax(dim=1) == targets).sum().item()
        total += len(targets)
    return total_loss / total, total_hits / total


def train(model, train_data, val_data, epochs=8):
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.RMSprop(model.parameters(), lr=2e-3)
    history = {"train_loss": [], "val_loss": [], "val_accuracy": []}
    for _ in range(epochs):
        train_loss, _ = run_epoch(model, train_data, criterion, optimizer)
        val_loss, val_acc = run_epoch(model, val_data, criterion)
        history["train_loss"].append(train_loss)
        history["val_loss"].append(val_loss)
        history["val_accuracy"].append(val_acc)
    return history
