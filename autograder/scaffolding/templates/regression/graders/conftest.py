"""What the graders share: the table, and trainings of the student's own."""

from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_diabetes

from autograder import Assignment, Probes, RemoteSubmission, tensor
from autograder.training import Examples, Experiment, MakeTrials, Noise, Regression

TRAINING = 300  # rows; the rest is hidden
EPOCHS = 30


@pytest.fixture(scope="session")
def examples(assignment: Assignment):
    """All rows, in an order that the key draws; the training rows have means of 0 and standard deviations of 1."""
    table = load_diabetes(scaled=False)
    order = assignment.key.rng("order of the patients").permutation(len(table.target))
    columns = np.column_stack([table.data, table.target])[order]
    columns = (columns - columns[:TRAINING].mean(axis=0)) / columns[:TRAINING].std(axis=0)
    return Examples(columns[:, :-1].astype(np.float32), columns[:, -1].astype(np.float32))


@pytest.fixture(scope="session")
def experiment(submission, remote: RemoteSubmission, probes: Probes, assignment: Assignment, examples):
    """Where `train` is run on the grader's rows, in the grader's order and with targets in another unit."""

    def train(model, training, _validation, epochs):
        arrays = tensor(training.inputs), tensor(training.targets)
        with remote.limit(assignment.settings.seconds.training):
            return probes.record(submission.train, model, *arrays, epochs, label="train")

    sets = examples[:TRAINING], examples[:0], examples[TRAINING:]
    return Experiment(
        probes, assignment.key, lambda: submission.Net(), train, *sets, Regression(spread=1.0), Noise(0.05)
    )


@pytest.fixture(scope="session")
def controls(experiment: Experiment, make_trials: MakeTrials):
    """Trainings of the same size on copies of four rows: what a model knows then was brought along."""
    few: dict[str, Any] = {"examples": 4, "copies": TRAINING // 4}
    return make_trials(experiment, "control", epochs=EPOCHS, **few)


@pytest.fixture(scope="session")
def trials(experiment: Experiment, make_trials: MakeTrials, controls):
    """Trainings on all rows: as many as it takes to know."""
    return make_trials(experiment, alike=controls, epochs=EPOCHS)
