"""Judging training: trials of a submission's own training function, and the grader's own measurements."""

from autograder.training.measures import OutputKind, accuracy, mean_nll, output_kind
from autograder.training.trials import Trials

__all__ = ["OutputKind", "Trials", "accuracy", "mean_nll", "output_kind"]
