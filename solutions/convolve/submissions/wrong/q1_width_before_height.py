import numpy as np


def flat_difference(a, b):
    return float(np.mean(a.flatten() != b.flatten()))


# Question 1
def make_zebra(height, width):
    zebra = np.zeros((width, height), dtype=int)
    zebra[:, 1::2] = 1
    return zebra


def make_checkerboard(height, width):
    board = np.zeros((width, height), dtype=int)
    board[1::2, ::2] = 1
    board[::2, 1::2] = 1
    return board
