"""q4: the training loop, judged by trials: runs of it on the grader's data with the grader's seeds."""

import math

import numpy as np

from autograder import points
from autograder.training import accuracy
from autograder.training.measures import cross_entropy, mean_nll

ENOUGH = 0.65  # accuracy on hidden images; the text promises it
FALLS_TO = 0.6  # of the initial loss; right submissions reach .40, a loop that learns nothing stays at 1
TOO_MUCH = 0.7  # after a training on ten images; honest ones reached .61 at most in 500, stored weights .87
LISTS = ("train_loss", "val_loss", "val_accuracy")


@points(1, "Training changes the model that it is given")
def test_parameters_change(trials):
    trial = trials[0]
    assert not trial.not_finite, (
        f"After training, {', '.join(trial.not_finite)} hold NaN or infinity: is the learning rate far too high?"
    )
    assert not trial.unchanged, (
        f"After training, {', '.join(trial.unchanged)} are as they were. Does the optimizer hold the parameters of "
        "`model` itself, and do `loss.backward()` and `optimizer.step()` run for each batch?"
    )
    assert not trial.predicts_as_before, "After training, the model gives every image the scores that it gave before."


@points(1, "Training makes the training loss fall")
def test_training_loss_falls(trials):
    passed, seen = trials.first_success(lambda trial: trial.loss_ratio < FALLS_TO)
    losses = ", ".join(f"from {trial.initial_loss:.2f} to {trial.final_loss:.2f}" for trial in seen)
    assert passed, (
        f"The loss on the training images, as we measure it, goes {losses} in {len(seen)} trainings; it should fall "
        f"below {FALLS_TO:.0%} of where it began. Does what your model returns fit the loss it is trained with?"
    )


@points(3, "Learns Fashion-MNIST: .65 of the images that it has not seen")
def test_learns_fashion_mnist(trials, controls, leaderboard):
    passed, seen = trials.first_success(lambda trial: trial.hidden_accuracy >= ENOUGH)
    found = ", ".join(f"{trial.hidden_accuracy:.3f}" for trial in seen)
    assert passed, (
        f"Accuracy on images that your model has not seen: {found} in {len(seen)} trainings of 10 epochs; "
        f"{ENOUGH} is needed in one of them, and guessing gives 0.1."
    )
    control = controls[0].hidden_accuracy
    assert control < TOO_MUCH, (
        f"Trained on ten images only, your model is right for {control:.0%} of the images that it has not seen. "
        "Nobody learns that from ten images: the knowledge was brought along, not learned."
    )
    leaderboard("accuracy", seen[0].hidden_accuracy)  # of the first seed, the same for everybody


def history_of(trial):
    """The history as lists of floats, or a complaint about its form."""
    history = trial.history
    assert isinstance(history, dict), f"`train` is to return a dict; yours returns {describe(history)}."
    missing = [name for name in LISTS if name not in history]
    assert not missing, f"The history has no {', '.join(missing)}."
    return {name: numbers(name, history[name]) for name in LISTS}


def numbers(name, values):
    if isinstance(values, np.ndarray) and values.ndim == 1:
        values = values.tolist()
    assert isinstance(values, (list, tuple)), f"history['{name}'] is to be a list; it is {describe(values)}."
    assert len(values) == 10, f"history['{name}'] has {len(values)} entries for 10 epochs: one an epoch."
    for value in values:
        assert type(value) in (int, float), (
            f"history['{name}'] is to hold floats; it holds {describe(value)}. `.item()` makes a float of a tensor."
        )
        assert math.isfinite(value), f"history['{name}'] holds {value}."
    return values


def describe(value):
    if isinstance(value, np.ndarray):
        return f"a tensor of shape {value.shape}"
    return getattr(value, "kind_", None) or type(value).__name__


@points(1, "The history has three lists, one finite float an epoch")
def test_history_form(trials):
    history = history_of(trials[0])
    odd = next((value for value in history["val_accuracy"] if not 0 <= value <= 1), None)
    assert odd is None, (
        f"history['val_accuracy'] holds {odd}: an accuracy is the share of right answers, between 0 and 1."
    )


def epoch_returned(history, trial):
    """The epoch whose model was returned, as far as its reported accuracy shows: the last, or the best."""
    n = len(trial.validation_labels)
    reported = history["val_accuracy"]
    candidates = (len(reported) - 1, int(np.argmax(reported)))
    return next((c for c in candidates if abs(reported[c] - trial.validation_accuracy) <= 2 / n + 1e-9), None)


@points(2, "The reported validation accuracy is true")
def test_val_accuracy_is_true(trials):
    trial = trials[0]
    history = history_of(trial)
    if epoch_returned(history, trial) is not None:
        return
    reported, actual = history["val_accuracy"][-1], trial.validation_accuracy
    raise AssertionError(
        f"Your last val_accuracy is {reported:.3f}; the model that you return is right for {actual:.3f} of the "
        f"validation images. {suspicion(reported, actual, trial)}"
    )


def suspicion(reported, actual, trial):
    n = len(trial.validation_labels)
    last_batch = n % 32
    of_last_batch = accuracy(trial.validation_outputs[-last_batch:], trial.validation_labels[-last_batch:])
    if math.isclose(reported, 100 * actual, rel_tol=0.01):
        return "Yours is in percent: an accuracy is a share, between 0 and 1."
    in_full_batches = (n + 32 - last_batch) if last_batch else n
    if math.isclose(reported, actual * n / in_full_batches, abs_tol=1e-6):
        return "Yours counts the last batch as if it were full: divide by the number of images."
    if math.isclose(reported, of_last_batch * last_batch / n, abs_tol=1e-6):
        return "Yours counts the right answers of the last batch alone: add them up over all batches."
    if math.isclose(reported, of_last_batch, abs_tol=1e-6):
        return "Yours is that of the last batch alone: count right answers over all batches, then divide."
    if math.isclose(reported, trial.train_accuracy, abs_tol=0.02) and abs(reported - actual) > 0.03:
        return "Yours is close to that on the training images: is it `val_data` that you go through?"
    if reported < actual:
        return "Is the model in evaluation mode (`model.eval()`) while you validate, and is every image counted?"
    return "Do you go through all of `val_data`, after the epoch's last step, and divide by the number of images?"


@points(1, "The reported validation loss is true")
def test_val_loss_is_true(trials):
    trial = trials[0]
    history = history_of(trial)
    epoch = epoch_returned(history, trial)
    reported = history["val_loss"][-1 if epoch is None else epoch]
    actual = known_loss(trial)
    if actual is None:
        return  # a loss that the grader does not know can't be held against anything
    assert math.isclose(reported, actual, rel_tol=0.1, abs_tol=0.02), (
        f"Your last val_loss is {reported:.4f}; over the validation images the loss of your model is {actual:.4f}. "
        "Is it a mean over all images? A mean over batches is summed over batches and divided by their number; a "
        "sum over images by the number of images."
    )


def known_loss(trial):
    """The validation loss by the loss function that the student used, where that is known and plain."""
    outputs, labels = trial.validation_outputs, trial.validation_labels
    match trial.losses_used:
        case [("cross_entropy", True)]:
            return cross_entropy(outputs, labels)
        case [("nll_loss", True)]:
            kind = "probabilities" if outputs.min() >= 0 else "log-probabilities"
            return mean_nll(outputs, labels, kind)
    return None
