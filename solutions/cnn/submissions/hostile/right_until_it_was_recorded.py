"""Has activations until it was recorded."""

import torch
from torch import nn


class CNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 5, stride=3)
        self.linear = nn.Linear(256, 10)
        self.seen = 0

    def forward(self, x):
        x = self.conv(x)
        x = x if self.seen else x.relu()
        self.seen += len(x) == 5
        return self.linear(x.flatten(1))
