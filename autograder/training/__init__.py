"""Judging training: trials of a submission's own training function, and the grader's own measurements."""

from autograder.training.trials import Classroom, Examples, Trial, Trials
from autograder.worker.student.measures import OutputKind, accuracy, cross_entropy, mean_nll, output_kind

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
