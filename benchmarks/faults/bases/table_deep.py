"""A deep dense network on a generated table; binary cross-entropy on one-hot labels, Adam."""

import torch
from torch import nn
from torch.nn.functional import one_hot


class Net(nn.Sequential):
    def __init__(self):
        super().__init__(
            nn.Linear(16, 48),
            nn.ReLU(),
            nn.Linear(48, 48),
            nn.ReLU(),
            nn.Linear(48, 48),
            nn.ReLU(),
            nn.Dropout(0.1),
            nn.Linear(48, 4),
        )


def train(model, train_data, val_data, epochs=12):
    loss_function = nn.BCEWithLogitsLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.003)
    train_losses, val_losses, val_accuracies = [], [], []
    for epoch in range(1, epochs + 1):
        model.train()
        epoch_loss = 0
        for features, target in train_data:
            optimizer.zero_grad()
            prediction = model(features)
            loss = loss_function(prediction, one_hot(target, 4).float())
            loss.backward()
            optimizer.step()
            epoch_loss += loss.item()
        train_losses.append(epoch_loss / len(train_data))
        model.eval()
        x_val, y_val = val_data.dataset.tensors
        with torch.no_grad():
            prediction = model(x_val)
            val_losses.append(loss_function(prediction, one_hot(y_val, 4).float()).item())
            val_accuracies.append((prediction.argmax(1) == y_val).sum().item() / len(y_val))
    return {"train_loss": train_losses, "val_loss": val_losses, "val_accuracy": val_accuracies}
