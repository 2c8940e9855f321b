"""The work of a class: submissions become tasks, an engine runs them, and each gets exactly one result."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from autograder.assignment import Assignment
from autograder.batch.collect import Collected, SubmissionFile
from autograder.batch.engine import Died, Engine, Outcome, Raised, Returned, Tell
from autograder.batch.local import LocalEngine
from autograder.batch.task import AssignmentSource, GradingTask, answers_digest, environment_of, grading_tasks
from autograder.errors import AutograderError, UnreadableSubmission
from autograder.evidence import Evidence
from autograder.grading.grade import Graded, grade_kept, grade_submission, ungradable
from autograder.grading.session import Graders
from autograder.report.listener import Listener
from autograder.results import Result
from autograder.sandbox import Sandbox
from autograder.submission import Submission, parse_submission


class TaskGrader:
    """What an engine does with a grading task: an :data:`autograder.batch.engine.Function`.

    The graders stay collected from one task to the next, as long as those are of the same assignment and questions.
    """

    def __init__(self, assignments: AssignmentSource, sandbox: Sandbox) -> None:
        self._assignments = assignments
        self._sandbox = sandbox
        self._collected: tuple[object, Graders] | None = None

    def __call__(self, task: GradingTask, tell: Tell[Result]) -> Result:
        """Grade the submission of a task, and tell what is decided so far.

        Raises:
            AutograderError: the assignment or this machine is not fit for it.
        """
        assignment, graders = self._prepared(task)
        try:
            submission = _submission_of(task)
        except UnreadableSubmission as reason:
            return ungradable(graders, task.name, str(reason))
        return grade_submission(graders, assignment, submission, self._sandbox, task.name, tell)

    def grade_kept(self, task: GradingTask, tell: Tell[Graded]) -> Graded:
        """The same from evidence, as far as the task has some, and with what is to be kept."""
        assignment, graders = self._prepared(task)
        try:
            submission = _submission_of(task)
        except UnreadableSubmission as reason:
            return Graded(ungradable(graders, task.name, str(reason)))
        return grade_kept(graders, assignment, submission, self._sandbox, task.name, tell, task.evidence)

    def _prepared(self, task: GradingTask) -> tuple[Assignment, Graders]:
        assignment = self._assignments.find(task.assignment)
        if environment_of(assignment, self._sandbox) != task.environment:
            raise AutograderError("this process has other versions or another sandbox than the task names: grade again")
        which = task.assignment, task.questions
        if self._collected is not None and self._collected[0] != which:
            self.close()
        if self._collected is None:
            self._collected = which, Graders(assignment, task.questions).__enter__()
        return assignment, self._collected[1]

    def close(self) -> None:
        """Let go of the graders, for a process that does something else afterwards."""
        if self._collected is not None:
            self._collected[1].close()
        self._collected = None


def _submission_of(task: GradingTask) -> Submission:
    if task.unreadable:
        raise UnreadableSubmission(task.unreadable)
    return parse_submission(task.suffix, task.content)


class Memory(Protocol):
    """What is known from before."""

    def given(self, task: GradingTask, evidence_key: str) -> None:
        """A submission is to be graded, whose evidence goes by this key."""

    def verdict(self, task: GradingTask) -> Result | None:
        """What came of a task, if that is known."""

    def evidence(self, evidence_key: str) -> Evidence | None:
        """The evidence of a submission, if there is some."""

    def keep(self, task: GradingTask, evidence_key: str, graded: Graded) -> None:
        """Keep what came of a task, or of its first questions so far, at once."""


def grade_all(
    assignment: Assignment,
    files: Iterable[SubmissionFile],
    sandbox: Sandbox,
    engine: Engine,
    running: Callable[[list[str]], None] = lambda _names: None,
    questions: Collection[str] = (),
    memory: Memory | None = None,
) -> Generator[Result, None, None]:
    """Grade submissions and yield each result when it is there; see :func:`grade_tasks`."""
    tasks = grading_tasks(assignment, files, sandbox, questions)
    return grade_tasks(assignment, tasks, sandbox, engine, running, memory)


def grade_tasks(
    assignment: Assignment,
    tasks: Iterable[GradingTask],
    sandbox: Sandbox,
    engine: Engine,
    running: Callable[[list[str]], None] = lambda _names: None,
    memory: Memory | None = None,
) -> Generator[Result, None, None]:
    """Do tasks of one assignment, and yield each result when it is there.

    Every task yields exactly one result; one that fails on our side has the status ``error``. ``running`` is told
    the names of what is being graded whenever that changes. With a ``memory``, submissions that are identical are run
    once, and what it knows is not run.
    """
    grader = TaskGrader(AssignmentSource(assignment), sandbox)
    work = _Work(answers_digest(assignment, environment_of(assignment, sandbox)), running)
    if memory is None:
        with contextlib.closing(engine.run(grader, work.started(tasks))) as outcomes:
            for task, outcome in outcomes:
                yield work.ended(task, result_of(task, outcome))
        return

    def told(task: GradingTask, graded: Graded) -> None:
        if graded.evidence is not None:  # of questions that need not be run again, should the rest come to nothing
            memory.keep(task, work.evidence_key(task), graded)

    with contextlib.closing(engine.run(grader.grade_kept, work.unknown(tasks, memory), told)) as graded:
        for task, came in graded:
            yield from work.known
            work.known.clear()
            yield from work.settle(task, came, memory)
    yield from work.known


class _Work:
    """Which submissions are known, are run, or wait for an identical one."""

    def __init__(self, answers: str, running: Callable[[list[str]], None]) -> None:
        self.known: list[Result] = []  # that are still to be told
        self._answers = answers
        self._running = running
        self._at_work: dict[str, None] = {}
        self._came: dict[str, Result] = {}  # by the keys of tasks
        self._waiting: dict[str, list[GradingTask]] = {}  # by the key of the one that is run

    def started(self, tasks: Iterable[GradingTask]) -> Iterator[GradingTask]:
        """The tasks, each of which is at work from when it is taken on."""
        for task in tasks:
            yield self._begun(task)

    def _begun(self, task: GradingTask) -> GradingTask:
        self._at_work[task.name] = None
        self._running(list(self._at_work))
        return task

    def ended(self, task: GradingTask, result: Result) -> Result:
        """A task is at work no more."""
        del self._at_work[task.name]
        self._running(list(self._at_work))
        return result

    def unknown(self, tasks: Iterable[GradingTask], memory: Memory) -> Iterator[GradingTask]:
        """Those tasks that have to be run, with what evidence there is: the others are never at work."""
        for task in tasks:
            evidence_key = self.evidence_key(task)
            memory.given(task, evidence_key)
            result = self._came.get(task.key) or memory.verdict(task)
            if result is not None:
                self.known.append(replace(result, submission=task.name))
            elif task.key in self._waiting:
                self._waiting[task.key].append(task)
            else:
                self._waiting[task.key] = []
                yield self._begun(replace(task, evidence=memory.evidence(evidence_key)))

    def evidence_key(self, task: GradingTask) -> str:
        """By which key the evidence of a task's submission goes."""
        return task.evidence_key(self._answers)

    def settle(self, task: GradingTask, came: Outcome[Graded], memory: Memory) -> Iterator[Result]:
        """Keep what came of a task, and give the result to all that wait for it."""
        result = result_of(task, _of_result(came))
        if isinstance(came, Returned):
            memory.keep(task, self.evidence_key(task), came.value)
        self._came[task.key] = result
        yield self.ended(task, result)
        for same in self._waiting.pop(task.key):
            yield replace(result, submission=same.name)


