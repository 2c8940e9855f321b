"""What the graders share: the text, and trainings of the student's own."""

import importlib.util
from typing import Any

import pytest

from autograder import Assignment, Probes, RemoteSubmission, tensor
from autograder.training import Examples, Experiment, MakeTrials, NextToken, TokenNames

TRAINING = 320  # rows; the rest is hidden
EPOCHS = 8


@pytest.fixture(scope="session")
def examples(assignment: Assignment):
    """All rows, in an order that the key draws."""
    spec = importlib.util.spec_from_file_location("characters", assignment.folder / "characters.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    rows = assignment.key.rng("order of the rows").permutation(module.read())
    return Examples(rows[:, :-1], rows[:, 1:])


@pytest.fixture(scope="session")
def experiment(submission, remote: RemoteSubmission, probes: Probes, assignment: Assignment, examples):
    """Where `train` is run on the grader's rows, in which each character has the number of another."""

    def train(model, training, _validation, epochs):
        arrays = tensor(training.inputs), tensor(training.targets)
        with remote.limit(assignment.settings.seconds.training):
            return probes.record(submission.train, model, *arrays, epochs, label="train")

    sets = examples[:TRAINING], examples[:0], examples[TRAINING:]
    names = TokenNames(27, kept=0, in_targets=True)
    return Experiment(probes, assignment.key, lambda: submission.Net(), train, *sets, NextToken(27), names)


@pytest.fixture(scope="session")
def controls(experiment: Experiment, make_trials: MakeTrials):
    """Trainings of the same size on copies of eight rows: what a model knows then was brought along."""
    few: dict[str, Any] = {"examples": 8, "copies": TRAINING // 8}
    return make_trials(experiment, "control", epochs=EPOCHS, **few)


@pytest.fixture(scope="session")
def trials(experiment: Experiment, make_trials: MakeTrials, controls):
    """Trainings on all rows: as many as it takes to know."""
    return make_trials(experiment, alike=controls, epochs=EPOCHS)
