# ruff: noqa: N803  (arguments are the names in the student's notebook)
import math

import numpy as np
import torch.nn.functional as F  # noqa: N812  (its usual name)
from grading.training import accuracy, control, first_success, mean_nll, trial
from otter.test_files import test_case

OK_FORMAT = False

name = "q4"
points = None


@test_case(name="q4.parameters_change", points=1, hidden=True)
def test_parameters_change(train, CNN):
    seen = trial(train, CNN, 0)
    assert not seen.not_finite, f"After training, {', '.join(seen.not_finite)} hold NaN or infinity."
    assert not seen.unchanged, f"After training, {', '.join(seen.unchanged)} are as they were."
    assert not seen.predicts_as_before, "After training, every image gets the scores that it got before."


@test_case(name="q4.training_loss_falls", points=1, hidden=True)
def test_training_loss_falls(train, CNN):
    falls = first_success(train, CNN, lambda seen: seen.loss_ratio < 0.6)
    assert falls, "The loss on the training images should fall below 60 % of where it began."


@test_case(name="q4.learns_fashion_mnist", points=3, hidden=True)
def test_learns_fashion_mnist(train, CNN):
    learns = first_success(train, CNN, lambda seen: seen.hidden_accuracy >= 0.65)
    assert learns, "Fewer than 65 % of the images that your model has not seen are right."
    assert control(train, CNN).hidden_accuracy < 0.7, "So much can't be learned from ten images."


def history_of(seen):
    """The history as lists of floats."""
    assert isinstance(seen.history, dict), f"train returns a {type(seen.history).__name__}, not a dict."
    lists = {key: np.asarray(seen.history[key]).tolist() for key in ("train_loss", "val_loss", "val_accuracy")}
    for key, values in lists.items():
        assert len(values) == 10, f"history['{key}'] has {len(values)} entries for 10 epochs."
        assert all(isinstance(value, (int, float)) and math.isfinite(value) for value in values), f"{key}: {values}"
    return lists


@test_case(name="q4.history_form", points=1, hidden=True)
def test_history_form(train, CNN):
    accuracies = history_of(trial(train, CNN, 0))["val_accuracy"]
    assert all(0 <= value <= 1 for value in accuracies), "An accuracy is the share of right answers, from 0 to 1."


def epoch_returned(history, seen):
    """The epoch whose model was returned, as far as its reported accuracy shows: the last, or the best."""
    reported = history["val_accuracy"]
    actual = accuracy(seen.validation_outputs, seen.validation_labels)
    tolerance = 2 / len(seen.validation_labels) + 1e-9
    return next((n for n in (9, int(np.argmax(reported))) if abs(reported[n] - actual) <= tolerance), None)


@test_case(name="q4.val_accuracy_is_true", points=2, hidden=True)
def test_val_accuracy_is_true(train, CNN):
    seen = trial(train, CNN, 0)
    history = history_of(seen)
    is_true = epoch_returned(history, seen) is not None
    assert is_true, f"Your val_accuracy {history['val_accuracy'][-1]:.3f} is not that of the model you return."


@test_case(name="q4.val_loss_is_true", points=1, hidden=True)
def test_val_loss_is_true(train, CNN):
    seen = trial(train, CNN, 0)
    history = history_of(seen)
    epoch = epoch_returned(history, seen)
    reported = history["val_loss"][-1 if epoch is None else epoch]
    if seen.losses_used == {("cross_entropy", True)}:
        actual = F.cross_entropy(seen.validation_outputs, seen.validation_labels).item()
    elif seen.losses_used == {("nll_loss", True)}:
        actual = mean_nll(seen.validation_outputs, seen.validation_labels)
    else:
        return  # another loss can't be recomputed
    is_true = math.isclose(reported, actual, rel_tol=0.1, abs_tol=0.02)
    assert is_true, f"Your last val_loss is {reported:.4f}; the loss of your model is {actual:.4f}."
