"""Whose points change in a regrading: a table for the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from autograder.sanitize import sanitize


def show_changes(changes: Sequence[tuple[str, str, float, float, str]], regraded: int) -> None:
    """Print submission, check, points before and after, and why, and how many gain and lose in all."""
    console = Console()
    total: dict[str, float] = {}
    table = Table()
    for title in ("submission", "check", "points", "why"):
        table.add_column(title, justify="right" if title == "points" else "left", overflow="fold")
    for submission, check, before, after, why in changes:
        total[submission] = total.get(submission, 0.0) + after - before
        style = "green" if after > before else "red" if after < before else ""
        points = Text(f"{before:g} -> {after:g}", style)
        table.add_row(Text(sanitize(submission)), Text(check), points, Text(sanitize(why)))
    if changes:
        console.print(table)
    gain, lose = (sum(sign * value > 1e-9 for value in total.values()) for sign in (1, -1))
    console.print(f"{gain} gain, {lose} lose, {regraded - gain - lose} keep their points.", highlight=False)
