"""Judging training: trials of a submission's own training function, and the grader's own measurements."""

from autograder.training.measures import OutputKind, accuracy, mean_nll, output_kind
from autograder.training.trials import Classroom, Examples, Trial, Trials

__all__ = ["Classroom", "Examples", "OutputKind", "Trial", "Trials", "accuracy", "mean_nll", "output_kind"]
