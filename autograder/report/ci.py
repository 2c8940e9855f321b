"""The reports that a CI job asks for, written when grading ends."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.report.github import Annotations, write_classroom
from autograder.report.junit import write_junit
from autograder.report.listener import Listener
from autograder.report.summary import write_markdown
from autograder.results import Result


@dataclass(frozen=True)
class Report(Listener):
    """Writes a report of what was graded, also when grading is interrupted.

    Where nothing was graded there is none: an empty one looks green.
    """

    write: Callable[[Sequence[Result], Path], None]
    path: Path

    def finished(self, results: Sequence[Result], *, is_complete: bool) -> None:
        """Write it."""
        if results:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.write(results, self.path)


def reports(
    *, junit: Path | None = None, markdown: Path | None = None, classroom: Path | None = None, annotate: bool = False
) -> list[Listener]:
    """Those that are asked for, in files and as annotations."""
    wanted = {write_junit: junit, write_markdown: markdown, write_classroom: classroom}
    files = [Report(write, path) for write, path in wanted.items() if path is not None]
    return [*([Annotations()] if annotate else []), *files]
