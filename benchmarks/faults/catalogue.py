"""The faulty trainings of this benchmark: working trainings, of which each fault replaces one or two fragments.

``bases/`` holds the working ones: a class ``Net``, and ``train(model, train_data, val_data, epochs)``, which returns
what it reports of each epoch. ``build.toml`` and ``measure.toml`` hold the faults. A diagnosis is built on the first
half; **the second is looked at by ``measure.py`` alone**, or what it measures is worth nothing. Which fault is in which
half was drawn by :data:`SEED` before any rule was written.
"""

from __future__ import annotations

import random
import tomllib
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import torch
from tasks import TASKS, Data
from torch.utils.data import DataLoader, TensorDataset

HERE = Path(__file__).resolve().parent
SEED = 15
Half = Literal["build", "measure"]
HALVES: tuple[Half, ...] = get_args(Half)

CAUSES = {
    # the loop
    "no-zero-grad": "gradients are never set to zero",
    "gradients-cleared": "gradients are set to zero before the step uses them",
    "no-backward": "no gradient is computed",
    "no-step": "no step is made",
    "step-outside-loop": "one step an epoch, instead of one a batch",
    "loss-sign": "the loss is made larger",
    "targets-broadcast": "predictions and targets are broadcast to all pairs",
    "weights-set-back": "what was learned is thrown away at the end",
    "optimizer-incomplete": "the optimizer holds some of the parameters only",
    "optimizer-other-model": "what is trained is another model",
    "optimizer-renewed": "the optimizer is made anew again and again",
    "model-renewed": "the weights are drawn anew in each epoch",
    "too-little-training": "training ends early, or leaves data out",
    "too-few-steps": "batches are so large that there are few steps",
    # its settings
    "learning-rate-too-small": "the learning rate is too small",
    "learning-rate-too-large": "the learning rate is too large",
    "schedule": "a scheduler spoils the learning rate",
    "weight-decay-too-strong": "weight decay is too strong",
    "dropout-too-strong": "dropout is too strong",
    "clipping-too-tight": "gradients are clipped to almost nothing",
    # the scores and the loss
    "softmax-before-cross-entropy": "softmax before cross-entropy",
    "sigmoid-before-cross-entropy": "sigmoid before a loss of logits",
    "activation-after-last-layer": "another activation after the last layer",
    "nll-without-log": "NLLLoss of what are no log-probabilities",
    "softmax-over-batch": "softmax over the batch, instead of the classes",
    "wrong-loss": "the loss does not fit the task",
    "scores-too-large": "the scores begin far too large",
    # the model
    "gradient-cut": "no gradient reaches some or all of the layers",
    "no-activation": "no activation between two layers",
    "saturating-activation": "activations saturate, so that gradients vanish",
    "initialisation": "weights or biases begin badly: all alike, far too large or too small",
    "dead-units": "the units of a layer are dead",
    "too-few-units": "a layer is too narrow",
    "samples-mixed": "what a sample gets depends on others of its batch",
    "wrong-axis": "an axis is taken for another",
    "random-scores": "the scores are random in evaluation mode",
    # the data
    "unscaled-inputs": "inputs are not scaled to small numbers",
    "scaled-twice": "inputs are scaled twice",
    "wrong-labels": "labels do not belong to their samples",
    "other-data": "it learns from other inputs than it is given",
    "not-mixed": "batches hold few classes",
    "overfits": "the training data are learned by heart",
    # what is reported
    "accuracy-is-error-rate": "the error rate is reported as accuracy",
    "accuracy-in-percent": "accuracy is reported in percent",
    "accuracy-of-last-batch": "accuracy counts the last batch only",
    "accuracy-not-each-epoch": "accuracy is not measured in each epoch",
    "validated-before-epoch": "the model is validated before the epoch",
    "best-so-far": "the best accuracy so far is reported",
    "labels-broadcast": "every prediction is compared with every label",
    "accuracy-divisor": "accuracy is divided by the wrong number",
    "loss-divisor": "a loss is divided by the wrong number",
    "loss-of-last-batch": "the loss reported is that of the last batch",
    "validates-on-training-data": "validation is done on the training data",
    "validated-in-train-mode": "the model is validated in training mode",
    "wrong-metric": "predictions are compared with what they don't belong to",
}
"""Stable codes, and what each means."""

