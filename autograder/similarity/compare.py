"""The answers of a class, read and compared. What can't be read stops nothing, and is listed."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from autograder.assignment import Assignment
from autograder.batch.collect import Collected, SubmissionFile
from autograder.batch.cores import usable_cores
from autograder.batch.engine import Returned
from autograder.batch.lane import LaneLimits
from autograder.batch.local import LocalEngine
from autograder.errors import AssignmentError, UsageError
from autograder.packaging.master import Master, read_master
from autograder.report.platforms import moodle_folder
from autograder.similarity.answers import Answers, names_in, pieces_in
from autograder.similarity.matching import Found, find_alike
from autograder.similarity.reading import ReadAnswers

_LIMITS = LaneLimits(cpu_seconds=60)  # for each submission; one of 25 MB takes two or three


@dataclass(frozen=True)
class Comparison:
    """What came of comparing a class."""

    count: int  # submissions that were compared
    questions: tuple[str, ...]
    found: Found
    remarks: tuple[tuple[str, str], ...]  # names of submissions, and what a person should know of how they were read


def compare(assignment: Assignment, collected: Collected, groups: Groups, questions: Sequence[str] = ()) -> Comparison:
    """Compare the answers of a class, to these questions or to all.

    Raises:
        AssignmentError: there is no master notebook, or no question in it has an answer in code.
    """
    master = read_master(assignment)
    names = _names_of_questions(master, questions)
    code = [cell.source for cell in master.notebook.cells if cell.cell_type == "code"]
    read = ReadAnswers(names, frozenset(source.strip() for source in master.given))
    answers: dict[str, Answers] = {}
    remarks = list(collected.set_aside)
    engine = LocalEngine(usable_cores(), _LIMITS)
    for file, outcome in engine.run(read, collected.submissions):
        if not isinstance(outcome, Returned):
            remarks.append((file.name, "it could not be read: reading it took too much time or memory"))
        elif isinstance(outcome.value, str):
            remarks.append((file.name, outcome.value.rstrip(".")))
        else:
            answers[file.name] = outcome.value
            remarks += [(file.name, words) for words in outcome.value.remarks]
            if not outcome.value.pieces:
                remarks.append((file.name, "nothing in it answers a question that was compared"))
    people = {file.name: groups.of(file) for file in collected.submissions}
    found = find_alike(answers, names, pieces_in(code), lambda one, other: not people[one] & people[other])
    return Comparison(len(answers), tuple(names), found, tuple(sorted(remarks)))


def _names_of_questions(master: Master, questions: Sequence[str]) -> dict[str, frozenset[str]]:
    found = {question: names_in(sources) for question, sources in master.answers.items()}
    found = {question: names for question, names in found.items() if names and (not questions or question in questions)}
    if not found:
        raise AssignmentError(f"{master.path} has no question with an answer in code to compare")
    return found


@dataclass
class Groups:
    """Who works together: a line a group, with the names of its members between commas."""

    lines: list[frozenset[str]] = field(default_factory=list)
    missing: set[str] = field(default_factory=set)  # members of whom there is no submission

    @classmethod
    def in_file(cls, path: Path) -> Groups:
        """Those in a CSV file.

        Raises:
            UsageError: it is no text, or no line names two.
        """
        try:
            rows: Iterable[list[str]] = list(csv.reader(path.read_text(encoding="utf-8-sig").splitlines()))
        except (UnicodeDecodeError, csv.Error):
            raise UsageError(f"{path} is no CSV file in UTF-8") from None
        lines = [frozenset(cell.strip().casefold() for cell in row if cell.strip()) for row in rows]
        if not any(len(line) > 1 for line in lines):
            raise UsageError(
                f"{path} names no group: write a line for each, with the names of its members between commas"
            )
        return cls(lines, {member for line in lines for member in line})

    def of(self, file: SubmissionFile) -> frozenset[str]:
        """Whose a submission is, and which groups they are in. Two that share any of it are no pair."""
        mine = {part.casefold() for part in _called(file)}
        self.missing -= mine
        return file.owners | {f"group {n}" for n, line in enumerate(self.lines) if line & mine}


def _called(file: SubmissionFile) -> Iterable[str]:
    """What a person may call who handed in a submission."""
    path = PurePosixPath(file.name)
    yield from (file.name, path.stem, *path.parts, *file.owners)
    yield path.name.partition("_")[0]  # Canvas's `adlerada_123_456_notebook.ipynb`
    if folder := moodle_folder(file.name):
        yield folder.partition("_")[0]
    yield from path.parts[0].split("+")
