"""What a training reports, against what was seen of it: metric arithmetic is where loops go wrong most often.

For each epoch, the accuracy and the loss are recomputed from the scores and labels that met in loss functions, and
once more with each usual mistake. One is named if it gives what is reported in every epoch, and the right arithmetic
does not.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from .causes import Cause, Seen, cause_of

_NEAR = 2e-3  # as a share: what differs by less was computed in the same way
_FAR = 0.02  # of an accuracy: what differs by more is another model's, or another thing's
_MOST_LISTS = 20  # of numbers that a training may return


@dataclass(frozen=True)
class _Batch:
    rows: int
    right: int  # of them; 0 where that was not seen
    loss: float  # mean over the rows


_Epoch = list[_Batch]
_Arithmetic = tuple[str, Callable[[_Epoch], float], str]  # code, what it gives, and that in words


def mistakes_in_reports(value: Any, seen: Seen, images: int) -> Iterator[Cause]:
    """What is wrong with the numbers in what a training returned; ``images`` is how many there are to train on."""
    validations = [
        [_Batch(rows, right, loss) for _, rows, right, loss in group]
        for _, group in itertools.groupby(seen.answered, key=lambda each: each[0])
    ]
    if seen.quiet_rows and seen.quiet_recognised > 0.99 * seen.quiet_rows:
        yield cause_of(
            "validates-on-training-data",
            f"The model was run without gradients on {seen.quiet_rows} images, counting each time, and all of them are "
            "among those to train on.",
        )
        return
    for name, reported in itertools.islice(_lists(value), _MOST_LISTS):
        if "acc" in name and "train" not in name and _fit(reported, validations):
            yield from _compared(reported, validations, _accuracies(images), "accuracy", is_whole=True)
        elif "loss" in name and ("val" in name or "test" in name) and _fit(reported, validations):
            yield from _compared(reported, validations, _LOSSES, "validation loss")
        elif "loss" in name and (trained := _trained(seen, len(reported))):
            yield from _compared(reported, trained, _LOSSES, "training loss")


def _lists(value: Any, name: str = "") -> Iterator[tuple[str, list[float]]]:
    """The lists of numbers in what was returned, by what they are called there."""
    if isinstance(value, dict):
        for key, some in value.items():
            yield from _lists(some, f"{name} {key}".lower())
    elif isinstance(value, (list, tuple)) or hasattr(value, "tolist"):
        numbers = value.tolist() if hasattr(value, "tolist") else list(value)
        try:
            if numbers and isinstance(numbers, list):
                yield name, [float(number) for number in numbers]
        except (TypeError, ValueError, RuntimeError):
            return


def _fit(reported: Sequence[float], epochs: Sequence[_Epoch]) -> bool:
    """Whether there is a number for each epoch, of as many images each."""
    return len(reported) == len(epochs) and len({_rows(epoch) for epoch in epochs} - {0}) == 1


def _trained(seen: Seen, epochs: int) -> list[_Epoch]:
    """The batches of each of so many epochs of the same length; none where they differ."""
    batches = [_Batch(rows, 0, sum(called) if called else loss) for rows, loss, called in seen.batches]
    length, left = divmod(len(batches), epochs)
    if left or not length or seen.backwards != len(batches) or not all(batch.rows for batch in batches):
        return []
    return [batches[n : n + length] for n in range(0, len(batches), length)]


def _rows(epoch: _Epoch) -> int:
    return sum(batch.rows for batch in epoch)


def _right(epoch: _Epoch) -> int:
    return sum(batch.right for batch in epoch)


def _accuracy(epoch: _Epoch) -> float:
    return _right(epoch) / _rows(epoch)


def _loss(epoch: _Epoch) -> float:
    return sum(batch.loss * batch.rows for batch in epoch) / _rows(epoch)


def _loss_of_batches(epoch: _Epoch) -> float:
    return sum(batch.loss for batch in epoch) / len(epoch)


def _accuracies(images: int) -> list[_Arithmetic]:
    last = "right answers of the last batch"
    return [
        ("accuracy-is-error-rate", lambda e: 1 - _accuracy(e), "the share of wrong answers"),
        ("accuracy-in-percent", lambda e: 100 * _accuracy(e), "100 times the share of right answers"),
        ("accuracy-of-last-batch", lambda e: e[-1].right / e[-1].rows, f"the {last}, divided by its size"),
        ("accuracy-of-last-batch", lambda e: e[-1].right / _rows(e), f"the {last}, divided by the number of all"),
        ("accuracy-divisor", lambda e: _right(e) / len(e), "the right answers, divided by the number of batches"),
        ("accuracy-divisor", _right, "the number of right answers, not divided"),
        ("accuracy-divisor", lambda e: _right(e) / e[0].rows, "the right answers, divided by the size of a batch"),
        ("accuracy-divisor", lambda e: _right(e) / (len(e) * e[0].rows), "the last batch counted as if it were full"),
        (
            "accuracy-divisor",
            lambda e: _right(e) / max(1, images),
            "the right answers, divided by the number of training images",
        ),
        (
            "accuracy-divisor",
            lambda e: sum(batch.right / batch.rows for batch in e),
            "the accuracies of the batches, summed and not divided",
        ),
        (
            "accuracy-divisor",
            lambda e: sum(batch.right / batch.rows for batch in e) / _rows(e),
            "the accuracies of the batches, divided by the number of images",
        ),
    ]


_LOSSES: list[_Arithmetic] = [
    ("loss-of-last-batch", lambda e: e[-1].loss, "the loss of the last batch"),
    ("loss-of-last-batch", lambda e: e[-1].loss / len(e), "the loss of the last batch, divided by the number of all"),
    (
        "loss-of-last-batch",
        lambda e: e[-1].loss * e[-1].rows / _rows(e),
        "the loss of the last batch's images, divided by the number of all",
    ),
    (
        "loss-divisor",
        lambda e: sum(batch.loss for batch in e) / _rows(e),
        "mean losses of the batches, divided by the number of images",
    ),
    (
        "loss-divisor",
        lambda e: _loss(e) * _rows(e) / len(e),
        "losses summed over images, divided by the number of batches",
    ),
    ("loss-divisor", lambda e: sum(batch.loss for batch in e), "the losses of the batches, summed and not divided"),
    ("loss-divisor", lambda e: _loss(e) * _rows(e), "the losses of the images, summed and not divided"),
    ("loss-divisor", lambda e: _loss_of_batches(e) / e[0].rows, "mean losses, divided by the size of a batch"),
]


def _compared(
    reported: Sequence[float],
    epochs: Sequence[_Epoch],
    mistakes: Sequence[_Arithmetic],
    what: str,
    is_whole: bool = False,
) -> Iterator[Cause]:
    true = _accuracy if is_whole else _loss
    also = (lambda e: sum(batch.right / batch.rows for batch in e) / len(e)) if is_whole else _loss_of_batches
    if not all(map(math.isfinite, reported)) or _agree(reported, epochs, true) or _agree(reported, epochs, also):
        return
    at = max(range(len(epochs)), key=lambda n: abs(reported[n] - true(epochs[n])))
    epoch, place = epochs[at], f"For epoch {at + 1} you report {reported[at]:.4g}"
    right = f"{_right(epoch)} of {_rows(epoch)} right, {true(epoch):.4g}" if is_whole else f"{true(epoch):.4g}"
    for code, gives, words in mistakes:
        if _agree(reported, epochs, gives):
            yield cause_of(code, f"{place}, which is {words}; the {what} is {right}.")
            return
    if is_whole and abs(reported[at] - true(epoch)) > _FAR:
        yield cause_of("wrong-metric", f"{place}; of the scores and labels that met in the loss, {right}.")


def _agree(reported: Sequence[float], epochs: Sequence[_Epoch], gives: Callable[[_Epoch], float]) -> bool:
    return all(
        math.isclose(number, gives(epoch), rel_tol=_NEAR, abs_tol=1e-4)
        for number, epoch in zip(reported, epochs, strict=True)
    )
