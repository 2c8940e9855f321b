"""What a history reports, against what the grader recomputes: metric arithmetic is where loops go wrong most often.

The accuracy and the loss after an epoch are recomputed from what the model answered then; the loss met during an epoch
is that which the watch saw. Where nothing fits to be seen, nothing is held against a history.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

from autograder.diagnosis.causes import Cause, Seen, random_scores, validated_in_train_mode
from autograder.diagnosis.measures import accuracy
from autograder.training.trials import Trial

_EXACT = 1e-5  # what differs by less was computed in the same way


def wrong_accuracies(reported: Sequence[float], trial: Trial) -> list[int]:
    """The epochs, from 0, whose reported validation accuracy is not that of a model that was asked at their end."""
    tolerance = 2 / len(trial.validation_labels) + 1e-9
    return [
        epoch
        for epoch, (value, outputs) in enumerate(zip(reported, trial.answers, strict=False))
        if outputs and all(abs(value - accuracy(some, trial.validation_labels)) > tolerance for some in outputs)
    ]


def met_losses(seen: Seen, epochs: int) -> list[list[float]]:
    """For each epoch, the means of the losses that were met in it: over images, over batches, by each loss function.

    And that over the images of the epoch where these were evaluated after it. Empty where epochs can't be told apart.
    """
    images = np.cumsum([batch[0] for batch in seen.batches])
    if not len(images) or not images[-1]:
        return []
    ends = np.searchsorted(images, images[-1] * np.arange(1, epochs + 1) / epochs) + 1
    if np.any(images[np.minimum(ends, len(images)) - 1] * epochs != images[-1] * np.arange(1, epochs + 1)):
        return []
    starts = [0, *ends[:-1]]
    met = []
    for start, end in zip(starts, ends, strict=True):
        batches = seen.batches[start:end]
        sizes = np.array([size for size, _, _ in batches], float)
        called = min(len(values) for _, _, values in batches)
        kinds = [np.array([value for _, value, _ in batches])]
        kinds += [np.array([values[n] for _, _, values in batches]) for n in range(called)]
        means = [mean for values in kinds for mean in (float(values @ sizes / sizes.sum()), float(values.mean()))]
        if not called:
            means.append(float(kinds[0].sum() / sizes.sum()))  # a loss of one's own may be a sum over images
        met.append([*means, *quiet_losses(seen, int(end), int(sizes.sum()))])
    return met


def quiet_losses(seen: Seen, after: int, rows: int) -> list[float]:
    """Mean losses without gradients over so many rows, first or last, after so many backward passes and before more."""
    quiet = [(value, n) for before, value, n in seen.quiet if before == after]
    means = []
    for ordered in (quiet, quiet[::-1]):
        sizes = np.cumsum([n for _, n in ordered])
        end = int(np.searchsorted(sizes, rows)) + 1
        if end <= len(sizes) and sizes[end - 1] == rows:
            values = np.array([value for value, _ in ordered[:end]])
            means += [float(values @ [n for _, n in ordered[:end]] / rows), float(values.mean())]
    return means


def explain_accuracy(
    reported: float, trial: Trial, batch_size: int, history: Sequence[float] = (), epoch: int = -1
) -> str:
    """Why a reported validation accuracy is not that of the model, as far as the usual mistakes tell.

    It is that of the model as it was returned, or of an ``epoch``, from 0, of the ``history``.
    """
    found = next(_wrong_histories(history, trial), None) or next(
        _wrong_accuracies(reported, trial, batch_size, trial.answers[epoch][0] if history else None), None
    )
    advice = (
        "Go through all of the validation images after the epoch's last step, count the right answers, and divide by "
        "the number of images."
    )
    return str(found) if found else f"No usual mistake gives this number. {advice}"


def _wrong_histories(reported: Sequence[float], trial: Trial) -> Iterator[Cause]:
    labels = trial.validation_labels
    actual = [accuracy(some[0], labels) if some else math.nan for some in trial.answers]
    if len(reported) < 3 or len(reported) != len(actual):
        return
    near = 2 / len(labels) + 1e-9
    if len(set(reported)) == 1 or not any(reported[:-1]):
        yield Cause(
            "the accuracy is not measured in each epoch",
            f"You report {', '.join(f'{value:.3f}' for value in reported[:3])}, ...",
            "Go through the validation images at the end of each epoch, inside the loop over epochs.",
        )
    if all(abs(value - before) <= near for before, value in zip(actual, reported[1:], strict=False)):
        yield Cause(
            "the model is validated before the epoch, not after it",
            "Each number that you report is that of the model at the end of the epoch before.",
            "Go through `val_data` after the epoch's last step.",
        )
    best = np.maximum.accumulate(np.nan_to_num(actual))
    if all(abs(value - most) <= near for most, value in zip(best, reported, strict=True)):
        yield Cause(
            "the best accuracy so far is reported",
            "Where the accuracy fell, you report an earlier epoch's again.",
            "Report what the model reaches at the end of each epoch.",
        )


def _wrong_accuracies(
    reported: float, trial: Trial, batch_size: int, answers: np.ndarray | None = None
) -> Iterator[Cause]:
    labels = trial.validation_labels
    outputs = trial.validation_outputs if answers is None else answers
    n, actual, of_training = len(labels), accuracy(outputs, labels), trial.observed.train_accuracy
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
