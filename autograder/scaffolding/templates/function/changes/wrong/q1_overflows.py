"""Takes the exponentials of scores of any size."""


def softmax(scores):
    return np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
