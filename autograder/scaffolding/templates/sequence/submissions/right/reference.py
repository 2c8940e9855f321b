"""The reference's answers as a plain file."""

import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(13, 16)
        self.recurrent = nn.GRU(16, 32, batch_first=True)
        self.output = nn.Linear(32, 3)

    def forward(self, x):
        states, _ = self.recurrent(self.embedding(x))
        last = (x != 0).sum(dim=1) - 1
        return self.output(states[torch.arange(len(x)), last])


def train(model, messages, places, epochs=8):
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    loss_function = nn.CrossEntropyLoss()
    model.train()
    for _ in range(epochs):
        for indices in torch.randperm(len(messages)).split(32):
            loss = loss_function(model(messages[indices]), places[indices])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
