"""What a course makes of scores: late penalties, dropped checks, weights, bonus, a cap, marks by hand, overrides.

A policy is a small TOML file, applied to results that are there, and never to grading. It is applied in one order, and
each step says what it changed:

1. overrides of single checks; 2. dropped checks, weights and bonus; 3. the late penalty; 4. the cap; 5. marks by hand;
6. overrides of the whole score.
"""

from __future__ import annotations

import csv
import io
import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, NonNegativeFloat, PositiveFloat, ValidationError, model_validator

from autograder.errors import UsageError
from autograder.report.platforms import is_late_in_canvas
from autograder.results import Check, Result, Status, question_of
from autograder.sanitize import spreadsheet_text

FILE = "policy.toml"
_T = TypeVar("_T")
_NAMED = 5  # submissions, at most, that a sentence names
_PERIODS = {"day": timedelta(days=1), "hour": timedelta(hours=1)}


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Late(_Part):
    """What it costs to hand in late."""

    due: datetime
    penalty: NonNegativeFloat  # percent of the points that are left, of each day or hour that was begun
    per: Literal["day", "hour"] = "day"
    grace_minutes: NonNegativeFloat = 0
    at_most: float = Field(default=100, ge=0, le=100)  # percent, in all
    times: str = "times.csv"  # beside the policy: submission, submitted
    extensions: dict[str, datetime] = {}  # of single submissions


class Override(_Part):
    """A score, or the points of a check, that a person decided."""

    submission: str
    reason: str = Field(min_length=1)
    score: float | None = None
    check: str | None = None
    points: float | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Override:
        if (self.score is None) == (self.check is None) or (self.check is None) != (self.points is None):
            raise ValueError("an override has a `score`, or a `check` and its `points`")
        return self


class Marks(_Part):
    """Marks by hand, which are added."""

    file: str = "marks.csv"  # beside the policy, as `autograder grade` writes it
    max_score: NonNegativeFloat = 0  # points that they add to those that can be had


class Declared(_Part):
    """What the file may say. A key that is not listed here is an error."""

    drop: frozenset[str] = frozenset()  # checks that don't count
    bonus: frozenset[str] = frozenset()  # checks whose points count, and need not be had
    weights: dict[str, PositiveFloat] = {}  # of questions or checks: their points are multiplied
    cap: PositiveFloat | None = None  # percent of the points that can be had
    late: Late | None = None
    marks: Marks | None = None
    override: tuple[Override, ...] = ()


@dataclass(frozen=True)
class Step:
    """What was changed, in words, and the scores before and after."""

    words: str
    before: float
    after: float

    def __str__(self) -> str:
        return f"{self.words}: {self.before:g} -> {self.after:g}"


@dataclass(frozen=True)
class Marked:
    """A result and what the policy made of its score."""

    result: Result
    score: float
    max_score: float
    steps: tuple[Step, ...] = ()

    @property
    def submission(self) -> str:
        """Its name."""
        return self.result.submission

    @property
    def status(self) -> Status:
        """That of the result."""
        return self.result.status


