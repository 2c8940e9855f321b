"""The record of a grading: what each test decided, and the checks that come of it.

What a student is shown is the message that the grader's author wrote, or the plain words for what the
submission did.
"""

from __future__ import annotations

import re
import traceback
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pytest

from autograder.assignment import Assignment
from autograder.errors import AssignmentError, AutograderError, MachineStarved, StudentFault, WorkerGone
from autograder.grading.checks import PartialCredit, code_of
from autograder.grading.faults import is_about_a_claim
from autograder.grading.fixtures import KINDS, fixtures_from_worker
from autograder.results import Basis, Check, LeaderboardEntry, Outcome, Ruling, Visibility, question_of
from autograder.sanitize import sanitize
from autograder.training.trials import TrialLog


@dataclass(frozen=True)
class GradersRun:
    """The checks that were declared, in order, and what the graders themselves did wrong, if anything."""

    checks: tuple[Check, ...]
    trouble: str
    leaderboard: tuple[LeaderboardEntry, ...] = ()
    trainings: dict[str, list[float]] = field(default_factory=dict)  # kind of trial to processor seconds of each


@dataclass
class _Case:
    """One test item: a whole check, or one parametrised case of it."""

    check: str
    title: str
    worth: float
    visibility: Visibility
    rests_on: Basis
    claimed_since: str = ""
    fraction: float = 0.0
    outcome: Outcome = "not run"
    feedback: str = "This check was not run."
    code: str = ""  # of the known mistake that the feedback is about
    seconds: float = 0.0
    decided: list[str] = field(default_factory=list)
    rulings: list[Ruling] = field(default_factory=list)


@dataclass(eq=False)
class Record:
    """A pytest plugin that notes what each test decided."""

    assignment: Assignment
    log: TrialLog
    decided: Callable[[GradersRun], None] = lambda _run: None  # told the record so far before each check
    only_trials: bool = False  # the tests that are not about trials are left out
    questions: Collection[str] = ()  # whose tests are run; those of all where none are named
    begins: Callable[[str], None] = lambda _question: None  # told each question before its first check
    claims: Callable[[], tuple[bool, str]] = lambda: (False, "")  # noted since this was asked last, and why
    trouble: list[str] = field(default_factory=list)
    published: dict[str, LeaderboardEntry] = field(default_factory=dict)  # by their names
    _at: str = ""  # the question that is being asked
    _cases: dict[str, _Case] = field(default_factory=dict)  # by the test's id
    _checks: dict[str, list[_Case]] = field(default_factory=dict)  # by the check's name
    _made: dict[str, Check] = field(default_factory=dict)  # of cases that have not changed since

    def wants(self, item: pytest.Item) -> bool:
        """Whether a test is to be run."""
        if self.questions and question_of(check_name(item)) not in self.questions:
            return False
        return not self.only_trials or "make_trials" in getattr(item, "fixturenames", ())

    def enter(self, items: Iterable[pytest.Item]) -> None:
        """Enter every check before the first one runs, so that one that does not report is seen."""
        for item in filter(self.wants, items):
            value, title, visibility, claimed = require_points(item).args
            basis: Basis = "claimed" if claimed else "computed"
            case = _Case(check_name(item), str(title), float(value), visibility, basis)
            self._cases[item.nodeid] = case
            self._checks.setdefault(case.check, []).append(case)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> pytest.TestReport:
        """Note how a test went, in place of the report that pytest would write, and nobody would read."""
        raised = call.excinfo.value if call.excinfo is not None else None
        self.note(item, call, raised)
        outcome: Literal["passed", "failed"] = "passed" if raised is None else "failed"
        return pytest.TestReport(item.nodeid, item.location, {}, outcome, None, call.when, duration=call.duration)  # type: ignore[arg-type]

    def note(self, item: pytest.Item, call: pytest.CallInfo[None], raised: BaseException | None) -> None:
        """Note how a test, or the setting up of it, went: what it ``raised``, if anything."""
        case = self._changing(item.nodeid)
        case.seconds += call.duration
        case.decided += map(str, self.log.verdicts)
        case.rulings += [verdict.recorded() for verdict in self.log.verdicts]
        self.log.verdicts.clear()
        is_claimed, since = self.claims()
        case.rests_on = "claimed" if is_claimed else case.rests_on
        case.claimed_since = case.claimed_since or since
        if raised is not None:
            case.fraction, case.outcome, feedback = self._judge(item, raised, case)
            case.feedback, case.code = sanitize(feedback), code_of(raised)
        elif call.when == "call":
            case.fraction, case.outcome, case.feedback = 1.0, "passed", ""
            case.code = ""

    def _judge(self, item: pytest.Item, raised: BaseException, case: _Case) -> tuple[float, Outcome, str]:
        match raised:
            case PartialCredit():
                return raised.fraction, "partial", str(raised)
            case WorkerGone():
                return 0.0, "not run", str(raised)
            case StudentFault() | AssertionError() | pytest.fail.Exception():
                return 0.0, "failed", str(raised) or f"This was not so: {case.title}."
        is_theirs = isinstance(raised, Exception) and not isinstance(raised, AutograderError)
        if is_theirs and is_about_a_claim(raised, self.assignment.folder, fixtures_from_worker(item), KINDS):
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

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """Say what is tried next, to whoever has to know it should this process not survive that."""
        case = self._changing(nodeid)
        question = question_of(case.check)
        if question != self._at:
            self._at = question
            self.begins(question)
        case.feedback = "The grader process ended while it ran this check."
        self.decided(self.run(self.trouble))

    def run(self, trouble: list[str]) -> GradersRun:
        """The record so far."""
        leaderboard = tuple(self.published.values())
        return GradersRun(self.checks(), "\n\n".join(trouble), leaderboard, self.log.seconds)

    def checks(self) -> tuple[Check, ...]:
        """The record, with the cases of each check put together."""
        for name, cases in self._checks.items():
            if name not in self._made:
                self._made[name] = _check_of(name, cases)
        return tuple(self._made[name] for name in self._checks)

    def _changing(self, nodeid: str) -> _Case:
        case = self._cases[nodeid]
        self._made.pop(case.check, None)
        return case


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
        tuple(ruling for case in cases for ruling in case.rulings),
        "claimed" if any(case.rests_on == "claimed" for case in cases) else "computed",
        next((case.claimed_since for case in cases if case.claimed_since), ""),
        worst.code,
    )


def require_points(item: pytest.Item) -> pytest.Mark:
    """The mark of a test that says what it is worth.

    Raises:
        AssignmentError: it has none.
    """
    marker = item.get_closest_marker("points")
    if marker is None:
        raise AssignmentError(f"the grader {item.nodeid} has no points: decorate it with @points(2, 'Title')")
    return marker


def check_name(item: pytest.Item) -> str:
    """The name of the check that a test is, or is a case of: its file says the question."""
    function = getattr(item, "originalname", None) or item.name
    return f"{item.path.stem.removeprefix('test_')}.{function.removeprefix('test_')}"
