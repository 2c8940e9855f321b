"""An author's look at graders: one submission, under a pytest that shows what it can.

Assertions are rewritten, prints are shown and ``--pdb`` stops at what failed, with the graders' frames and none of
ours. What is decided is what a grading decides, and at the end stands what the student would read. Nothing is written,
and what the graders compute themselves has no deadline, so that a debugger may take its time.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from functools import partial
from pathlib import Path
from types import TracebackType

import pytest

from autograder.assignment import Assignment
from autograder.errors import AssignmentError
from autograder.evidence import Journal
from autograder.grading.checks import MARKER
from autograder.grading.claimed import bounded
from autograder.grading.fixtures import Fixtures, Grading
from autograder.grading.grade import made_surer, notes_of, told_otherwise, worker_for
from autograder.grading.record import Record
from autograder.grading.session import begin_question
from autograder.sandbox import Sandbox
from autograder.submission import read_submission
from autograder.training.calibration import read_calibration
from autograder.training.rulings import Deciding
from autograder.training.trials import TrialLog

# How a rewritten assertion ends: the text of it, and lines that explain it, which are indented.
_EXPLAINED = re.compile(r"(?:\A|\n)assert [^\n]*(?:\n[ \t][^\n]*|\n)*\Z")


class Tryout:
    """A pytest plugin that runs graders over one submission, in a worker that is started when it is needed.

    Raises:
        UnreadableSubmission: no code can be read from it.
        AssignmentError: the calibration can't be read.
    """

    def __init__(self, assignment: Assignment, path: Path, sandbox: Sandbox, journal: Journal | None = None) -> None:
        """Requests and replies go through the ``journal``, if one is given."""
        self._log = log = TrialLog()
        self.is_interrupted = False  # by Ctrl-C
        self._assignment = assignment
        self._remote = worker_for(assignment, read_submission(path), sandbox, journal=journal)
        begins = partial(begin_question, assignment, self._remote, log)
        self._record = Record(assignment, log, begins=begins, claims=self._remote.take_claims)
        ruler = Deciding(read_calibration(assignment))
        Fixtures.grading = Grading(assignment, self._remote, ruler, log, self._record.published)

    def pytest_configure(self, config: pytest.Config) -> None:
        """Make the fixtures known, and what points are."""
        config.addinivalue_line("markers", MARKER)
        config.pluginmanager.register(Fixtures())

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Enter the checks of the tests that are left when others have been deselected."""
        for item in items:
            if not item.path.is_relative_to(self._assignment.graders):
                raise pytest.UsageError(f"{item.nodeid} is no grader of {self._assignment.name}")
        try:
            self._record.enter(items)
        except AssignmentError as error:
            raise pytest.UsageError(str(error)) from None

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """Tell the worker's journal which question begins."""
        self._record.pytest_runtest_logstart(nodeid)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Note what came of a test, and leave our frames out of what pytest shows of it."""
        raised = call.excinfo.value if call.excinfo is not None else None
        self._record.note(item, call, _as_written(raised))
        if raised is not None:
            call.excinfo = pytest.ExceptionInfo.from_exception(raised.with_traceback(self._of_graders(raised)))
        return (yield)

    def _of_graders(self, raised: BaseException) -> TracebackType | None:
        """Its traceback without frames of others, be it for a report or a debugger; all of it where no grader is in."""
        theirs = [
            part for part in _parts(raised.__traceback__)
            if Path(part.tb_frame.f_code.co_filename).is_relative_to(self._assignment.graders)
        ]  # fmt: skip
        kept: TracebackType | None = None
        for part in reversed(theirs):
            kept = TracebackType(kept, part.tb_frame, part.tb_lasti, part.tb_lineno)
        return kept or raised.__traceback__

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say what the submission gets, and what the student would read."""
        checks = self._record.checks()
        if not checks:  # pytest has said why
            return
        checks = bounded(checks, self._assignment.settings.claimed)
        for said, instead in made_surer(self._log, self._remote):
            checks = told_otherwise(checks, said, instead)
        points, most = sum(check.points for check in checks), sum(check.max_points for check in checks)
        terminalreporter.section(f"the submission gets {points:g} of {most:g} points", blue=True)
        for note in notes_of(self._remote.cell_reports):
            terminalreporter.line(note)
        for check in checks:
            color = {"passed": "green", "partial": "yellow"}.get(check.outcome, "red")
            terminalreporter.write(f"{check.points:g}/{check.max_points:g} {check.outcome:8}", **{color: True})
            terminalreporter.line(f" {check.name}: {check.title}")
            for line in check.feedback.splitlines():
                terminalreporter.line(f"    {line}")
            for words in check.decided:
                terminalreporter.line(f"  - {words}")

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Note that Ctrl-C was pressed: pytest stops in the same way where graders can't be read."""
        self.is_interrupted = excinfo.type is KeyboardInterrupt

    def pytest_unconfigure(self) -> None:
        """End the worker."""
        self._remote.__exit__()


def _as_written(raised: BaseException | None) -> BaseException | None:
    """An assertion's error with the message that its author wrote: what pytest adds is for the author."""
    if not isinstance(raised, AssertionError) or raised.args[:1] != (str(raised),):
        return raised
    return AssertionError(_EXPLAINED.sub("", str(raised))).with_traceback(raised.__traceback__)


def _parts(traceback: TracebackType | None) -> Iterator[TracebackType]:
    while traceback is not None:
        yield traceback
        traceback = traceback.tb_next
