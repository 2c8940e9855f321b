"""``autograder similar``: reads a class, compares its answers, and writes what a person is to look at."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click
from rich.console import Console

from autograder.assignment import find_assignment
from autograder.atomic import write_whole
from autograder.batch.intake import Per, handed_in
from autograder.report.pseudonyms import Pseudonyms
from autograder.sanitize import sanitize
from autograder.similarity.compare import Groups, compare
from autograder.similarity.page import anonymous, show_similar, similar_page, similar_table


def similar(
    assignment: str,
    submissions: Sequence[Path],
    output: Path,
    questions: Sequence[str] = (),
    per: Per = "auto",
    groups: Path | None = None,
    key: Path | None = None,
) -> None:
    """Write ``similar.html`` and ``similar.csv`` into a folder, and print a table; with a key, without names.

    Raises:
        AutograderError: the assignment, the submissions, the groups or the key are not right.
    """
    chosen = find_assignment(assignment)
    chosen.check_questions(questions)
    who = Groups.in_file(groups) if groups else Groups()
    name = "similar-anonymous" if key else "similar"
    pseudonyms = Pseudonyms.with_key_in(key) if key else None
    console = Console()
    with handed_in(submissions, chosen.name, per) as collected, console.status("comparing ..."):
        comparison = compare(chosen, collected, who, questions)
    if pseudonyms is not None:
        comparison = anonymous(comparison, pseudonyms)
    output.mkdir(parents=True, exist_ok=True)
    write_whole(output / f"{name}.html", similar_page(comparison, chosen.settings.title))
    write_whole(output / f"{name}.csv", similar_table(comparison))
    show_similar(comparison, console)
    if who.missing:
        click.echo(sanitize(f"In {groups} and not in the class: {', '.join(sorted(who.missing))}."))
    click.echo(f"Side by side: {output / f'{name}.html'}   Table: {output / f'{name}.csv'}")
