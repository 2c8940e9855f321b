"""The pytest run: the hidden graders, with our plugins and no others.

Assertions are not rewritten, since the rewritten text would hold expected values.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

import pytest

from autograder.assignment import Assignment
from autograder.grading.deadline import Deadline
from autograder.grading.fixtures import Fixtures
from autograder.grading.record import GradersRun, Record
from autograder.remote import RemoteSubmission
from autograder.training.calibration import Court, read_calibration


def run_graders(
    assignment: Assignment,
    remote: RemoteSubmission,
    decided: Callable[[GradersRun], None] = lambda _run: None,
    questions: Collection[str] = (),
) -> GradersRun:
    """Run the hidden graders against a submission, in this process.

    ``decided`` is told the record so far before each check. Where ``questions`` are named, only their checks are run.
    """
    record = Record(assignment, Court(read_calibration(assignment)), decided)
    return _run_pytest(record, remote, questions)


def measure_training(
    assignment: Assignment, remote: RemoteSubmission, kinds: frozenset[str]
) -> tuple[Court, GradersRun]:
    """Run the graders that make claims about trials, to measure one trial of each of the kinds and decide nothing."""
    court = Court(None, "measuring", kinds)
    return court, _run_pytest(Record(assignment, court), remote)


def claims_about_training(assignment: Assignment, remote: RemoteSubmission) -> tuple[Court, GradersRun]:
    """What the graders claim about trials, and how they run them; nothing is trained."""
    court = Court(None, "listing")
    return court, _run_pytest(Record(assignment, court), remote)


def declared_checks(assignment: Assignment, questions: Collection[str] = ()) -> GradersRun:
    """The checks that the hidden graders declare, of all questions or of these, without running any."""
    return _run_pytest(Record(assignment, Court(None)), None, questions, "--collect-only")


def _run_pytest(
    record: Record, remote: RemoteSubmission | None, questions: Collection[str] = (), *options: str
) -> GradersRun:
    """One run of the graders; without a submission, they have no fixtures, and can only be collected."""
    assignment = record.assignment
    plugins: list[object] = [record, Deadline()]
    if remote is not None:
        plugins.append(Fixtures(assignment, remote, record.court, record.published))
    files = [assignment.questions[name] for name in sorted(set(questions))] or [assignment.graders]
    arguments = [
        *options,
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
        status = pytest.main(arguments, plugins=plugins)
    trouble = list(record.trouble)
    fine = {pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED}
    if record.court.mode != "deciding":
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
