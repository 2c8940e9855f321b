"""The pytest plugin: what a hidden grader may use, and the record from which a score is made.

A grader's test is a check. Its name is the question, from the file, and the test's own name: the test
``test_agrees_with_pytorch`` in ``test_q1.py`` is ``q1.agrees_with_pytorch``. Parametrised cases share its points.

What a student is shown is the message that the grader's author wrote, or the plain words for what the
submission did. Assertions are not rewritten, since the rewritten text would hold expected values.
"""

from __future__ import annotations

import contextlib
import io
import math
import os
import re
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Collection, Generator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, NoReturn, TypeVar

import pytest

from autograder.assignment import Assignment, Key
from autograder.diagnosis.drawn import Axes, Curve, Entry, Text, Tick
from autograder.errors import AssignmentError, AutograderError, MachineStarved, StudentFault, WorkerGone
from autograder.faults import is_about_a_claim
from autograder.probes import Layers, Pass, Probes, Recorded
from autograder.remote import Handle, RemoteSubmission, SubmissionNames
from autograder.results import Check, LeaderboardEntry, Outcome, Visibility
from autograder.sanitize import presentable
from autograder.training import Classroom, Trial, Trials
from autograder.training.calibration import Court, read_calibration

_Test = TypeVar("_Test", bound=Callable[..., Any])


def points(value: float, title: str, visibility: Visibility = "visible") -> Callable[[_Test], _Test]:
    """Declare what a check is worth, and the title that students and instructors see.

    ``visibility`` says from when on Gradescope shows students the check: ``"visible"`` (at once),
    ``"after_due_date"``, ``"after_published"`` (with the grades) or ``"hidden"`` (never).
    """

    def mark(test: _Test) -> _Test:
        marked: _Test = pytest.mark.points(value, title, visibility)(test)
        return marked

    return mark


class PartialCredit(Exception):
    """A check grants a part of its points."""

    def __init__(self, fraction: float, because: str) -> None:
        super().__init__(because)
        self.fraction = min(max(float(fraction), 0.0), 1.0)


def partial_credit(fraction: float, because: str) -> NoReturn:
    """End a check with a fraction of its points, between 0 and 1, and a message for the student."""
    raise PartialCredit(fraction, because)


@dataclass(frozen=True)
class GradersRun:
    """The checks that were declared, in order, and what the graders themselves did wrong, if anything."""

    checks: tuple[Check, ...]
    trouble: str
    leaderboard: tuple[LeaderboardEntry, ...] = ()
    trainings: dict[str, list[float]] = field(default_factory=dict)  # kind of trial to processor seconds of each


def run_graders(
    assignment: Assignment,
    remote: RemoteSubmission,
    decided: Callable[[GradersRun], None] = lambda _run: None,
    questions: Collection[str] = (),
) -> GradersRun:
    """Run the hidden graders against a submission, in this process.

    ``decided`` is told the record so far before each check. Where ``questions`` are named, only their checks are run.
    """
    return _pytest(_Recorder(assignment, remote, Court(read_calibration(assignment)), decided), questions)


def measure_training(
    assignment: Assignment, remote: RemoteSubmission, kinds: frozenset[str]
) -> tuple[Court, GradersRun]:
    """Run the graders that make claims about trials, to measure one trial of each of the kinds and decide nothing."""
    court = Court(None, "measuring", kinds)
    return court, _pytest(_Recorder(assignment, remote, court))


def claims_about_training(assignment: Assignment, remote: RemoteSubmission) -> tuple[Court, GradersRun]:
    """What the graders claim about trials, and how they run them; nothing is trained."""
    court = Court(None, "listing")
    return court, _pytest(_Recorder(assignment, remote, court))


def declared_checks(assignment: Assignment, questions: Collection[str] = ()) -> GradersRun:
    """The checks that the hidden graders declare, of all questions or of these, without running any."""
    return _pytest(_Recorder(assignment, None, Court(None)), questions, "--collect-only")


def _pytest(plugin: _Recorder, questions: Collection[str] = (), *options: str) -> GradersRun:
    assignment = plugin.assignment
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
        status = pytest.main(arguments, plugins=[plugin])
    trouble = list(plugin.trouble)
    fine = {pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED}
    if plugin.court.mode != "deciding":
        fine.add(pytest.ExitCode.NO_TESTS_COLLECTED)  # none is about trials
    if status not in fine:
        lines = log.getvalue().strip().splitlines()
        reason = next((line[1:].strip() for line in lines if line.startswith("E  ")), lines[-1] if lines else "")
        trouble.append("\n".join([f"pytest could not run the graders: {reason}", *lines[-80:]]))
    return plugin.run(trouble)


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


@dataclass
class _Case:
    """One test item: a whole check, or one parametrised case of it."""

    check: str
    title: str
    worth: float
    visibility: Visibility
    fraction: float = 0.0
    outcome: Outcome = "not run"
    feedback: str = "This check was not run."
    seconds: float = 0.0
    decided: list[str] = field(default_factory=list)


