"""Judging training: trials of a submission's own training function, and the grader's own measurements."""

from __future__ import annotations

import warnings
from typing import Any

from autograder.diagnosis.measures import OutputKind, accuracy, cross_entropy, mean_nll, output_kind
from autograder.errors import OldName
from autograder.training.trials import Examples, Experiment, MakeTrials, Trial, Trials, Variation

__all__ = [
    "Examples",
    "Experiment",
    "MakeTrials",
    "OutputKind",
    "Trial",
    "Trials",
    "Variation",
    "accuracy",
    "cross_entropy",
    "mean_nll",
    "output_kind",
]


def __getattr__(name: str) -> Any:
    if name != "Classroom":
        raise AttributeError(f"module 'autograder.training' has no attribute {name!r}")
    warnings.warn("`Classroom` is called `Experiment` now", OldName, stacklevel=2)
    return Experiment
