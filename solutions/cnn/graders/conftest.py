"""What the graders of this assignment share: the data, the models and the training trials."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from autograder import tensor
from autograder.training import Trials, accuracy, mean_nll, output_kind

EPOCHS = 10
BATCH_SIZE = 32
TRAIN_SECONDS = 60
CONTROL_IMAGES = 10  # one of each class


@dataclass(frozen=True)
class Slice:
    """Images (N, 1, 28, 28), float32 in [0, 1], and labels (N,), int64."""

    images: np.ndarray
    labels: np.ndarray


def read_slice(folder, name):
    """Read a slice of Fashion-MNIST from IDX files, which are a header and the bytes of the array."""
    raw = folder / "FashionMNIST" / "raw"
    pixels = np.fromfile(raw / f"{name}-images-idx3-ubyte", np.uint8, offset=16).reshape(-1, 1, 28, 28)
    labels = np.fromfile(raw / f"{name}-labels-idx1-ubyte", np.uint8, offset=8)
    return Slice(pixels.astype(np.float32) / 255, labels.astype(np.int64))


@pytest.fixture(scope="session")
def training(assignment):
    """The 1,000 images that travel with the student."""
    return read_slice(assignment.folder / "data", "train")


@pytest.fixture(scope="session")
def validation(assignment):
    """The 500 images that travel with the student."""
    return read_slice(assignment.folder / "data", "t10k")


@pytest.fixture(scope="session")
def hidden(assignment):
    """2,000 images that no student has seen. Their labels never leave this process."""
    return read_slice(assignment.folder / "hidden", "t10k")


@pytest.fixture
def model(submission):
    """A model fresh from the student's class."""
    return submission.CNN()


@dataclass(frozen=True)
class Trial:
    """One run of the student's `train`, and what the grader measured before and after it."""

    history: Any  # what `train` returned: a claim
    losses_used: list[tuple[str, bool]]  # a claim of the worker
    unchanged: list[str]  # parameters that are as they were
    predicts_as_before: bool  # on the training images
    not_finite: list[str]  # parameters that hold a NaN or an infinity
    initial_loss: float
    final_loss: float
    validation_outputs: np.ndarray  # (500, 10)
    validation_labels: np.ndarray  # (500,), permuted as in training
    train_accuracy: float
    hidden_accuracy: float

    @property
    def loss_ratio(self):
        """Final over initial training loss."""
        return self.final_loss / self.initial_loss

    @property
    def validation_accuracy(self):
        return accuracy(self.validation_outputs, self.validation_labels)


class Classroom:
    """Runs the student's `train` on the grader's data, in the grader's order and with classes renamed."""

    def __init__(self, submission, worker, probes, assignment, training, validation, hidden):
        self.submission, self.worker, self.probes, self.key = submission, worker, probes, assignment.key
        self.loaders = assignment.folder / "fashion.py"
        self.training, self.validation, self.hidden = training, validation, hidden

    def trial(self, number):
        """A training on all 1,000 images, in an order of its own."""
        order = self.key.rng(f"q4 order {number}").permutation(len(self.training.images))
        return self.run(f"q4 trial {number}", order)

    def control(self, number):
        """A training on one image of each class, too few to learn from: high accuracy would be knowledge that
        the submission brought along."""
        labels = self.training.labels
        rng = self.key.rng(f"q4 control order {number}")
        chosen = [rng.choice(np.flatnonzero(labels == c)) for c in range(CONTROL_IMAGES)]
        return self.run(f"q4 control {number}", np.array(chosen))

    def run(self, label, chosen):
        # Classes are renamed, so that stored weights and answers are worthless.
        rename = self.key.rng(f"{label} classes").permutation(10)
        train_x, train_y = self.training.images[chosen], rename[self.training.labels[chosen]]
        val_x, val_y = self.validation.images, rename[self.validation.labels]

        train, new_model = self.submission.train, self.submission.CNN
        probes, given = self.probes, self.worker.helper(self.loaders)
        # Before anything is drawn, so that handing in again is no new lottery.
        probes.seed(self.key.seed(label))
        model = new_model()
        train_data = given.CustomDataloader(tensor(train_x), tensor(train_y), BATCH_SIZE, True)
        val_data = given.CustomDataloader(tensor(val_x), tensor(val_y), BATCH_SIZE)

        def predict(images):
            outputs = probes.predict(model, images, "CNN()")
            expected = (len(images), 10)
            assert outputs.shape == expected, f"Your CNN turns {images.shape} into {outputs.shape}, not {expected}."
            return outputs

        parameters_before, before = probes.parameters(model, "CNN()"), predict(train_x)
        with self.worker.limit(TRAIN_SECONDS):
            reply = probes.call_recording_losses(train, model, train_data, val_data, EPOCHS, label="train")
        parameters_after, after = probes.parameters(model, "CNN()"), predict(train_x)
        # Hidden images are sent after training, and without their labels.
        hidden_outputs = predict(self.hidden.images)

        kinds = output_kind(before), output_kind(after)
        kind = kinds[1] if kinds[0] == kinds[1] else "invalid" if "invalid" in kinds else "logits"
        return Trial(
            history=reply.value,
            losses_used=reply.losses,
            unchanged=[n for n, p in parameters_after.items() if np.array_equal(p, parameters_before.get(n))],
            predicts_as_before=bool(np.array_equal(before, after)),
            not_finite=[n for n, p in parameters_after.items() if not np.isfinite(p).all()],
            initial_loss=mean_nll(before, train_y, kind),
            final_loss=mean_nll(after, train_y, kind),
            validation_outputs=predict(val_x),
            validation_labels=val_y,
            train_accuracy=accuracy(after, train_y),
            hidden_accuracy=accuracy(hidden_outputs, rename[self.hidden.labels]),
        )


@pytest.fixture(scope="session")
def classroom(submission, worker, probes, assignment, training, validation, hidden):
    return Classroom(submission, worker, probes, assignment, training, validation, hidden)


@pytest.fixture(scope="session")
def trials(classroom):
    """Up to three trainings, shared by all checks of q4."""
    return Trials(classroom.trial)


@pytest.fixture(scope="session")
def controls(classroom):
    return Trials(classroom.control)
