"""``autograder calibrate``: how right submissions train, with many seeds, and what that supports."""

from __future__ import annotations

import hashlib
import statistics
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import as_completed
from dataclasses import dataclass
from pathlib import Path

from autograder.assignment import Assignment
from autograder.batch.local import lane_pool
from autograder.errors import AssignmentError
from autograder.grading import worker_for
from autograder.plugin import claims_about_training, measure_training
from autograder.results import write_whole
from autograder.sandbox import Sandbox
from autograder.submission import SUFFIXES, Submission, read_submission
from autograder.training.calibration import FILE, Calibration, Claim, conditions_of, read_calibration
from autograder.training.decisions import Rule, Unsupported, propose_threshold, upper_bound

SEEDS = 100  # for each style; fewer support no error of one in 10,000 with three trainings
QUICK_SEEDS = 3
_AT_ONCE = 10  # seeds of a task, so that little is lost when it is interrupted
_SECONDS = 36_000  # for a task


def styles(assignment: Assignment) -> dict[str, Path]:
    """The right submissions of an assignment, by their names."""
    folder = assignment.folder / "submissions" / "right"
    return {path.name: path for path in sorted(folder.glob("*")) if path.suffix in SUFFIXES}


def calibrate(
    assignment: Assignment,
    sandbox: Sandbox,
    lanes: int,
    seeds: int,
    *,
    store: bool,
    progress: Callable[[int, int], None] = lambda _done, _all: None,
) -> Report:
    """Train every style with every seed that was not run yet, and report what the claims of the graders are worth.

    With ``store``, each measurement is kept in ``calibration.json`` at once, so that a run that was interrupted goes
    on where it was. ``progress`` is told how many trainings are done, and of how many.

    Raises:
        AssignmentError: there is no right submission, or the graders make no claim about trials.
    """
    found = styles(assignment)
    if not found:
        raise AssignmentError(f"{assignment.folder} has no right submission to calibrate with")
    claims, now = _claims(assignment, found, sandbox)
    if not claims:
        raise AssignmentError("no hidden grader makes a claim about trials, so there is nothing to calibrate")
    calibration = read_calibration(assignment) if store else None
    if calibration is None or calibration.differences(now):
        calibration = Calibration(conditions=now)
    tasks = list(_missing(calibration, found, seeds))
    done, total = 0, sum(len(numbers) for _, numbers in tasks)
    progress(done, total)
    with lane_pool(lanes) as pool:
        running = {pool.submit(_train, assignment, found[style], sandbox, numbers): style for style, numbers in tasks}
        for future in as_completed(running):
            for number, measured in future.result():
                calibration.add(running[future], number, measured)
            done += len(future.result())
            progress(done, total)
            if store:
                write_whole(assignment.folder / FILE, calibration.model_dump_json(indent=1) + "\n")
    return Report(calibration, claims)


def _conditions_of(found: dict[str, Path]) -> dict[str, str]:
    """What the right submissions are: a calibration of others says nothing."""
    return {
        f"style {name}": hashlib.blake2b(path.read_bytes(), digest_size=8).hexdigest() for name, path in found.items()
    }


def check_calibration(assignment: Assignment, sandbox: Sandbox) -> None:
    """See whether every claim of the graders about trials is supported by a calibration that still fits.

    Raises:
        AssignmentError: one is not; the message says why.
    """
    found = styles(assignment)
    claims, now = _claims(assignment, found, sandbox)
    if not claims:
        return
    calibration = read_calibration(assignment)
    if calibration is None:
        raise AssignmentError(f"the claim {str(claims[0])!r} needs a calibration: run `autograder calibrate` first")
    if differences := calibration.differences(now):
        raise AssignmentError(
            f"the calibration no longer fits ({'; '.join(differences)}): run `autograder calibrate` again"
        )
    for claim in claims:
        calibration.rule_for(claim)


def _claims(
    assignment: Assignment, found: dict[str, Path], sandbox: Sandbox
) -> tuple[tuple[Claim, ...], dict[str, str]]:
    """What the graders claim about trials, and the conditions of a calibration now."""
    with worker_for(assignment, Submission(()), sandbox) as remote:
        court, run = claims_about_training(assignment, remote)
    if run.trouble:
        raise AssignmentError(f"the graders could not be read: {run.trouble}")
    return tuple(court.claims.values()), conditions_of(assignment) | _conditions_of(found) | court.settings


def _missing(calibration: Calibration, found: dict[str, Path], seeds: int) -> Iterator[tuple[str, list[int]]]:
    measures = list(calibration.measured.values())
    for start in range(0, seeds, _AT_ONCE):
        for style in found:
            done = set.intersection(*(set(measure.get(style, {})) for measure in measures)) if measures else set()
            numbers = [number for number in range(start, min(start + _AT_ONCE, seeds)) if number not in done]
            if numbers:
                yield style, numbers


def _key(number: int) -> bytes:
    """A key for a seed of the calibration; no assignment has it."""
    return hashlib.sha256(f"calibration {number}".encode()).digest()


def _train(
    assignment: Assignment, path: Path, sandbox: Sandbox, numbers: Sequence[int]
) -> list[tuple[int, dict[str, float]]]:
    """One trial of each kind with each of these seeds, in one worker."""
    trained = []
    with worker_for(assignment, read_submission(path), sandbox, _SECONDS) as remote:
        for number in numbers:
            court, run = measure_training(assignment.with_key(_key(number)), remote)
            if run.trouble:
                raise AssignmentError(f"{path.name} could not be measured: {run.trouble}")
            trained.append((number, court.measured))
    return trained


@dataclass(frozen=True)
class Report:
    """What was measured, and what the graders claim."""

    calibration: Calibration
    claims: tuple[Claim, ...]

    def rows(self, claim: Claim) -> list[Row]:
        """A row for each style, the worst first."""
        rows = []
        for style, values in self.calibration.values(claim.measure).items():
            fails = sum(not claim.holds(value) for value in values)
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

    def rule(self, claim: Claim) -> Rule | str:
        """The rule for a claim, or why there is none."""
        try:
            return self.calibration.find_rule(claim)
        except Unsupported as reason:
            return str(reason)

    def proposal(self, claim: Claim) -> float | str:
        """The strictest threshold that one success in at most three trainings supports, or why there is none."""
        sign = 1 if claim.direction == "at least" else -1
        values = {style: [sign * v for v in seen] for style, seen in self.calibration.values(claim.measure).items()}
        try:
            return sign * propose_threshold(values, claim.false_fail)
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
