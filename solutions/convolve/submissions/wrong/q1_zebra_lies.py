import numpy as np


def make_checkerboard(height, width):
    rows, columns = np.indices((height, width))
    return (rows + columns) % 2


def flat_difference(a, b):
    return float(np.mean(a.flatten() != b.flatten()))


# Question 1
def make_zebra(height, width):
    zebra = np.zeros((height, width), dtype=int)
    zebra[1::2] = 1
    return zebra
