"""The terminal: what is running now, and a table at the end.

Text that comes from submissions is shown as text: no markup in it is interpreted, and no control character
reaches the terminal.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console, Group
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from autograder.report.listener import Listener
from autograder.report.progress import ProgressBar
from autograder.results import Result, question_of
from autograder.sanitize import sanitize

_STYLES = {
    "passed": "green", "partial": "yellow", "failed": "red", "not run": "magenta", "broken": "bold red",
    "graded": "green", "ungradable": "red", "error": "bold red",
}  # fmt: skip
_MARKS = {"passed": "✓", "partial": "◐", "failed": "✗", "not run": "·", "broken": "!"}


class Display(Listener):
    """How far a grading is, and what came of all.

    ``output`` is the folder where the results are; with ``debug``, tracebacks of our own side are shown.
    """

    def __init__(self, title: str, sandbox: str, output: Path, *, debug: bool = False) -> None:
        self._title, self._sandbox, self._output, self._debug = title, sandbox, output, debug
        self._console = Console()
        self._bar = ProgressBar(self._console)

    def started(self, names: Sequence[str], passed_over: Sequence[Path]) -> None:
        """Say what is graded, and how; name the files that were not taken for submissions."""
        how_many = f"  ·  {len(names)} submissions" if len(names) != 1 else ""
        self._console.print(Text.assemble((self._title, "bold"), f"{how_many}  ·  sandbox: {self._sandbox}"))
        if self._sandbox == "none":
            self._console.print(
                Text("Student code runs with your own rights: it can read and change your files.", "bold red")
            )
        self._bar.started(names, passed_over)
        if passed_over:
            some = ", ".join(path.name for path in passed_over[:5]) + (", ..." if len(passed_over) > 5 else "")
            self._console.print(_text(f"Passed over {len(passed_over)} other files: {some}", "dim"))

    def running(self, names: Sequence[str]) -> None:
        """Show which submissions are being graded now."""
        self._bar.running(names)

    def graded(self, result: Result) -> None:
        """Count one more."""
        self._bar.graded(result)

    def finished(self, results: Sequence[Result], *, is_complete: bool) -> None:
        """The table of all results, or every check of the only one."""
        self._bar.finished(results, is_complete=is_complete)
        if not is_complete:
            return
        self._console.print(details(results[0]) if len(results) == 1 else _table(results, self._console.width))
        for result in results:
            if result.trouble:
                first = result.trouble.strip().splitlines()[0]
                shown = result.trouble if self._debug else f"{first} (--debug shows more)"
                self._console.print(_text(f"{result.submission}: {shown}", "red"))
        places = f"Results: {self._output / 'report.html'}   Scores: {self._output / 'scores.csv'}"
        self._console.print(_text(places, "dim"))

    def to_be_marked(self, written: Sequence[Path]) -> None:
        """Where written answers and the table for their marks are, if there are any."""
        if written:
            self._console.print(_text(f"To be marked by hand: {' and '.join(map(str, written))}", "dim"))


_BESIDE_QUESTIONS = 50  # columns of a terminal that the rest of the table takes at least; a question takes five


def _table(results: Sequence[Result], width: int) -> Table:
    questions = list(dict.fromkeys(question_of(check.name) for result in results for check in result.checks))
    if width < _BESIDE_QUESTIONS + 5 * len(questions):
        questions = []  # scores.csv has them
    table = Table(header_style="bold", row_styles=["", "dim"] if len(results) > 20 else None)
    # On a narrow terminal these two give way; the numbers never do.
    table.add_column("submission", overflow="fold", min_width=14)
    table.add_column("score", justify="right", no_wrap=True)
    for question in questions:
        table.add_column(question, justify="right", no_wrap=True)
    table.add_column("status", no_wrap=True)
    table.add_column("why", min_width=8)
    for result in results:
        cells = [_points_of(result, question) for question in questions]
        score = _text(f"{result.score:g}/{result.max_score:g}", "bold green" if _is_full(result) else "bold")
        table.add_row(
            _text(result.submission),
            score,
            *cells,
            _text(result.status, _STYLES[result.status]),
            _first_reason(result),
        )
    return table


def _is_full(result: Result) -> bool:
    return bool(result.checks) and result.score >= result.max_score


def _points_of(result: Result, question: str) -> Text:
    checks = [check for check in result.checks if question_of(check.name) == question]
    got, most = sum(c.points for c in checks), sum(c.max_points for c in checks)
    return _text(f"{got:g}", "green" if got >= most else "red" if got == 0 else "yellow")


def _first_reason(result: Result) -> Text:
    reasons = [
        *result.trouble.strip().splitlines()[:1],
        *(result.notes if result.status == "ungradable" else ()),
        *(c.feedback for c in result.checks if c.feedback),
    ]
    reason = _text(" ".join(reasons[0].split()) if reasons else "")
    reason.no_wrap, reason.overflow = True, "ellipsis"
    return reason


def details(result: Result) -> Group:
    """Every check of one submission, with its feedback."""
    table = Table.grid(padding=(0, 1), expand=True)
    table.add_column(no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    table.add_column(ratio=1)
    for check in result.checks:
        words = [_text(check.title, "bold"), Text("  "), _text(check.name, "dim")]
        body = [Text.assemble(*words)] + ([_text(check.feedback)] if check.feedback else [])
        body += [_text(decided, "dim") for decided in check.decided]
        points = _text(f"{check.points:g}/{check.max_points:g}", _STYLES[check.outcome])
        table.add_row(Text(_MARKS[check.outcome], _STYLES[check.outcome]), points, Group(*body))
    title = f"{result.submission}: {result.score:g} of {result.max_score:g} ({result.status})"
    notes = [Panel(_text(note), border_style="yellow") for note in result.notes]
    return Group(*notes, Panel(table, title=_text(title, "bold"), border_style=_STYLES[result.status]))


def _text(content: str, style: str = "") -> Text:
    return Text(sanitize(content), style)
