"""The submissions that an assignment keeps beside its graders, each with the outcome that it declares."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal, Self, get_args

from pydantic import BaseModel, ConfigDict, NonNegativeFloat, TypeAdapter, ValidationError, model_validator

from autograder.errors import AssignmentError
from autograder.results import Status

FOLDER = "submissions"
DECLARATIONS = "outcomes.toml"

Kind = Literal["right", "wrong", "hostile", "broken"]


class Declaration(BaseModel):
    """What ``outcomes.toml`` says of one submission. A key that is not listed here is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    style: str = ""  # in which way a right one is right
    mistake: str = ""  # what the others do wrong
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
        return self.answers is not None and check.partition(".")[0] not in self.answers


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
    submissions = {
        name: DeclaredSubmission(name, declaration, _content(path, name)) for name, declaration in declarations.items()
    }
    for name in _files_below(folder / FOLDER):
        if name not in declarations:
            raise AssignmentError(f"{path} does not say what becomes of {name!r}")
    return submissions


def _read(path: Path) -> dict[str, Declaration]:
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
        declarations = TypeAdapter(dict[str, Declaration]).validate_python(tables)
    except OSError as error:
        raise AssignmentError(f"{path} can't be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise AssignmentError(f"{path} is not TOML: {error}") from None
    except ValidationError as error:
        first = error.errors()[0]
        raise AssignmentError(f"{path}: {': '.join(map(str, first['loc']))}: {first['msg']}") from None
    for name in declarations:
        kind, *inside = PurePosixPath(name).parts or ("",)
        plain = name == "/".join([kind, *inside]) and ".." not in inside and name.isprintable()
        if kind not in get_args(Kind) or not inside or not plain:
            raise AssignmentError(f"{path}: {name!r} is no file in {', '.join(f'{kind}/' for kind in get_args(Kind))}")
    return declarations


def _content(path: Path, name: str) -> bytes:
    try:
        return (path.parent / name).read_bytes()
    except OSError as error:
        raise AssignmentError(f"{path} declares {name!r}, which can't be read: {error.strerror}") from None


def _files_below(folder: Path) -> Iterator[str]:
    """The names of the files in the folders of all kinds, but for hidden ones and what Python leaves behind."""
    for kind in get_args(Kind):
        for path in sorted((folder / kind).rglob("*")):
            inside = path.relative_to(folder)
            if path.is_file() and not any(part.startswith((".", "__")) for part in inside.parts):
                yield inside.as_posix()
