"""The students of a class, as a learning platform lists them, and whose submission is whose.

Whose one is, is found by what identifies a student and nothing else: a platform's number in the name of the file, or a
folder or file that is called exactly as a login, a number, an address or a full name that one student alone has. What
fits nobody, or two, is said and not guessed.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from autograder.errors import UsageError
from autograder.report.platforms import canvas_user, moodle_participant
from autograder.report.policy import Marked

_CANVAS_ID, _MOODLE_ID = "number in Canvas", "number in Moodle"
_IDENTIFIERS = {
    "id", "sis user id", "sis login id", "integration id", "login", "username", "user name", "id number", "email",
    "email address", "e-mail", "sid", "student id", "student number", "matriculation number", "github username",
    "identifier",
}  # fmt: skip
_NAMES = {"student", "full name", "name", "student name"}
_IN_PARTS = (("first name", "last name"), ("firstname", "lastname"))

Key = tuple[str, str]  # what kind of thing identifies a student, and what it is


@dataclass(frozen=True)
class Roster:
    """A table of students: the file as it was read, to be written like that."""

    path: Path
    header: tuple[str, ...]
    above: tuple[tuple[str, ...], ...]  # rows between the header and the students, as Canvas has them
    students: tuple[tuple[str, ...], ...]
    delimiter: str = ","
    has_mark: bool = False  # of bytes' order, at the beginning, as spreadsheets want it

    def place(self, *names: str) -> int | None:
        """Which column has one of these names, whatever their case."""
        lower = [title.strip().lower() for title in self.header]
        return next((lower.index(name) for name in names if name in lower), None)

    def keys(self, student: Sequence[str]) -> Iterator[Key]:
        """What identifies a student."""
        titles = [title.strip().lower() for title in self.header]
        cells = dict(zip(titles, student, strict=False))
        if self.is_of_canvas and cells["id"].strip():
            yield _CANVAS_ID, cells["id"].strip()
        if self.is_of_moodle and (number := re.search(r"(\d+)\s*$", student[0])):
            yield _MOODLE_ID, number[1]
        for title, cell in cells.items():
            if title in _IDENTIFIERS | _NAMES and cell.strip():
                yield "text", _same(cell)
            if title in _NAMES and cell.count(",") == 1:  # "Adler, Ada"
                last, first = cell.split(",")
                yield "text", _same(f"{first} {last}")
        for first, last in _IN_PARTS:
            if first in cells and last in cells:
                yield "text", _same(f"{cells[first]} {cells[last]}")

    @property
    def is_of_canvas(self) -> bool:
        """Whether it is Canvas's gradebook."""
        titles = [title.strip() for title in self.header]
        return {"ID", "Section"} <= set(titles) and ("Student" in titles or {"LastName", "FirstName"} <= set(titles))

    @property
    def is_of_moodle(self) -> bool:
        """Whether it is the grading worksheet of an assignment of Moodle's, in whatever language."""
        first = [student[0] for student in self.students if student]
        return len(self.header) > 3 and bool(first) and all(re.fullmatch(r"\D+ ?\d+", cell.strip()) for cell in first)

    def written(self, header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
        """A table as this one is written."""
        text = io.StringIO()
        writer = csv.writer(text, delimiter=self.delimiter, lineterminator="\n")
        writer.writerows([header, *rows])
        return "\ufeff" * self.has_mark + text.getvalue()


def _same(text: str) -> str:
    """Text without what is written in several ways, or can't be seen."""
    seen = "".join(c for c in unicodedata.normalize("NFC", text) if unicodedata.category(c) != "Cf")
    return " ".join(seen.casefold().split())


def read_roster(path: Path) -> Roster:
    """The students in a CSV file, with commas, semicolons or tabs.

    Raises:
        UsageError: it can't be read, or nothing in it identifies a student.
    """
    try:
        text = path.read_bytes().decode("utf-8")
    except UnicodeDecodeError:
        raise UsageError(f"{path} is not UTF-8: export it again, or save it as 'CSV UTF-8'") from None
    except OSError as error:
        raise UsageError(f"{path} can't be read: {error.strerror}") from None
    has_mark = text.startswith("\ufeff")
    text = text.removeprefix("\ufeff")
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    try:
        rows = [tuple(row) for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if any(row)]
    except csv.Error as error:
        raise UsageError(f"{path} is no table: {error}") from None
    if not rows:
        raise UsageError(f"{path} is empty: export it again")
    header, *others = rows
    above = []
    while others and _is_above(others[0]):
        above.append(others.pop(0))
    width = len(header)
    students = tuple((*row, *("",) * (width - len(row))) for row in others)
    roster = Roster(path, header, tuple(above), students, delimiter, has_mark)
    if not any(any(roster.keys(student)) for student in students):
        raise UsageError(
            f"nothing in {path} identifies a student: it has the columns {', '.join(header[:8])}; give the platform's "
            "own export, or a table with a column id, login, email or name"
        )
    return roster


def _is_above(row: Sequence[str]) -> bool:
    """Whether a row of Canvas's gradebook is of the assignments, and of no student."""
    if "points possible" in row[0].lower():
        return True
    return all(re.fullmatch(r"\s*(muted|manual posting.*)?\s*", cell, re.IGNORECASE) for cell in row)


@dataclass
class Matched:
    """Whose submission is whose."""

    of: dict[int, Marked] = field(default_factory=dict)  # by the student's place in the roster
    of_nobody: list[str] = field(default_factory=list)  # submissions that fit no student, or two
    several: dict[int, list[str]] = field(default_factory=dict)  # submissions of one student, none of which is taken
    to_be_graded_again: list[str] = field(default_factory=list)  # no score of theirs is one


def match(results: Sequence[Marked], roster: Roster) -> Matched:
    """Find the student of each submission."""
    owners: dict[Key, frozenset[int]] = {}
    for place, student in enumerate(roster.students):
        for key in roster.keys(student):
            owners[key] = owners.get(key, frozenset()) | {place}
    found: dict[int, list[Marked]] = {}
    matched = Matched()
    for result in results:
        places = _students_of(result.submission, owners)
        for place in places:
            found.setdefault(place, []).append(result)
        if not places:
            matched.of_nobody.append(result.submission)
    for place, theirs in sorted(found.items()):
        if len(theirs) > 1:
            matched.several[place] = [result.submission for result in theirs]
        elif theirs[0].status == "error":
            matched.to_be_graded_again.append(theirs[0].submission)
        else:
            matched.of[place] = theirs[0]
    return matched


def _students_of(submission: str, owners: dict[Key, frozenset[int]]) -> list[int]:
    """The student whose a submission is, or all of a group; none where it fits nobody, or somebody is not known."""
    fitting = next((owners[key] for key in _keys_of(submission) if key in owners), frozenset())
    if len(fitting) == 1:
        return list(fitting)
    members = PurePosixPath(submission).parts[0].split("+")
    groups = [owners.get(("text", _same(member)), frozenset()) for member in members]
    if len(members) > 1 and not fitting and all(len(group) == 1 for group in groups):
        return [place for group in groups for place in group]
    return []


def _keys_of(submission: str) -> list[Key]:
    """What says whose a submission is, the surest first. In a folder of their own, students name files as they like."""
    if participant := moodle_participant(submission):
        return [(_MOODLE_ID, participant)]
    path = PurePosixPath(submission)
    user = canvas_user(submission)
    return [*([(_CANVAS_ID, user)] if user else []), ("text", _same(path.parts[0] if path.parts[1:] else path.stem))]
