"""What becomes of what a grader requires of trials: it is decided, measured for a calibration, or listed.

A :class:`Ruler` says which trials are run, and rules on a requirement from what they measure.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Protocol

from autograder.errors import AssignmentError, StudentFault
from autograder.results import Ruling
from autograder.training.calibration import Calibration
from autograder.training.decisions import Rule
from autograder.training.requirements import Requirement, trainings

Measure = Callable[[int], float]  # what the trial of this number measured; raises as `Trials.__getitem__`


@dataclass(frozen=True)
class Verdict:
    """What was decided about a requirement, by which rule, and from which observations."""

    requirement: Requirement
    rule: Rule
    observations: tuple[float, ...]  # NaN where a training failed
    passed: bool
    fault: StudentFault | AssertionError | None = None  # how the first training failed, of those that did

    def __str__(self) -> str:
        seen = ", ".join(f"{value:.3f}" for value in self.observations)
        return f"{self.requirement}: {seen} in {trainings(len(self.observations))}. Decided by {self.rule}."

    def recorded(self) -> Ruling:
        """All of it but for the fault, as a result holds it."""
        return Ruling(
            kind=self.requirement.kind,
            measure=self.requirement.measure,
            direction=self.requirement.direction,
            threshold=float(self.requirement.threshold),
            observed=self.observations,
            passes_at=self.rule.passes_at,
            fails_at=self.rule.fails_at,
            false_fail_wanted=self.requirement.false_fail,
            false_fail=self.rule.false_fail,
            covers=self.rule.covers,
            passed=self.passed,
        )


class Ruler(Protocol):
    """Rules on requirements of trials."""

    def enter(self, kind: str, settings: Mapping[str, str]) -> None:
        """Take note of how a kind of trial is run, before the first one is.

        Raises:
            AssignmentError: it is not to be run like that.
        """

    def wants(self, kind: str) -> bool:
        """Whether trials of this kind are run."""

    def rule(self, requirement: Requirement, measure: Measure) -> Verdict | None:
        """Rule on a requirement; None where nothing is decided.

        Raises:
            AssignmentError: it can't be decided.
        """


@dataclass(frozen=True)
class Deciding:
    """Decides by a calibration, as often as that asks for another trial."""

    calibration: Calibration | None

    def enter(self, kind: str, settings: Mapping[str, str]) -> None:
        """Hold a kind of trial to the one that was calibrated.

        Raises:
            AssignmentError: the calibration is of trials that were run otherwise.
        """
        if self.calibration is not None:
            for difference in self.calibration.differences_of_trials(kind, settings):
                raise AssignmentError(f"the calibration no longer fits ({difference}): run `autograder calibrate`")

    def wants(self, kind: str) -> bool:
        """All of them, if a check asks."""
        return True

    def rule(self, requirement: Requirement, measure: Measure) -> Verdict:
        """Decide by the cheapest rule that the calibration supports. A training that failed is one without success.

        Raises:
            AssignmentError: there is no calibration, or it supports no rule.
        """
        if self.calibration is None:
            raise AssignmentError(
                f"the requirement {str(requirement)!r} needs a calibration: run `autograder calibrate` first"
            )
        rule = self.calibration.rule_for(requirement)
        observed: list[float] = []
        faults: list[StudentFault | AssertionError] = []

        def succeeds(number: int) -> bool:
            try:
                observed.append(measure(number))
            except (StudentFault, AssertionError) as fault:
                observed.append(math.nan)
                faults.append(fault)
            return requirement.holds(observed[-1])

        passed = rule.decide(succeeds)
        return Verdict(requirement, rule, tuple(observed), passed, next(iter(faults), None))


@dataclass(frozen=True)
class Measuring:
    """Keeps what one trial of each of the ``kinds`` measures, for a calibration."""

    kinds: frozenset[str]
    measured: dict[str, float] = field(default_factory=dict)  # by measure; NaN where the training failed

    def enter(self, kind: str, settings: Mapping[str, str]) -> None:
        """However they are run."""

    def wants(self, kind: str) -> bool:
        """Those that are to be measured."""
        return kind in self.kinds

    def rule(self, requirement: Requirement, measure: Measure) -> None:
        """Measure once."""
        if requirement.kind in self.kinds:
            self.measured[requirement.measure] = math.nan
            with suppress(StudentFault, AssertionError):  # a requirement of another kind may follow
                self.measured[requirement.measure] = measure(0)


@dataclass(frozen=True)
class Listening:
    """Keeps what is required, and how trials are run; nothing is trained."""

    requirements: dict[str, Requirement] = field(default_factory=dict)  # by their words
    settings: dict[str, dict[str, str]] = field(default_factory=dict)  # kind of trial to how it is run

    def enter(self, kind: str, settings: Mapping[str, str]) -> None:
        """Note it."""
        self.settings[kind] = dict(settings)

    def wants(self, kind: str) -> bool:
        """None."""
        return False

    def rule(self, requirement: Requirement, measure: Measure) -> None:
        """Note it."""
        self.requirements[str(requirement)] = requirement
