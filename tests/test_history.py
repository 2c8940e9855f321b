"""Reported metrics, each wrong in one of the usual ways: the message names the way."""

import math

import numpy as np
import pytest
import torch
from torch.nn import functional

from autograder.diagnosis.causes import Observations, Seen
from autograder.diagnosis.known import KNOWN
from autograder.training import Trial, accuracy, cross_entropy
from autograder.training.history import explain_accuracy, explain_loss, met_losses, quiet_losses, wrong_accuracies

N, BATCH = 500, 32


@pytest.fixture(scope="module")
def scores():
    """Logits (500, 10) that are right for about three in four, and their labels."""
    rng = np.random.default_rng(1)
    labels = rng.integers(0, 10, N)
    outputs = rng.standard_normal((N, 10)) + 2.6 * np.eye(10)[labels] + np.linspace(-1, 1, 10)
    return outputs, labels


def make_trial(scores, **observed):
    outputs, labels = scores
    seen = observed.pop("seen", Seen())
    answers = observed.pop("answers", ())
    values = {"train_accuracy": 0.9, "held_out_accuracy": 0.7, "parameters": (), "images": 1000} | observed
    return Trial(None, 1.0, Observations(seen, 10, 2.3, 0.31, **values), False, answers, outputs, labels, 0.7, 0.1)


def batches(scores):
    """As a student's loop sees them."""
    outputs, labels = map(torch.from_numpy, scores)
    return list(zip(outputs.split(BATCH), labels.split(BATCH), strict=True))


def right(out, y):
    return (out.argmax(1) == y).sum().item()


MISTAKES = {
    "accuracy-in-percent: 100 times": lambda all_: 100 * sum(right(*b) for b in all_) / N,
    "accuracy-of-last-batch: divided by the number of all": lambda all_: right(*all_[-1]) / N,
    "accuracy-of-last-batch: divided by its size": lambda all_: right(*all_[-1]) / len(all_[-1][1]),
    "accuracy-is-error-rate: the share of wrong answers": lambda all_: 1 - sum(right(*b) for b in all_) / N,
    "accuracy-divisor: as if it were full": lambda all_: sum(right(*b) for b in all_) / (len(all_) * BATCH),
    "accuracy-divisor: divided by the number of batches": lambda all_: sum(right(*b) for b in all_) / len(all_),
    "accuracy-divisor: divided by the size of a batch": lambda all_: sum(right(*b) for b in all_) / BATCH,
    "accuracy-divisor: not divided": lambda all_: sum(right(*b) for b in all_),
    "accuracy-divisor: number of training images": lambda all_: sum(right(*b) for b in all_) / 1000,
    "accuracy-divisor: summed and not divided": lambda all_: sum(right(out, y) / len(y) for out, y in all_),
    "accuracy-divisor: divided by the number of images": lambda all_: sum(right(o, y) / len(y) for o, y in all_) / N,
    "labels-broadcast: equals any label": lambda all_: sum(
        (out.argmax(1, keepdim=True) == y).float().mean().item() * len(y) for out, y in all_
    ) / N,
    "softmax-over-batch: softmax(dim=0)": lambda all_: sum(
        right(functional.softmax(out, dim=0), y) for out, y in all_
    ) / N,
}  # fmt: skip


@pytest.mark.parametrize("said", MISTAKES)
def test_a_wrong_accuracy_is_named(scores, said):
    trial = make_trial(scores)
    reported = MISTAKES[said](batches(scores))
    assert abs(reported - trial.validation_accuracy) > 0.005
    message = explain_accuracy(reported, trial, BATCH)
    code, words = said.split(": ")
    assert message.startswith(f"Most likely: {KNOWN[code].name}. ") and words in message


def test_the_training_images_evaluated(scores):
    assert "validation is done on the training images" in explain_accuracy(0.905, make_trial(scores), BATCH)


@pytest.mark.parametrize(
    ("observed", "said"),
    [
        ({"seen": Seen(passes={"train_mode_no_grad": 160})}, "validated in training mode. 160 passes"),
        ({"is_repeatable": False}, "random even in evaluation mode"),
    ],
)
def test_what_the_worker_saw_explains_a_number_that_no_arithmetic_does(scores, observed, said):
    assert said in explain_accuracy(0.61803, make_trial(scores, **observed), BATCH)


def test_a_number_that_nothing_explains_gets_advice_and_no_cause(scores):
    message = explain_accuracy(0.61803, make_trial(scores), BATCH)
    assert "Most likely" not in message and "divide by the number of images" in message


LOSSES = {
    "loss-divisor: divided by the number of images": lambda means, sizes: sum(means) / N,
    "loss-divisor: divided by the number of batches": lambda means, sizes: float(np.dot(means, sizes)) / len(means),
    "loss-divisor: losses of the batches, summed and not divided": lambda means, sizes: sum(means),
    "loss-divisor: losses of the images, summed and not divided": lambda means, sizes: float(np.dot(means, sizes)),
    "loss-of-last-batch: the loss of the last batch;": lambda means, sizes: means[-1],
    "loss-of-last-batch: divided by the number of batches": lambda means, sizes: means[-1] / len(means),
}