@dataclass(frozen=True)
class Policy:
    """What is declared, with what the files beside it say."""

    declared: Declared
    times: Mapping[str, datetime]  # by submission
    marks: Mapping[str, float]

    def apply(self, results: Sequence[Result]) -> list[Marked]:
        """Apply it to each result.

        Raises:
            UsageError: it names a check, a question or a submission that there is not.
        """
        self._check_names(results)
        return [self._applied(result) for result in results]

    def doubts(self, results: Sequence[Result]) -> list[str]:
        """What may be amiss, though it can be applied: in sentences without their ends."""
        names = {spreadsheet_text(result.submission) for result in results}
        found = []
        if self.declared.late is not None:
            unsaid = [
                result.submission
                for result in results
                if is_late_in_canvas(result.submission) and _of(result.submission, self.times) is None
            ]
            if unsaid:
                table = self.declared.late.times
                found.append(f"Canvas says that these are late, and {table} does not say when: {_listed(unsaid)}")
        tables: list[tuple[str, Mapping[str, object]]] = [("the table of times", self.times)]
        for what, table_of in (*tables, ("the table of marks", self.marks)):
            if unknown := sorted(name for name in table_of if spreadsheet_text(name) not in names):
                found.append(f"{what} names what there is no result of: {_listed(unknown)}")
        return found

    def _check_names(self, results: Sequence[Result]) -> None:
        checks = {check.name for result in results for check in result.checks}
        known = checks | set(map(question_of, checks))
        named = [*self.declared.drop, *self.declared.bonus, *self.declared.weights]
        named += [override.check for override in self.declared.override if override.check]
        if unknown := sorted(set(named) - known):
            raise UsageError(f"the policy names {', '.join(unknown)}, and there is no such check or question")
        people = {override.submission for override in self.declared.override}
        people |= set(self.declared.late.extensions) if self.declared.late else set()
        if unknown := sorted(people - {result.submission for result in results}):
            raise UsageError(f"the policy names {', '.join(unknown)}, and there is no such submission")

    def _applied(self, result: Result) -> Marked:
        marked = Marked(result, result.score, result.max_score)
        theirs = [override for override in self.declared.override if override.submission == result.submission]
        for override in theirs:
            marked = self._with_check_overridden(marked, override)
        for step in (self._weighed, self._late, self._capped, self._with_marks):
            marked = step(marked)
        for override in theirs:
            if override.score is not None:
                marked = _stepped(marked, f"decided by a person: {override.reason}", override.score)
        return marked

    def _with_check_overridden(self, marked: Marked, override: Override) -> Marked:
        if override.check is None or override.points is None:
            return marked
        points = override.points
        checks = tuple(
            replace(check, points=points) if check.name == override.check else check for check in marked.result.checks
        )
        result = replace(marked.result, checks=checks)
        words = f"{override.check} decided by a person: {override.reason}"
        return replace(_stepped(marked, words, result.score), result=result)

    def _weighed(self, marked: Marked) -> Marked:
        """By single checks, from the points that these have now."""
        declared, checks = self.declared, marked.result.checks
        if not (declared.drop or declared.bonus or declared.weights):
            return marked
        counting = [check for check in checks if not {check.name, question_of(check.name)} & declared.drop]
        score = sum(check.points * self._weight(check) for check in counting)
        needed = [check for check in counting if not {check.name, question_of(check.name)} & declared.bonus]
        most = round(sum(check.max_points * self._weight(check) for check in needed), 6)
        parts = {"dropped": declared.drop, "bonus": declared.bonus, "weights": declared.weights}
        words = "; ".join(f"{what}: {', '.join(sorted(names))}" for what, names in parts.items() if names)
        return replace(_stepped(marked, f"{words}; of {most:g} points", score, always=True), max_score=most)

    def _weight(self, check: Check) -> float:
        weights = self.declared.weights
        return weights.get(check.name, weights.get(question_of(check.name), 1.0))

    def _late(self, marked: Marked) -> Marked:
        late, submitted = self.declared.late, _of(marked.submission, self.times)
        if late is None or submitted is None:
            return marked
        due = _aware(late.extensions.get(marked.submission, late.due))
        over = submitted - due - timedelta(minutes=late.grace_minutes)
        if over <= timedelta(0):
            return marked
        periods = math.ceil((submitted - due) / _PERIODS[late.per])
        percent = min(periods * late.penalty, late.at_most)
        words = f"{periods} {late.per}{'s' if periods != 1 else ''} late, {percent:g} % off"
        return _stepped(marked, words, marked.score * (1 - percent / 100))

    def _capped(self, marked: Marked) -> Marked:
        cap = self.declared.cap
        if cap is None:
            return marked
        return _stepped(marked, f"at most {cap:g} %", min(marked.score, marked.max_score * cap / 100))

    def _with_marks(self, marked: Marked) -> Marked:
        if self.declared.marks is None:
            return marked
        most = marked.max_score + self.declared.marks.max_score
        marks = _of(marked.submission, self.marks) or 0.0
        words = "marks by hand" + f"; of {most:g} points" * (most != marked.max_score)
        stepped = _stepped(marked, words, marked.score + marks, always=most != marked.max_score)
        return replace(stepped, max_score=most)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:_NAMED]) + f" and {len(names) - _NAMED} more" * (len(names) > _NAMED)


