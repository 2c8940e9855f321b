"""What is known of an assignment's trainings: the calibration on disk, and which requirements it supports.

``solutions/NAME/calibration.json`` holds, for each measure of which a grader requires something, what right submissions
of several styles measured with many seeds, and under which conditions.
"""

from __future__ import annotations

import ast
import hashlib
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from autograder.assignment import Assignment, files_in, read_kept
from autograder.errors import AssignmentError
from autograder.training.decisions import Rule, Unsupported, find_rule, provisional_rule
from autograder.training.requirements import MAIN, Requirement

FILE = "calibration.json"


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
    """Measurements of right submissions: measure to style to seed number to value; None where a training failed.

    One that is provisional has too few of them, and decides all the same: to try graders out, and not to release them.
    """

    model_config = ConfigDict(extra="forbid")

    conditions: dict[str, str] = {}
    styles: dict[str, str] = {}  # style to a digest of it
    trials: dict[str, dict[str, str]] = {}  # kind of trial to its settings
    measured: dict[str, dict[str, dict[int, float | None]]] = {}
    is_provisional: bool = False

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

    def find_rule(self, requirement: Requirement) -> Rule:
        """The cheapest rule for a requirement; where a provisional calibration supports none, a provisional one.

        Raises:
            Unsupported: there is none.
        """
        outcomes = {
            style: [requirement.holds(value) for value in values]
            for style, values in self.values(requirement.measure).items()
        }
        try:
            return find_rule(outcomes, requirement.false_fail)
        except Unsupported:
            if not self.is_provisional:
                raise
            return provisional_rule(outcomes)

    def rule_for(self, requirement: Requirement) -> Rule:
        """The cheapest rule for what a grader requires.

        Raises:
            AssignmentError: the calibration supports none.
        """
        try:
            return self.find_rule(requirement)
        except Unsupported as reason:
            raise AssignmentError(f"the requirement {str(requirement)!r} can't be decided: {reason}") from None

    def differences(self, now: Setting) -> list[str]:
        """What is no longer as it was when this was measured, in words."""
        return [
            *_differences("", self.conditions, now.conditions),
            *_differences("style ", self.styles, now.styles),
            *(
                difference
                for kind in {**self.trials, **now.trials}
                for difference in self.differences_of_trials(kind, now.trials.get(kind, {}))
            ),
        ]

    def differences_of_trials(self, kind: str, settings: Mapping[str, str]) -> Iterator[str]:
        """How trials of a kind are run otherwise than when they were measured, in words."""
        return _differences(f"{kind} " * (kind != MAIN), self.trials.get(kind, {}), settings)

    def still_valid(self, now: Setting, requirements: Iterable[Requirement]) -> Calibration:
        """What of this was measured as it would be ``now``, and is required."""
        measured: dict[str, dict[str, dict[int, float | None]]] = {}
        for requirement in requirements:
            if self.conditions == now.conditions and self.trials.get(requirement.kind) == now.trials.get(
                requirement.kind
            ):
                styles = self.measured.get(requirement.measure, {})
                measured[requirement.measure] = {
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

    def missing(self, requirements: Iterable[Requirement], style: str, seed: int) -> frozenset[str]:
        """The kinds of trial that were not run, or not measured in full, for a style with a seed."""
        return frozenset(
            requirement.kind
            for requirement in requirements
            if seed not in self.measured.get(requirement.measure, {}).get(style, {})
        )


def _differences(called: str, before: Mapping[str, str], now: Mapping[str, str]) -> Iterator[str]:
    """What is no longer as it was, in words; each begins as it is ``called``."""
    for name in {**before, **now}:
        was, is_now = before.get(name, "not there"), now.get(name, "not there")
        if was != is_now:
            yield f"{called}{name} was {was}, and is {is_now}"


def read_calibration(assignment: Assignment) -> Calibration | None:
    """The calibration of an assignment, if it has one.

    Raises:
        AssignmentError: the file is not one.
    """
    return read_kept(Calibration, assignment.folder / FILE)


def conditions_of(assignment: Assignment) -> dict[str, str]:
    """What a whole calibration depends on: the libraries, the data, and code that the graders lend to trainings."""
    settings = assignment.settings
    conditions = {name: _version(name) for name in ("torch", "numpy", "scikit-learn") if _version(name)}
    files = [assignment.folder / name for name in (*settings.files, *settings.autograder_files)]
    conditions["data"] = _digest(path for path in files if path.suffix != ".py")
    # Code that is named where trainings are set up; what other graders use has no part in one.
    texts = [path.read_text() for path in sorted(assignment.graders.rglob("*.py"))]
    lenders = "".join(text for text in texts if _EXPERIMENTS.search(text))
    return conditions | {
        path.name: _digest_of_code(path.read_text()) for path in files if path.suffix == ".py" and path.name in lenders
    }


_EXPERIMENTS = re.compile(r"(Experiment|Classroom)\(")  # by the old name, too


def _version(name: str) -> str:
    try:
        return version(name).partition("+")[0]
    except PackageNotFoundError:
        return ""


def _digest(paths: Iterable[Path]) -> str:
    """A short digest of files and of what is in folders."""
    digest = hashlib.blake2b(digest_size=8)
    for path in paths:
        for file in files_in(path):
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
