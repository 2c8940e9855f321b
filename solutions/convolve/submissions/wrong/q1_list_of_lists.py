import numpy as np


def make_zebra(height, width):
    return np.tile(np.arange(width) % 2, (height, 1))


def flat_difference(a, b):
    return float(np.mean(a.flatten() != b.flatten()))


# Question 1
def make_checkerboard(height, width):
    return [[(row + column) % 2 for column in range(width)] for row in range(height)]
