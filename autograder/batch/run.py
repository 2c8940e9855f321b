"""The work of a class: submissions become tasks, an engine runs them, and each gets exactly one result."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from autograder.assignment import Assignment
from autograder.batch.collect import Collected, SubmissionFile
from autograder.batch.engine import Died, Engine, Outcome, Raised, Returned, Tell
from autograder.batch.local import LocalEngine
from autograder.batch.task import AssignmentSource, GradingTask, environment_of, grading_tasks
from autograder.errors import AutograderError, UnreadableSubmission
from autograder.grading.grade import grade_submission, ungradable
from autograder.grading.session import Graders
from autograder.report.listener import Listener
from autograder.results import Result
from autograder.sandbox import Sandbox
from autograder.submission import parse_submission


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
        assignment = self._assignments.find(task.assignment)
        if environment_of(assignment, self._sandbox) != task.environment:
            raise AutograderError("this process has other versions or another sandbox than the task names: grade again")
        graders = self._graders_for(task, assignment)
        try:
            if task.unreadable:
                raise UnreadableSubmission(task.unreadable)
            submission = parse_submission(task.suffix, task.content)
        except UnreadableSubmission as reason:
            return ungradable(graders, task.name, str(reason))
        return grade_submission(graders, assignment, submission, self._sandbox, task.name, tell)

    def _graders_for(self, task: GradingTask, assignment: Assignment) -> Graders:
        which = task.assignment, task.questions
        if self._collected is not None and self._collected[0] != which:
            self.close()
        if self._collected is None:
            self._collected = which, Graders(assignment, task.questions).__enter__()
        return self._collected[1]

    def close(self) -> None:
        """Let go of the graders, for a process that does something else afterwards."""
        if self._collected is not None:
            self._collected[1].close()
        self._collected = None


def grade_all(
    assignment: Assignment,
    files: Iterable[SubmissionFile],
    sandbox: Sandbox,
    engine: Engine,
    running: Callable[[list[str]], None] = lambda _names: None,
    questions: Collection[str] = (),
) -> Generator[Result, None, None]:
    """Grade submissions and yield each result when it is there.

    Every file yields exactly one result; one that fails on our side has the status ``error``. ``running`` is told
    the names of what is being graded whenever that changes.
    """
    at_work: dict[str, None] = {}

    def started() -> Iterator[GradingTask]:
        for task in grading_tasks(assignment, files, sandbox, questions):
            at_work[task.name] = None
            running(list(at_work))
            yield task

    with contextlib.closing(engine.run(TaskGrader(AssignmentSource(assignment), sandbox), started())) as outcomes:
        for task, outcome in outcomes:
            del at_work[task.name]
            running(list(at_work))
            yield result_of(task, outcome)


def grade_class(
    assignment: Assignment,
    collected: Collected,
    sandbox: Sandbox,
    engine: Engine,
    listeners: Sequence[Listener] = (),
    questions: Collection[str] = (),
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
        graded = grade_all(assignment, collected.submissions, sandbox, engine, running, questions)
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
