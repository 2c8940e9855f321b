"""What the graders of this assignment share: the data, the models and the training trials."""

from functools import lru_cache
from typing import Any

import numpy as np
import pytest

from autograder import Assignment, Probes, RemoteSubmission, tensor
from autograder.training import Classification, Examples, Experiment, MakeTrials, Variation

VARIATION = Variation(shift=2, mirrored=True, contrast=0.1, noise=0.02)


def read_slice(folder, name):
    """Read a slice of Fashion-MNIST from IDX files, which are a header and the bytes of the array."""
    raw = folder / "FashionMNIST" / "raw"
    status = [(raw / f"{name}-{what}-ubyte").stat() for what in ("images-idx3", "labels-idx1")]
    return _read_slice(raw, name, tuple((file.st_ino, file.st_size, file.st_mtime_ns) for file in status))


@lru_cache(maxsize=8)
def _read_slice(raw, name, _state):
    """The files are the same for each submission, as long as their state on the disk is; nobody can write to these."""
    pixels = np.fromfile(raw / f"{name}-images-idx3-ubyte", np.uint8, offset=16).reshape(-1, 1, 28, 28)
    labels = np.fromfile(raw / f"{name}-labels-idx1-ubyte", np.uint8, offset=8)
    images, labels = pixels.astype(np.float32) / 255, labels.astype(np.int64)
    images.flags.writeable = labels.flags.writeable = False
    return Examples(images, labels)


@pytest.fixture(scope="session")
def training(assignment: Assignment):
    """The 1,000 images that travel with the student."""
    return read_slice(assignment.folder / "data", "train")


@pytest.fixture(scope="session")
def validation(assignment: Assignment):
    """The 500 images that travel with the student."""
    return read_slice(assignment.folder / "data", "t10k")


@pytest.fixture(scope="session")
def hidden(assignment: Assignment):
    """2,000 images that no student has seen. Their labels never leave this process."""
    return read_slice(assignment.folder / "hidden", "t10k")


@pytest.fixture
def model(submission):
    """A model fresh from the student's class."""
    return submission.CNN()


@pytest.fixture(scope="session")
def experiment(
    submission, remote: RemoteSubmission, probes: Probes, assignment: Assignment, training, validation, hidden
):
    """Where the student's `train` is run on the grader's data, in the grader's order and with classes renamed."""

    def train(model, given, validation, epochs, batch_size):
        # What the model would have answered after each epoch, where all images are trained on: there, the history is
        # held to that.
        looks = {"epochs": epochs, "length": len(given)}
        loader = remote.helper(assignment.folder / "fashion.py").CustomDataloader
        with remote.limit(assignment.settings.seconds.training):
            return probes.record(
                submission.train,
                model,
                loader(tensor(given.images), tensor(given.labels), batch_size, True),
                loader(tensor(validation.images), tensor(validation.labels), batch_size),
                epochs,
                label="train",
                **(looks if len(given) == len(training) else {}),
            )

    return Experiment(
        probes,
        assignment.key,
        lambda: submission.CNN(),
        train,
        training,
        validation,
        hidden,
        Classification(10),
        VARIATION,
    )


@pytest.fixture(scope="session")
def controls(experiment: Experiment, make_trials: MakeTrials):
    """Trainings of the same size in which there is little to learn from: a hundred copies of one image of each class.

    What the model knows then was brought along, or comes from the validation images, which call classes otherwise.
    """
    few: dict[str, Any] = {"examples": 10, "copies": 100, "validation_renamed": True, "hidden": 500}
    return make_trials(experiment, "control", epochs=10, batch_size=32, **few)


@pytest.fixture(scope="session")
def trials(experiment: Experiment, make_trials: MakeTrials, controls):
    """Trainings on all 1,000 images, shared by all checks of q4: as many as it takes to know."""
    return make_trials(experiment, alike=controls, epochs=10, batch_size=32)


@pytest.fixture(scope="session")
def memory(experiment: Experiment, make_trials: MakeTrials):
    """Trainings on 32 images, which can be learned by heart."""
    few: dict[str, Any] = {"examples": 32, "repeated": 6, "validation": "the training examples", "hidden": 300}
    return make_trials(experiment, "memory", epochs=10, batch_size=16, **few)
