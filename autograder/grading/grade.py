"""The main road: one assignment and one submission become one result."""

from __future__ import annotations

import contextlib
import itertools
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from autograder.assignment import Assignment
from autograder.errors import MachineStarved, UnreadableSubmission
from autograder.evidence import WHY, Diverged, Evidence, Journal, Recorder, Replay, Run
from autograder.grading.claimed import bounded
from autograder.grading.record import GradersRun
from autograder.grading.session import Graders, run_graders
from autograder.remote import CellReport, RemoteSubmission
from autograder.results import Check, Result, Status
from autograder.sandbox import Limits, Sandbox
from autograder.sanitize import sanitize
from autograder.submission import Submission, read_submission
from autograder.training.reasons import surer
from autograder.training.trials import TrialLog

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
    parts = _Parts(graders, submission, name, decided)
    with worker_for(assignment, submission, sandbox) as remote:
        parts.run(assignment, remote)
        parts.explain(remote)
    return parts.result()


@dataclass(frozen=True)
class Graded:
    """What came of a submission, and what that rests on."""

    result: Result
    evidence: Evidence | None = None  # all of it, where some is new and is to be kept: that of finished questions
    workers: int = 0  # that were started
    asked: tuple[str, ...] = ()  # the questions for which they were
    is_final: bool = True  # whether it is the submission's doing, so that another grading would say the same


def grade_kept(
    graders: Graders,
    assignment: Assignment,
    submission: Submission,
    sandbox: Sandbox,
    name: str,
    decided: Callable[[Graded], None] = lambda _graded: None,
    evidence: Evidence | None = None,
) -> Graded:
    """Grade one submission as :func:`grade_submission` does, from evidence as far as that goes.

    ``decided`` is also told the evidence so far, once a question that was run is finished: with that, a grading that
    did not come to its end goes on there.

    Where all that the graders ask is in the evidence, no worker is started. Otherwise questions whose requests differ
    are run in a worker from their start, one after the other, and the others are not.
    """
    recorder = Recorder()

    def joined(new: Evidence | None) -> Evidence | None:
        return new if new is None or evidence is None else evidence.joined(new)

    def tell(result: Result) -> None:
        decided(Graded(result, joined(recorder.finished()), is_final=False))

    if evidence is not None:
        for whole in evidence.runs:
            if whole.questions == graders.questions:
                parts = _Parts(graders, submission, name, tell)
                if parts.replay(assignment, sandbox, Replay(whole.steps, evidence.blobs)):
                    result = parts.result()
                    return Graded(result, is_final=result.status != "error")
    parts = _Parts(graders, submission, name, tell)
    live: list[str] = []
    with worker_for(assignment, submission, sandbox, journal=recorder) as remote:
        for questions, run in _groups(graders.questions, evidence):
            if run is not None and evidence is not None:
                [question] = questions
                replay = Replay(run.of_question(question), evidence.blobs, run.before(question))
                if parts.replay(assignment, sandbox, replay, questions):
                    remote.spend(run.seconds_of(question))
                    continue
            live += questions
            parts.run(assignment, remote, questions)
        parts.explain(remote)
    result = parts.result()
    is_final = result.status != "error" and not recorder.is_disturbed
    return Graded(result, joined(recorder.evidence()), recorder.workers, tuple(live), is_final)


def _groups(questions: tuple[str, ...], evidence: Evidence | None) -> Iterator[tuple[tuple[str, ...], Run | None]]:
    """Each question that may be replayed, with the run that answers it; those that can't, all that are neighbours."""
    if evidence is None:
        yield questions, None
        return
    for run, group in itertools.groupby(questions, evidence.run_of):
        if run is None:
            yield tuple(group), None
        else:
            yield from (((question,), run) for question in group)


