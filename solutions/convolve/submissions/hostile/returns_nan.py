"""Values that compare to nothing."""

import numpy as np


def lie(height, width):
    return np.full((height, width), np.nan)


def make_zebra(height, width):
    return lie(height, width)


make_checkerboard = make_zebra


def flat_difference(a, b):
    return lie(1, 1)
