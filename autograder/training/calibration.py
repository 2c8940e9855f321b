"""What is known of an assignment's trainings: the calibration on disk, and the claims that it has to support.

``solutions/NAME/calibration.json`` holds, for each measure that a grader makes a claim about, what right submissions
of several styles measured with many seeds, and under which conditions.
"""

from __future__ import annotations

import ast
import hashlib
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from autograder.assignment import Assignment
from autograder.errors import AssignmentError, TimedOut
from autograder.training.decisions import Rule, Unsupported, find_rule

FILE = "calibration.json"
Direction = Literal["at least", "at most"]


@dataclass(frozen=True)
class Claim:
    """What a grader claims of a measure of a training: that it is at least, or at most, a threshold.

    ``kind`` is that of the trials; ``measure`` begins with it, but for the main kind.
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


MAIN = "main"  # the kind of trials that have no name


@dataclass(frozen=True)
class Setting:
    """What a calibration depends on, each in a form that tells whether it changed.

    All of it depends on ``conditions``; what a style measured depends on its file, and what a kind of trial measured on
    how it is run. So one that changed is measured again, and no other.
    """

    conditions: Mapping[str, str]
    styles: Mapping[str, str]
    trials: Mapping[str, Mapping[str, str]]


class Calibration(BaseModel):
    """Measurements of right submissions: measure to style to seed number to value; None where a training failed."""

    model_config = ConfigDict(extra="forbid")

    conditions: dict[str, str] = {}
    styles: dict[str, str] = {}  # style to a digest of it
    trials: dict[str, dict[str, str]] = {}  # kind of trial to its settings
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

    def differences(self, now: Setting) -> list[str]:
        """What is no longer as it was when this was measured, in words."""
        trials = [(f"{kind} " * (kind != MAIN), kind) for kind in {**self.trials, **now.trials}]
        return [
            *_differences("", self.conditions, now.conditions),
            *_differences("style ", self.styles, now.styles),
            *(
                difference
                for called, kind in trials
                for difference in _differences(called, self.trials.get(kind, {}), now.trials.get(kind, {}))
            ),
        ]

    def still_valid(self, now: Setting, claims: Iterable[Claim]) -> Calibration:
        """What of this was measured as it would be ``now``, and is claimed."""
        measured: dict[str, dict[str, dict[int, float | None]]] = {}
        for claim in claims:
            if self.conditions == now.conditions and self.trials.get(claim.kind) == now.trials.get(claim.kind):
                styles = self.measured.get(claim.measure, {})
                measured[claim.measure] = {
                    style: dict(seeds)
                    for style, seeds in styles.items()
                    if style in now.styles and self.styles.get(style) == now.styles[style]
                }
        return Calibration(
            conditions=dict(now.conditions),
            styles=dict(now.styles),
            trials={kind: dict(settings) for kind, settings in now.trials.items()},
            measured=measured,
        )

    def missing(self, claims: Iterable[Claim], style: str, seed: int) -> frozenset[str]:
        """The kinds of trial that were not run, or not measured in full, for a style with a seed."""
        return frozenset(
            claim.kind for claim in claims if seed not in self.measured.get(claim.measure, {}).get(style, {})
        )


def _differences(called: str, before: Mapping[str, str], now: Mapping[str, str]) -> Iterator[str]:
    for name in {**before, **now}:
        was, is_now = before.get(name, "not there"), now.get(name, "not there")
        if was != is_now:
            yield f"{called}{name} was {was}, and is {is_now}"


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
    """What a whole calibration depends on: the libraries, the data, and code that the graders lend to trainings."""
    settings = assignment.settings
    conditions = {name: _version(name) for name in ("torch", "numpy", "scikit-learn") if _version(name)}
    files = [assignment.folder / name for name in (*settings.files, *settings.autograder_files)]
    conditions["data"] = _digest(path for path in files if path.suffix != ".py")
    # Code that is named where trainings are set up; what other graders use has no part in one.
    texts = [path.read_text() for path in sorted(assignment.graders.rglob("*.py"))]
    lenders = "".join(text for text in texts if "Classroom(" in text)
    return conditions | {
        path.name: _digest_of_code(path.read_text()) for path in files if path.suffix == ".py" and path.name in lenders
    }


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


def _digest_of_code(source: str) -> str:
    """A short digest of what a module defines; not of its words, nor of what it does when it is imported."""
    defined = [node for node in ast.parse(source).body if isinstance(node, (ast.FunctionDef, ast.ClassDef))]
    for node in (inner for outer in defined for inner in ast.walk(outer)):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and ast.get_docstring(node) is not None:
            del node.body[0]
    code = "\n".join(ast.unparse(node) for node in defined)
    return hashlib.blake2b(code.encode(), digest_size=8).hexdigest()


@dataclass
class Court:
    """Decides claims by a calibration, and keeps what was decided.

    ``measuring`` it decides nothing and keeps what one trial of each of the ``kinds`` measured; ``listing`` it only
    keeps what is claimed.
    """

    calibration: Calibration | None
    mode: Literal["deciding", "measuring", "listing"] = "deciding"
    kinds: frozenset[str] = frozenset()
    verdicts: list[Verdict] = field(default_factory=list)
    claims: dict[str, Claim] = field(default_factory=dict)
    measured: dict[str, float] = field(default_factory=dict)
    settings: dict[str, dict[str, str]] = field(default_factory=dict)  # kind of trial to how it is run
    told: set[str] = field(default_factory=set)  # causes that the student was told
    run: dict[str, list[float]] = field(default_factory=dict)  # kind of trial to the processor time of each, in seconds
    timed_out: TimedOut | None = None  # by a trial; others would take as long

    def enter(self, kind: str, settings: dict[str, str]) -> None:
        """Note how a kind of trial is run.

        Raises:
            AssignmentError: the calibration is of trials that were run otherwise.
        """
        self.settings[kind] = settings
        if self.calibration is not None:
            called = f"{kind} " * (kind != MAIN)
            for difference in _differences(called, self.calibration.trials.get(kind, {}), settings):
                raise AssignmentError(f"the calibration no longer fits ({difference}): run `autograder calibrate`")

    def may_run(self, kind: str) -> bool:
        """Whether a trial of this kind is wanted."""
        return self.mode == "deciding" or (self.mode == "measuring" and kind in self.kinds)

    def rule_for(self, claim: Claim) -> Rule:
        """The rule by which a claim is decided.

        Raises:
            AssignmentError: there is no calibration, or it supports none.
        """
        if self.calibration is None:
            raise AssignmentError(f"the claim {str(claim)!r} needs a calibration: run `autograder calibrate` first")
        return self.calibration.rule_for(claim)