@dataclass
class _Parts:
    """A result that is put together of what is known of some questions after the other."""

    graders: Graders
    submission: Submission
    name: str
    decided: Callable[[Result], None]
    runs: list[GradersRun] = field(default_factory=list)
    reports: list[CellReport] = field(default_factory=list)  # of the last worker
    layers: list[str] = field(default_factory=list)
    log: TrialLog = field(default_factory=TrialLog)

    def __post_init__(self) -> None:
        self._began = time.monotonic()

    @cached_property
    def _declared(self) -> GradersRun:
        return self.graders.declared()

    def run(self, assignment: Assignment, remote: RemoteSubmission, questions: Collection[str] = ()) -> None:
        """Add what comes of some questions, or of all."""

        def tell(run: GradersRun) -> None:
            self.decided(self._result([*self.runs, run], remote))

        self.runs.append(run_graders(self.graders, assignment, remote, tell, questions, self.log))
        if remote.layers:
            self.reports, self.layers = remote.cell_reports, remote.layers

    def replay(self, assignment: Assignment, sandbox: Sandbox, replay: Replay, questions: Collection[str] = ()) -> bool:
        """The same from evidence; nothing is added where that does not go far enough."""
        log = replace(
            self.log,
            told=set(self.log.told),
            reasons=list(self.log.reasons),
            trainings=dict(self.log.trainings),
        )
        before = list(self.runs), log, self.reports, self.layers
        with worker_for(assignment, self.submission, sandbox, journal=replay) as remote:
            self.run(assignment, remote, questions)
            if not replay.has_diverged:
                self.explain(remote)
        if replay.has_diverged:
            self.runs, self.log, self.reports, self.layers = before
        return not replay.has_diverged

    def explain(self, remote: RemoteSubmission) -> None:
        """Make surer what was told of trainings that did not go well; see :func:`made_surer`."""
        for said, instead in made_surer(self.log, remote):
            self.runs = [replace(run, checks=told_otherwise(run.checks, said, instead)) for run in self.runs]

    def result(self) -> Result:
        """What is known now."""
        run = self._together(self.runs)
        if _no_cell_is_python(self.submission, self.reports):
            result = _without_points(self.name, run, f"No code in it is valid Python: {self.reports[0].reason}")
            return replace(result, answers=self.submission.answers)
        return self._result(self.runs)

    def _result(self, runs: Sequence[GradersRun], remote: RemoteSubmission | None = None) -> Result:
        run = self._together(runs)
        is_last = remote is not None and remote.layers
        reports, layers = (remote.cell_reports, remote.layers) if remote and is_last else (self.reports, self.layers)
        return Result(
            submission=self.name,
            status=_status(run),
            checks=run.checks,
            notes=tuple(notes_of(reports)),
            trouble=run.trouble,
            confinement=tuple(layers),
            leaderboard=run.leaderboard,
            answers=self.submission.answers,
            trainings=tuple(self.log.trainings.values()),
            seconds=time.monotonic() - self._began,
        )

    def _together(self, runs: Sequence[GradersRun]) -> GradersRun:
        declared = self._declared.checks
        known = {check.name: check for run in runs for check in run.checks}
        checks = tuple(known.get(check.name, check) for check in declared)
        return GradersRun(
            bounded(checks, self.graders.claimed),
            "\n\n".join(dict.fromkeys(run.trouble for run in runs if run.trouble)),
            tuple({entry.name: entry for run in runs for entry in run.leaderboard}.values()),
        )


def made_surer(log: TrialLog, remote: RemoteSubmission) -> Iterator[tuple[str, str]]:
    """What students were told of trainings that did not go well, and what they are told in its place.

    It is found out now that nothing is decided any more. What is asked for that belongs to the question in which it was
    told.
    """
    reasons, log.reasons = log.reasons, []
    for question, some in itertools.groupby(reasons, lambda reason: reason.question):
        if not remote.has_worker:
            return
        remote.begin(f"{WHY}{question}")
        with remote.on_the_house(), contextlib.suppress(Diverged, MachineStarved):
            for said, instead in surer(list(some)).items():
                yield sanitize(said), sanitize(instead)


def told_otherwise(checks: Sequence[Check], said: str, instead: str) -> tuple[Check, ...]:
    """Checks with other words in the place of those in their feedback."""
    return tuple(replace(check, feedback=check.feedback.replace(said, instead)) for check in checks)


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
    assignment: Assignment,
    submission: Submission,
    sandbox: Sandbox,
    seconds: int | None = None,
    journal: Journal | None = None,
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
        model=settings.model,
        journal=journal,
    )


def _no_cell_is_python(submission: Submission, reports: list[CellReport]) -> bool:
    return bool(submission.cells) and sum(report.is_syntax_error for report in reports) == len(submission.cells)


def _status(run: GradersRun) -> Status:
    if run.trouble or not run.checks:
        return "error"
    return "partial" if any(check.outcome == "not run" for check in run.checks) else "graded"


def notes_of(reports: list[CellReport]) -> list[str]:
    """What to say first: often a notebook does not run from the top."""
    if not reports:
        return []
    lines = [f"  {report.label}: {report.reason}" for report in reports[:MAX_NOTED]]
    if len(reports) > MAX_NOTED:
        lines.append(f"  and {len(reports) - MAX_NOTED} more")
    failed = "\n".join(lines)
    return [sanitize(f"The notebook does not run from top to bottom. All else was run; this failed:\n{failed}")]
