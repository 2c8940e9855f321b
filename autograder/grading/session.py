"""The pytest run: the hidden graders, with our plugins and no others.

Assertions are not rewritten, since the rewritten text would hold expected values.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
import warnings
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

import pytest

from autograder.assignment import Assignment
from autograder.errors import OldName
from autograder.grading.deadline import Deadline
from autograder.grading.fixtures import Fixtures
from autograder.grading.record import GradersRun, Record
from autograder.remote import RemoteSubmission
from autograder.training.calibration import read_calibration
from autograder.training.rulings import Deciding, Listening, Measuring, Ruler
from autograder.training.trials import TrialLog


def run_graders(
    assignment: Assignment,
    remote: RemoteSubmission,
    decided: Callable[[GradersRun], None] = lambda _run: None,
    questions: Collection[str] = (),
) -> GradersRun:
    """Run the hidden graders against a submission, in this process.

    ``decided`` is told the record so far before each check. Where ``questions`` are named, only their checks are run.
    """
    log = TrialLog()
    record = Record(assignment, log, decided)
    fixtures = Fixtures(assignment, remote, Deciding(read_calibration(assignment)), log, record.published)
    return _run_pytest(record, fixtures, questions)


def measure_training(
    assignment: Assignment, remote: RemoteSubmission, kinds: frozenset[str]
) -> tuple[dict[str, float], GradersRun]:
    """Run the graders of trials, to measure one trial of each of the kinds and decide nothing.

    The first of what is returned is each measure of which something is required; NaN where the training failed.
    """
    ruler = Measuring(kinds)
    return ruler.measured, _run_those_of_trials(assignment, remote, ruler)


def requirements_of_training(assignment: Assignment, remote: RemoteSubmission) -> tuple[Listening, GradersRun]:
    """What the graders require of trials, and how they run them; nothing is trained."""
    ruler = Listening()
    return ruler, _run_those_of_trials(assignment, remote, ruler)


def _run_those_of_trials(assignment: Assignment, remote: RemoteSubmission, ruler: Ruler) -> GradersRun:
    log = TrialLog()
    record = Record(assignment, log, only_trials=True)
    return _run_pytest(record, Fixtures(assignment, remote, ruler, log, record.published))


def declared_checks(assignment: Assignment, questions: Collection[str] = ()) -> GradersRun:
    """The checks that the hidden graders declare, of all questions or of these, without running any.

    Warns of old names that the graders use.
    """
    record = Record(assignment, TrialLog())
    run = _run_pytest(record, None, questions)
    for words in sorted(record.old_names):
        warnings.warn(words, OldName, stacklevel=2)
    return run


def _run_pytest(record: Record, fixtures: Fixtures | None, questions: Collection[str] = ()) -> GradersRun:
    """One run of the graders; without fixtures, their tests are only collected."""
    assignment = record.assignment
    files = [assignment.questions[name] for name in sorted(set(questions))] or [assignment.graders]
    arguments = [
        *([] if fixtures else ["--collect-only"]),
        *map(str, files),
        f"--rootdir={assignment.folder}",
        f"--confcutdir={assignment.graders}",
        f"--config-file={os.devnull}",
        "--import-mode=importlib",
        f"--override-ini=pythonpath={assignment.graders}",  # graders may share modules of their own
        "--assert=plain",
        "--capture=no",
        "--tb=native",  # the cheapest: nobody sees it
        "--strict-markers",
        # What serves a person who runs pytest, and costs time or writes files here.
        *("-p", "no:cacheprovider", "-p", "no:faulthandler"),
        *("-p", "no:unraisableexception", "-p", "no:threadexception"),
    ]
    log = io.StringIO()
    with (
        _only_our_plugins(),
        _without_rewriting(),
        _forgetting_modules_of(assignment.graders),
        contextlib.redirect_stdout(log),
        contextlib.redirect_stderr(log),
    ):
        status = pytest.main(arguments, plugins=[record, Deadline(), *([fixtures] if fixtures else [])])
    trouble = list(record.trouble)
    fine = {pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED}
    if record.only_trials:
        fine.add(pytest.ExitCode.NO_TESTS_COLLECTED)  # none is about trials
    if status not in fine:
        lines = log.getvalue().strip().splitlines()
        reason = next((line[1:].strip() for line in lines if line.startswith("E  ")), lines[-1] if lines else "")
        trouble.append("\n".join([f"pytest could not run the graders: {reason}", *lines[-80:]]))
    return record.run(trouble)


@contextlib.contextmanager
def _only_our_plugins() -> Iterator[None]:
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
def _forgetting_modules_of(folder: Path) -> Iterator[None]:
    """Drop the graders' modules: pytest keeps them by name, and every assignment has a ``test_q1``."""
    try:
        yield
    finally:
        for name, module in list(sys.modules.items()):
            file = getattr(module, "__file__", None)
            if file and Path(file).is_relative_to(folder):
                del sys.modules[name]
