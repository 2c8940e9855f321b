"""What came of a grading."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Outcome = Literal["passed", "partial", "failed", "not run", "broken"]
Status = Literal["graded", "partial", "ungradable", "error"]
Visibility = Literal["visible", "after_due_date", "after_published", "hidden"]  # Gradescope's words


@dataclass(frozen=True)
class Check:
    """One check and what it decided.

    ``failed`` means that it ran and decided against the submission; ``not run``, that it could not run to its
    end (the worker died, or time was up); ``broken``, that the grader itself raised.
    """

    name: str  # "q1.agrees_with_pytorch"
    title: str
    points: float
    max_points: float
    outcome: Outcome
    feedback: str = ""
    seconds: float = 0.0
    visibility: Visibility = "visible"
    decided: tuple[str, ...] = ()  # by which rules, from which trainings, for the instructor


# What a person wrote, cell by cell: "markdown" or "code", and the text.
Parts = tuple[tuple[Literal["markdown", "code"], str], ...]


@dataclass(frozen=True)
class Answer:
    """A question that is marked by hand, and what a submission says to it."""

    question: str  # its heading, by which it is known
    asked: Parts
    written: Parts  # nothing where it was left blank


@dataclass(frozen=True)
class LeaderboardEntry:
    """A measurement that a grader publishes, to compare submissions by."""

    name: str
    value: float
    order: Literal["asc", "desc"] = "desc"  # whether the smallest comes first, or the largest


@dataclass(frozen=True)
class Result:
    """What one submission got."""

    submission: str  # its path relative to the folder that was given
    status: Status
    checks: tuple[Check, ...]
    notes: tuple[str, ...] = ()  # about the submission as a whole, for the student
    trouble: str = ""  # about the framework or the graders, for the instructor only
    confinement: tuple[str, ...] = ()
    seconds: float = 0.0
    leaderboard: tuple[LeaderboardEntry, ...] = ()
    answers: tuple[Answer, ...] = ()  # to be marked by hand; no score has to do with them

    @property
    def score(self) -> float:
        """Sum of the points."""
        return round(sum(check.points for check in self.checks), 6)

    @property
    def max_score(self) -> float:
        """Sum of the points that could be had."""
        return round(sum(check.max_points for check in self.checks), 6)

    @property
    def percent(self) -> float:
        """Score as a percentage of the points that could be had."""
        return 100 * self.score / self.max_score if self.max_score else 0.0

    @property
    def is_nothing(self) -> bool:
        """Whether no check could decide anything, through a fault of ours."""
        return bool(self.trouble) and all(check.outcome in ("broken", "not run") for check in self.checks)

    @property
    def summary(self) -> str:
        """What there is to say about the submission as a whole."""
        return "\n\n".join(self.notes) or _SUMMARY[self.status]


_SUMMARY: dict[Status, str] = {
    "graded": "Every check was run.",
    "partial": "Some checks could not be run to their end.",
    "ungradable": "No code could be read from the submission.",
    "error": "Something went wrong on our side. Your instructor has been told.",
}
