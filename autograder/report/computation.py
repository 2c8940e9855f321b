"""The computation of a model, as a table for the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.box import SIMPLE_HEAD
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from autograder.sanitize import sanitize

_TITLES = ("operation", "takes", "gives", "with")


def table_of(lines: Sequence[Sequence[str]]) -> Padding:
    """A row for each of the lines, see :mod:`autograder.worker.outline`. What is in them may be a submission's."""
    table = Table(box=SIMPLE_HEAD, show_edge=False)
    for title in _TITLES:
        table.add_column(title, overflow="fold")
    for called, takes, gives, how, uses in lines:
        settings = ", ".join(part for part in (how, uses) if part)
        table.add_row(*(Text(sanitize(cell)) for cell in (called, takes, gives and f"-> {gives}", settings)))
    return Padding(table, (0, 0, 1, 4))
