"""A text as rows of characters: what scikit-learn says of its small tables, in small letters and blanks."""

import re

import numpy as np
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_iris, load_linnerud, load_wine

CHARACTERS = " abcdefghijklmnopqrstuvwxyz"  # the number of a character is its place here
LENGTH = 24


def read():
    """The text in rows of 25 characters, as numbers: ``(428, 25)``, int64."""
    tables = load_iris, load_wine, load_breast_cancer, load_diabetes, load_digits, load_linnerud
    text = re.sub("[^a-z]+", " ", " ".join(load().DESCR for load in tables).lower())
    numbers = np.array([CHARACTERS.index(character) for character in text])
    count = len(numbers) // (LENGTH + 1)
    return numbers[: count * (LENGTH + 1)].reshape(count, LENGTH + 1)


def say(row):
    """A row of numbers as text."""
    return "".join(CHARACTERS[number] for number in row)
