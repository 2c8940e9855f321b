"""A training as numbers to be drawn, few enough to be kept with the result."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import numpy as np

from autograder.results import Training
from autograder.sanitize import sanitize

_POINTS = 100  # of the loss curve
_MOST_LISTS = 6  # of numbers that a training returned
_MOST_EPOCHS = 200
_MOST_KERNELS = 16
_LARGEST_KERNEL = 11  # pixels
_MOST_CLASSES = 30
_SHADES = 99  # a kernel's largest weight is as much, or as little


def pictured(
    losses: Sequence[float],
    returned: Any,
    outputs: np.ndarray,
    labels: np.ndarray,
    classes: int,
    kernels: Sequence[Sequence[Sequence[int]]],
) -> Training:
    """What is kept of a training.

    ``losses`` are those at each backward pass, ``returned`` is what the training returned, ``outputs`` ``(N, C)`` are
    the scores on the hidden images with these ``labels`` ``(N,)``, both by the names that classes have outside.
    """
    return Training(
        question="",  # whoever keeps it knows
        losses=tuple(_thinned(losses)),
        history=tuple(islice(_lists(returned), _MOST_LISTS)),
        confusion=_confusion(outputs, labels, classes),
        kernels=tuple(tuple(tuple(map(int, row)) for row in kernel) for kernel in kernels),
    )


def kernels_of(parameters: Mapping[str, np.ndarray]) -> list[list[list[int]]]:
    """The first channel of kernels of the first convolution ``(out, in, height, width)``, in shades of -99 to 99."""
    for array in parameters.values():
        if array.ndim != 4 or array.dtype.kind != "f" or not array.size:
            continue
        if all(1 < side <= _LARGEST_KERNEL for side in array.shape[2:]):
            shown = np.nan_to_num(array[:_MOST_KERNELS, 0].astype(np.float64), posinf=0.0, neginf=0.0)
            largest = float(np.abs(shown).max()) or 1.0
            shades: list[list[list[int]]] = np.rint(shown / largest * _SHADES).astype(int).tolist()
            return shades
    return []


def _thinned(losses: Sequence[float]) -> Iterator[float]:
    """Means of as many neighbours each, where there are more than can be drawn."""
    values = [_rounded(loss) for loss in losses]
    size = max(1, math.ceil(len(values) / _POINTS))
    for start in range(0, len(values), size):
        some = values[start : start + size]
        yield _rounded(math.fsum(some) / len(some)) if all(map(math.isfinite, some)) else math.nan


def _lists(returned: Any) -> Iterator[tuple[str, tuple[float, ...]]]:
    for name, value in returned.items() if isinstance(returned, dict) else ():
        is_row = isinstance(value, np.ndarray) and value.ndim == 1 and len(value) <= _MOST_EPOCHS
        values = value.tolist() if is_row else value
        if type(name) is not str or not isinstance(values, (list, tuple)) or not 0 < len(values) <= _MOST_EPOCHS:
            continue
        if all(type(each) in (int, float) for each in values):
            yield sanitize(name, 40), tuple(map(_rounded, values))


def _rounded(value: float) -> float:
    try:
        return float(f"{value:.4g}")
    except (OverflowError, ValueError):  # an int beyond all floats
        return math.nan


def _confusion(outputs: np.ndarray, labels: np.ndarray, classes: int) -> tuple[tuple[int, ...], ...]:
    """How many images of each class, a row, were taken for each; nothing where the scores are of other classes."""
    if outputs.shape != (len(labels), classes) or not len(labels) or classes > _MOST_CLASSES:
        return ()
    counts = np.zeros((classes, classes), dtype=int)
    np.add.at(counts, (labels, outputs.argmax(axis=1)), 1)
    return tuple(tuple(map(int, row)) for row in counts)
