"""What a grader demands of a training: a measure, a threshold, and how often a right submission may miss it."""

from __future__ import annotations

from dataclasses import dataclass

from autograder.results import Direction

MAIN = "main"  # the kind of trials that have no name


@dataclass(frozen=True)
class Requirement:
    """A measure of a training is to be at least, or at most, a threshold.

    ``kind`` is that of the trials; ``measure`` begins with it, but for the main kind. ``false_fail`` is the
    probability, at most, with which a right submission may fail this.
    """

    kind: str
    measure: str
    direction: Direction
    threshold: float
    false_fail: float

    def holds(self, value: float) -> bool:
        """Whether a training that measured ``value`` is a success. NaN is none."""
        return value >= self.threshold if self.direction == "at least" else value <= self.threshold

    def __str__(self) -> str:
        return f"{self.measure} {self.direction} {self.threshold:g}"


def trainings(number: int) -> str:
    """How many, in words."""
    return "one training" if number == 1 else f"{number} trainings"
