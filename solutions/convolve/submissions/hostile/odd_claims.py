"""Returns what a grader might stumble over: another thing in each call, of all kinds that can be sent."""
import itertools

import numpy as np
import torch
from torch import nn

nested = []
for _ in range(25):
    nested = [nested, 1]
ODD = itertools.cycle([
    lambda: np.empty((1_000_000, 0)),
    lambda: np.array(["a", "b"]),
    lambda: ["x" * 1000, *["y"] * 1000],
    lambda: [np.zeros((3, 2)), np.zeros((2, 5)), None],
    lambda: nested,
    lambda: {"shape": np.zeros(3), "value": [1, {2: 3}]},
    lambda: np.array([1 + 2j, np.nan]),
    lambda: np.full((2, 3), np.inf),
    lambda: np.full((1, 3, 5, 7), np.nan, np.float16),
    lambda: [(1, np.zeros((2, 2))), (np.array(3), "x")],
    lambda: -(1 << 62),
    lambda: object(),
    lambda: b"bytes",
    lambda: np.zeros((1,) * 12),
    lambda: torch.zeros(()),
    lambda: [1e308, -1e308],
    lambda: True,
    lambda: [[]] * 1000,
])


def odd(*args, **kwargs):
    return next(ODD)()


make_zebra = make_checkerboard = flat_difference = extract_patches = odd
image_to_tensor = convolve = pool = trace_shapes = train_patterns = train_tiny = odd


class Odd(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(1, 1)

    def forward(self, x):
        return odd()


PatternNet = TinyCNN = Odd
