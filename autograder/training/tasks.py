"""What is learned: classes, numbers, classes of tokens, the next token; and how it is drawn, disguised and measured.

An :class:`Experiment` runs a submission's training and asks its model; what differs from task to task is here. One's
own derives from :class:`Task`, or from the one that is nearest to it.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np

from autograder.diagnosis.measures import accuracy, mean_nll, output_kind, r2, rescaled_nll

LIKELIHOODS = ("cross_entropy", "nll_loss", "binary_cross_entropy", "kl_div")  # how names of such losses begin


class Disguise(Protocol):
    """How targets are told to a submission in one trial, so that answers which it brought along are worthless."""

    def encode(self, targets: np.ndarray) -> np.ndarray:
        """Targets as a submission gets them."""

    def decode(self, outputs: np.ndarray) -> np.ndarray:
        """What its model answers, as if targets were not disguised."""


@dataclass(frozen=True)
class Losses:
    """The loss on the training examples before and after training, and what guessing gives, all in the same unit."""

    initial: float
    final: float
    guessing: float


class Task(ABC):
    """What is learned from examples.

    ``measure`` is the one by which a training is judged, for which 1 is perfect and what guessing gives is ``chance``;
    ``called`` has words for the measures, in which messages to students name them.
    """

    measure: ClassVar[str]
    called: ClassVar[Mapping[str, str]]
    lower_is_better: ClassVar[Collection[str]] = ()
    classes: int | None = None  # that there are, where targets are such
    chance: float = 0.0

    @abstractmethod
    def disguise(self, rng: np.random.Generator, unlike: Disguise | None = None) -> Disguise:
        """A disguise for one trial; with ``unlike``, one that tells from it which of the two a model has learned."""

    def order(self, targets: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """In which order examples with these targets are taken ``(N,)``, where a trial has fewer."""
        return rng.permutation(len(targets))

    @abstractmethod
    def shapes(self, targets: np.ndarray) -> Sequence[tuple[int, ...]]:
        """The shapes that outputs for these targets may have; they are brought into the first of them."""

    @abstractmethod
    def measures(self, outputs: np.ndarray, targets: np.ndarray) -> dict[str, float]:
        """What is measured of outputs, by name, with :attr:`measure` among it."""

    @abstractmethod
    def losses(self, before: np.ndarray, after: np.ndarray, targets: np.ndarray, functions: Sequence[str]) -> Losses:
        """The loss before and after training, where it used these loss ``functions`` of PyTorch."""


# --- classes ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Renamed:
    """Each class has the name of another: class ``c`` is called ``names[c]``."""

    names: np.ndarray

    def encode(self, targets: np.ndarray) -> np.ndarray:
        """Labels of any shape, as they are called; negative ones stay as they are."""
        return np.where(targets < 0, targets, self.names[np.maximum(targets, 0)])

    def decode(self, outputs: np.ndarray) -> np.ndarray:
        """Scores ``(..., C)`` in the order of the classes."""
        return outputs[..., self.names]


@dataclass(frozen=True)
class Classification(Task):
    """Labels ``(N,)``, int64 from 0, of so many ``classes``; a model gives scores ``(N, C)``.

    These may be logits, log-probabilities or probabilities: the loss is the negative log-likelihood under what they
    are, in nats. Under the best scale of the scores, where they are logits that no loss of likelihood has trained.
    """

    measure = "accuracy"
    called = {"accuracy": "accuracy on examples that your model has not seen"}  # noqa: RUF012

    classes: int

    @property
    def chance(self) -> float:  # type: ignore[override]
        """One of so many classes."""
        return 1 / self.classes

    def disguise(self, rng: np.random.Generator, unlike: Disguise | None = None) -> Renamed:
        """Other names; ``unlike`` others, each class has the name of the one before it, so that none keeps its own."""
        order = rng.permutation(self.classes)
        if unlike is None:
            return Renamed(order)
        assert isinstance(unlike, Renamed)
        names = np.empty_like(order)
        names[order] = unlike.names[np.roll(order, 1)]
        return Renamed(names)

    def order(self, targets: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """A random order in which classes take turns as long as they last."""
        order = rng.permutation(len(targets))
        labels = targets[order]
        turn = np.zeros(len(order), int)
        for c in range(self.classes):
            turn[labels == c] = np.arange(np.sum(labels == c))
        result: np.ndarray = order[np.argsort(turn, kind="stable")]
        return result

    def shapes(self, targets: np.ndarray) -> Sequence[tuple[int, ...]]:
        """A row of scores each."""
        return ((len(targets), self.classes),)

    def measures(self, outputs: np.ndarray, targets: np.ndarray) -> dict[str, float]:
        """The accuracy, a share."""
        return {"accuracy": accuracy(outputs, targets)}

    def losses(self, before: np.ndarray, after: np.ndarray, targets: np.ndarray, functions: Sequence[str]) -> Losses:
        """In nats."""
        kinds = output_kind(before), output_kind(after)
        kind = kinds[1] if kinds[0] == kinds[1] else "invalid" if "invalid" in kinds else "logits"
        if kind == "logits" and not any(name.startswith(LIKELIHOODS) for name in functions):
            initial, final = rescaled_nll(before, targets), rescaled_nll(after, targets)
        else:
            initial, final = mean_nll(before, targets, kind), mean_nll(after, targets, kind)
        return Losses(initial, final, math.log(self.classes))


@dataclass(frozen=True)
class Tokens(Classification):
    """A class for each token: labels ``(N, T)``, int64, as for tags; a model gives scores ``(N, T, C)``.

    Where a label is negative, as -100 for what is padded, nothing is asked.
    """

    called = {  # noqa: RUF012
        "accuracy": "the share of tokens that your model predicts rightly in examples that it has not seen",
        "perplexity": "the perplexity on examples that your model has not seen",
    }
    lower_is_better = ("perplexity",)

    def order(self, targets: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """A random order."""
        return rng.permutation(len(targets))

    def shapes(self, targets: np.ndarray) -> Sequence[tuple[int, ...]]:
        """A row of scores for each token."""
        return ((*targets.shape, self.classes),)

    def measures(self, outputs: np.ndarray, targets: np.ndarray) -> dict[str, float]:
        """The accuracy, a share, and the perplexity, the exponential of the mean negative log-likelihood."""
        rows, labels = _asked(outputs, targets)
        nll = mean_nll(rows, labels, output_kind(rows))
        with np.errstate(over="ignore"):
            return {"accuracy": accuracy(rows, labels), "perplexity": float(np.exp(nll))}

    def losses(self, before: np.ndarray, after: np.ndarray, targets: np.ndarray, functions: Sequence[str]) -> Losses:
        """In nats a token."""
        rows, labels = _asked(before, targets)
        return super().losses(rows, _asked(after, targets)[0], labels, functions)


@dataclass(frozen=True)
class NextToken(Tokens):
    """A language model: the label of a token ``(N, T)`` is the next one, of a vocabulary of so many ``classes``.

    What hides them is another name for each token, in inputs and labels alike: give the experiment
    :class:`autograder.training.variation.TokenNames`.
    """

    def disguise(self, rng: np.random.Generator, unlike: Disguise | None = None) -> Renamed:
        """None of its own: inputs and labels have the same names."""
        return Renamed(np.arange(self.classes))


def _asked(outputs: np.ndarray, targets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows of scores and labels of the tokens that are asked about."""
    rows, labels = outputs.reshape(-1, outputs.shape[-1]), targets.reshape(-1)
    return rows[labels >= 0], labels[labels >= 0]


