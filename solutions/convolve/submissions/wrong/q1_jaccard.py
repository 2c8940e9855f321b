import numpy as np

def flat_difference(a, b):
    a, b = a.astype(bool).ravel(), b.astype(bool).ravel()
    return (a ^ b).sum() / max((a | b).sum(), 1)
