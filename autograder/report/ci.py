"""The reports that a CI job asks for, written when grading ends."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.report.github import annotated, write_classroom
from autograder.report.junit import write_junit
from autograder.report.summary import write_markdown
from autograder.results import Result


@dataclass(frozen=True)
class Wanted:
    """Which reports to write, and where."""

    junit: Path | None
    markdown: Path | None
    classroom: Path | None
    annotate: bool


@contextlib.contextmanager
def reports(results: list[Result], wanted: Wanted) -> Iterator[None]:
    """Report the results on the way out, also when grading is interrupted.

    A report that can't be written stops no other. Where nothing was graded there is none: an empty one looks green.
    """
    with contextlib.ExitStack() as stack:
        if wanted.annotate:
            stack.enter_context(annotated(results))
        for write, path in (
            (write_junit, wanted.junit),
            (write_markdown, wanted.markdown),
            (write_classroom, wanted.classroom),
        ):
            if path is not None:
                stack.callback(_write, write, results, path)
        yield


def _write(write: Callable[[Sequence[Result], Path], None], results: list[Result], path: Path) -> None:
    if results:
        path.parent.mkdir(parents=True, exist_ok=True)
        write(results, path)
