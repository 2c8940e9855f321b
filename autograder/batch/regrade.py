"""Grading again from evidence: what changed graders make of what submissions answered, and whose points change."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from autograder.assignment import Assignment
from autograder.batch.engine import Engine
from autograder.batch.run import grade_tasks
from autograder.batch.store import ResultStore
from autograder.batch.task import GradingTask, assignment_digest, environment_of
from autograder.errors import UsageError
from autograder.report.listener import Listener
from autograder.results import Check, Result
from autograder.sandbox import Sandbox
from autograder.sanitize import spreadsheet_text


@dataclass(frozen=True)
class Change:
    """A check of a submission that has other points, another outcome or other feedback than before."""

    submission: str
    check: str
    before: float
    after: float
    why: str  # the feedback now, or before where there is none now

    @property
    def difference(self) -> float:
        """Points that are gained; lost where it is negative."""
        return round(self.after - self.before, 6)


@dataclass(frozen=True)
class Regraded:
    """What came of a regrading."""

    before: dict[str, Result]
    results: tuple[Result, ...]  # by name
    gone: tuple[str, ...] = ()  # submissions that are not kept, and so were not graded

    @property
    def changes(self) -> list[Change]:
        """What is otherwise than before, submission by submission."""
        return [change for result in self.results for change in changes_between(self.before[result.submission], result)]

    def table(self) -> str:
        """The changes as CSV."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(["submission", "check", "before", "after", "difference", "why"])
        for change in self.changes:
            points = [f"{value:g}" for value in (change.before, change.after, change.difference)]
            writer.writerow([spreadsheet_text(change.submission), change.check, *points, spreadsheet_text(change.why)])
        return text.getvalue()


def regrade(
    assignment: Assignment,
    sandbox: Sandbox,
    engine: Engine,
    store: ResultStore,
    questions: Collection[str] = (),
    listener: Listener | None = None,
) -> Regraded:
    """Grade the submissions whose results are in a folder once more, from evidence as far as that goes.

    Nothing of the results is written. The ``listener`` is told what runs, and each result.

    Raises:
        UsageError: there are no results, or the assignment has no such question.
    """
    assignment.check_questions(questions)
    before = {result.submission: result for result in store.database.results()}
    if not before:
        raise UsageError(f"there are no results in {store.folder}: grade with `-o {store.folder}` first")
    told = listener or Listener()
    told.started(list(before), ())
    digest, environment = assignment_digest(assignment), environment_of(assignment, sandbox)
    gone = []

    def tasks() -> Iterator[GradingTask]:
        for name in before:
            if (given := store.database.given(name)) is None:
                gone.append(name)
                continue
            suffix, content, unreadable = given
            yield GradingTask(name, suffix, content, digest, environment, tuple(questions), unreadable)

    results: list[Result] = []
    is_complete = False
    try:
        for result in grade_tasks(assignment, tasks(), sandbox, engine, told.running, store):
            results.append(_with_others(before[result.submission], result) if questions else result)
            told.graded(result)
        is_complete = True
    finally:
        told.finished(results, is_complete=is_complete)
    return Regraded(before, tuple(sorted(results, key=lambda result: result.submission)), tuple(gone))


def _with_others(before: Result, result: Result) -> Result:
    """A result of some questions, with what was known of the others."""
    now = {check.name: check for check in result.checks}
    checks = [now.pop(check.name, check) for check in before.checks]
    return replace(result, checks=(*checks, *now.values()))


def changes_between(before: Result, after: Result) -> list[Change]:
    """Which checks changed from one result of a submission to the next."""
    old, new = ({check.name: check for check in result.checks} for result in (before, after))
    found = []
    for name in dict.fromkeys([*old, *new]):
        one, other = old.get(name), new.get(name)
        if _told(one) != _told(other):
            why = (other.feedback if other else "This check is gone.") or (one.feedback if one else "")
            points = one.points if one else 0.0
            found.append(Change(after.submission, name, points, other.points if other else 0.0, " ".join(why.split())))
    return found


def _told(check: Check | None) -> tuple[object, ...] | None:
    return None if check is None else (check.points, check.max_points, check.outcome, check.feedback)


def accept(store: ResultStore, regraded: Regraded) -> None:
    """Write the results of a regrading; those that were there before are kept, see :func:`undo`."""
    changed = [r for r in regraded.results if changes_between(regraded.before[r.submission], r)]
    if changed:
        store.database.replace(changed)
    _write_all(store, changed)


def undo(store: ResultStore) -> Sequence[str]:
    """Go back to the results before the last regrading that was accepted; returns the names of those that changed.

    Raises:
        UsageError: there was none.
    """
    results = store.database.undo()
    if not results:
        raise UsageError(f"no regrading was accepted in {store.folder}: there is nothing to go back to")
    _write_all(store, results)
    return [result.submission for result in results]


def _write_all(store: ResultStore, changed: Sequence[Result]) -> None:
    for result in changed:
        store.write(result)
    store.finished_with(store.database.results())
