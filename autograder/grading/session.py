"""The pytest run: the hidden graders, with our plugins and no others.

Assertions are not rewritten, since the rewritten text would hold expected values.
"""

from __future__ import annotations

import contextlib
import io
import itertools
import os
import random
import sys
import warnings
from collections.abc import Callable, Collection, Iterator
from functools import partial
from pathlib import Path
from typing import Self

import numpy as np
import pytest
from greenlet import getcurrent, greenlet

from autograder.assignment import Assignment, Key
from autograder.errors import AutograderError, OldName
from autograder.grading.checks import MARKER
from autograder.grading.deadline import Deadline
from autograder.grading.fixtures import Fixtures, Grading
from autograder.grading.record import GradersRun, Record, check_name, require_points
from autograder.remote import RemoteSubmission
from autograder.results import question_of
from autograder.training.calibration import read_calibration
from autograder.training.rulings import Deciding, Listening, Measuring, Ruler
from autograder.training.trials import TrialLog


class Graders:
    """The hidden graders of an assignment, or of some of its questions, to be run over one submission after another.

    Use as a context manager, in one thread, and no two at a time in a process: what graders import is known by its
    name. pytest is configured and the graders are collected when the context is entered; then pytest waits in its loop
    over tests, in a greenlet of its own, until there is a submission. Its fixtures are made anew for each.
    """

    def __init__(self, assignment: Assignment, questions: Collection[str] = ()) -> None:
        self._assignment = assignment
        self._questions = sorted(set(questions))
        self._trouble = ""  # why the graders can't be run
        self._left = contextlib.ExitStack()

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as stack:
            stack.enter_context(forgetting_modules_of(self._assignment.graders))
            self._collect()
            stack.callback(self._finish)
            self._left = stack.pop_all()
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def close(self) -> None:
        """End pytest, and forget what the graders imported."""
        self._left.close()

    def run(self, record: Record, grading: Grading) -> GradersRun:
        """Run them for one submission."""
        if self._pytest.dead and not self._trouble:  # the last run ended it
            self._collect()
        record.enter(self._loop.items)
        if self._trouble:
            return record.run([self._trouble])
        Fixtures.grading = grading
        _forget_random_state(grading.assignment.key)
        with _apart(io.StringIO()):
            self._pytest.switch(record)
        return record.run([*record.trouble, *self._loop.take_trouble()])

    @property
    def questions(self) -> tuple[str, ...]:
        """The questions that have checks, in order; none where the graders can't be read."""
        return tuple(dict.fromkeys(question_of(check_name(item)) for item in self._loop.items))

    @property
    def claimed(self) -> float:
        """The share of the points that is given for claims where checks are usually computed."""
        return self._assignment.settings.claimed

    @property
    def is_interrupted(self) -> bool:
        """Whether Ctrl-C has ended them: pytest takes it for the end of its run."""
        return self._loop.is_interrupted

    def declared(self) -> GradersRun:
        """The checks that they declare, without running any. Warns of old names that they use."""
        for words in sorted(self._loop.old_names):
            warnings.warn(words, OldName, stacklevel=2)
        record = Record(self._assignment, TrialLog())
        record.enter(self._loop.items)
        return record.run([self._trouble] if self._trouble else [])

    def _collect(self) -> None:
        """Let pytest come as far as its loop over tests."""
        self._loop = _Loop()
        log = io.StringIO()
        self._pytest = greenlet(lambda: pytest.main(self._arguments(), plugins=[self._loop, Deadline(), Fixtures()]))
        with _apart(log):
            status = self._pytest.switch()
        if self._pytest.dead:
            lines = log.getvalue().strip().splitlines()
            reason = next(
                (line[1:].strip() for line in lines if line.startswith("E  ")), lines[-1] if lines else status
            )
            said = "\n".join([f"pytest could not run the graders: {reason}", *lines[-80:]])
            self._trouble = "\n\n".join([*self._loop.take_trouble(), said])

    def _finish(self) -> None:
        with _apart(io.StringIO()):
            while not self._pytest.dead:
                self._pytest.switch(None)

    def _arguments(self) -> list[str]:
        return [
            *arguments_of(self._assignment, self._questions),
            "--assert=plain",
            "--tb=native",  # the cheapest: nobody sees it
            # What serves a person who runs pytest, and costs time here.
            *("-p", "no:faulthandler"),
            *("-p", "no:unraisableexception", "-p", "no:threadexception", "-p", "no:logging"),
        ]


