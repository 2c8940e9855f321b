"""For an instructor's own pytest run: the graders of assignments, held to what their submissions declare.

What ``autograder audit`` does, as tests, each of which grades what it needs and nothing else::

    import pytest
    from autograder.testing import audit_cases

    @pytest.mark.parametrize("case", audit_cases("solutions/adding", "solutions/sorting"), ids=str)
    def test_it_gets_what_it_declares(case):
        assert case.differences() == []
"""

from __future__ import annotations

import atexit
from collections.abc import Generator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from autograder.assignment import Assignment, load_assignment
from autograder.batch.engine import Outcome
from autograder.batch.local import LocalEngine
from autograder.batch.run import result_of
from autograder.batch.task import GradingTask
from autograder.quality.audit import Auditor
from autograder.quality.cases import cases
from autograder.quality.declared import Declaration, DeclaredSubmission
from autograder.quality.kept import KeptResults
from autograder.results import Check, Result
from autograder.sandbox import choose


class AuditedAssignment:
    """An assignment whose submissions are graded when they are asked for, and no more than once.

    Results that came out as declared are kept on this machine, in ``.cache/autograder``, but not where the environment
    says ``CI``.
    """

    def __init__(self, folder: Path, sandbox: str) -> None:
        self.assignment: Assignment = load_assignment(folder)
        self.submissions = cases(self.assignment, ())  # whose graders need not be read for that
        self._sandbox = sandbox
        self._results: dict[str, Result] = {}

    @cached_property
    def auditor(self) -> Auditor:
        """What holds results to declarations."""
        sandbox = choose(self._sandbox, forbidden=(self.assignment.folder,))
        return Auditor(self.assignment, sandbox, KeptResults.beside(self.assignment.folder))

    @property
    def checks(self) -> tuple[Check, ...]:
        """All checks that the graders declare."""
        return self.auditor.checks

    def result(self, name: str) -> Result:
        """What a submission (``"wrong/q1_adds.py"``) gets."""
        if name not in self._results:
            task = self.auditor.task(name)
            self._results[name] = self.auditor.kept.find(task) or _grade(self.auditor, task)
        return self._results[name]

    def differences(self, name: str) -> list[str]:
        """What of that is not as declared, in words."""
        found = self.auditor.differences(self.auditor.task(name), self.result(name))
        return [f"{difference.check}: {difference.words}".removeprefix(": ") for difference in found]

    def of_kind(self, kind: str) -> dict[str, Declaration]:
        """The declarations of the submissions in a folder: ``"right"``, ``"wrong"``, ``"hostile"``, ``"broken"``."""
        of_kind = {name: found for name, found in self.submissions.items() if name.startswith(f"{kind}/")}
        return {name: found.declaration for name, found in of_kind.items()}

    def never_lost(self) -> list[str]:
        """The checks that no wrong submission declares to lose: a check that nothing fails checks nothing."""
        wrong = self.of_kind("wrong").values()
        lost = {check for declared in wrong for check in (*declared.fails, *declared.partial)}
        return [check.name for check in self.checks if check.name not in lost]


@dataclass(frozen=True)
class AuditCase:
    """One submission of an assignment; its name is ``"adding/wrong/q1_product.py"``."""

    audited: AuditedAssignment
    name: str

    def __str__(self) -> str:
        return f"{self.audited.assignment.name}/{self.name}"

    @property
    def submission(self) -> DeclaredSubmission:
        """The submission, and what it declares."""
        return self.audited.submissions[self.name]

    def result(self) -> Result:
        """What it gets. It is graded now, unless it was before."""
        return self.audited.result(self.name)

    def differences(self) -> list[str]:
        """What of that is not as declared, in words; nothing where all is well."""
        return self.audited.differences(self.name)


def audit_cases(*folders: str | Path, sandbox: str = "auto") -> list[AuditCase]:
    """A case for each declared submission of the assignments in these folders, and for their notebooks.

    Raises:
        AssignmentError: an assignment or a declaration is not right.
    """
    audited = [AuditedAssignment(Path(folder), sandbox) for folder in folders]
    return [AuditCase(assignment, name) for assignment in audited for name in assignment.submissions]


class _Lane:
    """One grader process, which is there for as long as the same assignment is asked for.

    A process of its own, since what submissions return can bring one to its end.
    """

    def __init__(self, auditor: Auditor) -> None:
        self.auditor = auditor
        self._next: list[GradingTask] = []
        self._outcomes: Generator[tuple[GradingTask, Outcome[Result]], None, None] = LocalEngine(1).run(
            auditor.grader, iter(self._next.pop, None)
        )

    def grade(self, task: GradingTask) -> Result:
        self._next.append(task)
        return result_of(*next(self._outcomes))

    def close(self) -> None:
        self._outcomes.close()


_lanes: list[_Lane] = []  # at most one: each holds what its assignment preloads


def _grade(auditor: Auditor, task: GradingTask) -> Result:
    if not _lanes or _lanes[0].auditor is not auditor:
        _close()
        _lanes.append(_Lane(auditor))
    return _lanes[0].grade(task)


@atexit.register
def _close() -> None:
    while _lanes:
        _lanes.pop().close()
