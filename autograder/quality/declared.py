"""The submissions that an assignment keeps beside its graders, each with the outcome that it declares.

A submission lies whole in ``submissions/``, or in ``changes/`` as a change of another, its base: apart, since a change
is nothing to be graded as it is. To write submissions as they are graded::

    python -m autograder.quality.declared ASSIGNMENT FOLDER [NAME...]
"""

from __future__ import annotations

import argparse
import ast
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal, Self, get_args

from pydantic import BaseModel, ConfigDict, NonNegativeFloat, TypeAdapter, ValidationError, model_validator

from autograder.assignment import find_assignment, first_mistake
from autograder.errors import AssignmentError, AutograderError, UsageError
from autograder.quality.changes import BadChange, compose
from autograder.results import Status, question_of

FOLDER = "submissions"
CHANGES = "changes"
DECLARATIONS = "outcomes.toml"

Kind = Literal["right", "wrong", "hostile", "broken"]


class Declaration(BaseModel):
    """What ``outcomes.toml`` says of one submission. A key that is not listed here is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    base: str | None = None  # the submission of which its file is a change
    style: str = ""  # in which way a right one is right
    mistake: str = ""  # what the others do wrong; a change says it in its docstring
    answers: frozenset[str] | None = None  # the questions that it answers, where it leaves out others
    fails: frozenset[str] = frozenset()  # the checks that give no points
    partial: dict[str, NonNegativeFloat] = {}  # checks that give other points than none or all
    may_fail: frozenset[str] = frozenset()  # those that may give anything: chance, or the processor, decides
    says: str | None = None  # a part of the feedback of the first check that it loses
    cause: str | None = None  # what the diagnosis names first
    status: Status = "graded"
    endless: bool = False  # it takes as long as it may

    @model_validator(mode="after")
    def _each_check_once(self) -> Self:
        for check in sorted(self.fails & self.partial.keys()):
            raise ValueError(f"{check!r} stands both in `fails` and in `partial`")
        return self

    def leaves_out(self, check: str) -> bool:
        """Whether a check (``"q1.adds"``) is of a question that it does not answer."""
        return self.answers is not None and question_of(check) not in self.answers


@dataclass(frozen=True)
class DeclaredSubmission:
    """A submission as it is graded, and what it declares. Its name is that of its file: ``"wrong/q1_adds.py"``."""

    name: str
    declaration: Declaration
    content: bytes

    @property
    def kind(self) -> Kind:
        """The folder that it is in."""
        kind: Kind = TypeAdapter(Kind).validate_python(PurePosixPath(self.name).parts[0])
        return kind

    def write(self, folder: Path) -> Path:
        """Write it below this folder, under its name, and say where."""
        path = folder / self.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(self.content)
        return path


def declared_submissions(folder: Path) -> dict[str, DeclaredSubmission]:
    """All submissions of the assignment in this folder by their names, in the order of ``outcomes.toml``.

    Raises:
        AssignmentError: ``outcomes.toml`` is not right, or does not list the files that are there.
    """
    path = folder / FOLDER / DECLARATIONS
    declarations = _read(path)
    for name, is_change in _files(folder):
        if name not in declarations:
            raise AssignmentError(f"{path} does not say what becomes of {name!r}")
        if is_change != (declarations[name].base is not None):
            there = f"which is in {CHANGES}/" if is_change else f"which is whole in {FOLDER}/"
            raise AssignmentError(f"{path} gives {'no' if is_change else 'a'} `base` for {name!r}, {there}")
    return {name: _submission(path, name, declarations, ()) for name in declarations}


def _read(path: Path) -> dict[str, Declaration]:
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
        declarations = TypeAdapter(dict[str, Declaration]).validate_python(tables)
    except OSError as error:
        raise AssignmentError(f"{path} can't be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise AssignmentError(f"{path} is not TOML: {error}") from None
    except ValidationError as error:
        raise first_mistake(error, path, Declaration, entries=1) from None
    for name in declarations:
        kind, *inside = PurePosixPath(name).parts or ("",)
        plain = name == "/".join([kind, *inside]) and ".." not in inside and name.isprintable()
        if kind not in get_args(Kind) or not inside or not plain:
            raise AssignmentError(f"{path}: {name!r} is no file in {', '.join(f'{kind}/' for kind in get_args(Kind))}")
    return declarations


def _submission(
    path: Path, name: str, declarations: Mapping[str, Declaration], changes: tuple[str, ...]
) -> DeclaredSubmission:
    """One of the declared submissions, which is the base of these changes."""
    declaration = declarations[name]
    file = path.parents[1] / (CHANGES if declaration.base else FOLDER) / name
    try:
        content = file.read_bytes()
    except OSError as error:
        raise AssignmentError(f"{path} declares {name!r}: {file} can't be read: {error.strerror}") from None
    if declaration.base is None:
        return DeclaredSubmission(name, declaration, content)
    if declaration.base not in declarations:
        raise AssignmentError(f"{path}: the base of {name!r}, {declaration.base!r}, is not declared")
    if declaration.base in (name, *changes):
        raise AssignmentError(f"{path}: {name!r} is a change of itself, by way of its base {declaration.base!r}")
    base = _submission(path, declaration.base, declarations, (name, *changes))
    try:
        change = content.decode()
        composed = compose(base.content.decode(), change)
    except (BadChange, UnicodeDecodeError) as error:
        reason = error if isinstance(error, BadChange) else "the base or the change is not UTF-8"
        raise AssignmentError(f"{file} can't be made a change of {declaration.base!r}: {reason}") from None
    if words := ast.get_docstring(ast.parse(change)):
        declaration = declaration.model_copy(update={"mistake": declaration.mistake or words})
    return DeclaredSubmission(name, declaration, composed.encode())


def _files(folder: Path) -> Iterator[tuple[str, bool]]:
    """The names of the files, and whether each is a change, but for hidden ones and what Python leaves behind."""
    for place in (FOLDER, CHANGES):
        for kind in get_args(Kind):
            for path in sorted((folder / place / kind).rglob("*")):
                inside = path.relative_to(folder / place)
                if path.is_file() and not any(part.startswith((".", "__")) for part in inside.parts):
                    yield inside.as_posix(), place == CHANGES


def main(arguments: list[str] | None = None) -> None:
    """Write declared submissions of an assignment into a folder, as they are graded."""
    parser = argparse.ArgumentParser(prog="python -m autograder.quality.declared", description=main.__doc__)
    parser.add_argument("assignment", help="a folder, or a name under solutions/")
    parser.add_argument("folder", type=Path)
    parser.add_argument("names", nargs="*", metavar="NAME", help="wrong/q1_adds.py, say; all unless given")
    options = parser.parse_args(arguments)
    try:
        submissions = declared_submissions(find_assignment(options.assignment).folder)
        for name in options.names or submissions:
            if name not in submissions:
                raise UsageError(f"{options.assignment} declares no submission {name!r}")
            submissions[name].write(options.folder)
    except AutograderError as error:
        raise SystemExit(f"Error: {error}") from None


if __name__ == "__main__":
    main()