def arguments_of(assignment: Assignment, questions: Collection[str]) -> list[str]:
    """What pytest is told whoever runs graders: which ones, of some questions or all, and to read no settings."""
    return [
        *map(str, [assignment.questions[name] for name in sorted(questions)] or [assignment.graders]),
        f"--rootdir={assignment.folder}",
        f"--confcutdir={assignment.graders}",
        f"--config-file={os.devnull}",
        "--import-mode=importlib",
        f"--override-ini=pythonpath={assignment.graders}",  # graders may share modules of their own
        "--capture=no",
        "--pythonwarnings=default",  # no failures, whatever the process that grades makes of warnings
        "--strict-markers",
        *("-p", "no:cacheprovider"),  # it writes files
    ]


class _Loop:
    """A pytest plugin in place of its loop over tests: it goes through them once for each submission."""

    def __init__(self) -> None:
        self.items: list[pytest.Item] = []
        self.old_names: set[str] = set()  # that the graders use, in words
        self.is_interrupted = False  # by Ctrl-C
        self._trouble: list[str] = []

    def take_trouble(self) -> list[str]:
        """What went wrong in the graders or in pytest since this was asked last."""
        taken, self._trouble = self._trouble, []
        return taken

    def pytest_configure(self, config: pytest.Config) -> None:
        config.addinivalue_line("markers", MARKER)

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        for item in items:
            require_points(item)
            if "worker" in getattr(item, "fixturenames", ()):
                warnings.warn("the fixture `worker` is called `remote` now", OldName, stacklevel=1)

    def pytest_warning_recorded(self, warning_message: warnings.WarningMessage) -> None:
        if issubclass(warning_message.category, OldName):
            self.old_names.add(str(warning_message.message))

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool | None:
        if session.testsfailed or not session.items:
            return None  # pytest says what was wrong
        self.items = session.items
        manager = session.config.pluginmanager
        manager.unregister(name="terminalreporter")  # it would keep every report
        outside = getcurrent().parent
        while (record := outside.switch()) is not None:
            manager.register(record)
            try:
                self._run(session, record)
            except BaseException as error:
                self._trouble.append(f"a grader ended the run of all: {type(error).__name__}: {error}")
                raise
            finally:
                manager.unregister(record)
        return True

    def _run(self, session: pytest.Session, record: Record) -> None:
        wanted = [item for item in session.items if record.wants(item)]
        for item, following in itertools.zip_longest(wanted, wanted[1:]):
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if session.shouldstop:
                raise session.Interrupted(session.shouldstop)

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        self.is_interrupted = excinfo.type is KeyboardInterrupt

    def pytest_internalerror(self, excrepr: object, excinfo: pytest.ExceptionInfo[BaseException]) -> bool:
        is_ours = isinstance(excinfo.value, AutograderError)
        self._trouble.append(str(excinfo.value) if is_ours else str(excrepr))
        return True


def run_graders(
    graders: Graders,
    assignment: Assignment,
    remote: RemoteSubmission,
    decided: Callable[[GradersRun], None] = lambda _run: None,
    questions: Collection[str] = (),
    log: TrialLog | None = None,
) -> GradersRun:
    """Run the hidden graders, of some questions or all, against a submission, in this process.

    ``decided`` is told the record so far before each check. ``assignment`` may have another key than the graders were
    collected with. ``log`` is that of the questions before these, if those were run apart.
    """
    log = log or TrialLog()

    begins = partial(begin_question, assignment, remote, log)
    record = Record(assignment, log, decided, questions=questions, begins=begins, claims=remote.take_claims)
    ruler = Deciding(read_calibration(assignment))
    return graders.run(record, Grading(assignment, remote, ruler, log, record.published))


