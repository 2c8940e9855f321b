"""q2: cross-entropy, on hidden scores and labels."""

import numpy as np
import pytest
from answers import numbers

from autograder import Key, points


def losses(scores, labels):
    """The loss of each example, (N,)."""
    shifted = scores - scores.max(axis=1, keepdims=True)
    return np.log(np.exp(shifted).sum(axis=1)) - shifted[np.arange(len(labels)), labels]


MISTAKES = {
    "That is the sum over the examples: the mean is asked for.": lambda s, y: losses(s, y).sum(),
    "That is the logarithm to base 2: `np.log` is the natural one.": lambda s, y: losses(s, y).mean() / np.log(2),
    "The sign is missing: a loss is positive.": lambda s, y: -losses(s, y).mean(),
    "That is the mean probability of the right class, without the logarithm.": lambda s, y: np.exp(
        -losses(s, y)
    ).mean(),
}


@points(3, "It is the mean negative log-likelihood")
@pytest.mark.parametrize("shape", [(2, 2), (6, 3), (9, 10)])
def test_value(submission, key: Key, shape):
    rng = key.rng(f"scores and labels {shape}")
    scores, labels = rng.normal(0, 2, shape), rng.integers(0, shape[1], shape[0])
    found = numbers(submission.cross_entropy(scores, labels), (), f"cross_entropy of scores {shape}").item()
    right = losses(scores, labels).mean()
    if not np.isclose(found, right, rtol=1e-4):
        told = [text for text, formula in MISTAKES.items() if np.isclose(found, formula(scores, labels), rtol=1e-4)]
        raise AssertionError(told[0] if told else f"For scores {shape} you return {found:.4g}; that is not the loss.")


@points(1, "It is finite where the right class is all but impossible")
def test_large_loss(submission):
    scores, labels = np.array([[0.0, 1000.0], [2000.0, 0.0]]), np.array([0, 1])
    found = numbers(submission.cross_entropy(scores, labels), (), "cross_entropy of scores 1,000 apart").item()
    assert np.isfinite(found), f"Scores 1,000 apart give {found}: take the logarithm by hand, `s - log(sum(exp(s)))`."
    assert np.isclose(found, 1500), f"The losses of two examples are 1000 and 2000, and you return {found:.6g}."
