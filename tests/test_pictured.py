"""A training as numbers to be drawn: few, true, and whatever a submission claims of itself."""

import math

import numpy as np
import pytest
from classes import stored

from autograder.training.pictured import kernels_of, pictured

NOTHING = np.zeros((0, 3))


def of(losses=(), returned=None, outputs=NOTHING, labels=(), classes=3):
    return pictured(losses, returned, outputs, np.array(labels, dtype=np.int64), classes, ())


def test_many_losses_become_the_means_of_neighbours():
    assert of([2.5, 1.25]).losses == (2.5, 1.25)
    long = of([float(n) for n in range(5000)]).losses
    assert len(long) == 100 and long[0] == pytest.approx(24.5) and long[-1] == pytest.approx(4974, abs=1)
    assert [math.isnan(loss) for loss in of([1.0, math.inf, math.nan, 2.0]).losses] == [False, True, True, False]


def test_of_what_was_returned_lists_of_numbers_are_kept_and_nothing_else():
    returned = {
        "train_loss": [2, 1.23456], "val": np.array([0.5, 0.25], dtype=np.float32), "images": np.zeros((2, 2)),
        "words": ["a"], "none": [], "long": [0.1] * 999, "huge": [10**400], "truth": [True, False], 3: [1.0],
        "\u202e" + "x" * 99: [math.nan],
    }  # fmt: skip
    history = dict(of(returned=returned).history)
    assert history["train_loss"] == (2.0, 1.235) and history["val"] == (0.5, 0.25)
    assert set(map(len, history)) <= set(range(41)) and len(history) == 4
    assert math.isnan(history["huge"][0])
    for odd in (None, 3, [1, 2], "text", np.zeros(3)):
        assert of(returned=odd).history == ()


def test_the_confusion_counts_each_image_once():
    scores = np.array([[9, 0, 0], [0, 9, 0], [0, 9, 0], [0, 0, math.nan]])
    assert of(outputs=scores, labels=[0, 0, 1, 2]).confusion == ((1, 1, 0), (0, 1, 0), (0, 0, 1))
    assert of(outputs=scores, labels=[0, 0, 1, 2], classes=4).confusion == ()
    assert of(outputs=np.zeros((2, 99)), labels=[0, 1], classes=99).confusion == ()


def test_kernels_are_the_first_convolutions():
    weights = np.zeros((20, 3, 5, 5), dtype=np.float32)
    weights[1, 0, 2, 2], weights[2, 0, 0, 0], weights[3, 1, 0, 0] = 2.0, -1.0, 77.0
    kernels = kernels_of({"bias": np.zeros(4), "one": np.zeros((2, 2, 1, 1)), "conv": weights, "next": weights + 1})
    assert len(kernels) == 16 and kernels[1][2][2] == 99 and kernels[2][0][0] == -50 and not any(map(any, kernels[3]))
    assert kernels_of({"broken": np.full((1, 1, 3, 3), math.nan, dtype=np.float32)}) == [[[0] * 3] * 3]
    for odd in (np.zeros((0, 1, 3, 3)), np.zeros((1, 1, 99, 99)), np.zeros((1, 1, 3, 3), dtype=complex), np.zeros(3)):
        assert kernels_of({"odd": odd}) == []


def test_what_is_stored_of_a_training_agrees_with_what_was_decided_about_it():
    trained = [result for result in stored() if result.trainings and result.leaderboard]
    assert len(trained) > 10
    for result in trained:
        assert [training.question for training in result.trainings] == ["q4"]
        counts = np.array(result.trainings[0].confusion)
        assert np.trace(counts) / counts.sum() == pytest.approx(result.leaderboard[0].value)
        assert counts.sum(axis=1).tolist() == np.array(trained[0].trainings[0].confusion).sum(axis=1).tolist()
        assert result.trainings[0].losses and result.trainings[0].kernels
    assert {name for name, _ in trained[0].trainings[0].history} == {"train_loss", "val_loss", "val_accuracy"}
