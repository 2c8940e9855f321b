"""How claims are put in words: whatever they are, soon and shortly."""

import numpy as np
import pytest

from autograder import listed, shown


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ([6, 7], "[6, 7]"),
        ((2.5, None, True), "(2.5, None, True)"),
        (1 / 3, "0.333333"),
        (6.0, "6.0"),
        ("two\nlines", r"'two\nlines'"),
        (np.array([3, 4]), "array([3, 4])"),
        (np.array(2.5), "array(2.5)"),
        (np.zeros((2, 3, 4)), "an array of shape (2, 3, 4)"),
        (np.empty((20_000_000, 0)), "an array of shape (20000000, 0)"),
        ({"loss": [0.5]}, "{'loss': [0.5]}"),
        ([[[[[1]]]]], "[[[[...]]]]"),
    ],
)
def test_small_values_are_shown_as_they_are(value, words):
    assert shown(value) == words


class Loud(np.ndarray):
    def __repr__(self):
        raise AssertionError("all of it was formatted")


@pytest.mark.parametrize(
    "value",
    [
        [np.ones(1000)] * 3000,
        {str(n): np.ones(1000) for n in range(3000)},
        [[[["x" * 1000] * 100] * 100] * 100],
        "x" * 10_000_000,
        b"x" * 10_000_000,
        10**4000,
        [np.ones(1000).view(Loud)],
    ],
)
def test_nothing_is_longer_than_a_line_nor_formatted_as_a_whole(value):
    assert len(shown(value)) <= 80
    assert len(shown(value, 300)) <= 300


def test_names_are_listed_shortly():
    assert listed(["conv1.weight", "conv1.bias"]) == "conv1.weight, conv1.bias"
    assert listed([]) == ""
    assert listed(str(n) for n in range(20)) == "0, 1, 2, 3, 4, 5, 6, 7 and 12 more"
    assert len(listed(["x" * 1000] * 1000)) < 400
