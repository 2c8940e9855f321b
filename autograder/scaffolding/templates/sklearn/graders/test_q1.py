"""q1: scaling by the training rows alone."""

import numpy as np

from autograder import Key, points, shown


def scaled(train, test, by):
    return (train - by.mean(axis=0)) / by.std(axis=0), (test - by.mean(axis=0)) / by.std(axis=0)


@points(1, "The training rows")
def test_train(submission, key: Key):
    train, test = rows(key)
    answer = pair_of(submission.scale(train, test), train, test)
    if np.allclose(answer[0], scaled(train, test, np.concatenate([train, test]))[0]):
        raise AssertionError("You learn means and deviations from the test rows, too: take those of `train` alone.")
    assert np.allclose(answer[0], scaled(train, test, train)[0], atol=1e-6), (
        f"Each column of `train` is to have the mean 0 and the deviation 1. Yours have the means "
        f"{np.mean(answer[0], axis=0).round(3)} and the deviations {np.std(answer[0], axis=0).round(3)}."
    )


@points(2, "Test rows, of which nothing is learned")
def test_test(submission, key: Key):
    train, test = rows(key)
    answer = pair_of(submission.scale(train, test), train, test)
    if np.allclose(answer[1], scaled(train, test, np.concatenate([train, test]))[1]):
        raise AssertionError("You learn means and deviations from the test rows, too: take those of `train` alone.")
    if np.allclose(answer[1], scaled(train, test, test)[1]):
        raise AssertionError("You scale the test rows by their own means and deviations: take those of `train`.")
    assert np.allclose(answer[1], scaled(train, test, train)[1], atol=1e-6), (
        "The test rows are to be scaled by the means and deviations of `train`, and yours are not."
    )


def rows(key):
    rng = key.rng("rows of q1")  # hidden, and the same for every submission
    return rng.normal(5, 3, (40, 4)), rng.normal(7, 2, (25, 4))


def pair_of(answer, train, test):
    """The two arrays that a submission returned."""
    assert isinstance(answer, (tuple, list)) and len(answer) == 2, f"Return two arrays, and not {shown(answer)}."
    shapes = tuple(map(np.shape, answer))
    assert shapes == (train.shape, test.shape), (
        f"Arrays {train.shape} and {test.shape} keep these shapes. Yours: {shapes}."
    )
    return answer
