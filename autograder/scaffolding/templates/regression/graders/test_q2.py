"""q2: the training, judged by trials: runs of it on the grader's rows with the grader's seeds."""

import contextlib

from autograder import Leaderboard, StudentFault, listed, points
from autograder.training import Trials

ENOUGH = 0.25  # R2 on hidden rows; the text promises it
FALLS_TO = 0.85  # of the initial loss; a training that learns nothing stays at 1
BROUGHT_ALONG = 0.4  # R2 after learning from four rows
FALSE_FAIL = 1e-3  # each requirement fails a right submission less often than that; the calibration holds it


@points(1, "Training changes the model that it is given")
def test_parameters_change(trials: Trials):
    observed = trials[0].observed
    assert not observed.not_finite, trials.because(f"After training, {listed(observed.not_finite)} hold NaN.")
    assert not observed.unchanged, trials.because(f"After training, {listed(observed.unchanged)} are as before.")


@points(1, "Training makes the training loss fall")
def test_loss_falls(trials: Trials):
    trials.stays_below("loss_ratio", FALLS_TO, false_fail=FALSE_FAIL)


@points(4, "It predicts rows that it has not met: R2 of .25")
def test_predicts(trials: Trials, controls: Trials, leaderboard: Leaderboard):
    trials.reaches("r2", ENOUGH, false_fail=FALSE_FAIL, hint="Predicting the mean gives 0.")
    controls.stays_below(
        "r2",
        BROUGHT_ALONG,
        false_fail=FALSE_FAIL,
        called="R2 on rows that it has not met, of your model trained on four rows only",
        hint="Nobody learns that from four rows: the knowledge was brought along, not learned.",
    )
    with contextlib.suppress(StudentFault, AssertionError):  # it may have failed, and a later one passed
        leaderboard("R2", trials[0].measured["r2"])
