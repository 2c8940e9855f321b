"""A function and what it needs, as bytes for other machines.

They are pickles of our own types. An assignment is in them by its digest, and once beside them, with its key: the
settings, the graders and the files that decide. Where it arrives it lies in a folder of that machine's, and a sandbox
is one that was found to work there.
"""

from __future__ import annotations

import io
import pickle
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from autograder.assignment import Assignment
from autograder.batch.task import Environment, assignment_digest, environment_of, files_of
from autograder.errors import AssignmentError, AutograderError
from autograder.sandbox import Sandbox, choose

_Kind = tuple[str, tuple[Path, ...]]  # of a sandbox: its name, and what must not be readable in it


@dataclass(frozen=True)
class _Packed:
    """An assignment, and the files of its folder that decide; those of the framework are everywhere."""

    assignment: Assignment
    files: dict[str, bytes]  # by their places in its folder

    def unpacked(self, digest: str, folder: Path) -> Assignment:
        """The same assignment in another folder.

        Raises:
            AssignmentError: it is not.
        """
        home = folder / digest / self.assignment.name
        for name, content in self.files.items():
            path = home / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        assignment = replace(self.assignment, folder=home)
        if assignment_digest(assignment) != digest:
            raise AssignmentError(f"{self.assignment.name} is not there what it was here")
        return assignment


def _packed(assignment: Assignment) -> _Packed:
    paths = {path for _, path in files_of(assignment) if path.is_relative_to(assignment.folder)}
    return _Packed(assignment, {path.relative_to(assignment.folder).as_posix(): path.read_bytes() for path in paths})


@dataclass(frozen=True)
class Parcel:
    """What a machine needs to do tasks with a function."""

    function: bytes
    assignments: dict[str, _Packed]  # by digest
    environments: tuple[Environment, ...]  # what the machine has to have, for each assignment in each sandbox

    def unpacked(self, folder: Path) -> Any:
        """The function, on the machine where this is called. Its files are in ``folder``, which nobody else may read.

        Raises:
            AutograderError: this machine can't confine as the sender does, or has other versions.
        """
        assignments = {digest: packed.unpacked(digest, folder) for digest, packed in self.assignments.items()}
        reader = _Reader(self.function, assignments, folder)
        function = reader.load()
        environments = _environments(assignments.values(), reader.sandboxes.values())
        for here, there in zip(environments, self.environments, strict=True):
            if here != there:
                raise AutograderError(f"it has another environment: {here.differences(there)}")
        return function


def pack(function: Any) -> Parcel:
    """A parcel with a function of a module, or an object that pickles."""
    content = io.BytesIO()
    writer = _Writer(content)
    writer.dump(function)
    assignments = {digest: _packed(assignment) for digest, assignment in writer.assignments.items()}
    environments = _environments(writer.assignments.values(), writer.sandboxes.values())
    return Parcel(content.getvalue(), assignments, environments)


def _environments(assignments: Iterable[Assignment], sandboxes: Iterable[Sandbox]) -> tuple[Environment, ...]:
    sandboxes = list(sandboxes)
    return tuple(environment_of(assignment, sandbox) for assignment in assignments for sandbox in sandboxes)


class _Writer(pickle.Pickler):
    def __init__(self, file: io.BytesIO) -> None:
        super().__init__(file)
        self.assignments: dict[str, Assignment] = {}
        self.sandboxes: dict[_Kind, Sandbox] = {}

    def persistent_id(self, value: Any) -> tuple[Any, ...] | None:
        match value:
            case Assignment():
                digest = assignment_digest(value)
                self.assignments[digest] = value
                return ("assignment", digest)
            case Sandbox():
                kind = value.name, value.forbidden
                self.sandboxes[kind] = value
                return ("sandbox", kind)
        return None


class _Reader(pickle.Unpickler):
    def __init__(self, content: bytes, assignments: dict[str, Assignment], folder: Path) -> None:
        super().__init__(io.BytesIO(content))
        self.sandboxes: dict[_Kind, Sandbox] = {}
        self._assignments = assignments
        self._folder = folder

    def persistent_load(self, found: tuple[Any, ...]) -> Assignment | Sandbox:
        what, kind = found
        if what == "assignment":
            return self._assignments[kind]
        if kind not in self.sandboxes:
            name, forbidden = kind  # which is on this machine, too, where they share their disks
            self.sandboxes[kind] = choose(name, (*forbidden, self._folder))
        return self.sandboxes[kind]
