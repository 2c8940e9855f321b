"""What came of a grading, and the formats in which it is written."""

from __future__ import annotations

import contextlib
import csv
import errno
import fcntl
import hashlib
import io
import json
import os
import re
import tempfile
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from autograder.errors import UsageError

Outcome = Literal["passed", "partial", "failed", "not run", "broken"]
Status = Literal["graded", "partial", "ungradable", "error"]
Visibility = Literal["visible", "after_due_date", "after_published", "hidden"]  # Gradescope's words

MAX_FEEDBACK = 4000  # characters
# And what is no character at all: neither UTF-8 nor XML can hold a lone surrogate, nor XML the last two.
CONTROL_CHARACTERS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def presentable(text: str, longest: int = MAX_FEEDBACK) -> str:
    """Text for a report, which may hold what a submission said: no control characters, and not too long.

    Nor any that can't be seen and change how others are read (Unicode's category Cf): a bidirectional override
    would show a file's name, or a sentence of ours, in another order than it has. https://trojansource.codes
    """
    if not text.isascii():
        text = "".join(c for c in text if c.isascii() or unicodedata.category(c) != "Cf")
    text = CONTROL_CHARACTERS.sub("\N{REPLACEMENT CHARACTER}", text)
    return text if len(text) <= longest else text[: longest - 4] + " ..."


@dataclass(frozen=True)
class Check:
    """One check and what it decided.

    ``failed`` means that it ran and decided against the submission; ``not run``, that it could not run to its
    end (the worker died, or time was up); ``broken``, that the grader itself raised.
    """

    name: str  # "q1.agrees_with_pytorch"
    title: str
    points: float
    max_points: float
    outcome: Outcome
    feedback: str = ""
    seconds: float = 0.0
    visibility: Visibility = "visible"
    decided: tuple[str, ...] = ()  # by which rules, from which trainings, for the instructor


# What a person wrote, cell by cell: "markdown" or "code", and the text.
Parts = tuple[tuple[Literal["markdown", "code"], str], ...]


@dataclass(frozen=True)
class Answer:
    """A question that is marked by hand, and what a submission says to it."""

    question: str  # its heading, by which it is known
    asked: Parts
    written: Parts  # nothing where it was left blank


@dataclass(frozen=True)
class LeaderboardEntry:
    """A measurement that a grader publishes, to compare submissions by."""

    name: str
    value: float
    order: Literal["asc", "desc"] = "desc"  # whether the smallest comes first, or the largest


@dataclass(frozen=True)
class Result:
    """What one submission got."""

    submission: str  # its path relative to the folder that was given
    status: Status
    checks: tuple[Check, ...]
    notes: tuple[str, ...] = ()  # about the submission as a whole, for the student
    trouble: str = ""  # about the framework or the graders, for the instructor only
    confinement: tuple[str, ...] = ()
    seconds: float = 0.0
    leaderboard: tuple[LeaderboardEntry, ...] = ()
    answers: tuple[Answer, ...] = ()  # to be marked by hand; no score has to do with them

    @property
    def score(self) -> float:
        """Sum of the points."""
        return round(sum(check.points for check in self.checks), 6)

    @property
    def max_score(self) -> float:
        """Sum of the points that could be had."""
        return round(sum(check.max_points for check in self.checks), 6)

    @property
    def percent(self) -> float:
        """Score as a percentage of the points that could be had."""
        return 100 * self.score / self.max_score if self.max_score else 0.0

    @property
    def is_nothing(self) -> bool:
        """Whether no check could decide anything, through a fault of ours."""
        return bool(self.trouble) and all(check.outcome in ("broken", "not run") for check in self.checks)

    @property
    def summary(self) -> str:
        """What there is to say about the submission as a whole."""
        return "\n\n".join(self.notes) or _SUMMARY[self.status]

    def to_gradescope(self) -> dict[str, Any]:
        """The result in Gradescope's schema for ``results.json``.

        https://gradescope-autograders.readthedocs.io/en/latest/specs/#output-format
        """
        return {
            "score": self.score,
            "execution_time": round(self.seconds, 3),
            "output": self.summary,
            "output_format": "text",
            "visibility": "visible",
            "stdout_visibility": "hidden",
            "tests": [
                {
                    "name": check.name,
                    "name_format": "text",
                    "score": check.points,
                    "max_score": check.max_points,
                    "status": "passed" if check.outcome == "passed" else "failed",
                    "output": "\n".join(filter(None, [check.title, check.feedback])),
                    "output_format": "text",
                    "visibility": check.visibility,
                    "extra_data": {
                        "outcome": check.outcome,
                        "seconds": round(check.seconds, 3),
                        "decided": list(check.decided),
                    },
                }
                for check in self.checks
            ],
            "leaderboard": [asdict(entry) for entry in self.leaderboard],
            "extra_data": {
                "submission": self.submission,
                "status": self.status,
                "max_score": self.max_score,
                "confinement": list(self.confinement),
            },
        }


