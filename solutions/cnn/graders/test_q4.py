"""q4: the training loop, judged by trials: runs of it on the grader's data with the grader's seeds."""

import contextlib
import math

import numpy as np

from autograder import points
from autograder.errors import StudentFault
from autograder.training import cross_entropy, mean_nll
from autograder.training.history import explain_accuracy, explain_loss

BATCH_SIZE = 32
EPOCHS = 10
ENOUGH = 0.65  # accuracy on hidden images; the text promises it
FALLS_TO = 0.6  # of the initial loss; right submissions reach .40, a loop that learns nothing stays at 1
BY_HEART = 1.5  # the loss on 32 images after 60 steps on them; right submissions stay below .6, wrong ones above 2
LEARNED_ELSEWHERE = 0.45  # accuracy after learning labels that teach nothing; that of steps on `val_data`: .6
BROUGHT_ALONG = 0.7  # accuracy after two epochs of ten images; stored weights reach .87
FALSE_FAIL = 1e-4  # each claim fails a right submission less often than that
GUESSING = math.log(10)  # the loss of ten equal probabilities
MIXED = 0.6  # entropy of a batch's labels over that of all; in mixed order above .9, sorted below .2
LISTS = ("train_loss", "val_loss", "val_accuracy")


@points(1, "Training changes the model that it is given")
def test_parameters_change(trials):
    trial = trials[0]
    observed = trial.observed
    assert not observed.not_finite, trials.because(
        f"After training, {', '.join(observed.not_finite)} hold NaN or infinity."
    )
    assert not observed.unchanged, trials.because(
        f"After training, {', '.join(observed.unchanged)} are as they were before."
    )
    assert not trial.predicts_as_before, trials.because(
        "After training, the model gives every image the scores that it gave before."
    )


@points(1, "The loss begins near that of guessing")
def test_first_loss(trials):
    trial = trials[0]
    first = trial.initial_loss
    if ("cross_entropy", True) in trial.observed.seen.losses_used:
        first = max([first, *trial.observed.seen.losses[:1]])  # as met in `train`, through its own preprocessing
    assert first < 2 * GUESSING, trials.because(
        f"The first loss is {first:.2f}, where guessing gives ln 10 = {GUESSING:.2f}: the model begins with wild "
        "certainty."
    )


@points(1, "The scores fit the loss")
def test_scores_fit_the_loss(trials):
    seen = trials[0].observed.seen
    scores = seen.first_scores or {}
    used = {name for name, _ in seen.losses_used}
    lowest, highest = scores.get("lowest", -math.inf), scores.get("highest", math.inf)
    assert not ("cross_entropy" in used and 0 <= lowest < highest <= 1), trials.because(
        f"What reaches cross-entropy lies between {lowest:.2f} and {highest:.2f}: it takes logits."
    )
    exponentials = scores.get("highest_exp_sum", 1.0)
    assert not ("nll_loss" in used and abs(exponentials - 1) > 0.01), trials.because(
        "What reaches NLLLoss is no row of log-probabilities."
    )


@points(1, "Each epoch trains on all images, in mixed order")
def test_sees_all_images(trials):
    observed = trials[0].observed
    wanted = EPOCHS * observed.images
    assert observed.seen.images >= 0.95 * wanted, trials.because(
        f"In {EPOCHS} epochs the model was trained on {observed.seen.images} images; {EPOCHS} times all "
        f"{observed.images} are {wanted}."
    )
    mixture = observed.seen.mixture
    assert mixture is None or mixture > MIXED, trials.because(
        "The batches hold images of few classes: they are not in mixed order."
    )


@points(1, "Learns 32 images by heart")
def test_learns_by_heart(memory):
    memory.stays_below(
        "final_loss",
        BY_HEART,
        false_fail=FALSE_FAIL,
        called="the loss on 32 images, after 30 epochs of them",
        hint="A network that can learn at all learns so few by heart.",
    )


@points(1, "Training makes the training loss fall")
def test_training_loss_falls(trials):
    trials.stays_below(
        "loss_ratio",
        FALLS_TO,
        false_fail=FALSE_FAIL,
    )


