"""What a history reports, against what the grader recomputes: metric arithmetic is where loops go wrong most often.

The accuracy and the loss after an epoch are recomputed from what the model answered then; the loss met during an epoch
is that which the watch saw. Where nothing fits to be seen, nothing is held against a history.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

from autograder.diagnosis.causes import Cause, Seen, cause_of, random_scores, validated_in_train_mode
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
        yield cause_of(
            "accuracy-not-each-epoch", f"You report {', '.join(f'{value:.3f}' for value in reported[:3])}, ..."
        )
    if all(abs(value - before) <= near for before, value in zip(actual, reported[1:], strict=False)):
        yield cause_of(
            "validated-before-epoch", "Each number that you report is that of the model at the end of the epoch before."
        )
    best = np.maximum.accumulate(np.nan_to_num(actual))
    if all(abs(value - most) <= near for most, value in zip(best, reported, strict=True)):
        yield cause_of("best-so-far", "Where the accuracy fell, you report an earlier epoch's again.")


def _wrong_accuracies(
    reported: float, trial: Trial, batch_size: int, answers: np.ndarray | None = None
) -> Iterator[Cause]:
    labels = trial.validation_labels
    outputs = trial.validation_outputs if answers is None else answers
    n, actual, of_training = len(labels), accuracy(outputs, labels), trial.observed.train_accuracy
    batches = [slice(start, start + batch_size) for start in range(0, n, batch_size)]
    right = [float(np.sum(outputs[b].argmax(axis=1) == labels[b])) for b in batches]
    last = len(labels[batches[-1]])
    shares = [count / len(labels[b]) for count, b in zip(right, batches, strict=True)]
    compared = [outputs[b].argmax(axis=1)[:, None] == labels[b] for b in batches]
    if math.isclose(reported, 100 * actual, rel_tol=1e-3):
        yield cause_of("accuracy-in-percent", f"{reported:.1f} is 100 times {actual:.3f}.")
    for value, code, words in (
        (right[-1] / n, "accuracy-of-last-batch", "the right answers of the last batch, divided by the number of all"),
        (right[-1] / last, "accuracy-of-last-batch", "the right answers of the last batch, divided by its size"),
        (1 - actual, "accuracy-is-error-rate", "the share of wrong answers"),
        (sum(right) / len(batches) / batch_size, "accuracy-divisor", "the last batch counted as if it were full"),
        (sum(right) / len(batches), "accuracy-divisor", "the right answers, divided by the number of batches"),
        (sum(right) / batch_size, "accuracy-divisor", "the right answers, divided by the size of a batch"),
        (sum(right), "accuracy-divisor", "the number of right answers, not divided"),
        (sum(shares), "accuracy-divisor", "the accuracies of the batches, summed and not divided"),
        (sum(shares) / n, "accuracy-divisor", "the accuracies of the batches, divided by the number of images"),
        (
            sum(right) / (trial.observed.images or n),
            "accuracy-divisor",
            "the right answers, divided by the number of training images",
        ),
        (
            float(np.sum([np.mean(pairs) * len(pairs) for pairs in compared]) / n),
            "labels-broadcast",
            "the share of pairs, in each batch, in which a prediction equals any label",
        ),
        (
            float(np.sum([np.sum(_over_images(outputs[b]).argmax(axis=1) == labels[b]) for b in batches]) / n),
            "softmax-over-batch",
            "the share of right answers after `softmax(dim=0)`",
        ),
    ):
        if abs(reported - value) < _EXACT and abs(reported - actual) > _EXACT:
            yield cause_of(code, f"The {reported:.4g} that you report is exactly this: {words}.")
    if abs(reported - of_training) < 0.02 and abs(reported - actual) > 0.03:
        yield cause_of(
            "validates-on-training-data",
            f"Of the training images the model gets {of_training:.3f} right, as you report; of the validation images, "
            f"{actual:.3f}.",
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
    last = "the loss of the last batch"
    for value, code, words in (
        (sum(batch_losses) / n, "loss-divisor", "mean losses of the batches, divided by the number of images"),
        (actual * n / len(batch_losses), "loss-divisor", "losses summed over images, divided by the number of batches"),
        (sum(batch_losses), "loss-divisor", "the losses of the batches, summed and not divided"),
        (actual * n, "loss-divisor", "the losses of the images, summed and not divided"),
        (batch_losses[-1], "loss-of-last-batch", last),
        (batch_losses[-1] / len(batch_losses), "loss-of-last-batch", f"{last}, divided by the number of batches"),
    ):
        if math.isclose(reported, value, rel_tol=1e-3):
            yield cause_of(
                code, f"The {reported:.4f} that you report is {words}; the mean over all {n} images is {actual:.4f}."
            )
    if math.isclose(reported, trial.final_loss, rel_tol=0.02) and not math.isclose(reported, actual, rel_tol=0.1):
        yield cause_of(
            "validates-on-training-data",
            f"On the training images the loss is {trial.final_loss:.4f}, on the validation images {actual:.4f}.",
        )
    elif images := trial.observed.images:
        seen = trial.observed.seen
        met = [mean for after in {after for after, _, _ in seen.quiet} for mean in quiet_losses(seen, after, images)]
        if images != n and any(math.isclose(reported, mean, rel_tol=1e-4) for mean in met):
            yield cause_of(
                "validates-on-training-data",
                f"{reported:.4f} is the mean over {images} images, and those are the training images: there are {n} to "
                "validate on.",
            )
    yield from _measured_otherwise(trial)


def _measured_otherwise(trial: Trial) -> Iterator[Cause]:
    yield from random_scores(trial.observed)
    yield from validated_in_train_mode(trial.observed)


def _over_images(outputs: np.ndarray) -> np.ndarray:
    exponentials = np.exp(outputs - outputs.max(axis=0))
    result: np.ndarray = exponentials / exponentials.sum(axis=0)
    return result
