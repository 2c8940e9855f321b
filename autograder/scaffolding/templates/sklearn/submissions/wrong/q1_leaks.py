import numpy as np


def scale(train, test):
    both = np.concatenate([train, test])
    return (train - both.mean(0)) / both.std(0), (test - both.mean(0)) / both.std(0)
