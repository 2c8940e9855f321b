"""Which files are submissions, and what each is called."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.errors import UsageError
from autograder.submission import SUFFIXES


@dataclass(frozen=True)
class Job:
    """A submission to grade: its file, and its name in the results."""

    name: str
    path: Path


@dataclass(frozen=True)
class Collected:
    """Submissions in the order of their names, and the files in the folders that are none."""

    jobs: tuple[Job, ...]
    passed_over: tuple[Path, ...]


def collect(paths: Sequence[Path]) -> Collected:
    """Find the submissions in files and folders.

    A file that is named is a submission whatever it is. Below a folder, notebooks, Python files and archives
    are; hidden files and folders are not looked at.

    Raises:
        UsageError: a path does not exist, nothing was found, or two submissions would have the same name.
    """
    jobs: dict[str, Job] = {}
    passed_over = []
    for given in paths:
        if given.is_dir():
            files = sorted(_files_below(given))
            passed_over += [path for path in files if path.suffix.lower() not in SUFFIXES]
            found = [_job(path.relative_to(given), path) for path in files if path.suffix.lower() in SUFFIXES]
        elif given.exists() or given.is_symlink():
            found = [_job(Path(given.name), given)]
        else:
            raise UsageError(f"there is no submission {str(given)!r}")
        for job in found:
            other = jobs.setdefault(job.name, job)
            if other.path.absolute() != job.path.absolute():
                raise UsageError(
                    f"two submissions would be called {job.name!r} ({other.path} and {job.path}): "
                    "grade the folder above both, or one at a time"
                )
    if not jobs:
        raise UsageError(f"there is no {', '.join(SUFFIXES)} file in {', '.join(map(str, paths))}")
    return Collected(tuple(jobs[name] for name in sorted(jobs)), tuple(passed_over))


def _job(name: Path, path: Path) -> Job:
    """A job whose name can be written in any file: no control character, no byte that is not UTF-8."""
    text = name.as_posix().encode("utf-8", "backslashreplace").decode()
    return Job("".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text), path)


def _files_below(folder: Path) -> Iterator[Path]:
    for current, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith((".", "__"))]
        for name in names:
            if not name.startswith("."):
                yield Path(current, name)