def begin_question(assignment: Assignment, remote: RemoteSubmission, log: TrialLog, question: str) -> None:
    """Make ready for the checks of a question, and tell those who have to know which one it is."""
    _forget_random_state(assignment.key)  # what is drawn for one question depends on no other
    log.question = question
    remote.begin(question)


def measure_training(
    assignment: Assignment, remote: RemoteSubmission, kinds: frozenset[str]
) -> tuple[dict[str, float], GradersRun]:
    """Run the graders of trials, to measure one trial of each of the kinds and decide nothing.

    The first of what is returned is each measure of which something is required; NaN where the training failed.
    """
    ruler = Measuring(kinds)
    return ruler.measured, _run_those_of_trials(assignment, remote, ruler)


def requirements_of_training(assignment: Assignment, remote: RemoteSubmission) -> tuple[Listening, GradersRun]:
    """What the graders require of trials, and how they run them; nothing is trained.

    Raises:
        KeyboardInterrupt: Ctrl-C was pressed.
    """
    ruler = Listening()
    return ruler, _run_those_of_trials(assignment, remote, ruler)


def _run_those_of_trials(assignment: Assignment, remote: RemoteSubmission, ruler: Ruler) -> GradersRun:
    log = TrialLog()
    record = Record(assignment, log, only_trials=True)
    with Graders(assignment) as graders:
        run = graders.run(record, Grading(assignment, remote, ruler, log, record.published))
    if graders.is_interrupted:
        raise KeyboardInterrupt
    return run


def declared_checks(assignment: Assignment, questions: Collection[str] = ()) -> GradersRun:
    """The checks that the hidden graders declare, of all questions or of these, without running any."""
    with Graders(assignment, questions) as graders:
        return graders.declared()


def _forget_random_state(key: Key) -> None:
    """Nothing that a grader draws without a seed of its own depends on what was graded before."""
    seed = key.seed("global random state") % 2**32
    random.seed(seed)
    np.random.seed(seed)  # the global one is meant


@contextlib.contextmanager
def _apart(log: io.StringIO) -> Iterator[None]:
    """While pytest runs: with our plugins and no others, and what it prints in the log."""
    with only_our_plugins(), _without_rewriting(), contextlib.redirect_stdout(log), contextlib.redirect_stderr(log):
        yield


@contextlib.contextmanager
def only_our_plugins() -> Iterator[None]:
    """No plugin that happens to be installed: one that runs failures again would re-roll a verdict."""
    name = "PYTEST_DISABLE_PLUGIN_AUTOLOAD"
    before = (
        os.environ.get(name),
        os.environ.pop("PYTEST_ADDOPTS", None),
        os.environ.pop("PYTEST_PLUGINS", None),
    )
    os.environ[name] = "1"
    try:
        yield
    finally:
        for key, value in zip((name, "PYTEST_ADDOPTS", "PYTEST_PLUGINS"), before, strict=True):
            os.environ.pop(key, None)
            if value is not None:
                os.environ[key] = value


@contextlib.contextmanager
def _without_rewriting() -> Iterator[None]:
    """Where grading is called from within a pytest run, as in tests, its import hook would rewrite assertions."""
    before = sys.meta_path[:]
    sys.meta_path[:] = [finder for finder in before if type(finder).__name__ != "AssertionRewritingHook"]
    try:
        yield
    finally:
        sys.meta_path[:] = before


@contextlib.contextmanager
def forgetting_modules_of(folder: Path) -> Iterator[None]:
    """Drop the graders' modules: pytest keeps them by name, and every assignment has a ``test_q1``."""
    try:
        yield
    finally:
        for name, module in list(sys.modules.items()):
            file = getattr(module, "__file__", None)
            if file and Path(file).is_relative_to(folder):
                del sys.modules[name]
