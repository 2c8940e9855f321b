"""q4: the training loop, judged by trials: runs of it on the grader's data with the grader's seeds."""

import contextlib
import math

import numpy as np

from autograder import Leaderboard, StudentFault, listed, points
from autograder.training import OutputKind, Trial, Trials, accuracy, cross_entropy, mean_nll
from autograder.training.history import explain_accuracy, explain_loss, met_losses, quiet_losses, wrong_accuracies

BATCH_SIZE = 32
EPOCHS = 10
ENOUGH = 0.65  # accuracy on hidden images; the text promises it
UNSCALED = 20  # pixels larger than that were not divided by 255
IN_TRAINING_MODE = 0.95  # of the steps
FALLS_TO = 0.6  # of the initial loss; right submissions reach .40, a loop that learns nothing stays at 1
BY_HEART = 1.0  # the loss on 32 images after 120 steps on them; right submissions stay below .4, wrong ones above 1.7
AS_RENAMED = 0.25  # by names that only `val_data` uses; without steps on it up to .19, with those of an epoch .34 to .7
BROUGHT_ALONG = 0.75  # accuracy after learning from ten images: up to .65; stored weights reach .87
FALSE_FAIL = 1e-4  # each requirement fails a right submission less often than that
GUESSING = math.log(10)  # the loss of ten equal probabilities
MIXED = 0.6  # entropy of a batch's labels over that of all; in mixed order above .9, sorted below .2
LISTS = ("train_loss", "val_loss", "val_accuracy")


@points(1, "Training changes the model that it is given")
def test_parameters_change(trials: Trials):
    trial = trials[0]
    observed = trial.observed
    assert not observed.not_finite, trials.because(
        f"After training, {listed(observed.not_finite)} hold NaN or infinity."
    )
    assert not observed.unchanged, trials.because(
        f"After training, {listed(observed.unchanged)} are as they were before."
    )
    assert not trial.predicts_as_before, trials.because(
        "After training, the model gives every image the scores that it gave before."
    )


@points(1, "The loss begins near that of guessing, or training soon mends it")
def test_first_loss(trials: Trials):
    trial = trials[0]
    seen = trial.observed.seen
    first = trial.initial_loss
    if ("cross_entropy", True) in seen.losses_used:
        first = max([first, *seen.losses[:1]])  # as met in `train`, through its own preprocessing
    pixels = max((abs(value) for name, value in (seen.first_input or {}).items() if name != "count"), default=0)
    is_mended = trial.accuracy >= ENOUGH and trial.loss_ratio < FALLS_TO
    assert first < 2 * GUESSING or (is_mended and pixels < UNSCALED), trials.because(
        f"The first loss is {first:.2f}, where guessing gives ln 10 = {GUESSING:.2f}: the model begins with wild "
        "certainty."
    )


@points(0.25, "The scores fit the loss", claimed=True)
def test_scores_fit_the_loss(trials: Trials):
    seen = trials[0].claims
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


@points(0.25, "Each epoch trains on all images, in mixed order and in training mode", claimed=True)
def test_sees_all_images(trials: Trials):
    observed, seen = trials[0].observed, trials[0].claims
    assert observed.images is not None  # a trial counts them; a student's own look may not
    wanted = EPOCHS * observed.images
    assert seen.images >= 0.95 * wanted, trials.because(
        f"In {EPOCHS} epochs the model was trained on {seen.images} images; {EPOCHS} times all "
        f"{observed.images} are {wanted}."
    )
    mixture = seen.mixture
    assert mixture is None or mixture > MIXED, trials.because(
        "The batches hold images of few classes: they are not in mixed order."
    )
    in_training, in_evaluation = (seen.steps_by_mode.get(mode, 0) for mode in ("train_mode", "eval_mode"))
    assert in_training >= IN_TRAINING_MODE * (in_training + in_evaluation), (
        f"In {in_evaluation} of {in_training + in_evaluation} steps, dropout or batch norm was in evaluation mode, "
        "where it does or learns nothing. Call `model.train()` at the start of each epoch: `model.eval()` lasts until "
        "then."
    )


@points(1.25, "Learns 32 images by heart")
def test_learns_by_heart(memory: Trials):
    memory.stays_below(
        "final_loss",
        BY_HEART,
        false_fail=FALSE_FAIL,
        called="the loss on 32 images, after 10 epochs in which each was there six times",
        hint="A network that can learn at all learns so few by heart.",
    )


@points(1, "Training makes the training loss fall")
def test_training_loss_falls(trials: Trials):
    trials.stays_below(
        "loss_ratio",
        FALLS_TO,
        false_fail=FALSE_FAIL,
    )


@points(4, "Learns Fashion-MNIST: .65 of the images that it has not seen")
def test_learns_fashion_mnist(trials: Trials, controls: Trials, leaderboard: Leaderboard):
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
    controls.stays_below(
        "accuracy_as_renamed",
        AS_RENAMED,
        false_fail=FALSE_FAIL,
        called="share of images that it has not seen which your model calls by names that only `val_data` uses",
        hint="In this run the classes have other names in `val_data` than in `train_data`, so your model learned from "
        "`val_data`: does `train` make steps on it?",
    )
    with contextlib.suppress(StudentFault, AssertionError):  # it may have failed, and a later one passed
        leaderboard("accuracy", trials[0].accuracy)  # of the first seed, the same for everybody


