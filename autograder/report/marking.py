"""The written answers of a class: a page to read them on, and a table for the marks.

What students wrote is shown as the little HTML that Markdown makes: HTML in it is text, pictures are links, and links
lead to the web or to a mailbox. The page itself forbids the browser to load or to run anything.
"""

from __future__ import annotations

import csv
import functools
import io
import os
import re
import statistics
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, PackageLoader
from markdown_it import MarkdownIt
from markupsafe import Markup, escape
from mdit_py_plugins.dollarmath import dollarmath_plugin

from autograder.atomic import write_whole
from autograder.errors import AutograderError
from autograder.report.listener import Listener
from autograder.results import Answer, Parts, Result
from autograder.sanitize import spreadsheet_text

COLUMNS = ["submission", "question", "marks", "comment"]
_MAX_MARKDOWN = 10_000  # characters: hostile Markdown takes quadratic time
_MAX_CELLS = 5_000  # of tables: a row is filled up to the width of its table, so that a few characters make many


@dataclass(frozen=True)
class _Entry:
    """One submission's answer to a question; without one, the reason why."""

    submission: str
    answer: Answer | None
    reason: str


@dataclass(frozen=True)
class _Question:
    name: str
    asked: Parts
    entries: list[_Entry]

    @property
    def written(self) -> int:
        return sum(not entry.reason for entry in self.entries)


@dataclass(frozen=True)
class Marking(Listener):
    """Writes what is to be marked by hand into the folder of the results, and tells which files these are."""

    folder: Path
    title: str
    tell: Callable[[Sequence[Path]], None]

    def finished(self, results: Sequence[Result], *, is_complete: bool) -> None:
        """Write them, unless answers may be missing."""
        if is_complete:
            self.tell(write_written(results, self.folder, self.title))


def write_written(results: Sequence[Result], folder: Path, title: str) -> tuple[Path, ...]:
    """Write ``written.html``, and to ``marks.csv`` a row for each answer that has none; neither without a question.

    Raises:
        AutograderError: there is a ``marks.csv`` that can't be read. It is left as it is.
    """
    questions = _questions(results)
    if not questions:
        return ()
    page, marks = folder / "written.html", folder / "marks.csv"
    environment = Environment(loader=PackageLoader(__package__), autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters["shown"] = _shown
    template = environment.get_template("written.html")
    write_whole(page, template.render(title=title, questions=questions))
    _add_rows(marks, [(entry.submission, question.name) for question in questions for entry in question.entries])
    return page, marks


def _questions(results: Sequence[Result]) -> list[_Question]:
    """The questions that most submissions have, in the order in which these have them; then those of a few.

    The latter come of headings that students changed: of those, nobody else's answer is missing.
    """
    places: dict[str, list[int]] = {}
    for result in results:
        for place, answer in enumerate(result.answers):
            places.setdefault(answer.question, []).append(place)
    most = sum(bool(result.answers) for result in results) / 2
    order = sorted(places, key=lambda name: (len(places[name]) < most, statistics.median_low(places[name])))
    by_name = [(result, {answer.question: answer for answer in result.answers}) for result in results]
    questions = []
    for name in order:
        entries = [
            _Entry(result.submission, answers.get(name), _why_blank(result, answers.get(name)))
            for result, answers in by_name
            if name in answers or len(places[name]) >= most
        ]
        asked = Counter(entry.answer.asked for entry in entries if entry.answer).most_common(1)[0][0]
        questions.append(_Question(name, asked, entries))
    return questions


def _why_blank(result: Result, answer: Answer | None) -> str:
    if answer is not None:
        return "" if answer.written else "Not answered: empty, or still the placeholder."
    if result.status == "ungradable" and not result.answers:
        return f"Not read: {result.summary}"
    if result.status == "error" and not result.answers:
        return "Not read: grading this submission failed."
    return "Missing: this question is not in the submission."


# --- the page ------------------------------------------------------------------------------------------------------


class _Markdown(MarkdownIt):
    def validateLink(self, url: str) -> bool:  # noqa: N802  # the library's own name
        return bool(re.match(r"(https?|mailto):", url, re.IGNORECASE))


@functools.cache
def _markdown() -> MarkdownIt:
    markdown = _Markdown("commonmark", {"html": False}).enable(["table", "strikethrough"]).disable("image")
    # Formulas stay as they were typed: without this, Markdown takes their stars and backslashes for its own.
    return markdown.use(dollarmath_plugin, allow_labels=False, allow_digits=False, renderer=_formula)


def _formula(source: str, options: dict[str, bool]) -> str:
    dollars = "$$" if options["display_mode"] else "$"
    return str(escape(f"{dollars}{source}{dollars}"))


def _shown(parts: Parts) -> Markup:
    """Parts as HTML."""
    return Markup("\n").join(_as_html(text) if kind == "markdown" else _as_text(text) for kind, text in parts)


def _as_html(text: str) -> Markup:
    lines = text.splitlines()
    cells = len(lines) * max((line.count("|") for line in lines), default=0)
    if len(text) <= _MAX_MARKDOWN and cells <= _MAX_CELLS:
        try:
            return Markup(_markdown().render(text))  # noqa: S704  # see the module's docstring
        except Exception:  # noqa: S110  # one student's text must not cost the others the page
            pass
    return _as_text(text)


def _as_text(text: str) -> Markup:
    return Markup("<pre>{}</pre>").format(text)


# --- the table -----------------------------------------------------------------------------------------------------


def _add_rows(path: Path, wanted: list[tuple[str, str]]) -> None:
    """Append the rows that are not there yet. What a person wrote is not even written again."""
    old = _read(path) if path.is_file() else ""
    delimiter, columns, known = _parsed(path, old) if old.strip() else (",", COLUMNS, set())
    new = io.StringIO()
    writer = csv.DictWriter(new, columns, restval="", extrasaction="ignore", delimiter=delimiter, lineterminator="\n")
    if not known and not old.strip():
        writer.writeheader()
    for submission, question in wanted:
        key = (spreadsheet_text(submission), spreadsheet_text(question))
        if key not in known:
            writer.writerow({"submission": key[0], "question": key[1]})
    if new.getvalue():
        size = path.stat().st_size if path.exists() else 0
        try:
            with path.open("a", encoding="utf-8", newline="") as file:
                file.write("\n" * (bool(old) and not old.endswith("\n")) + new.getvalue())
        except OSError:  # a full disk, which may have had room for half a row
            os.truncate(path, size)
            raise


def _read(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise AutograderError(
            f"{path} is not UTF-8: save it as 'CSV UTF-8', or rename it, and grade again; it was left as it is"
        ) from None


def _parsed(path: Path, text: str) -> tuple[str, list[str], set[tuple[str, str]]]:
    """The delimiter, the columns, and which rows are there. Spreadsheets of some countries write semicolons."""
    for delimiter in ",;\t":
        reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter)
        columns = list(reader.fieldnames or ())
        if {"submission", "question"} <= set(columns):
            return delimiter, columns, {(row["submission"], row["question"]) for row in reader}
    raise AutograderError(
        f"{path} has no columns {' and '.join(COLUMNS[:2])}: rename it, and grade again; it was left as it is"
    )