REPORTED = frozenset(list(CAUSES)[list(CAUSES).index("accuracy-is-error-rate") :])
"""Causes that spoil what is reported of a training, and not the training."""

EPOCHS = {
    "fashion_cnn": 6,
    "fashion_norm": 6,
    "fashion_dense": 8,
    "digits_residual": 8,
    "digits_rows": 10,
    "digits_by_hand": 10,
    "table_deep": 12,
    "wine_norm": 25,
    "waves_conv": 10,
    "waves_attention": 12,
}
"""The bases, and for how many epochs each is trained here. The first part of a name is the task."""


class BadFault(Exception):
    """A fault of the tables that can't be applied."""


@dataclass(frozen=True)
class Training:
    """A training as source text, faulty or not."""

    name: str  # "fashion_cnn", or "fashion_cnn/no_step"
    source: str

    @property
    def base(self) -> str:
        """The working training that it comes from."""
        return self.name.partition("/")[0]

    @property
    def data(self) -> Data:
        """Inputs and labels to train on, then those to validate on."""
        return TASKS[self.base.partition("_")[0]]()

    def load(self) -> tuple[Callable[[], torch.nn.Module], Callable[[torch.nn.Module], Any]]:
        """Its model's class, and a function that trains such a model and returns what it reports."""
        names: dict[str, Any] = {"__name__": "training"}
        exec(compile(self.source, self.name, "exec"), names)
        x_train, y_train, x_val, y_val = self.data
        train_data = DataLoader(TensorDataset(x_train, y_train), batch_size=32, shuffle=True)
        val_data = DataLoader(TensorDataset(x_val, y_val), batch_size=250)
        return names["Net"], lambda model: names["train"](model, train_data, val_data, EPOCHS[self.base])


@dataclass(frozen=True)
class Fault:
    """A small change to a working training, and what may be named as its cause."""

    name: str
    causes: tuple[str, ...]  # codes: each is accepted, and the first is what was meant
    source: str  # whose catalogue has it; "students" is section 4 of the field notes
    change: tuple[tuple[str, str], ...]  # fragments of the base, each of which is there once, and what replaces them

    def apply(self) -> Training:
        """The faulty training.

        Raises:
            BadFault: a fragment is not there exactly once.
        """
        text = base(self.name.partition("/")[0]).source
        for fragment, replacement in self.change:
            if text.count(fragment) != 1:
                raise BadFault(f"{self.name}: {fragment!r} is there {text.count(fragment)} times")
            text = text.replace(fragment, replacement)
        return Training(self.name, text)


def base(name: str) -> Training:
    """A working training."""
    return Training(name, (HERE / "bases" / f"{name}.py").read_text(encoding="utf-8"))


def read(half: Half) -> list[Fault]:
    """The faults of a half."""
    tables = tomllib.loads((HERE / f"{half}.toml").read_text(encoding="utf-8"))
    return [
        Fault(name, tuple(t["causes"]), t["source"], tuple((old, new) for old, new in t["change"]))
        for name, t in tables.items()
    ]


def split(faults: Iterable[Fault]) -> dict[Half, list[str]]:
    """The names of the faults of each half, drawn by :data:`SEED`; each half has its share of every first cause."""
    by_cause: dict[str, list[str]] = defaultdict(list)
    for fault in faults:
        by_cause[fault.causes[0]].append(fault.name)
    draw = random.Random(SEED)
    order = [name for cause in sorted(by_cause) for name in draw.sample(sorted(by_cause[cause]), len(by_cause[cause]))]
    return {"build": sorted(order[::2]), "measure": sorted(order[1::2])}
