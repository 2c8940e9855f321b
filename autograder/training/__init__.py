"""Judging training: trials of a submission's own training function, and the grader's own measurements."""

from autograder.diagnosis.measures import OutputKind, accuracy, cross_entropy, mean_nll, output_kind
from autograder.training.trials import Classroom, Examples, Trial, Trials

__all__ = [
    "Classroom",
    "Examples",
    "OutputKind",
    "Trial",
    "Trials",
    "accuracy",
    "cross_entropy",
    "mean_nll",
    "output_kind",
]
