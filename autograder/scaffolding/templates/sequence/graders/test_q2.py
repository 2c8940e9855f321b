"""q2: the training, judged by trials: runs of it on the grader's messages with the grader's seeds."""

import contextlib

from autograder import Leaderboard, StudentFault, listed, points
from autograder.training import Trials

ENOUGH = 0.9  # accuracy on hidden messages; the text promises it
FALLS_TO = 0.6  # of the initial loss; a training that learns nothing stays at 1
BROUGHT_ALONG = 0.8  # accuracy after learning from three messages
FALSE_FAIL = 1e-3  # each requirement fails a right submission less often than that; the calibration holds it


@points(1, "Training changes the model that it is given")
def test_parameters_change(trials: Trials):
    observed = trials[0].observed
    assert not observed.not_finite, trials.because(f"After training, {listed(observed.not_finite)} hold NaN.")
    assert not observed.unchanged, trials.because(f"After training, {listed(observed.unchanged)} are as before.")


@points(1, "Training makes the training loss fall")
def test_loss_falls(trials: Trials):
    trials.stays_below("loss_ratio", FALLS_TO, false_fail=FALSE_FAIL)


@points(4, "It learns where messages go: .9 of those that it has not met")
def test_learns_messages(trials: Trials, controls: Trials, leaderboard: Leaderboard):
    trials.reaches("accuracy", ENOUGH, false_fail=FALSE_FAIL, hint="Guessing gives 0.33.")
    controls.stays_below(
        "accuracy",
        BROUGHT_ALONG,
        false_fail=FALSE_FAIL,
        called="accuracy on messages that it has not met, of your model trained on three messages only",
        hint="Nobody learns that from three messages: the knowledge was brought along, not learned.",
    )
    with contextlib.suppress(StudentFault, AssertionError):  # it may have failed, and a later one passed
        leaderboard("accuracy", trials[0].accuracy)
