"""q1: softmax, on hidden scores."""

import numpy as np
import pytest
from answers import numbers

from autograder import Key, points


def softmax(scores):
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


# What to tell a student whose function gives what this formula gives.
MISTAKES = {
    "You divide by the sums of the columns: `axis=1` goes along a row.": lambda s: softmax(s.T).T,
    "You divide by the sum of all scores' exponentials: each row is to sum up to 1.": lambda s: (
        np.exp(s) / np.exp(s).sum()
    ),
    "That is the logarithm of the softmax.": lambda s: np.log(softmax(s)),
}


@points(2, "Each row holds the softmax of its scores")
@pytest.mark.parametrize("shape", [(1, 2), (4, 3), (7, 10)])
def test_values(submission, key: Key, shape):
    scores = key.rng(f"scores {shape}").normal(0, 2, shape)
    found = numbers(submission.softmax(scores), shape, f"softmax of an array {shape}")
    if not np.allclose(found, softmax(scores), rtol=1e-4, atol=1e-6):
        told = [text for text, formula in MISTAKES.items() if np.allclose(found, formula(scores), rtol=1e-4)]
        sums = ", ".join(f"{value:.3g}" for value in found.sum(axis=1)[:3])
        raise AssertionError(told[0] if told else f"The first rows of your result sum up to {sums}.")


@points(1, "It works for large scores")
def test_large_scores(submission):
    scores = np.array([[1000.0, 1001.0, 998.0], [-1000.0, -1002.0, -999.0]])
    found = numbers(submission.softmax(scores), (2, 3), "softmax of scores around 1000")
    assert np.isfinite(found).all(), (
        "For scores around 1000 it holds NaN or infinity: subtract each row's maximum first."
    )
    assert np.allclose(found, softmax(scores), atol=1e-6), "For scores around 1000 the probabilities are others."