def _of_result(came: Outcome[Graded]) -> Outcome[Result]:
    match came:
        case Returned(graded):
            return Returned(graded.result)
        case Raised(error, trace, last):
            return Raised(error, trace, last.result if last else None)
        case Died(reason, seconds, last):
            return Died(reason, seconds, last.result if last else None)


def grade_class(
    assignment: Assignment,
    collected: Collected,
    sandbox: Sandbox,
    engine: Engine,
    listeners: Sequence[Listener] = (),
    questions: Collection[str] = (),
    memory: Memory | None = None,
) -> list[Result]:
    """Grade a class, tell the listeners of it as it goes on, and return the results, by name.

    That it has ended is told to each of them, the last one first, also when grading is interrupted: what one can't do
    stops no other.

    Raises:
        UsageError: the assignment has no such question.
        AutograderError, OSError: a listener could not do its part.
    """
    assignment.check_questions(questions)
    names = [file.name for file in collected.submissions]
    results: list[Result] = []

    def running(at_work: list[str]) -> None:
        for listener in listeners:
            listener.running(at_work)

    with contextlib.ExitStack() as stack:
        for listener in listeners:
            listener.started(names, collected.passed_over)
            stack.push(_finish(listener, results))
        stack.callback(lambda: results.sort(key=lambda result: result.submission))
        graded = grade_all(assignment, collected.submissions, sandbox, engine, running, questions, memory)
        for result in stack.enter_context(contextlib.closing(graded)):
            results.append(result)
            for listener in listeners:
                listener.graded(result)
    return results


def _finish(listener: Listener, results: Sequence[Result]) -> Callable[..., None]:
    def finish(kind: type[BaseException] | None, *_: object) -> None:
        listener.finished(results, is_complete=kind is None)

    return finish


def grade_alone(assignment: Assignment, path: Path, sandbox: Sandbox) -> Result:
    """Grade one submission in a process of its own, for whoever has none to lose."""
    [result] = grade_all(assignment, [SubmissionFile(path.name, path)], sandbox, LocalEngine(1))
    return result


def result_of(task: GradingTask, outcome: Outcome[Result]) -> Result:
    """The result of a task, however its process fared."""
    match outcome:
        case Returned(result):
            return result
        case Raised(AutograderError() as error):
            return Result(task.name, "error", (), trouble=str(error))
        case Raised():
            return Result(task.name, "error", (), trouble=outcome.trace)
        case Died():
            return _result_of_the_dead(outcome, outcome.last or Result(task.name, "error", ()))


def _result_of_the_dead(outcome: Died[Result], so_far: Result) -> Result:
    if outcome.cpu_seconds is not None and so_far.checks:
        # Nobody's fault but the submission's: what graders do otherwise takes them seconds.
        because = (
            f"What the submission returned took more than {outcome.cpu_seconds} seconds of processor time to judge, so "
            "that grading was stopped: return what is asked for, and no more."
        )
        return replace(so_far, status="partial", notes=(*so_far.notes, because), trouble="")
    trouble = f"The grader process died while it graded this submission ({outcome.reason})."
    return replace(so_far, status="error", trouble=f"{so_far.trouble}\n\n{trouble}".strip())
