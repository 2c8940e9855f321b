"""The fixtures that a hidden grader may ask for."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Protocol

import pytest

from autograder.assignment import Assignment, Key
from autograder.diagnosis.drawn import Axes, Curve, Entry, Text, Tick
from autograder.errors import StudentFault
from autograder.probes import Layers, Pass, Probes, Recorded
from autograder.remote import Handle, RemoteSubmission, SubmissionNames
from autograder.results import LeaderboardEntry
from autograder.training.rulings import Ruler
from autograder.training.trials import Experiment, MakeTrials, Trial, TrialLog, Trials


class Leaderboard(Protocol):
    """Publishes a measurement on Gradescope's leaderboard: ``leaderboard("accuracy", 0.81)``."""

    def __call__(self, name: str, value: float, order: Literal["asc", "desc"] = "desc") -> None:
        """One value a name, the last; none that is not finite. ``order`` says which of two is ranked first."""


@dataclass(frozen=True)
class Grading:
    """What the fixtures of one submission are made of."""

    assignment: Assignment
    remote: RemoteSubmission
    ruler: Ruler
    log: TrialLog
    published: dict[str, LeaderboardEntry]  # by their names


class Fixtures:
    """A pytest plugin that gives graders their fixtures, all for the submission that is being graded.

    That is the class's, as pytest wants it of fixtures that outlive a test: a process grades one at a time.
    """

    grading: ClassVar[Grading]

    @pytest.fixture(scope="session", name="submission")
    @classmethod
    def submission_fixture(cls) -> SubmissionNames:
        """The submission: every attribute is a global name of the student's."""
        return SubmissionNames(cls.grading.remote)

    @pytest.fixture(scope="session", name="remote")
    @classmethod
    def remote_fixture(cls) -> RemoteSubmission:
        """What a grader may do with the submission's worker beyond calling the submission: limits, helpers."""
        return cls.grading.remote

    @pytest.fixture(scope="session", name="worker")
    @classmethod
    def worker_fixture(cls) -> RemoteSubmission:
        """The old name of `remote`."""
        return cls.grading.remote

    @pytest.fixture(scope="session", name="probes")
    @classmethod
    def probes_fixture(cls) -> Probes:
        """Looks at models, training and figures in the worker."""
        return Probes(cls.grading.remote)

    @pytest.fixture(scope="session", name="assignment")
    @classmethod
    def assignment_fixture(cls) -> Assignment:
        """The assignment: its folder, its settings, its key."""
        return cls.grading.assignment

    @pytest.fixture(scope="session", name="key")
    @classmethod
    def key_fixture(cls) -> Key:
        """The assignment's key: ``key.rng("geometries")``."""
        return cls.grading.assignment.key

    @pytest.fixture(scope="session", name="make_trials")
    @classmethod
    def make_trials_fixture(cls) -> MakeTrials:
        """Trials of an experiment, decided by the assignment's calibration: ``make_trials(experiment, epochs=10)``."""

        def make(experiment: Experiment, name: str = "", alike: Trials | None = None, **settings: Any) -> Trials:
            return Trials(experiment, cls.grading.ruler, cls.grading.log, name, alike, **settings)

        return make

    @pytest.fixture(scope="session", name="leaderboard")
    @classmethod
    def leaderboard_fixture(cls) -> Leaderboard:
        """Publishes a measurement on Gradescope's leaderboard."""

        def publish(name: str, value: float, order: Literal["asc", "desc"] = "desc") -> None:
            if math.isfinite(value):  # NaN is no number in JSON, and no rank
                cls.grading.published[name] = LeaderboardEntry(name, float(value), order)

        return publish


# The grader's side of the worker, by the names of the fixtures that give it, and what it is made of.
_FROM_WORKER = frozenset({"submission", "remote", "worker", "probes"})
KINDS = (
    *(SubmissionNames, RemoteSubmission, Handle, Probes, Trials, Trial, Experiment),
    *(Recorded, Pass, Layers, Axes, Curve, Entry, Text, Tick, StudentFault),
)


def fixtures_from_worker(item: pytest.Item) -> set[str]:
    """The fixtures of a check that are made from its worker, by way of others too."""
    information = getattr(item, "_fixtureinfo", None)
    definitions = information.name2fixturedefs if information else {}
    found = set(_FROM_WORKER)
    before = 0
    while len(found) != before:
        before = len(found)
        found |= {name for name, made in definitions.items() if made and found.intersection(made[-1].argnames)}
    return found