def _stepped(marked: Marked, words: str, score: float, *, always: bool = False) -> Marked:
    score = round(score, 6)
    if score == marked.score and not always:
        return marked
    return replace(marked, score=score, steps=(*marked.steps, Step(words, marked.score, score)))


def without_policy(results: Sequence[Result]) -> list[Marked]:
    """Results as they are."""
    return [Marked(result, result.score, result.max_score) for result in results]


# --- read ------------------------------------------------------------------------------------------------------------


def read_policy(path: Path, folder: Path | None = None) -> Policy:
    """The policy in a file, with what the tables beside it say, or else those in the folder of the results.

    Raises:
        UsageError: one of them can't be read, or says what none may.
    """
    declared = _declared(path)
    times: dict[str, datetime] = {}
    if declared.late is not None:
        table = _table(path, declared.late.times, folder)
        for line, row in enumerate(_rows(table, {"submission", "submitted"}), 2):
            times[row["submission"]] = _time(row["submitted"], f"{declared.late.times}, line {line}")
    marks: dict[str, float] = {}
    if declared.marks is not None:
        table = _table(path, declared.marks.file, folder)
        for line, row in enumerate(_rows(table, {"submission", "marks"}), 2):
            if row["marks"].strip():
                value = _mark(row["marks"], f"{declared.marks.file}, line {line}")
                marks[row["submission"]] = marks.get(row["submission"], 0.0) + value
    return Policy(declared, times, marks)


def tables_of(path: Path) -> list[str]:
    """What tables a policy calls for, as it names them; none if it can't be read."""
    try:
        declared = _declared(path)
    except UsageError:
        return []
    return [
        *([declared.late.times] if declared.late is not None else []),
        *([declared.marks.file] if declared.marks is not None else []),
    ]


def _table(path: Path, name: str, folder: Path | None) -> Path:
    """Where a table is: beside the policy, or under its bare name in the folder of the results."""
    beside = path.parent / name
    other = (folder or path.parent) / Path(name).name
    return other if other.is_file() and not beside.is_file() else beside


def _declared(path: Path) -> Declared:
    try:
        return Declared.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise UsageError(f"{path} can't be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} is not TOML: {error}") from None
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        raise UsageError(f"{path}: {'.'.join(map(str, first['loc'])) or 'it'}: {first['msg'].lower()}") from None


def _of(submission: str, table: Mapping[str, _T]) -> _T | None:
    """What a table says of a submission, whose name may stand there as no spreadsheet takes it for a formula."""
    return table.get(submission, table.get(spreadsheet_text(submission)))


def _rows(path: Path, wanted: set[str]) -> list[dict[str, str]]:
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise UsageError(f"{path}, which the policy names, can't be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UsageError(f"{path} is not UTF-8: save it as 'CSV UTF-8'") from None
    for delimiter in ",;\t":
        reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, restval="")
        if wanted <= set(reader.fieldnames or ()):
            return list(reader)
    raise UsageError(f"{path} has no columns {' and '.join(sorted(wanted))}")


def _time(text: str, where: str) -> datetime:
    try:
        return _aware(datetime.fromisoformat(text.strip()))
    except ValueError:
        raise UsageError(f"{where}: {text!r} is no time, as 2026-11-30T23:59:00+01:00 is") from None


def _aware(moment: datetime) -> datetime:
    """A time without its zone is taken for UTC, here as there."""
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _mark(text: str, where: str) -> float:
    try:
        value = float(text.strip().replace(",", "."))
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise UsageError(f"{where}: {text!r} is no number")
    return value
