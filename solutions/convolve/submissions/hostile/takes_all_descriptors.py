"""Opens files until no more can be opened."""

import numpy as np

held = []
try:
    while True:
        held.append(open("/dev/null"))
except OSError:
    pass


def make_zebra(height, width):
    return np.tile(np.arange(width) % 2, (height, 1))


def make_checkerboard(height, width):
    return np.indices((height, width)).sum(axis=0) % 2


def flat_difference(a, b):
    return float(np.mean(a != b))
