"""How far a grading is: what is running, how many are done, what remains, and about how long that takes.

A bar on a terminal and in a notebook, a line for each result in a log.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.text import Text

from autograder.report.listener import Listener
from autograder.results import Result
from autograder.sanitize import sanitize

_SHOWN = 3  # names of submissions
_MINUTE, _HOUR = 60.0, 3600.0


class ProgressBar(Listener):
    """Shows how far a grading is, on a console."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._is_log = not (console.is_terminal or console.is_jupyter)
        self._progress = Progress(
            SpinnerColumn(),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.description}", markup=False),
            console=console,
            transient=True,
            disable=self._is_log,
        )
        self._task = self._progress.add_task("", start=False)
        self._all = self._done = 0
        self._ran = 0  # of those that are done; the others were known from before, or are like another one
        self._seconds = 0.0  # of those that ran, each from its start to its end
        self._at_work: tuple[str, ...] = ()
        self._begun: set[str] = set()
        self._most = 1  # at work at a time

    def started(self, names: Sequence[str], _passed_over: Sequence[Path]) -> None:
        """Begin, with submissions of these names."""
        count = self._all = len(names)
        self._progress.start()
        self._progress.update(self._task, total=count)
        self._progress.start_task(self._task)

    def finished(self, _results: Sequence[Result], *, is_complete: bool) -> None:
        """Leave no bar behind."""
        self._progress.stop()

    def running(self, names: Sequence[str]) -> None:
        """Show which submissions are being graded now."""
        self._at_work = tuple(names)
        self._begun.update(names)
        self._most = max(self._most, len(names))
        self._show()

    def graded(self, result: Result) -> None:
        """Count one more."""
        self._done += 1
        if result.submission in self._begun:
            self._ran += 1
            self._seconds += result.seconds
        self._progress.advance(self._task)
        self._show()
        if self._is_log:
            score = f"{result.score:g}/{result.max_score:g}"
            parts = [f"{result.submission}: {score} {result.status} ({result.seconds:.1f} s)"]
            parts += [f"{self._done} of {self._all}"] if self._all > 1 else []
            self._console.print(Text(sanitize(", ".join([*parts, *self._left()]))), soft_wrap=True)  # a line each

    def _show(self) -> None:
        names = ", ".join(self._at_work[:_SHOWN])
        more = f" and {len(self._at_work) - _SHOWN} more" if len(self._at_work) > _SHOWN else ""
        self._progress.update(self._task, description=sanitize("  ·  ".join([*self._left(), names + more])))

    def _left(self) -> list[str]:
        left = seconds_left(self._seconds, self._ran, self._all - self._done, self._most)
        return [] if left is None else [f"{in_words(left)} left"]


def seconds_left(seconds: float, ran: int, left: int, at_a_time: int) -> float | None:
    """About how long the rest takes, if so many took so many seconds together; None if none ran.

    What ran was as likely quick as what is left is: they are in the order of their names.
    """
    if not ran or not left:
        return None
    return seconds / ran * math.ceil(left / min(left, at_a_time))


def in_words(seconds: float) -> str:
    """A span of time, as exactly as a forecast deserves: ``"about 3 min"``."""
    if seconds < _MINUTE:
        return "less than a minute"
    return f"about {math.ceil(seconds / _MINUTE)} min" if seconds < _HOUR else f"about {seconds / _HOUR:.1f} h"
