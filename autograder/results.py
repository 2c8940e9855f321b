"""What came of a grading: the backbone, which all that follows a grading reads.

A result is written as plain data and comes back equal. What is on a disk may be old, damaged or somebody else's, so
that nothing is taken from it but what this version would write itself.
"""

from __future__ import annotations

import functools
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, Literal

from pydantic import InstanceOf, TypeAdapter, ValidationError

from autograder.errors import AutograderError

VERSION = 4  # of the data that results are written as; to be raised with a step in `_MIGRATIONS`
Text = InstanceOf[str]  # any: pydantic's own has no room for a lone surrogate, which a traceback may hold

Outcome = Literal["passed", "partial", "failed", "not run", "broken"]
Status = Literal["graded", "partial", "ungradable", "error"]
Direction = Literal["at least", "at most"]
Basis = Literal["computed", "claimed", "unknown"]
Visibility = Literal["visible", "after_due_date", "after_published", "hidden"]  # Gradescope's words


@dataclass(frozen=True)
class Ruling:
    """What trials decided of a requirement: what was seen, and the rule with the error that it makes.

    After ``n`` observations, ``passes_at[n - 1]`` successes or more pass, and ``fails_at[n - 1]`` or fewer fail.
    """

    kind: Text  # of trials; the measure begins with it, but for the main kind
    measure: Text
    direction: Direction
    threshold: float
    observed: tuple[float, ...]  # NaN where a training failed
    passes_at: tuple[int, ...]
    fails_at: tuple[int, ...]
    false_fail_wanted: float  # the probability, at most, with which a right submission may fail
    false_fail: float  # and that with which it does, by the rule
    covers: Text  # "8 styles, 100 trainings each": what the rule was found from
    passed: bool


@dataclass(frozen=True)
class Check:
    """One check and what it decided.

    ``failed`` means that it ran and decided against the submission; ``not run``, that it could not run to its
    end (the worker died, or time was up); ``broken``, that the grader itself raised.
    """

    name: Text  # "q1.agrees_with_pytorch"
    title: Text
    points: float
    max_points: float
    outcome: Outcome
    feedback: Text = ""
    seconds: float = 0.0
    visibility: Visibility = "visible"
    decided: tuple[Text, ...] = ()  # by which rules, from which trainings, for the instructor
    rulings: tuple[Ruling, ...] = ()  # the same as data, where trials decided
    # Computed from plain answers and where no student code ran, or claimed by the submission's process of itself.
    rests_on: Basis = "computed"
    claimed_since: Text = ""  # why it could not be computed, where it usually is
    code: Text = ""  # of the known mistake that the feedback is about, where its grader names one: "padding-once"


def question_of(check: str) -> str:
    """The question that a check is about, by its name: ``"q1"`` for ``"q1.adds"``."""
    return check.partition(".")[0]


# What a person wrote, cell by cell: "markdown" or "code", and the text.
Parts = tuple[tuple[Literal["markdown", "code"], Text], ...]


@dataclass(frozen=True)
class Answer:
    """A question that is marked by hand, and what a submission says to it."""

    question: Text  # its heading, by which it is known
    asked: Parts
    written: Parts  # nothing where it was left blank


@dataclass(frozen=True)
class LeaderboardEntry:
    """A measurement that a grader publishes, to compare submissions by."""

    name: Text
    value: float
    order: Literal["asc", "desc"] = "desc"  # whether the smallest comes first, or the largest


@dataclass(frozen=True)
class Training:
    """How the first training for a question went: numbers to be drawn, for the instructor."""

    question: Text
    losses: tuple[float, ...]  # at backward passes, or means of some neighbours: claimed
    history: tuple[tuple[Text, tuple[float, ...]], ...]  # what the training returned, by name: claimed
    # Hidden images of each class, a row, by the class that they were taken for: computed.
    confusion: tuple[tuple[int, ...], ...]
    kernels: tuple[tuple[tuple[int, ...], ...], ...]  # of the first convolution, in shades of -99 to 99: computed


