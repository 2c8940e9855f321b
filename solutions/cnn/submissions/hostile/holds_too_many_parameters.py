"""Has more parameters than the assignment allows, room for a table."""

import torch
from torch import nn


class CNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 5, stride=3)
        self.linear = nn.Linear(256, 10)
        self.table = nn.Parameter(torch.zeros(2_100_000))

    def forward(self, x):
        return self.linear(self.conv(x).relu().flatten(1)) + 0 * self.table.sum()
