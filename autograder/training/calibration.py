"""What is known of an assignment's trainings: the calibration on disk, and the claims that it has to support.

``solutions/NAME/calibration.json`` holds, for each measure that a grader makes a claim about, what right submissions
of several styles measured with many seeds, and under which conditions.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from autograder.assignment import DIAGNOSIS, Assignment
from autograder.errors import AssignmentError, TimedOut
from autograder.training.decisions import Rule, Unsupported, find_rule

FILE = "calibration.json"
Direction = Literal["at least", "at most"]


@dataclass(frozen=True)
class Claim:
    """What a grader claims of a measure of a training: that it is at least, or at most, a threshold."""

    measure: str
    direction: Direction
    threshold: float
    false_fail: float

    def holds(self, value: float) -> bool:
        """Whether a training that measured ``value`` is a success. NaN is none."""
        return value >= self.threshold if self.direction == "at least" else value <= self.threshold

    def __str__(self) -> str:
        return f"{self.measure} {self.direction} {self.threshold:g}"


@dataclass(frozen=True)
class Verdict:
    """What was decided about a claim, by which rule, and from which observations."""

    claim: Claim
    rule: Rule
    observations: tuple[float, ...]

    def __str__(self) -> str:
        seen = ", ".join(f"{value:.3f}" for value in self.observations)
        return f"{self.claim}: {seen} in {trainings(len(self.observations))}. Decided by {self.rule}."


def trainings(number: int) -> str:
    """How many, in words."""
    return "one training" if number == 1 else f"{number} trainings"


class Calibration(BaseModel):
    """Measurements of right submissions: measure to style to seed number to value; None where a training failed."""

    model_config = ConfigDict(extra="forbid")

    conditions: dict[str, str]
    measured: dict[str, dict[str, dict[int, float | None]]] = {}

    def values(self, measure: str) -> dict[str, list[float]]:
        """The values of a measure for each style; a training that failed is NaN."""
        return {
            style: [math.nan if value is None else value for _, value in sorted(seeds.items())]
            for style, seeds in self.measured.get(measure, {}).items()
        }

    def add(self, style: str, seed: int, measured: Mapping[str, float]) -> None:
        """Note what a training of a style measured."""
        for measure, value in measured.items():
            kept = value if math.isfinite(value) else None
            self.measured.setdefault(measure, {}).setdefault(style, {})[seed] = kept

    def find_rule(self, claim: Claim) -> Rule:
        """The cheapest rule for a claim.

        Raises:
            Unsupported: there is none.
        """
        outcomes = {
            style: [claim.holds(value) for value in values] for style, values in self.values(claim.measure).items()
        }
        return find_rule(outcomes, claim.false_fail)

    def rule_for(self, claim: Claim) -> Rule:
        """The cheapest rule for a claim that a grader makes.

        Raises:
            AssignmentError: the calibration supports none.
        """
        try:
            return self.find_rule(claim)
        except Unsupported as reason:
            raise AssignmentError(f"the claim {str(claim)!r} can't be decided: {reason}") from None

    def differences(self, now: Mapping[str, str]) -> list[str]:
        """What is no longer as it was when this was measured, in words."""
        names = [*self.conditions, *(name for name in now if name not in self.conditions)]
        return [
            f"{name} was {self.conditions.get(name, 'not there')}, and is {now.get(name, 'not there')}"
            for name in names
            if self.conditions.get(name) != now.get(name)
        ]


def read_calibration(assignment: Assignment) -> Calibration | None:
    """The calibration of an assignment, if it has one.

    Raises:
        AssignmentError: the file is not one.
    """
    path = assignment.folder / FILE
    if not path.exists():
        return None
    try:
        return Calibration.model_validate_json(path.read_bytes())
    except ValidationError as error:
        first = error.errors()[0]
        raise AssignmentError(f"{path}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from None


def conditions_of(assignment: Assignment) -> dict[str, str]:
    """What a calibration depends on, beside the trials and the right submissions: the libraries, and the data."""
    settings = assignment.settings
    conditions = {name: _version(name) for name in ("torch", "numpy", "scikit-learn") if _version(name)}
    files = [name for name in (*settings.files, *settings.autograder_files) if name != DIAGNOSIS]
    conditions["data"] = _digest(assignment.folder / name for name in files)
    return conditions


def _version(name: str) -> str:
    try:
        return version(name).partition("+")[0]
    except PackageNotFoundError:
        return ""


def _digest(paths: Iterable[Path]) -> str:
    """A short digest of files and of what is in folders."""
    digest = hashlib.blake2b(digest_size=8)
    for path in paths:
        inside = sorted(path.rglob("*")) if path.is_dir() else [path]
        for file in inside:
            if file.is_file() and "__pycache__" not in file.parts:
                digest.update(file.name.encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()


@dataclass
class Court:
    """Decides claims by a calibration, and keeps what was decided.

    ``measuring`` it decides nothing and keeps what one trial measured; ``listing`` it only keeps what is claimed.
    """

    calibration: Calibration | None
    mode: Literal["deciding", "measuring", "listing"] = "deciding"
    verdicts: list[Verdict] = field(default_factory=list)
    claims: dict[str, Claim] = field(default_factory=dict)
    measured: dict[str, float] = field(default_factory=dict)
    settings: dict[str, str] = field(default_factory=dict)  # of the trials
    told: set[str] = field(default_factory=set)  # causes that the student was told
    run: dict[str, list[float]] = field(default_factory=dict)  # kind of trial to the processor time of each, in seconds
    timed_out: TimedOut | None = None  # by a trial; others would take as long

    def enter(self, settings: dict[str, str]) -> None:
        """Note how trials are run.

        Raises:
            AssignmentError: the calibration is of trials that were run otherwise.
        """
        self.settings |= settings
        if self.calibration is not None:
            for difference in self.calibration.differences(self.calibration.conditions | settings):
                raise AssignmentError(f"the calibration no longer fits ({difference}): run `autograder calibrate`")

    def rule_for(self, claim: Claim) -> Rule:
        """The rule by which a claim is decided.

        Raises:
            AssignmentError: there is no calibration, or it supports none.
        """
        if self.calibration is None:
            raise AssignmentError(f"the claim {str(claim)!r} needs a calibration: run `autograder calibrate` first")
        return self.calibration.rule_for(claim)
