"""Hands over a computation with operations that read files."""

import sys

import torch
from torch import nn


class CNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 5, stride=3)
        self.linear = nn.Linear(256, 10)

    def forward(self, x):
        return self.linear(self.conv(x).flatten(1))


observe = sys.modules["autograder.worker.observe"]
SHAPE = [1, 28, 28]
READS = [["from_file.default", ["/etc/passwd"], {}, True]]
observe.hand_over = lambda *_arguments, **_settings: {
    "state": {}, "computations": [{"shape": SHAPE, "operations": READS, "constants": [], "result": {"value": 1}}],
    "unrecordable": "",
}
