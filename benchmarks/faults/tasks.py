"""The tasks of the benchmark: small sets of data, from the lessons here, from scikit-learn, or generated."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import torch
from sklearn.datasets import load_digits, load_wine, make_classification

FASHION = Path(__file__).resolve().parents[2] / "solutions" / "cnn" / "data" / "FashionMNIST" / "raw"

Data = tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]
"""Inputs (N, ...) and labels (N,) to train on, then those to validate on."""


def fashion() -> Data:
    """Pictures of clothes (N, 1, 28, 28) in [0, 1], 10 classes: the slices of the lesson `cnn`."""
    parts = []
    for name in ("train", "t10k"):
        pixels = np.frombuffer((FASHION / f"{name}-images-idx3-ubyte").read_bytes(), np.uint8, offset=16)
        labels = np.frombuffer((FASHION / f"{name}-labels-idx1-ubyte").read_bytes(), np.uint8, offset=8)
        parts += [torch.from_numpy(pixels.reshape(-1, 1, 28, 28) / np.float32(255)), torch.from_numpy(labels.copy())]
    return parts[0], parts[1].long(), parts[2], parts[3].long()


def digits() -> Data:
    """Handwritten digits (N, 1, 8, 8), pixels of 0 to 16, 10 classes: scikit-learn's."""
    x, y = load_digits(return_X_y=True)
    return _split(x.reshape(-1, 1, 8, 8), y, 1000)


def table() -> Data:
    """A generated table (N, 16) with 4 classes of several clusters each, standardised."""
    x, y = make_classification(
        n_samples=1800,
        n_features=16,
        n_informative=8,
        n_classes=4,
        n_clusters_per_class=3,
        class_sep=1.6,
        random_state=3,
    )
    return _split((x - x.mean(0)) / x.std(0), y, 1200)


def wine() -> Data:
    """Thirteen raw measurements (N, 13) of wines, from below 1 to 1,680, 3 classes: scikit-learn's."""
    return _split(*load_wine(return_X_y=True), 120)


def waves() -> Data:
    """Generated signals (N, 1, 40) with noise: sine, square, sawtooth, or two sines, of random phase and frequency."""
    random = np.random.default_rng(5)
    y = random.integers(0, 4, 1400)
    phase, frequency = random.uniform(0, 1, (1400, 1)), random.uniform(1.5, 4, (1400, 1))
    cycles = np.arange(40) / 40 * frequency + phase
    sine = np.sin(2 * np.pi * cycles)
    shapes = np.stack([sine, np.sign(sine), 2 * (cycles % 1) - 1, (sine + np.sin(4 * np.pi * cycles)) / 1.5])
    x = shapes[y, np.arange(1400)] + random.normal(0, 0.25, (1400, 40))
    return _split(x[:, None], y, 800)


def _split(x: np.ndarray, y: np.ndarray, train: int) -> Data:
    order = np.random.default_rng(1).permutation(len(x))
    inputs, labels = torch.from_numpy(x[order]).float(), torch.from_numpy(y[order]).long()
    return inputs[:train], labels[:train], inputs[train:], labels[train:]


TASKS: dict[str, Callable[[], Data]] = {task.__name__: cache(task) for task in (fashion, digits, table, wine, waves)}
