"""A summary in Markdown, as GitHub shows for a job and students can be sent.

It is written in HTML, which Markdown may hold: in a block of HTML nothing is Markdown, so that text which is escaped
for HTML and holds no line break is no more than text. What may come from a submission is inside ``<code>``, where
GitHub looks for no mentions, issues and links either. https://spec.commonmark.org/0.31.2/#html-blocks
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from markupsafe import Markup

from autograder.results import Check, Result
from autograder.sanitize import sanitize

MAX_BYTES = 1 << 20  # GitHub drops a longer summary of a step whole
_NOTE_BYTES = 1000  # for the heading, and for saying what was left out
_MAX_FEEDBACK = 600  # characters: one submission must not take the place of the others
_MAX_NAME = 200
_BREAK = Markup("<br>")
_LEFT_OUT = Markup(
    "<p>{} of {} submissions are not shown in full: GitHub shows no more. The results folder holds them all.</p>\n\n"
)
_MARKS = {"passed": "✅", "partial": "🟡", "failed": "❌", "not run": "⚪", "broken": "💥"}


def write_markdown(results: Sequence[Result], path: Path) -> None:
    """Append a summary of these results; what GitHub has no room for is left out, and said to be.

    It holds what students may see at once: no check that is hidden from them until later.
    """
    taken = path.stat().st_size if path.is_file() else 0
    with path.open("a", encoding="utf-8") as file:
        file.write(_summary(results, MAX_BYTES - _NOTE_BYTES - taken))


def _summary(results: Sequence[Result], room: int) -> str:
    rows = _that_fit((_row(result) for result in results), room // 2)
    sections = _that_fit((_section(result) for result in results), room - _size(rows))
    header = Markup("<table>\n<tr><th>submission</th><th>score</th><th>status</th></tr>\n")
    parts = [Markup("## Results\n\n"), header, *rows, Markup("</table>\n\n"), *sections]
    if missing := len(results) - min(len(rows), len(sections)):
        parts.append(_LEFT_OUT.format(missing, len(results)))
    return "".join(parts)


def _that_fit(parts: Iterable[Markup], room: int) -> list[Markup]:
    fitting = []
    for part in parts:
        room -= _size([part])
        if room < 0:
            break
        fitting.append(part)
    return fitting


def _size(parts: Sequence[Markup]) -> int:
    return sum(len(part.encode()) for part in parts)


def _row(result: Result) -> Markup:
    return Markup("<tr><td>{}</td><td>{} of {}</td><td>{}</td></tr>\n").format(
        _quoted(result.submission, _MAX_NAME), f"{result.score:g}", f"{result.max_score:g}", result.status
    )


def _section(result: Result) -> Markup:
    shown = [check for check in result.checks if check.visibility == "visible"]
    later = Markup("")
    if withheld := len(result.checks) - len(shown):
        later = Markup("<p>{} more checks count, and are not shown.</p>\n").format(withheld)
    return Markup(
        "<details open>\n<summary>{}: {} of {}</summary>\n<p>{}</p>\n<table>\n{}</table>\n{}</details>\n\n"
    ).format(
        _quoted(result.submission, _MAX_NAME),
        f"{result.score:g}",
        f"{result.max_score:g}",
        _quoted(result.summary),
        Markup("").join(_check(check) for check in shown),
        later,
    )


def _check(check: Check) -> Markup:
    feedback = _BREAK + _quoted(check.feedback) if check.feedback else Markup("")
    return Markup("<tr><td>{}</td><td>{} of {}</td><td>{}{}</td></tr>\n").format(
        f"{_MARKS[check.outcome]} {check.outcome}",
        f"{check.points:g}",
        f"{check.max_points:g}",
        _on_one_line(sanitize(check.title)),
        feedback,
    )


def _quoted(text: str, longest: int = _MAX_FEEDBACK) -> Markup:
    return Markup("<code>{}</code>").format(_on_one_line(sanitize(text, longest)))


def _on_one_line(text: str) -> Markup:
    """An empty line would end the block of HTML."""
    return _BREAK.join(text.splitlines())
