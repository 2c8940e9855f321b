"""Who is told of the grading of a class as it goes on: the terminal, the folder of results, the reports."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from autograder.results import Result


class Listener:
    """Is told by :func:`autograder.batch.run.grade_class` what happens. What one has no use for, it leaves as it is."""

    def started(self, names: Sequence[str], passed_over: Sequence[Path]) -> None:
        """Grading begins, of submissions of these names; the files are none."""

    def running(self, names: Sequence[str]) -> None:
        """These are being graded now."""

    def graded(self, result: Result) -> None:
        """There is a result."""

    def finished(self, results: Sequence[Result], *, is_complete: bool) -> None:
        """Grading has ended, with these results, by name.

        They are all, unless it was interrupted, or a listener that was told before could not do its part: then it is
        not complete, and an exception is under way.
        """