_SUMMARY: dict[Status, str] = {
    "graded": "Every check was run.",
    "partial": "Some checks could not be run to their end.",
    "ungradable": "No code could be read from the submission.",
    "error": "Something went wrong on our side. Your instructor has been told.",
}


@dataclass
class ResultStore:
    """The folder that results are written to: ``results/<submission>.json`` and ``scores.csv``.

    What can't be written, on a full disk for instance, is kept in ``unwritten``, by its name and with the reason, and
    stops nothing else.
    """

    folder: Path
    unwritten: dict[str, str] = field(default_factory=dict)
    _rows: dict[str, Result] = field(default_factory=dict)

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Keep the folder to one command at a time. The lock ends with its holder, however that ends.

        Raises:
            UsageError: another command writes to it.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        # The folder itself: a lock file would be one more thing that lies in it, or be removed in the wrong moment.
        descriptor = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            with contextlib.suppress(OSError):  # a file system without locks
                try:
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    raise UsageError(
                        f"another command is writing results to {self.folder}: wait until it has ended, or give "
                        "another -o"
                    ) from None
            yield
        finally:
            os.close(descriptor)

    def add(self, result: Result) -> None:
        """Write one result at once, so that nothing is lost if a later one fails."""
        self._rows[result.submission] = result
        self._try(result.submission, lambda: self._write(result))

    def _try(self, name: str, write: Callable[[], None]) -> None:
        try:
            write()
        except OSError as error:
            self.unwritten[name] = error.strerror or str(error)
        else:
            self.unwritten.pop(name, None)

    def _write(self, result: Result) -> None:
        text = json.dumps(result.to_gradescope(), indent=2, ensure_ascii=False, allow_nan=False) + "\n"
        results = self.folder / "results"
        results.mkdir(parents=True, exist_ok=True)
        path = results / f"{result.submission}.json"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, text)
        except OSError as error:
            if error.errno not in _UNFIT_NAME:
                raise
            # The submission is in the file, under its own name.
            path = results / f"{hashlib.blake2b(result.submission.encode(), digest_size=16).hexdigest()}.json"
            write_whole(path, text)

    def write_scores(self, order: Sequence[str]) -> Path:
        """Write ``scores.csv``: a row for each submission in this order, a column for each check.

        And what could not be written before: there may be room again. Returns where the scores are.
        """
        for name in list(self.unwritten):
            if name in self._rows:
                self.add(self._rows[name])
        path = self.folder / "scores.csv"
        results = [self._rows[name] for name in order if name in self._rows]
        self._try(path.name, lambda: write_whole(path, _scores(results)))
        return path


def _scores(results: Sequence[Result]) -> str:
    columns = list(dict.fromkeys(check.name for result in results for check in result.checks))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["submission", "score", "max_score", "status", *columns])
    for result in results:
        points = {check.name: check.points for check in result.checks}
        cells = [_number(points[name]) if name in points else "" for name in columns]
        writer.writerow(
            [
                spreadsheet_text(result.submission),
                _number(result.score),
                _number(result.max_score),
                result.status,
                *cells,
            ]
        )
    return text.getvalue()


# Too long with its ".json", or the name of a folder that holds other results.
_UNFIT_NAME = (errno.ENAMETOOLONG, errno.EEXIST, errno.ENOTDIR, errno.EISDIR)


_FORMULA = re.compile(r"(^|[,;|\t])(\s*)(?=[=+\-@\uff1d\uff0b\uff0d\uff20])")


def spreadsheet_text(text: str) -> str:
    """Text that a spreadsheet does not take for a formula, whatever it takes for the end of a cell.

    Spreadsheets of some countries split lines at semicolons; those of others know full-width signs.
    https://owasp.org/www-community/attacks/CSV_Injection
    """
    return _FORMULA.sub(r"\1\2'", text)


def _number(value: float) -> str:
    return f"{value:g}"


def write_whole(path: Path, text: str) -> None:
    """Replace a file whole: who reads it meanwhile sees the old text or the new, never half of one."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(descriptor)  # a disk that is full may say so only now
        temporary.chmod(0o644)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
