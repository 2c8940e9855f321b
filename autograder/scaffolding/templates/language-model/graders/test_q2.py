"""q2: the training, judged by trials: runs of it on the grader's rows with the grader's seeds."""

import contextlib

from autograder import Leaderboard, StudentFault, listed, points
from autograder.training import Trials

ENOUGH = 11  # perplexity on hidden rows; the text promises it
FALLS_TO = 0.8  # of the initial loss; a training that learns nothing stays at 1
BROUGHT_ALONG = 13  # perplexity after learning from eight rows
FALSE_FAIL = 1e-3  # each requirement fails a right submission less often than that; the calibration holds it


@points(1, "Training changes the model that it is given")
def test_parameters_change(trials: Trials):
    observed = trials[0].observed
    assert not observed.not_finite, trials.because(f"After training, {listed(observed.not_finite)} hold NaN.")
    assert not observed.unchanged, trials.because(f"After training, {listed(observed.unchanged)} are as before.")


@points(1, "Training makes the training loss fall")
def test_loss_falls(trials: Trials):
    trials.stays_below("loss_ratio", FALLS_TO, false_fail=FALSE_FAIL)


@points(4, "It predicts text that it has not met: a perplexity below 11")
def test_predicts(trials: Trials, controls: Trials, leaderboard: Leaderboard):
    trials.stays_below("perplexity", ENOUGH, false_fail=FALSE_FAIL, hint="By frequency alone, it is 17.")
    controls.reaches(
        "perplexity",
        BROUGHT_ALONG,
        false_fail=FALSE_FAIL,
        called="the perplexity on rows that it has not met, of your model trained on eight rows only",
        hint="Nobody learns a language from eight rows: the knowledge was brought along, not learned.",
    )
    with contextlib.suppress(StudentFault, AssertionError):  # it may have failed, and a later one passed
        leaderboard("perplexity", trials[0].measured["perplexity"], "asc")
