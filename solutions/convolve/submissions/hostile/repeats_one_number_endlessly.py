"""An array of 2^62 numbers that takes no memory."""

import numpy as np


def lie(height, width):
    return np.broadcast_to(np.int8(0), (1 << 31, 1 << 31))


def make_zebra(height, width):
    return lie(height, width)


make_checkerboard = make_zebra


def flat_difference(a, b):
    return lie(1, 1)
