"""What the graders share: the digits, and trainings of the student's own."""

from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_digits

from autograder import Assignment, Probes, RemoteSubmission, tensor
from autograder.training import Classification, Examples, Experiment, MakeTrials, Variation

TRAINING, VALIDATION = 800, 200  # images; the rest is hidden
VARIATION = Variation(contrast=0.1, noise=0.02)  # images are not those on disk, so that a table of those is worthless


@pytest.fixture(scope="session")
def examples(assignment: Assignment):
    """All digits, in an order that the key draws."""
    digits = load_digits()
    order = assignment.key.rng("order of the digits").permutation(len(digits.target))
    return Examples((digits.images[:, None] / 16).astype(np.float32), digits.target.astype(np.int64))[order]


@pytest.fixture(scope="session")
def experiment(submission, remote: RemoteSubmission, probes: Probes, assignment: Assignment, examples):
    """Where `train` is run on the grader's data, in the grader's order and with classes renamed."""

    def train(model, training, _validation, epochs):
        arrays = tensor(training.images), tensor(training.labels)
        with remote.limit(assignment.settings.seconds.training):
            return probes.record(submission.train, model, *arrays, epochs, label="train")

    end = TRAINING + VALIDATION
    sets = examples[:TRAINING], examples[TRAINING:end], examples[end:]
    return Experiment(probes, assignment.key, lambda: submission.Net(), train, *sets, Classification(10), VARIATION)


@pytest.fixture(scope="session")
def controls(experiment: Experiment, make_trials: MakeTrials):
    """Trainings of the same size on copies of ten images: what a model knows then was brought along."""
    few: dict[str, Any] = {"examples": 10, "copies": TRAINING // 10, "validation": 10}
    return make_trials(experiment, "control", epochs=10, **few)


@pytest.fixture(scope="session")
def trials(experiment: Experiment, make_trials: MakeTrials, controls):
    """Trainings on all images: as many as it takes to know."""
    return make_trials(experiment, alike=controls, epochs=10)
