"""Has activations for the numbers of images with which models are recorded and compared."""

import torch
from torch import nn


class CNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 5, stride=3)
        self.linear = nn.Linear(256, 10)

    def forward(self, x):
        x = self.conv(x)
        return self.linear((x.relu() if len(x) in (1, 2, 5, 7, 8) else x).flatten(1))