@points(3, "Learns Fashion-MNIST: .65 of the images that it has not seen")
def test_learns_fashion_mnist(trials, controls, shuffled, leaderboard):
    trials.reaches(
        "accuracy",
        ENOUGH,
        false_fail=FALSE_FAIL,
        called="accuracy on images that your model has not seen, after 10 epochs",
        hint="Guessing gives 0.1.",
    )
    controls.stays_below(
        "accuracy",
        BROUGHT_ALONG,
        false_fail=FALSE_FAIL,
        called="accuracy on images that it has not seen, of your model trained on ten images only",
        hint="Nobody learns that from ten images: the knowledge was brought along, not learned.",
    )
    shuffled.stays_below(
        "accuracy",
        LEARNED_ELSEWHERE,
        false_fail=FALSE_FAIL,
        called="accuracy on images that it has not seen, of your model trained on images with shuffled labels",
        hint="There is nothing to learn in those, so it learned from others. Does `train` make steps on `val_data`?",
    )
    with contextlib.suppress(StudentFault, AssertionError):  # it may have failed, and a later one passed
        leaderboard("accuracy", trials[0].accuracy)  # of the first seed, the same for everybody


def history_of(trial):
    """The history as lists of floats, or a complaint about its form."""
    history = trial.value
    assert isinstance(history, dict), f"`train` is to return a dict; yours returns {describe(history)}."
    missing = [name for name in LISTS if name not in history]
    assert not missing, f"The history has no {', '.join(missing)}."
    return {name: numbers(name, history[name]) for name in LISTS}


def numbers(name, values):
    if isinstance(values, np.ndarray) and values.ndim == 1:
        values = values.tolist()
    assert isinstance(values, (list, tuple)), f"history['{name}'] is to be a list; it is {describe(values)}."
    assert len(values) == EPOCHS, f"history['{name}'] has {len(values)} entries for {EPOCHS} epochs: one an epoch."
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


def epochs_returned(history, trial):
    """The epochs whose model may be the one that was returned, as far as the reported accuracies show.

    It is that of the last epoch, or of one with the best accuracy, of which there may be several.
    """
    reported = history["val_accuracy"]
    tolerance = 2 / len(trial.validation_labels) + 1e-9
    candidates = {len(reported) - 1, *(n for n, value in enumerate(reported) if value == max(reported))}
    return sorted(n for n in candidates if abs(reported[n] - trial.validation_accuracy) <= tolerance)


@points(2, "The reported validation accuracy is true")
def test_val_accuracy_is_true(trials):
    trial = trials[0]
    history = history_of(trial)
    reported, actual = history["val_accuracy"][-1], trial.validation_accuracy
    assert epochs_returned(history, trial), (
        f"Your last val_accuracy is {reported:.3f}; the model that you return is right for {actual:.3f} of the "
        f"validation images.\n{explain_accuracy(reported, trial, BATCH_SIZE)}"
    )


@points(1, "The reported validation loss is true")
def test_val_loss_is_true(trials):
    trial = trials[0]
    history = history_of(trial)
    reported = [history["val_loss"][epoch] for epoch in epochs_returned(history, trial) or [-1]]
    outputs, labels = trial.validation_outputs, trial.validation_labels
    actual = known_loss(trial, outputs, labels)
    if actual is None:
        return  # a loss that the grader does not know can't be held against anything
    if any(math.isclose(value, actual, rel_tol=0.1, abs_tol=0.02) for value in reported):
        return
    of_batches = [
        known_loss(trial, outputs[start : start + BATCH_SIZE], labels[start : start + BATCH_SIZE])
        for start in range(0, len(labels), BATCH_SIZE)
    ]
    raise AssertionError(
        f"Your last val_loss is {reported[-1]:.4f}; over the validation images the loss of your model is "
        f"{actual:.4f}.\n{explain_loss(reported[-1], actual, trial, of_batches)}"
    )


def known_loss(trial, outputs, labels):
    """The mean loss by the loss function that the student used, where that is known and plain."""
    match trial.observed.seen.losses_used:
        case [("cross_entropy", True)]:
            return cross_entropy(outputs, labels)
        case [("nll_loss", True)]:
            kind = "probabilities" if outputs.min() >= 0 else "log-probabilities"
            return mean_nll(outputs, labels, kind)
    return None
