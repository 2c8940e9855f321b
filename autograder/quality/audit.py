"""``autograder audit``: an assignment's graders, held to what its submissions declare, check by check."""

from __future__ import annotations

import contextlib
import fnmatch
from collections.abc import Callable, Collection, Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import PurePosixPath

from autograder.assignment import Assignment, TimeLimits
from autograder.batch.engine import Engine
from autograder.batch.run import TaskGrader, result_of
from autograder.batch.task import AssignmentSource, GradingTask, assignment_digest, environment_of
from autograder.errors import UsageError
from autograder.quality.audited import Audit, read_audit
from autograder.quality.cases import Difference, asked_of, cases, checks_of, differences
from autograder.quality.kept import KeptResults
from autograder.results import Result, question_of
from autograder.sandbox import Sandbox

# For what never ends, which takes as long as it may.
IMPATIENT = TimeLimits(cell=15, call=5, training=15, total=200)


class Auditor:
    """The cases of an assignment: the tasks that grade them, and how their results differ from what is declared."""

    def __init__(self, assignment: Assignment, sandbox: Sandbox, kept: KeptResults) -> None:
        """Read what is declared.

        Raises:
            AssignmentError: the graders or the declarations are not right.
        """
        self.assignment, self.sandbox, self.kept = assignment, sandbox, kept
        self.checks = checks_of(assignment)
        self.by_name = cases(assignment, self.checks)
        self._impatient = replace(assignment, settings=assignment.settings.model_copy(update={"seconds": IMPATIENT}))
        self._digests = {False: assignment_digest(assignment), True: assignment_digest(self._impatient)}
        self._environment = environment_of(assignment, sandbox)

    @property
    def questions(self) -> tuple[str, ...]:
        """The questions that have checks."""
        return tuple(dict.fromkeys(question_of(check.name) for check in self.checks))

    @cached_property
    def grader(self) -> TaskGrader:
        """What an engine is to do with a task."""
        return TaskGrader(AssignmentSource(self.assignment, self._impatient), self.sandbox)

    def task(self, name: str, questions: Collection[str] = ()) -> GradingTask:
        """The task that grades a case, with these questions or all of them."""
        case = self.by_name[name]
        asked = asked_of(case.declaration, questions or self.questions)
        return GradingTask(
            name,
            PurePosixPath(name).suffix.lower(),
            case.content,
            self._digests[case.declaration.endless],
            self._environment,
            () if asked.issuperset(self.questions) else tuple(sorted(asked)),
        )

    def differences(self, task: GradingTask, result: Result) -> list[Difference]:
        """What of the result of a task is not as declared. One that is as declared is kept."""
        folder = str(self.assignment.folder)
        secrets = [folder, "Traceback", "graders/", "AssertionError"]
        found = differences(self.by_name[task.name], self.checks, result, task.questions or self.questions, secrets)
        if not found:
            self.kept.keep(task, result)
        return found

    def graded(self, engine: Engine, tasks: Sequence[GradingTask]) -> Generator[tuple[GradingTask, Result], None, None]:
        """Every task with its result, those first that are known already."""
        waiting = []
        for task in tasks:
            if (known := self.kept.find(task)) is not None:
                yield task, known
            else:
                waiting.append(task)
        with contextlib.closing(engine.run(self.grader, waiting)) as outcomes:
            for task, outcome in outcomes:
                yield task, result_of(task, outcome)


@dataclass(frozen=True)
class Report:
    """What an audit found."""

    audited: int  # submissions
    graded: int  # of them, now: the others were as they are at the last audit
    differing: Mapping[str, Sequence[Difference]]  # by submission
    never_lost: Sequence[str]  # checks that no wrong submission loses

    @property
    def is_fine(self) -> bool:
        """Whether all is as declared, and every check is lost by some wrong submission."""
        return not self.differing and not self.never_lost


def audit(
    assignment: Assignment,
    sandbox: Sandbox,
    engine: Engine,
    *,
    only: Sequence[str] = (),
    questions: Sequence[str] = (),
    anew: bool = False,
    progress: Callable[[int, int], None] = lambda _done, _all: None,
) -> Report:
    """Hold the graders of an assignment to what its submissions declare.

    ``only`` names some of the submissions (``"wrong/q1_*"``), ``questions`` some of the questions. Nothing that came
    out as declared before is graded again unless it changed, or ``anew``. ``progress`` is told how many submissions
    are graded, and of how many.

    Raises:
        UsageError: there is no such submission or question.
        AssignmentError: the graders, the declarations or the last audit are not right.
    """
    assignment.check_questions(questions)
    held = Auditor(assignment, sandbox, KeptResults(None) if anew else KeptResults.beside(assignment.folder))
    chosen = _chosen(list(held.by_name), only)
    record = (read_audit(assignment) or Audit()).kept_in(Audit.of(assignment, held.by_name))
    asked = set(questions or held.questions)
    missing = {name: asked if anew else asked & record.missing(name, held.checks) for name in chosen}
    tasks = [held.task(name, wanted) for name, wanted in missing.items() if wanted]
    progress(0, len(tasks))
    differing = {}
    try:
        for done, (task, result) in enumerate(held.graded(engine, tasks), 1):
            found = held.differences(task, result)
            if found:
                differing[task.name] = found
            if not result.trouble:
                record.enter(task, result, found)
            progress(done, len(tasks))
    finally:
        record.write(assignment.folder)
    judged = [] if only else [check for check in held.checks if question_of(check.name) in asked]
    return Report(len(chosen), len(tasks), dict(sorted(differing.items())), record.never_lost(judged, held.by_name))


def _chosen(names: Sequence[str], only: Sequence[str]) -> list[str]:
    for pattern in only:
        if not fnmatch.filter(names, pattern):
            raise UsageError(
                f"there is no declared submission {pattern!r}: give a name as in outcomes.toml, or a pattern"
            )
    return [name for name in names if not only or any(fnmatch.fnmatchcase(name, pattern) for pattern in only)]