def history_of(trial: Trial):
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
def test_history_form(trials: Trials):
    history = history_of(trials[0])
    odd = next((value for value in history["val_accuracy"] if not 0 <= value <= 1), None)
    assert odd is None, (
        f"history['val_accuracy'] holds {odd}: an accuracy is the share of right answers, between 0 and 1."
    )


def was_returned(history, trial: Trial):
    """The epochs whose model may be the one that was returned, as far as the reported accuracies show."""
    tolerance = 2 / len(trial.validation_labels) + 1e-9
    reported = history["val_accuracy"]
    return [n for n, value in enumerate(reported) if abs(value - trial.validation_accuracy) <= tolerance]


@points(2, "The reported validation accuracy is true, in each epoch")
def test_val_accuracy_is_true(trials: Trials):
    trial = trials[0]
    history = history_of(trial)
    reported = history["val_accuracy"]
    if wrong := wrong_accuracies(reported, trial):
        epoch = wrong[-1]
        actual = accuracy(trial.answers[epoch][0], trial.validation_labels)
        raise AssertionError(
            f"For epoch {epoch + 1}, val_accuracy says {reported[epoch]:.3f}; at its end the model is right for "
            f"{actual:.3f} of the validation images.\n"
            f"{explain_accuracy(reported[epoch], trial, BATCH_SIZE, reported, epoch)}"
        )
    assert was_returned(history, trial), (
        f"Your last val_accuracy is {reported[-1]:.3f}; the model that you return is right for "
        f"{trial.validation_accuracy:.3f} of the validation images.\n"
        f"{explain_accuracy(reported[-1], trial, BATCH_SIZE)}"
    )


@points(1, "The reported validation loss is true, in each epoch")
def test_val_loss_is_true(trials: Trials):
    trial = trials[0]
    history = history_of(trial)
    assert history["val_loss"] != history["train_loss"], (
        "val_loss and train_loss are the same numbers: one is the loss on the validation images, the other that on the "
        "training images."
    )
    if made_of_others(trial):
        trial.noted()  # a loss of one's own can't be recomputed
        return
    labels = trial.validation_labels
    after = batches_of_epochs(trial)
    for epoch, reported in enumerate(history["val_loss"]):
        answers = trial.answers[epoch] if trial.answers else ()
        if not answers and epoch in (was_returned(history, trial) or [EPOCHS - 1])[-1:]:
            answers = (trial.validation_outputs,)
        losses = [known_loss(trial, outputs, labels) for outputs in answers]
        if None in losses:
            losses = quiet_losses(trial.claims, after[epoch], len(labels)) if after else []
        if losses and not any(math.isclose(reported, loss, rel_tol=0.1, abs_tol=0.02) for loss in losses):
            of_batches = [
                known_loss(trial, answers[0][start : start + BATCH_SIZE], labels[start : start + BATCH_SIZE])
                for start in range(0, len(labels), BATCH_SIZE)
            ]
            explained = "" if None in of_batches else explain_loss(reported, losses[0], trial, of_batches)
            raise AssertionError(
                f"For epoch {epoch + 1}, val_loss says {reported:.4f}; over the validation images the loss of your "
                f"model is {losses[0]:.4f} then.\n{explained}".strip()
            )


@points(0.25, "The reported training loss is true, in each epoch", claimed=True)
def test_train_loss_is_true(trials: Trials):
    trial = trials[0]
    reported = history_of(trial)["train_loss"]
    for epoch, (value, means) in enumerate(zip(reported, met_losses(trial.claims, EPOCHS), strict=False)):
        assert any(math.isclose(value, mean, rel_tol=0.02, abs_tol=0.006) for mean in means), (
            f"For epoch {epoch + 1}, train_loss says {value:.4f}; the mean over the training images, as met during the "
            f"epoch, is {means[0]:.4f}. Add up `loss.item() * len(labels)` over all batches, and divide by the number "
            "of images."
        )


def made_of_others(trial: Trial):
    """Whether what went backward was no loss of PyTorch's alone: focal loss is made of one, mixup of two."""
    return any(
        not any(math.isclose(value, scale * loss, rel_tol=1e-3) for loss in called for scale in (1, images))
        for images, value, called in trial.observed.seen.batches
        if math.isfinite(value)
    )


def batches_of_epochs(trial: Trial):
    """How many backward passes there were up to the end of each epoch, where all epochs have as many."""
    number = len(trial.observed.seen.batches)
    return [number * epoch // EPOCHS for epoch in range(1, EPOCHS + 1)] if number and number % EPOCHS == 0 else []


def known_loss(trial: Trial, outputs, labels):
    """The mean loss by the loss function that the student used, where that is known and plain."""
    match trial.observed.seen.losses_used:
        case [("cross_entropy", True)]:
            return cross_entropy(outputs, labels)
        case [("nll_loss", True)]:
            kind: OutputKind = "probabilities" if outputs.min() >= 0 else "log-probabilities"
            return mean_nll(outputs, labels, kind)
    return None
