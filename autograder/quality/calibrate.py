"""``autograder calibrate``: how right submissions train, with many seeds, and what that supports."""

from __future__ import annotations

import hashlib
import statistics
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from autograder.assignment import Assignment
from autograder.atomic import write_whole
from autograder.batch.engine import Engine, Tell
from autograder.batch.lane import LaneLimits
from autograder.errors import AssignmentError, AutograderError, UnreadableSubmission
from autograder.grading.grade import worker_for
from autograder.grading.session import measure_training, requirements_of_training
from autograder.sandbox import Sandbox
from autograder.submission import SUFFIXES, Submission, parse_submission
from autograder.training.calibration import (
    FILE,
    Calibration,
    Setting,
    conditions_of,
    read_calibration,
)
from autograder.training.decisions import Rule, Unsupported, propose_threshold, upper_bound
from autograder.training.requirements import Requirement

SEEDS = 100  # for each style; an error of one in 10,000 takes 62 with three trainings, and 30 with four
QUICK_SEEDS = 3
_AT_ONCE = 5  # seeds of a task, so that little is lost when it is interrupted
_SECONDS = 36_000  # for a task
TASK_LIMITS = LaneLimits(cpu_seconds=_SECONDS)


def styles(assignment: Assignment) -> dict[str, Path]:
    """The right submissions of an assignment that are to be calibrated with, by their names.

    Raises:
        AssignmentError: one that is to be left out is not there.
    """
    folder = assignment.folder / "submissions" / "right"
    found = {path.name: path for path in sorted(folder.glob("*")) if path.suffix in SUFFIXES}
    for name in assignment.settings.calibration.without:
        if found.pop(name, None) is None:
            raise AssignmentError(f"`calibration.without` names {name!r}, which is not among {folder}")
    return found


def calibrate(
    assignment: Assignment,
    sandbox: Sandbox,
    engine: Engine,
    seeds: int,
    *,
    is_provisional: bool = False,
    progress: Callable[[int, int], None] = lambda _done, _all: None,
) -> Report:
    """Run the trials that were not run yet, with so many seeds for each style, and report what requirements are worth.

    A style or a kind of trial that is new, or was changed, is measured again, and no other. What was measured is kept
    in ``calibration.json`` at once, so that a run that was interrupted goes on where it was. One that is provisional
    decides where it supports no rule yet, too. ``progress`` is told how many seeds of styles are done, and of how many.

    Raises:
        AssignmentError: there is no right submission, the graders require nothing of trials, or a style could not be
            measured; the others were.
        KeyboardInterrupt: Ctrl-C was pressed.
    """
    found = styles(assignment)
    if not found:
        raise AssignmentError(f"{assignment.folder} has no right submission to calibrate with")
    requirements, now = _requirements(assignment, found, sandbox)
    if not requirements:
        raise AssignmentError("no hidden grader requires anything of trials, so there is nothing to calibrate")
    before = read_calibration(assignment) or Calibration()
    calibration = before.still_valid(now, requirements)
    waiting = list(_missing(calibration, requirements, found, seeds))
    done: set[tuple[str, int]] = set()
    total = sum(len(task.kinds) for task in waiting)
    progress(0, total)
    troubles: dict[str, str] = {}

    def keep() -> None:
        write_whole(assignment.folder / FILE, calibration.model_dump_json(indent=1, exclude_defaults=True) + "\n")

    def measured(task: _Task, trained: _Trained) -> None:
        for number, values in trained:
            calibration.add(task.style, number, values)
            done.add((task.style, number))
        keep()
        progress(len(done), total)

    def wanted() -> Iterator[_Task]:
        return (task for task in waiting if task.style not in troubles)

    contents = {name: (path.suffix.lower(), path.read_bytes()) for name, path in found.items()}
    with closing(engine.run(_Trainer(assignment, sandbox, contents), wanted(), measured)) as outcomes:
        for task, outcome in outcomes:
            try:
                measured(task, outcome.result())
            except (AutograderError, UnreadableSubmission) as error:  # the others are measured all the same
                troubles[task.style] = f"{task.style} could not be measured: {error}"
    report = Report(calibration, requirements)
    calibration.is_provisional = is_provisional and any(isinstance(report.rule(each), str) for each in requirements)
    keep()
    if troubles:
        raise AssignmentError("\n".join(troubles.values()))
    return report