# --- numbers ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Affine:
    """Targets are ``factor`` times as large, and ``shift`` more."""

    factor: float
    shift: float

    def encode(self, targets: np.ndarray) -> np.ndarray:
        """Numbers of the kind that they are."""
        return (targets * self.factor + self.shift).astype(targets.dtype)

    def decode(self, outputs: np.ndarray) -> np.ndarray:
        """What was predicted, in the unit of the targets."""
        return (outputs - self.shift) / self.factor


@dataclass(frozen=True)
class Regression(Task):
    """Targets ``(N,)`` or ``(N, K)``, float; a model gives as many numbers, ``(N, 1)`` being fine for ``(N,)``.

    ``spread`` is their standard deviation, roughly: so large is what is added to them at most, half of it.
    The loss is the mean squared error.
    """

    measure = "r2"
    called = {  # noqa: RUF012
        "r2": "R2 on examples that your model has not seen",
        "rmse": "the root mean squared error on examples that your model has not seen",
    }
    lower_is_better = ("rmse",)

    spread: float = 1.0

    def disguise(self, rng: np.random.Generator, unlike: Disguise | None = None) -> Affine:
        """Another unit, which is negative in every other trial; ``unlike`` another, the sign is the other one."""
        size, shift, is_negative = rng.uniform(0.7, 1.4), rng.uniform(-0.5, 0.5), rng.random() < 0.5
        if isinstance(unlike, Affine):
            is_negative = unlike.factor > 0
        return Affine(-size if is_negative else size, self.spread * shift)

    def shapes(self, targets: np.ndarray) -> Sequence[tuple[int, ...]]:
        """That of the targets; a column for a row of them."""
        return (targets.shape, (*targets.shape, 1)) if targets.ndim == 1 else (targets.shape,)

    def measures(self, outputs: np.ndarray, targets: np.ndarray) -> dict[str, float]:
        """R2, which is 1 at best and 0 for the mean, and the root mean squared error in the unit of the targets."""
        return {"r2": r2(outputs, targets), "rmse": math.sqrt(_mean_squared(outputs, targets))}

    def losses(self, before: np.ndarray, after: np.ndarray, targets: np.ndarray, functions: Sequence[str]) -> Losses:
        """Mean squared errors; guessing the mean has the variance of the targets."""
        return Losses(_mean_squared(before, targets), _mean_squared(after, targets), float(targets.var(axis=0).mean()))


def _mean_squared(outputs: np.ndarray, targets: np.ndarray) -> float:
    with np.errstate(all="ignore"):
        return float(np.mean((outputs - targets) ** 2))
