"""``similar.html`` and ``similar.csv``: pairs side by side, for a person to look at.

The page has no script and loads nothing, and its content security policy forbids both. What comes from submissions is
text in it.
"""

from __future__ import annotations

import csv
import io
from dataclasses import replace

from jinja2 import Environment, PackageLoader
from markupsafe import Markup
from rich.console import Console
from rich.table import Table
from rich.text import Text

from autograder.report.page import packaged
from autograder.report.pseudonyms import Pseudonyms
from autograder.sanitize import sanitize, spreadsheet_text
from autograder.similarity.compare import Comparison
from autograder.similarity.matching import Alike, Found, Group, Pair, Part

SHOWN = 100  # pairs on the page; the table has all
_IN_TERMINAL = 20
_MAX_NAME = 200  # characters
_MAX_LINE = 400


def similar_page(comparison: Comparison, title: str) -> str:
    """The page as HTML."""
    environment = Environment(
        loader=PackageLoader(__package__),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"name": _name, "line": _line, "percent": _percent}
    style = packaged("static", "report.css") + environment.get_template("similar.css").render()
    return environment.get_template("similar.html").render(
        title=title,
        comparison=comparison,
        pairs=comparison.found.pairs[:SHOWN],
        left_out=max(len(comparison.found.pairs) - SHOWN, 0),
        style=Markup(style),  # noqa: S704  # our own files
    )


def _name(name: str) -> str:
    return sanitize(name, _MAX_NAME)


def _line(text: str) -> str:
    return sanitize(text.expandtabs(4), _MAX_LINE)


def _percent(share: float) -> str:
    return f"{share:.0%}".replace("%", " %")


def similar_table(comparison: Comparison) -> str:
    """All pairs as CSV, a row for each question; no spreadsheet takes a name for a formula."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["first", "second", "question", "share", "lines_of_first", "lines_of_second"])
    for pair in comparison.found.pairs:
        for alike in pair.alike:
            names = [spreadsheet_text(name) for name in (pair.first, pair.second)]
            writer.writerow([*names, alike.question, f"{alike.share:.2f}", *alike.lines])
    return text.getvalue()


def show_similar(comparison: Comparison, console: Console) -> None:
    """Print who is alike, and what could not be compared."""
    found = comparison.found
    console.print(_sentence(comparison))
    if found.pairs:
        table = Table(header_style="bold")
        for heading in ("first", "second"):
            table.add_column(heading, overflow="fold", min_width=14)
        table.add_column("question", no_wrap=True)
        for heading in ("share", "lines"):
            table.add_column(heading, justify="right", no_wrap=True)
        for pair in found.pairs[:_IN_TERMINAL]:
            table.add_row(
                Text(_name(pair.first)),
                Text(_name(pair.second)),
                Text("\n".join(sanitize(alike.question) for alike in pair.alike)),
                "\n".join(_percent(alike.share) for alike in pair.alike),
                "\n".join(str(min(alike.lines)) for alike in pair.alike),
            )
        console.print(table)
    if len(found.pairs) > _IN_TERMINAL:
        console.print(f"And {len(found.pairs) - _IN_TERMINAL} more.")
    for group in found.groups:
        console.print(Text(f"{group.question}: {len(group.names)} answers are nearly the same. The page names them."))
    for name, words in comparison.remarks:
        console.print(Text(f"{_name(name)}: {sanitize(words, 400)}", "dim"), soft_wrap=True)


def _sentence(comparison: Comparison) -> Text:
    count = len(comparison.found.pairs)
    pairs = "no pair is" if not count else "1 pair is" if count == 1 else f"{count} pairs are"
    return Text(f"{comparison.count} submissions, {', '.join(comparison.questions)}: {pairs} alike.")


def anonymous(comparison: Comparison, names: Pseudonyms) -> Comparison:
    """The same with pseudonyms, in the code too where what a file is called stands in it."""

    def part(each: Part, name: str) -> Part:
        return replace(each, lines=tuple(replace(line, text=names.without(name, line.text)) for line in each.lines))

    def alike(each: Alike, first: str, second: str) -> Alike:
        return replace(
            each,
            first=tuple(part(p, first) for p in each.first),
            second=tuple(part(p, second) for p in each.second),
        )

    def pair(each: Pair) -> Pair:
        return Pair(
            names.of(each.first),
            names.of(each.second),
            tuple(alike(a, each.first, each.second) for a in each.alike),
        )

    def group(each: Group) -> Group:
        return Group(each.question, tuple(sorted(map(names.of, each.names))), pair(each.example))

    found = Found(tuple(map(pair, comparison.found.pairs)), tuple(map(group, comparison.found.groups)))
    remarks = sorted((names.of(name), names.without(name, words)) for name, words in comparison.remarks)
    return replace(comparison, found=found, remarks=tuple(remarks))
