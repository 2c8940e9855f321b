"""What the graders share: messages, and trainings of the student's own."""

import importlib.util
from typing import Any

import pytest

from autograder import Assignment, Probes, RemoteSubmission, tensor
from autograder.training import Classification, Examples, Experiment, MakeTrials, TokenNames

TRAINING, HIDDEN = 800, 400  # messages
EPOCHS = 8


@pytest.fixture(scope="session")
def messages(assignment: Assignment):
    """The module that travels with the students, here, in the graders' process."""
    spec = importlib.util.spec_from_file_location("messages", assignment.folder / "messages.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def experiment(submission, remote: RemoteSubmission, probes: Probes, assignment: Assignment, messages):
    """Where `train` is run on the grader's messages, with symbols and places renamed."""

    def train(model, training, _validation, epochs):
        arrays = tensor(training.inputs), tensor(training.targets)
        with remote.limit(assignment.settings.seconds.training):
            return probes.record(submission.train, model, *arrays, epochs, label="train")

    key = assignment.key
    examples = Examples(*messages.make(key.rng("messages"), TRAINING + HIDDEN))
    sets = examples[:TRAINING], examples[:0], examples[TRAINING:]
    names = TokenNames(messages.SYMBOLS + 1)
    return Experiment(probes, key, lambda: submission.Net(), train, *sets, Classification(3), names)


@pytest.fixture(scope="session")
def controls(experiment: Experiment, make_trials: MakeTrials):
    """Trainings of the same size on copies of three messages: what a model knows then was brought along."""
    few: dict[str, Any] = {"examples": 3, "copies": TRAINING // 3}
    return make_trials(experiment, "control", epochs=EPOCHS, **few)


@pytest.fixture(scope="session")
def trials(experiment: Experiment, make_trials: MakeTrials, controls):
    """Trainings on all messages: as many as it takes to know."""
    return make_trials(experiment, alike=controls, epochs=EPOCHS)