@dataclass
class _Recorder:
    """Fixtures for the graders, and the record of what each test decided."""

    assignment: Assignment
    remote: RemoteSubmission | None
    court: Court
    decided: Callable[[GradersRun], None] = lambda _run: None
    trouble: list[str] = field(default_factory=list)
    leaderboard: dict[str, LeaderboardEntry] = field(default_factory=dict)
    _cases: dict[str, _Case] = field(default_factory=dict)

    # --- fixtures --------------------------------------------------------------------------------------------

    @pytest.fixture(scope="session", name="submission")
    def submission_fixture(self) -> SubmissionNames:
        """The submission: every attribute is a global name of the student's."""
        return SubmissionNames(self._worker())

    @pytest.fixture(scope="session", name="worker")
    def worker_fixture(self) -> RemoteSubmission:
        """What a grader may do with the worker beyond calling the submission: limits, helpers."""
        return self._worker()

    @pytest.fixture(scope="session", name="probes")
    def probes_fixture(self) -> Probes:
        """Looks at models, training and figures in the worker."""
        return Probes(self._worker())

    def _worker(self) -> RemoteSubmission:
        assert self.remote is not None, "checks that are only collected use no fixture"
        return self.remote

    @pytest.fixture(scope="session", name="assignment")
    def assignment_fixture(self) -> Assignment:
        """The assignment: its folder, its settings, its key."""
        return self.assignment

    @pytest.fixture(scope="session", name="key")
    def key_fixture(self) -> Key:
        """The assignment's key: ``key.rng("geometries")``."""
        return self.assignment.key

    @pytest.fixture(scope="session", name="make_trials")
    def make_trials_fixture(self) -> Callable[..., Trials]:
        """Trials whose claims the assignment's calibration decides: ``make_trials(classroom, epochs=10)``."""
        return lambda classroom, name="", **settings: Trials(classroom, self.court, name, **settings)

    @pytest.fixture(scope="session", name="leaderboard")
    def leaderboard_fixture(self) -> Callable[..., None]:
        """Publishes a measurement on Gradescope's leaderboard: ``leaderboard("accuracy", 0.81)``."""

        def publish(name: str, value: float, order: Literal["asc", "desc"] = "desc") -> None:
            if math.isfinite(value):  # NaN is no number in JSON, and no rank
                self.leaderboard[name] = LeaderboardEntry(name, float(value), order)

        return publish

    # --- the record --------------------------------------------------------------------------------------------

    def pytest_configure(self, config: pytest.Config) -> None:
        config.addinivalue_line("markers", "points(value, title, visibility): what a check is worth")

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Enter every check before the first one runs, so that one that does not report is seen."""
        if self.court.mode != "deciding":
            items[:] = [item for item in items if "make_trials" in getattr(item, "fixturenames", ())]
        for item in items:
            marker = item.get_closest_marker("points")
            if marker is None:
                raise AssignmentError(f"the grader {item.nodeid} has no points: decorate it with @points(2, 'Title')")
            value, title, visibility = marker.args
            self._cases[item.nodeid] = _Case(_check_name(item), str(title), float(value), visibility)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
        report = yield
        case = self._cases[item.nodeid]
        case.seconds += call.duration
        case.decided += map(str, self.court.verdicts)
        self.court.verdicts.clear()
        if call.excinfo is not None:
            case.fraction, case.outcome, feedback = self._judge(item, call.excinfo.value, case)
            case.feedback = presentable(feedback)
        elif call.when == "call":
            case.fraction, case.outcome, case.feedback = 1.0, "passed", ""
        return report

    def _judge(self, item: pytest.Item, raised: BaseException, case: _Case) -> tuple[float, Outcome, str]:
        match raised:
            case PartialCredit():
                return raised.fraction, "partial", str(raised)
            case WorkerGone():
                return 0.0, "not run", str(raised)
            case StudentFault() | AssertionError() | pytest.fail.Exception():
                return 0.0, "failed", str(raised) or f"This was not so: {case.title}."
        is_theirs = isinstance(raised, Exception) and not isinstance(raised, AutograderError)
        if is_theirs and is_about_a_claim(raised, self.assignment.folder, _fixtures_from_worker(item), _KINDS):
            frames = traceback.extract_tb(raised.__traceback__)
            last = next(frame for frame in reversed(frames) if self._is_a_grader(frame.filename))
            place = f"{Path(last.filename).name}, line {last.lineno}"
            case.decided.append(f"a {type(raised).__name__} in {place} is charged to the submission")
            return 0.0, "failed", _of_another_kind(raised)
        words = f"{type(raised).__name__}: {raised}\n{''.join(traceback.format_exception(raised))}"
        if isinstance(raised, AutograderError):
            words = str(raised)
        self.trouble.append(f"{item.nodeid} could not decide: {words}")
        if isinstance(raised, MachineStarved):
            return (
                0.0,
                "broken",
                "This check was not run, since the machine was too busy. It is to be graded again.",
            )
        return 0.0, "broken", "This check could not be run, through no fault of yours. Ask your instructor."

    def _is_a_grader(self, file: str) -> bool:
        return Path(file).is_relative_to(self.assignment.folder)

    def pytest_internalerror(self, excrepr: object, excinfo: pytest.ExceptionInfo[BaseException]) -> bool:
        is_ours = isinstance(excinfo.value, AutograderError)
        self.trouble.append(str(excinfo.value) if is_ours else str(excrepr))
        return True

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """Say what is tried next, to whoever has to know it should this process not survive that."""
        self._cases[nodeid].feedback = "The grader process ended while it ran this check."
        self.decided(self.run(self.trouble))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_setup(self) -> Generator[None, object, object]:
        with _deadline():
            return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self) -> Generator[None, object, object]:
        with _deadline():
            return (yield)

    def run(self, trouble: list[str]) -> GradersRun:
        """The record so far."""
        leaderboard = tuple(self.leaderboard.values())
        return GradersRun(self.checks(), "\n\n".join(trouble), leaderboard, self.court.run)

    def checks(self) -> tuple[Check, ...]:
        """The record, with the cases of each check put together."""
        grouped: dict[str, list[_Case]] = {}
        for case in self._cases.values():
            grouped.setdefault(case.check, []).append(case)
        return tuple(_check_of(name, cases) for name, cases in grouped.items())


CHECK_SECONDS = 60.0  # of processor time, for what a grader itself computes in a check; it takes 1 or 2


@contextlib.contextmanager
def _deadline() -> Iterator[None]:
    """Raise :class:`StudentFault` in the block when it has used its processor time.

    Only between two steps of Python: a computation in C that does not end is for the limits of the process.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # the only one that gets signals
        return
    ends = time.thread_time() + CHECK_SECONDS

    def expired(_number: int, _frame: object) -> None:
        # The timer counts all threads, those that watch the worker too.
        if (remaining := ends - time.thread_time()) > 0:
            signal.setitimer(signal.ITIMER_PROF, max(remaining, 0.01))
            return
        raise StudentFault(
            f"What your code returned takes more than {CHECK_SECONDS:.0f} seconds to judge: return what is asked for, "
            "and no more."
        )

    before = signal.signal(signal.SIGPROF, expired)
    signal.setitimer(signal.ITIMER_PROF, CHECK_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


# The grader's side of the worker, by the names of the fixtures that give it, and what it is made of.
_FROM_WORKER = frozenset({"submission", "worker", "probes"})
_KINDS = (
    *(SubmissionNames, RemoteSubmission, Handle, Probes, Trials, Trial, Classroom),
    *(Recorded, Pass, Layers, Axes, Curve, Entry, Text, Tick, StudentFault),
)


def _fixtures_from_worker(item: pytest.Item) -> set[str]:
    """The fixtures of a check that are made from its worker, by way of others too."""
    information = getattr(item, "_fixtureinfo", None)
    definitions = information.name2fixturedefs if information else {}
    found = set(_FROM_WORKER)
    before = 0
    while len(found) != before:
        before = len(found)
        found |= {name for name, made in definitions.items() if made and found.intersection(made[-1].argnames)}
    return found


_KINDS_IN_WORDS = r"(NoneType|bool|int|float|str|bytes|list|tuple|dict|numpy\.ndarray|ellipsis|Handle)"
_ABOUT_KINDS = re.compile(
    rf"'{_KINDS_IN_WORDS}' object (is not callable|is not iterable|is not subscriptable)"
    rf"|'{_KINDS_IN_WORDS}' object has no attribute '\w{{1,40}}'"
    rf"|unsupported operand type\(s\) for \S{{1,5}}: '{_KINDS_IN_WORDS}' and '{_KINDS_IN_WORDS}'"
    rf"|bad operand type for \S{{1,10}}(\(\))?: '{_KINDS_IN_WORDS}'"
    rf"|'[<>]=?' not supported between instances of '{_KINDS_IN_WORDS}' and '{_KINDS_IN_WORDS}'"
    rf"|object of type '{_KINDS_IN_WORDS}' has no len\(\)"
    r"|(not enough|too many) values to unpack \(expected \d{1,3}(, got \d{1,9})?\)"
)


def _of_another_kind(raised: BaseException) -> str:
    """What a student is told where a grader stumbled over a claim: Python's words only if they are about kinds."""
    words = f": {raised}" if _ABOUT_KINDS.fullmatch(str(raised)) else ""
    return f"Something is of another kind or form than the exercise asks for{words}."


_WORST_FIRST: tuple[Outcome, ...] = ("broken", "not run", "failed", "partial", "passed")


def _check_of(name: str, cases: list[_Case]) -> Check:
    worst = min(cases, key=lambda case: _WORST_FIRST.index(case.outcome))
    fraction = sum(case.fraction for case in cases) / len(cases)
    outcome: Outcome = "partial" if worst.outcome == "failed" and fraction > 0 else worst.outcome
    seconds = sum(case.seconds for case in cases)
    return Check(
        name,
        worst.title,
        round(worst.worth * fraction, 6),
        worst.worth,
        outcome,
        worst.feedback,
        seconds,
        worst.visibility,
        tuple(words for case in cases for words in case.decided),
    )


def _check_name(item: pytest.Item) -> str:
    function = getattr(item, "originalname", None) or item.name
    return f"{item.path.stem.removeprefix('test_')}.{function.removeprefix('test_')}"
