"""What a history reports, against what the grader recomputes: metric arithmetic is where loops go wrong most often."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from autograder.training.trials import Trial
from autograder.worker.student.causes import Cause, random_scores, validated_in_train_mode

_EXACT = 1e-5  # what differs by less was computed in the same way


def explain_accuracy(reported: float, trial: Trial, batch_size: int) -> str:
    """Why a reported validation accuracy is not that of the model, as far as the usual mistakes tell."""
    found = next(_wrong_accuracies(reported, trial, batch_size), None)
    advice = (
        "Go through all of the validation images after the epoch's last step, count the right answers, and divide by "
        "the number of images."
    )
    return str(found) if found else f"No usual mistake gives this number. {advice}"


def _wrong_accuracies(reported: float, trial: Trial, batch_size: int) -> Iterator[Cause]:
    outputs, labels = trial.validation_outputs, trial.validation_labels
    n, actual, of_training = len(labels), trial.validation_accuracy, trial.observed.train_accuracy
    batches = [slice(start, start + batch_size) for start in range(0, n, batch_size)]
    right = [float(np.sum(outputs[b].argmax(axis=1) == labels[b])) for b in batches]
    last = len(labels[batches[-1]])
    compared = [outputs[b].argmax(axis=1)[:, None] == labels[b] for b in batches]
    if math.isclose(reported, 100 * actual, rel_tol=1e-3):
        yield Cause(
            "the accuracy is in percent", f"{reported:.1f} is 100 times {actual:.3f}.", "Don't multiply by 100."
        )
    for value, name, advice in (
        (right[-1] / n, "only the last batch is counted", "Add the right answers of all batches up: `+=`, not `=`."),
        (right[-1] / last, "the accuracy is that of the last batch alone", "Count right answers over all batches."),
        (sum(right) / len(batches) / batch_size, "the last batch is counted as if it were full", _BY_IMAGES),
        (sum(right) / len(batches), "right answers are divided by the number of batches", _BY_IMAGES),
        (sum(right), "right answers are not divided", _BY_IMAGES),
        (
            sum(right) / (trial.observed.images or n),
            "right answers are divided by the number of training images",
            _BY_IMAGES,
        ),
        (
            float(np.sum([np.mean(pairs) * len(pairs) for pairs in compared]) / n),
            "every prediction is compared with every label",
            "Bring predictions and labels to the same shape, `(B,)`: a column against a row broadcasts to `(B, B)`.",
        ),
        (
            float(np.sum([np.sum(_over_images(outputs[b]).argmax(axis=1) == labels[b]) for b in batches]) / n),
            "softmax is taken over the images of a batch",
            "Classes are the second axis: `softmax(dim=1)`, `argmax(dim=1)`.",
        ),
    ):
        if abs(reported - value) < _EXACT and abs(reported - actual) > _EXACT:
            yield Cause(name, f"That gives exactly the {reported:.4g} that you report.", advice)
    if abs(reported - of_training) < 0.02 and abs(reported - actual) > 0.03:
        yield Cause(
            "the training images are evaluated",
            f"Of those the model gets {of_training:.3f} right, of the validation images {actual:.3f}.",
            "Go through `val_data`.",
        )
    yield from _measured_otherwise(trial)


def explain_loss(reported: float, actual: float, trial: Trial, batch_losses: list[float]) -> str:
    """Why a reported validation loss is not ``actual``; ``batch_losses`` are the mean losses of the batches."""
    found = next(_wrong_losses(reported, actual, trial, batch_losses), None)
    advice = (
        "Is it a mean over all images? A mean over batches is summed over batches and divided by their number; a sum "
        "over images by the number of images."
    )
    return str(found) if found else advice


def _wrong_losses(reported: float, actual: float, trial: Trial, batch_losses: list[float]) -> Iterator[Cause]:
    n = len(trial.validation_labels)
    for value, name in (
        (sum(batch_losses) / n, "mean losses of the batches are divided by the number of images"),
        (actual * n / len(batch_losses), "losses summed over images are divided by the number of batches"),
        (sum(batch_losses), "the losses of the batches are summed and not divided"),
        (batch_losses[-1], "the loss is that of the last batch alone"),
        (batch_losses[-1] / len(batch_losses), "only the last batch is counted"),
    ):
        if math.isclose(reported, value, rel_tol=1e-3):
            yield Cause(
                name,
                f"That gives {value:.4f}, as you report; the mean over all {n} images is {actual:.4f}.",
                "Add up `loss.item() * len(labels)` and divide by the number of images.",
            )
    if math.isclose(reported, trial.final_loss, rel_tol=0.02) and not math.isclose(reported, actual, rel_tol=0.1):
        yield Cause(
            "the training images are evaluated",
            f"On those the loss is {trial.final_loss:.4f}, on the validation images {actual:.4f}.",
            "Go through `val_data`.",
        )
    yield from _measured_otherwise(trial)


def _measured_otherwise(trial: Trial) -> Iterator[Cause]:
    yield from random_scores(trial.observed)
    yield from validated_in_train_mode(trial.observed)


def _over_images(outputs: np.ndarray) -> np.ndarray:
    exponentials = np.exp(outputs - outputs.max(axis=0))
    result: np.ndarray = exponentials / exponentials.sum(axis=0)
    return result


_BY_IMAGES = "Divide the number of right answers by the number of images."
