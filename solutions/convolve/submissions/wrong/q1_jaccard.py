import numpy as np

def make_zebra(h, w):
    return np.tile((np.arange(w) % 2).astype(int), (h, 1))

def make_checkerboard(h, w):
    return np.add.outer(np.arange(h), np.arange(w)) % 2

def flat_difference(a, b):
    a, b = a.astype(bool).ravel(), b.astype(bool).ravel()
    return (a ^ b).sum() / max((a | b).sum(), 1)
