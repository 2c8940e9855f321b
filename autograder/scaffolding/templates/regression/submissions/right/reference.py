"""The reference's answers as a plain file."""

import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = nn.Linear(10, 16)
        self.output = nn.Linear(16, 1)

    def forward(self, x):
        return self.output(torch.relu(self.hidden(x)))


def train(model, inputs, targets, epochs=30):
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    loss_function = nn.MSELoss()
    model.train()
    for _ in range(epochs):
        for indices in torch.randperm(len(inputs)).split(16):
            loss = loss_function(model(inputs[indices]).squeeze(1), targets[indices])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
