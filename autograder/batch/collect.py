"""Which files are submissions, and what each is called."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.errors import UsageError
from autograder.submission import SUFFIXES

_JOINERS = "\N{ZERO WIDTH NON-JOINER}\N{ZERO WIDTH JOINER}"


@dataclass(frozen=True)
class SubmissionFile:
    """A submission to grade: its file, its name in the results, and whose it is, where a learning platform says so."""

    name: str
    path: Path
    owners: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Collected:
    """Submissions in the order of their names, and the files in the folders that are none."""

    submissions: tuple[SubmissionFile, ...]
    passed_over: tuple[Path, ...]
    set_aside: tuple[tuple[str, str], ...] = ()  # names of what could be one and is not graded, and why


def collect(paths: Sequence[Path]) -> Collected:
    """Find the submissions in files and folders.

    A file that is named is a submission whatever it is. Below a folder, notebooks, Python files and archives
    are; hidden files and folders are not looked at.

    Two files of a folder whose names differ only in what can't be shown are told apart by a number.

    Raises:
        UsageError: a path does not exist, nothing was found, or two submissions would have the same name.
    """
    chosen: dict[str, SubmissionFile] = {}
    passed_over = []
    for given in paths:
        if given.is_dir():
            files = sorted(_files_below(given))
            passed_over += [path for path in files if path.suffix.lower() not in SUFFIXES]
            found = _submissions(given, [path for path in files if path.suffix.lower() in SUFFIXES])
        elif given.exists() or given.is_symlink():
            found = [SubmissionFile(name_of(given.name), given)]
        else:
            raise UsageError(f"there is no submission {str(given)!r}")
        for file in found:
            other = chosen.setdefault(file.name, file)
            if other.path.absolute() != file.path.absolute():
                raise UsageError(
                    f"two submissions would be called {file.name!r} ({other.path} and {file.path}): "
                    "grade the folder above both, or one at a time"
                )
    if not chosen:
        raise UsageError(f"there is no {', '.join(SUFFIXES)} file in {', '.join(map(str, paths))}")
    return Collected(tuple(chosen[name] for name in sorted(chosen)), tuple(passed_over))


def _submissions(folder: Path, paths: Sequence[Path]) -> list[SubmissionFile]:
    names = {path: name_of(path.relative_to(folder).as_posix()) for path in paths}
    # Who has a name that can be written keeps it, whatever others call their files.
    taken = {name for path, name in names.items() if name == path.relative_to(folder).as_posix()}
    numbers: Counter[str] = Counter()
    found = []
    for path, name in names.items():
        unique = name
        if name != path.relative_to(folder).as_posix():
            stem, suffix = name.removesuffix(path.suffix), path.suffix
            while unique in taken:
                numbers[name] += 1
                unique = f"{stem} ({numbers[name] + 1}){suffix}"
            taken.add(unique)
        found.append(SubmissionFile(unique, path))
    return found


def name_of(path: str) -> str:
    """A name that can be written in any file: no control character, no byte that is not UTF-8.

    Joiners stay: names in Persian and in languages of India are written with them.
    """
    text = path.encode("utf-8", "backslashreplace").decode()
    return "".join(c if c.isprintable() or c in _JOINERS else "\N{REPLACEMENT CHARACTER}" for c in text)


def _files_below(folder: Path) -> Iterator[Path]:
    for current, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith((".", "__"))]
        for name in names:
            if not name.startswith("."):
                yield Path(current, name)
