"""A dense network with weights drawn by hand; log-softmax and NLL, batches by a permutation of its own."""

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F


class Net(nn.Module):
    def __init__(self, hidden=100):
        super(Net, self).__init__()
        self.fc1 = nn.Linear(28 * 28, hidden)
        self.fc2 = nn.Linear(hidden, hidden)
        self.fc3 = nn.Linear(hidden, 10)
        for layer in (self.fc1, self.fc2, self.fc3):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            nn.init.zeros_(layer.bias)

    def forward(self, x):
        x = x.view(x.shape[0], -1)
        x = F.relu(self.fc1(x))
        x = F.relu(self.fc2(x))
        x = self.fc3(x)
        return F.log_softmax(x, dim=1)


def train(model, train_data, val_data, epochs=10, batch_size=50):
    X, Y = train_data.dataset.tensors
    X_val, Y_val = val_data.dataset.tensors
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    history = {"train_loss": [], "val_loss": [], "val_accuracy": []}
    for ep in range(epochs):
        model.train()
        batch_losses = []
        order = torch.randperm(len(X))
        for start in range(0, len(X), batch_size):
            rows = order[start : start + batch_size]
            x, y = X[rows], Y[rows]
            out = model(x)
            loss = F.nll_loss(out, y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            batch_losses.append(loss.item())
        history["train_loss"].append(np.mean(batch_losses))
        model.eval()
        with torch.no_grad():
            out = model(X_val)
            history["val_loss"].append(F.nll_loss(out, Y_val).item())
            pred = out.argmax(dim=1)
            history["val_accuracy"].append((pred == Y_val).float().mean().item())
    return history
