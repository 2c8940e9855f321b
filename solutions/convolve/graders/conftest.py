"""What the graders of this assignment share: the images of q7 and q8, and the training trials on them."""

import importlib.util
from dataclasses import replace

import numpy as np
import pytest

from autograder import CONVOLUTIONS, Assignment, Key, Probes, RemoteSubmission, tensor
from autograder.training import Classification, Examples, Experiment, MakeTrials, Variation

TRAIN_SIZES = [(6, 6), (6, 9), (7, 12), (8, 8), (9, 7), (10, 10), (12, 6), (12, 11)]  # (height, width)
NEW_SIZES = [(5, 5), (5, 16), (7, 7), (9, 9), (11, 13), (14, 6), (16, 16), (20, 13)]
VARIATION = Variation(contrast=0.1, noise=0.02)  # of copies
NOISE = 0.4  # standard deviation; the two colours are 0 and 1


@pytest.fixture
def by_hand(remote: RemoteSubmission):
    """Keeps from the student's functions what they are to do themselves."""
    with remote.without(*CONVOLUTIONS):
        yield


def patterns(rng, count, sizes):
    """Noisy zebras (0) and checkerboards (1), as many of each, that begin with either colour: images (1, H, W)."""
    labels = np.arange(count) % 2
    images = []
    for label in labels:
        height, width = sizes[rng.integers(len(sizes))]
        rows, columns = np.indices((height, width))
        pattern = (columns + label * rows + rng.integers(2)) % 2
        images.append((pattern + rng.normal(0, NOISE, (height, width)))[None].astype(np.float32))
    return Examples(images, labels)


@pytest.fixture(scope="session")
def pattern_experiment(submission, remote: RemoteSubmission, probes: Probes, assignment: Assignment, key: Key):
    """Where `train_patterns` is run, on patterns of some sizes; it is judged on patterns of others."""

    def train(model, training, _validation):
        images = [tensor(image) for image in training.images]
        with remote.limit(assignment.settings.seconds.training):
            return probes.record(
                submission.train_patterns, model, images, tensor(training.labels), label="train_patterns"
            )

    return Experiment(
        probes,
        key,
        lambda: submission.PatternNet(),
        train,
        training=patterns(key.rng("patterns to train on"), 200, TRAIN_SIZES),
        validation=patterns(key.rng("more patterns"), 40, TRAIN_SIZES),
        hidden=patterns(key.rng("hidden patterns"), 200, NEW_SIZES),
        task=Classification(2),
    )


@pytest.fixture(scope="session")
def pattern_trials(pattern_experiment: Experiment, make_trials: MakeTrials):
    """Trainings on 200 patterns, shared by all checks of q7."""
    return make_trials(pattern_experiment, "patterns")


@pytest.fixture(scope="session")
def tiny_images(assignment: Assignment):
    """The module that travels with the students, here, in the graders' process."""
    spec = importlib.util.spec_from_file_location("tiny_images", assignment.folder / "tiny_images.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def placed(assignment: Assignment, key: Key, tiny_images):
    """Emoji of a sheet, each placed several times, as the key has it: examples (N, 3, 32, 32)."""

    def place(folder, name, times):
        pictures, labels = tiny_images.read_pictures(assignment.folder / folder, name)
        images = tiny_images.place(np.concatenate([pictures] * times), key.rng(f"places of {name}"))
        return Examples(images, np.concatenate([labels] * times))

    return place


@pytest.fixture(scope="session")
def tiny_experiment(submission, remote: RemoteSubmission, probes: Probes, assignment: Assignment, key: Key, placed):
    """Where `train_tiny` is run, on emoji that travel with the students; it is judged on emoji that do not."""

    def train(model, training, _validation):
        images, labels = tensor(training.images), tensor(training.labels)
        with remote.limit(assignment.settings.seconds.training):
            return probes.record(submission.train_tiny, model, images, labels, label="train_tiny")

    return Experiment(
        probes,
        key,
        lambda: submission.TinyCNN(),
        train,
        training=placed("data", "train", 3),
        validation=placed("data", "validation", 1),
        hidden=placed("hidden", "hidden", 4),
        task=Classification(5),
    )


@pytest.fixture(scope="session")
def tiny_controls(tiny_experiment: Experiment, make_trials: MakeTrials):
    """Trainings of the same size in which there is little to learn from: many copies of one image of each kind.

    What the model knows of others then was brought along.
    """
    varied = replace(tiny_experiment, variation=VARIATION)
    return make_trials(varied, "control", examples=5, copies=len(tiny_experiment.training) // 5, validation=10)


@pytest.fixture(scope="session")
def tiny_trials(tiny_experiment: Experiment, make_trials: MakeTrials, tiny_controls):
    """Trainings on all images, shared by all checks of q8."""
    return make_trials(tiny_experiment, "emoji", alike=tiny_controls)