def check_calibration(assignment: Assignment, sandbox: Sandbox) -> None:
    """See whether every requirement that the graders have of trials is supported by a calibration that still fits.

    Raises:
        AssignmentError: one is not; the message says why.
    """
    found = styles(assignment)
    requirements, now = _requirements(assignment, found, sandbox)
    if not requirements:
        return
    calibration = read_calibration(assignment)
    if calibration is None:
        raise AssignmentError(
            f"the requirement {str(requirements[0])!r} needs a calibration: run `autograder calibrate` first"
        )
    if calibration.is_provisional:
        raise AssignmentError(
            "the calibration is provisional (`--quick`), to try graders out: run `autograder calibrate` first"
        )
    if differences := calibration.differences(now):
        raise AssignmentError(
            f"the calibration no longer fits ({'; '.join(differences)}): run `autograder calibrate` again"
        )
    for requirement in requirements:
        if unmeasured := found.keys() - calibration.values(requirement.measure).keys():
            raise AssignmentError(
                f"the calibration of {requirement.measure} lacks {', '.join(sorted(unmeasured))}: "
                "run `autograder calibrate`"
            )
        calibration.rule_for(requirement)


def _requirements(
    assignment: Assignment, found: dict[str, Path], sandbox: Sandbox
) -> tuple[tuple[Requirement, ...], Setting]:
    """What the graders require of trials, and what a calibration depends on, as it is now."""
    with worker_for(assignment, Submission(()), sandbox) as remote:
        ruler, run = requirements_of_training(assignment, remote)
    if run.trouble:
        raise AssignmentError(f"the graders could not be read: {run.trouble}")
    digests = {name: hashlib.blake2b(path.read_bytes(), digest_size=8).hexdigest() for name, path in found.items()}
    return tuple(ruler.requirements.values()), Setting(conditions_of(assignment), digests, ruler.settings)


@dataclass(frozen=True)
class _Task:
    """Trials of one style, in one worker: number of the seed to the kinds that are run with it."""

    style: str
    kinds: dict[int, frozenset[str]]


def _missing(
    calibration: Calibration, requirements: Sequence[Requirement], found: dict[str, Path], seeds: int
) -> Iterator[_Task]:
    for start in range(0, seeds, _AT_ONCE):
        for style in found:
            numbers = range(start, min(start + _AT_ONCE, seeds))
            kinds = {number: calibration.missing(requirements, style, number) for number in numbers}
            if any(kinds.values()):
                yield _Task(style, {number: missing for number, missing in kinds.items() if missing})


def _key(number: int) -> bytes:
    """A key for a seed of the calibration; no assignment has it."""
    return hashlib.sha256(f"calibration {number}".encode()).digest()


_Trained = list[tuple[int, dict[str, float]]]  # number of the seed, and what each measure was


@dataclass(frozen=True)
class _Trainer:
    """Runs one trial of each of the kinds with each of the seeds of a task, in one worker."""

    assignment: Assignment
    sandbox: Sandbox
    styles: dict[str, tuple[str, bytes]]  # by name: suffix and content

    def __call__(self, task: _Task, tell: Tell[_Trained]) -> _Trained:
        trained: _Trained = []
        submission = parse_submission(*self.styles[task.style])
        with worker_for(self.assignment, submission, self.sandbox, _SECONDS) as remote:
            for number, wanted in task.kinds.items():
                measured, run = measure_training(self.assignment.with_key(_key(number)), remote, wanted)
                if run.trouble:
                    raise AssignmentError(run.trouble)
                trained.append((number, measured))
                tell(trained)
        return trained


@dataclass(frozen=True)
class Report:
    """What was measured, and what the graders require."""

    calibration: Calibration
    requirements: tuple[Requirement, ...]

    def rows(self, requirement: Requirement) -> list[Row]:
        """A row for each style, the worst first."""
        rows = []
        for style, values in self.calibration.values(requirement.measure).items():
            fails = sum(not requirement.holds(value) for value in values)
            ordered = sorted(values)
            rows.append(
                Row(
                    style,
                    len(values),
                    ordered[0],
                    statistics.median(ordered),
                    ordered[-1],
                    fails,
                    upper_bound(fails, len(values)),
                )
            )
        return sorted(rows, key=lambda row: (-row.bound, row.lowest))

    def rule(self, requirement: Requirement) -> Rule | str:
        """The rule for a requirement, or why there is none."""
        try:
            return self.calibration.find_rule(requirement)
        except Unsupported as reason:
            return str(reason)

    def proposal(self, requirement: Requirement) -> float | str:
        """The strictest threshold that one success in at most four trainings supports, or why there is none."""
        sign = 1 if requirement.direction == "at least" else -1
        values = {
            style: [sign * v for v in seen] for style, seen in self.calibration.values(requirement.measure).items()
        }
        try:
            return sign * propose_threshold(values, requirement.false_fail)
        except Unsupported as reason:
            return str(reason)


@dataclass(frozen=True)
class Row:
    """How one style did."""

    style: str
    trainings: int
    lowest: float
    median: float
    highest: float
    fails: int
    bound: float  # on the probability that a training fails