@pytest.mark.parametrize("said", LOSSES)
def test_a_wrong_loss_is_named(scores, said):
    all_ = batches(scores)
    means = [functional.cross_entropy(out, y).item() for out, y in all_]
    reported = LOSSES[said](means, [len(y) for _, y in all_])
    actual = cross_entropy(*scores)
    assert not math.isclose(reported, actual, rel_tol=0.05)
    message = explain_loss(reported, actual, make_trial(scores), means)
    code, words = said.split(": ")
    assert message.startswith(f"Most likely: {KNOWN[code].name}. ") and words in message


def test_the_loss_of_the_training_images_is_named(scores):
    means = [functional.cross_entropy(out, y).item() for out, y in batches(scores)]
    assert "validation is done on the training images" in explain_loss(
        0.31, cross_entropy(*scores), make_trial(scores), means
    )


def test_the_loss_of_the_training_images_is_named_in_any_epoch(scores):
    means = [functional.cross_entropy(out, y).item() for out, y in batches(scores)]
    quiet = [(32, 0.4, 600), (32, 0.5, 400), (32, 0.9, N), (64, 0.2, 600), (64, 0.3, 400), (64, 0.8, N)]
    trial = make_trial(scores, seen=Seen(quiet=quiet))
    message = explain_loss(0.44, cross_entropy(*scores), trial, means)
    assert "validation is done on the training images" in message and "the mean over 1000 images" in message


def test_the_scores_of_this_file_are_what_they_say(scores):
    assert 0.6 < accuracy(*scores) < 0.85


# Every epoch


@pytest.fixture(scope="module")
def course(scores):
    """What a model answered after each of five epochs, in one of which it became worse, and its accuracies."""
    outputs, labels = scores
    noise = np.random.default_rng(2).standard_normal((N, 10))
    answers = tuple((outputs + level * noise,) for level in (3.0, 2.0, 1.0, 2.5, 0.0))
    return answers, [accuracy(some[0], labels) for some in answers]


HISTORIES = {
    "the accuracy is not measured in each epoch": lambda true: true[-1:] * 5,
    "the accuracy is not measured in each epoch, but at the end": lambda true: [0.0] * 4 + true[-1:],
    "the model is validated before the epoch, not after it": lambda true: [0.1, *true[:-1]],
    "the best accuracy so far is reported": lambda true: list(np.maximum.accumulate(true)),
}


@pytest.mark.parametrize("name", HISTORIES)
def test_each_epoch_is_held_to_what_the_model_answered_at_its_end(name, scores, course):
    answers, true = course
    trial = make_trial(scores, answers=answers)
    assert wrong_accuracies(true, trial) == []
    assert wrong_accuracies([value + 1 / N for value in true], trial) == [], "a tie may be broken otherwise"
    reported = [float(value) for value in HISTORIES[name](true)]
    wrong = wrong_accuracies(reported, trial)
    assert wrong == [n for n in range(5) if abs(reported[n] - true[n]) > 2.5 / N] and wrong
    said = explain_accuracy(reported[wrong[-1]], trial, BATCH, reported, wrong[-1])
    assert said.startswith(f"Most likely: {name.partition(',')[0] if 'at the end' in name else name}")


def test_an_average_of_weights_may_be_what_is_validated_and_unknown_epochs_are_not_judged(scores, course):
    answers, true = course
    other = tuple((some[0], answers[0][0]) for some in answers)
    assert wrong_accuracies(true[:1] * 5, make_trial(scores, answers=other)) == []
    assert wrong_accuracies([0.123] * 5, make_trial(scores, answers=((),) * 5)) == []
    assert wrong_accuracies([0.123] * 5, make_trial(scores)) == []


def met(sizes, losses, epochs, called=True, quiet=()):
    batches = [(n, value, [value] if called else []) for n, value in zip(sizes, losses, strict=True)]
    return met_losses(Seen(batches=batches, quiet=list(quiet)), epochs)


def test_losses_that_were_met_are_means_over_images_or_batches():
    first, second = met([3, 1, 3, 1], [1.0, 3.0, 0.5, 0.1], 2)
    assert first == pytest.approx([1.5, 2.0] * 2) and second == pytest.approx([0.4, 0.3] * 2)
    assert met([3, 1, 3, 1], [1.0, 3.0, 0.5, 0.1], 2, called=False)[0] == pytest.approx([1.5, 2.0, 1.0])
    evaluated = met([3, 1, 3, 1], [1.0, 3.0, 0.5, 0.1], 2, quiet=[(2, 0.7, 3), (2, 0.3, 1), (2, 9.0, 2), (4, 0.2, 4)])
    assert evaluated[0][4:] == pytest.approx([0.6, 0.5]) and evaluated[1][4:] == pytest.approx([0.2] * 4)


def test_nothing_is_held_against_epochs_that_cannot_be_told_apart():
    assert met([], [], 2) == [] and met([3, 1, 3], [1.0, 1.0, 1.0], 2) == [] and met([0, 0], [1.0, 1.0], 2) == []


def test_losses_without_gradients_are_those_first_or_last_after_an_epoch():
    seen = Seen(quiet=[(2, 0.5, 3), (2, 0.1, 1), (2, 9.0, 6), (3, 8.0, 4)])
    assert quiet_losses(seen, 2, 4) == pytest.approx([0.4, 0.3])
    assert quiet_losses(seen, 2, 6) == pytest.approx([9.0, 9.0]) and quiet_losses(seen, 2, 5) == []
