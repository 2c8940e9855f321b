"""Accuracy and loss, computed from a model's outputs in NumPy, and what training did to its parameters.

A classifier may give logits, log-probabilities or probabilities. The loss is the negative log-likelihood of the
labels under what the rows mean, so that all three are measured alike.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, Literal

import numpy as np

OutputKind = Literal["logits", "log-probabilities", "probabilities", "invalid"]
_SMALLEST = 1e-12  # a probability below this counts as this, so that the loss stays finite


def output_kind(outputs: np.ndarray) -> OutputKind:
    """What rows of class scores ``(N, C)`` are.

    Values that all lie in [0, 1] are probabilities, whether rows sum to 1 (softmax) or not (a sigmoid for each
    class). Rows whose exponentials sum to 1 are log-probabilities.
    """
    if outputs.ndim != 2 or not outputs.size or not np.issubdtype(outputs.dtype, np.floating):
        return "invalid"
    if not np.isfinite(outputs).all():
        # A log-probability may underflow to minus infinity; nothing else may be infinite.
        with np.errstate(invalid="ignore"):
            below = (outputs <= 1e-3).all() and not np.isnan(outputs).any()
        return "log-probabilities" if below and np.allclose(_log_sum_exp(outputs), 0, atol=1e-3) else "invalid"
    if outputs.min() >= 0 and outputs.max() <= 1:
        return "probabilities"
    return "log-probabilities" if np.allclose(_log_sum_exp(outputs), 0, atol=1e-3) else "logits"


def mean_nll(outputs: np.ndarray, labels: np.ndarray, kind: OutputKind) -> float:
    """Mean negative log-likelihood, in nats, of labels ``(N,)`` under outputs ``(N, C)``; NaN if invalid.

    Rows in [0, 1] are normalised to sum to 1 first.
    """
    if kind == "invalid":
        return float("nan")
    outputs = outputs.astype(np.float64)
    if kind == "logits":
        chosen = outputs[np.arange(len(labels)), labels] - _log_sum_exp(outputs)
    elif kind == "log-probabilities":
        chosen = np.maximum(outputs[np.arange(len(labels)), labels], np.log(_SMALLEST))
    else:
        rows = np.maximum(outputs, _SMALLEST)
        chosen = np.log(rows[np.arange(len(labels)), labels] / rows.sum(axis=1))
    return float(-chosen.mean()) + 0.0


def rescaled_nll(outputs: np.ndarray, labels: np.ndarray) -> float:
    """The least mean negative log-likelihood, in nats, of labels ``(N,)`` under logits ``(N, C)`` times any scale.

    For scores that were trained otherwise than by likelihood, by squared error on one-hot rows for instance: their
    order means something, and their size does not. It is convex in the scale, and ln C where the scores tell nothing.
    Guo et al., On calibration of modern neural networks, ICML 2017 ("temperature scaling").
    """
    outputs = outputs.astype(np.float64)
    size = float(outputs.std())
    if not size or not math.isfinite(size):
        return mean_nll(outputs, labels, "logits")
    scales = np.concatenate([[0.0], np.geomspace(0.01, 100, 81)]) / size
    return min(mean_nll(scale * outputs, labels, "logits") for scale in scales)


def cross_entropy(outputs: np.ndarray, labels: np.ndarray) -> float:
    """What ``torch.nn.functional.cross_entropy`` gives for outputs ``(N, C)``, whatever they were meant to be."""
    return mean_nll(outputs, labels, "logits")


def accuracy(outputs: np.ndarray, labels: np.ndarray) -> float:
    """Share of rows ``(N, C)`` whose largest score is at the label ``(N,)``. A row that holds a NaN is wrong."""
    predicted = np.where(np.isnan(outputs).any(axis=1), -1, np.nan_to_num(outputs).argmax(axis=1))
    return float((predicted == labels).mean())


def r2(outputs: np.ndarray, targets: np.ndarray) -> float:
    """The share of the variance of targets ``(N,)`` or ``(N, K)`` that outputs of their shape explain; NaN if none is.

    1 - (sum of squared errors) / (sum of squared distances from the mean), the mean over K columns; as
    ``sklearn.metrics.r2_score`` has it.
    """
    outputs, targets = outputs.reshape(targets.shape).astype(np.float64), targets.astype(np.float64)
    with np.errstate(all="ignore"):
        errors, around = ((outputs - targets) ** 2).sum(axis=0), ((targets - targets.mean(axis=0)) ** 2).sum(axis=0)
        return float(np.mean(1 - errors / around))


def share_learned(outputs: np.ndarray, targets: np.ndarray) -> float:
    """R2 where targets are no integers; else the accuracy, of each token if there are several in a row.

    Labels below 0 are not asked about.
    """
    if not np.issubdtype(targets.dtype, np.integer):
        return r2(outputs, targets)
    rows, labels = outputs.reshape(-1, outputs.shape[-1]), targets.reshape(-1)
    return accuracy(rows[labels >= 0], labels[labels >= 0])


def _log_sum_exp(rows: np.ndarray) -> np.ndarray:
    top = rows.max(axis=1, keepdims=True)
    result: np.ndarray = np.log(np.exp(rows - top).sum(axis=1)) + top[:, 0]
    return result


def compare_parameters(before: dict[str, np.ndarray], after: dict[str, np.ndarray]) -> dict[str, Any]:
    """What training did to parameters, by their names: those fields of ``Observations`` that tell."""
    both = {name: (before[name], value) for name, value in after.items() if name in before}
    change = size = 0.0
    with np.errstate(all="ignore"):
        for old, new in both.values():
            if old.shape != new.shape:
                continue
            for some_old, some_new in zip(_pieces(old), _pieces(new), strict=True):
                change += float(np.sum((some_new - some_old) ** 2))
                size += float(np.sum(some_old**2))
        moved = math.sqrt(change) / math.sqrt(size) if size else math.nan
    return {
        "parameters": tuple(after),
        "unchanged": tuple(name for name, (old, new) in both.items() if np.array_equal(old, new)),
        "not_finite": tuple(name for name, value in after.items() if not np.isfinite(value).all()),
        "zero_at_start": tuple(name for name, value in before.items() if value.ndim > 1 and not value.any()),
        "moved": moved,
    }


def _pieces(parameter: np.ndarray, length: int = 1 << 16) -> Iterator[np.ndarray]:
    """Whatever is claimed to be a parameter, as float64, piece by piece: a copy of it all may not fit in memory."""
    flat = parameter.reshape(-1)
    for start in range(0, len(flat), length):
        piece = flat[start : start + length]
        yield np.abs(piece) if np.iscomplexobj(piece) else piece.astype(np.float64)
