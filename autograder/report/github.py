"""What GitHub reads: annotations of a run, and the results of GitHub Classroom's autograders.

Both hold what students may see at once: nothing of a check that is hidden from them until later.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import click

from autograder.atomic import write_whole
from autograder.report.listener import Listener
from autograder.results import Check, Result
from autograder.sanitize import sanitize

_MOST = 10  # annotations of a level that GitHub keeps of a step
_MAX_TITLE = 250
_MAX_MESSAGE = 1000


class Annotations(Listener):
    """Prints annotations of the results at the end; until then GitHub takes nothing that is printed for a command.

    The runner looks for commands in each line (``::`` at its beginning, ``##[`` anywhere), and a submission has a
    say in what is printed: https://docs.github.com/actions/reference/workflow-commands-for-github-actions
    """

    def __init__(self) -> None:
        self._token = secrets.token_hex(16)

    def started(self, names: Sequence[str], passed_over: Sequence[Path]) -> None:
        """Stop commands."""
        click.echo(f"::stop-commands::{self._token}")

    def finished(self, results: Sequence[Result], *, is_complete: bool) -> None:
        """Take commands again, and annotate."""
        click.echo(f"::{self._token}::")
        for command in workflow_commands(results):
            click.echo(command)


def workflow_commands(results: Sequence[Result]) -> list[str]:
    """GitHub's commands that annotate what went wrong: the worst first, and no more of a level than it keeps."""
    found = [annotation for result in results for annotation in _annotations_of(result)]
    return [command for level in ("error", "warning", "notice") for command in _commands(level, found)]


@dataclass(frozen=True)
class _Annotation:
    level: Literal["error", "warning", "notice"]
    lost: float  # points
    title: str
    message: str


def _annotations_of(result: Result) -> Iterator[_Annotation]:
    score = f"{result.score:g} of {result.max_score:g} points"
    lost = result.max_score - result.score
    if result.status in ("ungradable", "error"):
        yield _Annotation("error", lost, f"{result.submission}: {result.status}", result.summary)
        return
    yield _Annotation("notice", lost, result.submission, score)
    for check in result.checks:
        if check.outcome != "passed" and check.visibility == "visible":
            points = f"{check.points:g} of {check.max_points:g} points"
            yield _Annotation(
                "warning" if check.outcome == "partial" else "error",
                check.max_points - check.points,
                f"{result.submission}: {check.title}",
                f"{points}. {check.feedback}",
            )


def _commands(level: str, found: list[_Annotation]) -> Iterator[str]:
    worst = sorted((a for a in found if a.level == level), key=lambda annotation: -annotation.lost)
    kept = worst if len(worst) <= _MOST else worst[: _MOST - 1]
    for annotation in kept:
        title, message = sanitize(annotation.title, _MAX_TITLE), sanitize(annotation.message, _MAX_MESSAGE)
        yield f"::{level} title={_property(title)}::{_data(message)}"
    if left_out := len(worst) - len(kept):
        yield f"::{level} title=And more::{left_out} more are in the results."


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def write_classroom(results: Sequence[Result], path: Path) -> None:
    """Write what an autograder hands to GitHub Classroom's reporter, there in base64.

    https://github.com/classroom-resources/autograding-grading-reporter
    """
    several = len(results) > 1
    content = {
        "version": 1,
        "status": _status(results),
        "max_score": round(sum(result.max_score for result in results), 6),
        "tests": [
            _test(check, f"{result.submission}: " if several else "") for result in results for check in result.checks
        ],
    }
    write_whole(path, json.dumps(content, indent=2) + "\n")


def _status(results: Sequence[Result]) -> str:
    if any(result.status == "error" for result in results):
        return "error"
    passed = all(check.outcome == "passed" for result in results for check in result.checks)
    return "pass" if passed else "fail"


def _test(check: Check, prefix: str) -> dict[str, Any]:
    shown = check.visibility == "visible"
    statuses = {"passed": "pass", "partial": "fail", "failed": "fail"}
    return {
        "name": _line(f"{prefix}{check.title}" if shown else f"{prefix}A check that is not shown"),
        "status": statuses.get(check.outcome, "error"),
        "message": _line(check.feedback) if shown and check.feedback else None,
        "score": check.points,
        "test_code": "",
        "filename": "",
        "line_no": 0,
        "duration": round(1000 * check.seconds),
    }


def _line(text: str) -> str:
    """Text as the reporter can print it: it does not keep GitHub from reading commands in it."""
    return " ".join(sanitize(text, _MAX_MESSAGE).split()).replace("##[", "## [")
