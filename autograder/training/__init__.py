"""Judging training: trials of a submission's own training function, and the grader's own measurements."""

from __future__ import annotations

import warnings
from typing import Any

from autograder.diagnosis.measures import OutputKind, accuracy, cross_entropy, mean_nll, output_kind, r2
from autograder.errors import OldName
from autograder.training.examples import Examples, Noise, TokenNames, Variation, Varied
from autograder.training.tasks import Classification, Disguise, Losses, NextToken, Regression, Task, Tokens
from autograder.training.trials import Experiment, MakeTrials, Trial, Trials

__all__ = [
    "Classification",
    "Disguise",
    "Examples",
    "Experiment",
    "Losses",
    "MakeTrials",
    "NextToken",
    "Noise",
    "OutputKind",
    "Regression",
    "Task",
    "TokenNames",
    "Tokens",
    "Trial",
    "Trials",
    "Variation",
    "Varied",
    "accuracy",
    "cross_entropy",
    "mean_nll",
    "output_kind",
    "r2",
]


def __getattr__(name: str) -> Any:
    if name != "Classroom":
        raise AttributeError(f"module 'autograder.training' has no attribute {name!r}")
    warnings.warn("`Classroom` is called `Experiment` now", OldName, stacklevel=2)
    return Experiment