@dataclass(frozen=True)
class Result:
    """What one submission got."""

    submission: Text  # its path relative to the folder that was given
    status: Status
    checks: tuple[Check, ...]
    notes: tuple[Text, ...] = ()  # about the submission as a whole, for the student
    trouble: Text = ""  # about the framework or the graders, for the instructor only
    confinement: tuple[Text, ...] = ()
    seconds: float = 0.0
    leaderboard: tuple[LeaderboardEntry, ...] = ()
    answers: tuple[Answer, ...] = ()  # to be marked by hand; no score has to do with them
    trainings: tuple[Training, ...] = ()  # the first for each question that asks for some

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

    def to_dict(self) -> dict[str, Any]:
        """All of it as what JSON can hold, its numbers that are not finite as words."""
        return {"version": VERSION, **_plain(self)}

    @staticmethod
    def from_dict(data: object) -> Result:
        """The result that was written as this.

        Raises:
            AutograderError: it is none, or a newer version's.
        """
        if not isinstance(data, dict) or type(data.get("version")) is not int:
            raise _damaged("it names no version")
        return _read(_migrated({name: value for name, value in data.items() if name != "version"}, data["version"]))

    def to_json(self) -> str:
        """:meth:`to_dict` as ASCII, in one line."""
        return json.dumps(self.to_dict(), allow_nan=False)

    @staticmethod
    def from_json(text: str | bytes) -> Result:
        """The result that was written as this.

        Raises:
            AutograderError: it is none, or a newer version's.
        """
        try:
            data = json.loads(text)
        except (ValueError, RecursionError):
            raise _damaged("it is not JSON, or cut short") from None
        return Result.from_dict(data)


_SUMMARY: dict[Status, str] = {
    "graded": "Every check was run.",
    "partial": "Some checks could not be run to their end.",
    "ungradable": "No code could be read from the submission.",
    "error": "Something went wrong on our side. Your instructor has been told.",
}


# --- written and read back -------------------------------------------------------------------------------------------


def _saying_what_checks_rest_on(content: dict[str, Any]) -> dict[str, Any]:
    """Version 2: until then nobody had noted it."""
    checks = [{**check, "rests_on": "unknown", "claimed_since": ""} for check in content["checks"]]
    return {**content, "checks": checks}


def _without_trainings(content: dict[str, Any]) -> dict[str, Any]:
    """Version 3: until then none was kept."""
    return {**content, "trainings": []}


def _without_codes(content: dict[str, Any]) -> dict[str, Any]:
    """Version 4: until then no grader named one."""
    return {**content, "checks": [{**check, "code": ""} for check in content["checks"]]}


# From a version to what makes the next one's data of its data.
_MIGRATIONS: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {
    1: _saying_what_checks_rest_on,
    2: _without_trainings,
    3: _without_codes,
}


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value


def _migrated(content: dict[str, Any], version: int) -> dict[str, Any]:
    if version > VERSION:
        raise AutograderError(
            f"this result is of version {version}, and this torch-autograder reads none above {VERSION}: "
            "install a newer one"
        )
    for step in range(version, VERSION):
        if step not in _MIGRATIONS:
            raise _damaged(f"there never was a version {step}")
        try:
            content = _MIGRATIONS[step](content)
        except (LookupError, TypeError, AttributeError) as error:
            raise _damaged(f"of version {step}, and {error!r}") from None
    return content


@functools.cache
def _adapter() -> TypeAdapter[Result]:
    return TypeAdapter(Result)


def _read(content: Mapping[str, Any]) -> Result:
    try:
        result = _adapter().validate_python(content)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        raise _damaged(f"{'.'.join(map(str, first['loc'])) or 'a name'}: {first['msg'].lower()}") from None
    # What is missing would be filled in, and "1" be taken for 1: only what would be written like this may be read.
    if _plain(result) != content:
        raise _damaged("something is missing, of another type, or in no result")
    return result


def _damaged(how: str) -> AutograderError:
    return AutograderError(f"this result is damaged ({how}): remove it, and grade the submission again")
