"""Starts threads until no more can be started."""

import threading

import numpy as np

waiting = threading.Event()
try:
    for _ in range(2000):
        threading.Thread(target=waiting.wait, daemon=True).start()
except (RuntimeError, MemoryError):
    pass


def make_zebra(height, width):
    return np.tile(np.arange(width) % 2, (height, 1))


def make_checkerboard(height, width):
    return np.indices((height, width)).sum(axis=0) % 2


def flat_difference(a, b):
    return float(np.mean(a != b))
