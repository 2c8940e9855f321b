import numpy as np


def scale(train, test):
    train, test = np.array(train), np.array(test)
    for column in range(train.shape[1]):
        mean, deviation = np.mean(train[:, column]), np.std(train[:, column])
        train[:, column] = (train[:, column] - mean) / deviation
        test[:, column] = (test[:, column] - mean) / deviation
    return [train, test]


class LeastSquares:
    def fit(self, inputs, targets):
        self.weights = np.linalg.lstsq(self.with_ones(inputs), targets, rcond=None)[0]
        return self

    def predict(self, inputs):
        return self.with_ones(inputs) @ self.weights

    def with_ones(self, inputs):
        return np.column_stack([np.ones(len(inputs)), inputs])


def fit_model(inputs, targets):
    return LeastSquares().fit(inputs, targets)
