"""The reference's answers as a plain file."""

import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(27, 24)
        self.recurrent = nn.GRU(24, 64, batch_first=True)
        self.output = nn.Linear(64, 27)

    def forward(self, x):
        states, _ = self.recurrent(self.embedding(x))
        return self.output(states)


def train(model, inputs, targets, epochs=8):
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    loss_function = nn.CrossEntropyLoss()
    model.train()
    for _ in range(epochs):
        for indices in torch.randperm(len(inputs)).split(16):
            scores = model(inputs[indices])
            loss = loss_function(scores.flatten(0, 1), targets[indices].flatten())
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
