"""The main road: one assignment and one submission become one result."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from dataclasses import replace
from pathlib import Path

from autograder.assignment import Assignment
from autograder.errors import UnreadableSubmission
from autograder.grading.record import GradersRun
from autograder.grading.session import Graders, run_graders
from autograder.remote import CellReport, RemoteSubmission
from autograder.results import Result, Status
from autograder.sandbox import Limits, Sandbox
from autograder.sanitize import sanitize
from autograder.submission import Submission, read_submission

MAX_NOTED = 12  # statements that failed


def grade(
    assignment: Assignment,
    path: Path,
    sandbox: Sandbox,
    name: str | None = None,
    decided: Callable[[Result], None] = lambda _result: None,
    questions: Collection[str] = (),
) -> Result:
    """Grade one submission from its file, as :func:`grade_submission` does.

    Where ``questions`` are named, the result is of their checks alone.

    Raises:
        UsageError: the assignment has no such question.
        AutograderError: the assignment or this machine is not fit for grading.
    """
    name = name or path.name
    assignment.check_questions(questions)
    with Graders(assignment, questions) as graders:
        try:
            submission = read_submission(path)
        except UnreadableSubmission as reason:
            return ungradable(graders, name, str(reason))
        return grade_submission(graders, assignment, submission, sandbox, name, decided)


def grade_submission(
    graders: Graders,
    assignment: Assignment,
    submission: Submission,
    sandbox: Sandbox,
    name: str,
    decided: Callable[[Result], None] = lambda _result: None,
) -> Result:
    """Grade one submission by the assignment's graders, which were collected and may grade another one after it.

    Whatever is wrong with the submission is in the result. ``name`` is how it is called there. ``decided`` is told
    the result so far before each check and at the end, for whoever has to know it should this process die.

    Raises:
        AutograderError: the assignment or this machine is not fit for grading.
    """
    began = time.monotonic()

    def result_of(run: GradersRun) -> Result:
        return Result(
            submission=name,
            status=_status(run),
            checks=run.checks,
            notes=tuple(_notes(remote.cell_reports)),
            trouble=run.trouble,
            confinement=tuple(remote.layers),
            leaderboard=run.leaderboard,
            answers=submission.answers,
            seconds=time.monotonic() - began,
        )

    with worker_for(assignment, submission, sandbox) as remote:
        run = run_graders(graders, assignment, remote, lambda so_far: decided(result_of(so_far)))

    if _no_cell_is_python(submission, remote.cell_reports):
        result = _without_points(name, run, f"No code in it is valid Python: {remote.cell_reports[0].reason}")
        return replace(result, answers=submission.answers)
    return result_of(run)


def ungradable(graders: Graders, name: str, reason: str) -> Result:
    """The result of a submission from which no code could be read: every check, with no points and the reason why."""
    return _without_points(name, graders.declared(), reason)


def _without_points(name: str, run: GradersRun, reason: str) -> Result:
    checks = tuple(
        replace(check, points=0.0, outcome="not run", feedback="There is no code to check.", seconds=0.0)
        for check in run.checks
    )
    return Result(name, "error" if run.trouble else "ungradable", checks, (sanitize(reason),), run.trouble)


def worker_for(
    assignment: Assignment, submission: Submission, sandbox: Sandbox, seconds: int | None = None
) -> RemoteSubmission:
    """A submission in a worker of its own, as the assignment says; with ``seconds`` in all, if given, instead."""
    settings = assignment.settings
    limits, times = settings.limits.model_dump(), settings.seconds
    if seconds is not None:
        limits["cpu_seconds"] = seconds
        times = times.model_copy(update={"total": seconds})
    return RemoteSubmission(
        submission,
        sandbox,
        files=assignment.student_files,
        limits=Limits(**limits),
        times=times,
        preload=tuple(settings.preload),
    )


def _no_cell_is_python(submission: Submission, reports: list[CellReport]) -> bool:
    return bool(submission.cells) and sum(report.is_syntax_error for report in reports) == len(submission.cells)


def _status(run: GradersRun) -> Status:
    if run.trouble or not run.checks:
        return "error"
    return "partial" if any(check.outcome == "not run" for check in run.checks) else "graded"


def _notes(reports: list[CellReport]) -> list[str]:
    """What to say first: often a notebook does not run from the top."""
    if not reports:
        return []
    lines = [f"  {report.label}: {report.reason}" for report in reports[:MAX_NOTED]]
    if len(reports) > MAX_NOTED:
        lines.append(f"  and {len(reports) - MAX_NOTED} more")
    failed = "\n".join(lines)
    return [sanitize(f"The notebook does not run from top to bottom. All else was run; this failed:\n{failed}")]
