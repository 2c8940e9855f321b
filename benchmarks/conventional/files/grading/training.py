# ruff: noqa: N803  (CNN is the name in the student's notebook)
"""Trainings of the student's own `train` for question 4. Each is made once, when a test first asks for it."""

import functools
import random
from typing import Any, NamedTuple

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812  (its usual name)
from fashion import CustomDataloader

from grading import Recorder, read_slice

EPOCHS, BATCH_SIZE, MOST = 10, 32, 3


class Trial(NamedTuple):
    """What `train` returned, and what was measured before and after it."""

    history: Any
    losses_used: set
    unchanged: list  # names of parameters
    predicts_as_before: bool
    not_finite: list  # names of parameters
    loss_ratio: float  # final over initial loss on the training images
    validation_outputs: torch.Tensor  # (500, 10)
    validation_labels: torch.Tensor  # (500,)
    hidden_accuracy: float


@functools.cache
def trial(train, CNN, number):
    """A training on all 1,000 images, in an order of its own."""
    order = np.random.default_rng([4, number]).permutation(1000)
    return run(train, CNN, 40 + number, order)


@functools.cache
def control(train, CNN):
    """A training on one image of each class: high accuracy would be knowledge that was brought along."""
    labels = read_slice("data", "train").labels
    rng = np.random.default_rng(5)
    return run(train, CNN, 50, np.array([rng.choice(np.flatnonzero(labels == c)) for c in range(10)]))


def first_success(train, CNN, passes):
    """Whether one of at most three trainings passes. Training is random, so a single failure decides nothing."""
    return any(passes(trial(train, CNN, number)) for number in range(MOST))


def run(train, CNN, seed, chosen):
    training, validation, hidden = read_slice("data", "train"), read_slice("data", "t10k"), read_slice("hidden", "t10k")
    rename = torch.from_numpy(np.random.default_rng(seed).permutation(10))  # makes stored weights worthless
    train_x, train_y = training.images[chosen], rename[training.labels[chosen]]
    val_y = rename[validation.labels]

    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)
    model = CNN()
    train_data = CustomDataloader(train_x, train_y, BATCH_SIZE, True)
    val_data = CustomDataloader(validation.images, val_y, BATCH_SIZE)

    parameters_before, before = parameters(model), predict(model, train_x)
    with Recorder() as recorder:
        history = train(model, train_data, val_data, EPOCHS)
    parameters_after, after = parameters(model), predict(model, train_x)

    return Trial(
        history=history,
        losses_used=recorder.losses,
        unchanged=[name for name, value in parameters_after.items() if torch.equal(value, parameters_before[name])],
        predicts_as_before=torch.equal(before, after),
        not_finite=[name for name, value in parameters_after.items() if not value.isfinite().all()],
        loss_ratio=mean_nll(after, train_y) / mean_nll(before, train_y),
        validation_outputs=predict(model, validation.images),
        validation_labels=val_y,
        hidden_accuracy=accuracy(predict(model, hidden.images), rename[hidden.labels]),
    )


def parameters(model):
    return {name: value.detach().clone() for name, value in model.named_parameters()}


def predict(model, images):
    """Outputs in evaluation mode, as float64: (N, 1, 28, 28) to (N, 10)."""
    was_training = model.training
    model.eval()
    with torch.no_grad():
        outputs = torch.cat([model(batch) for batch in images.split(250)])
    model.train(was_training)
    assert outputs.shape == (len(images), 10), f"Your CNN turns {tuple(images.shape)} into {tuple(outputs.shape)}."
    return outputs.double()


def accuracy(outputs, labels):
    return (outputs.argmax(1) == labels).double().mean().item()


def mean_nll(outputs, labels):
    """Mean negative log-likelihood, be the outputs logits, log-probabilities or probabilities."""
    if outputs.min() >= 0 and outputs.max() <= 1:
        outputs = outputs.clamp_min(1e-12)
        return F.nll_loss((outputs / outputs.sum(1, keepdim=True)).log(), labels).item()
    return F.cross_entropy(outputs, labels).item()  # the same as NLL where rows are log-probabilities
