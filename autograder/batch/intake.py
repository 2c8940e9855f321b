"""A class as it was handed in: files, folders, and what learning platforms make of them for download.

Nothing that an archive says is a place on this disk: what is in it is unpacked under numbers, and only its name in the
results is what the archive calls it. Which file of a student counts is said in :func:`_that_counts`; the others are
named.
"""

from __future__ import annotations

import contextlib
import re
import stat
import time
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any, Literal

import yaml

from autograder.batch.collect import Collected, SubmissionFile, collect, name_of
from autograder.errors import UsageError
from autograder.report.platforms import canvas_file, canvas_user, moodle_participant
from autograder.submission import SUFFIXES
from autograder.submission.reading import MAX_BYTES
from autograder.temporary import TemporaryFolder

Per = Literal["auto", "file", "student"]
_METADATA = "submission_metadata.yml"  # of Gradescope's export, beside the folders of submissions
_MAX_ENTRIES = 200_000  # of an archive
_MAX_ALL = 16 << 30  # bytes of an archive, unpacked
_ENTRY = b"PK\x01\x02"  # what each entry of an archive's directory begins with
_HIDDEN = (".", "__")  # what names of files and folders begin with that nobody handed in
_DAMAGED = (zipfile.BadZipFile, RuntimeError, EOFError, ValueError, zlib.error)  # by what is in it, not by the disk


@dataclass(frozen=True)
class _File:
    """A submission, when it was last changed, in seconds since whenever, and whose it is, where that is known."""

    file: SubmissionFile
    changed: float
    owner: str = ""


@contextlib.contextmanager
def handed_in(paths: Sequence[Path], assignment: str, per: Per = "auto") -> Iterator[Collected]:
    """The submissions in files, folders and archives of a class; what was unpacked goes when the block is left.

    With ``per="student"``, of each outermost folder one file counts; with ``"file"`` every file is a submission; else
    it is one of each student of a platform, and every other file. An archive is a class if a learning platform named
    what is in it, or if ``per`` says so; else it is a submission, as Otter's export is.

    Raises:
        UsageError: there is no submission in them, two would have the same name, or an archive can't be read.
    """
    archives = [path for path in paths if path.suffix.lower() == ".zip" and _is_class(path, per)]
    others = [path for path in paths if path not in archives]
    collected = collect(others) if others else Collected((), ())
    files = [_File(file, _changed(file.path)) for file in collected.submissions]
    passed_over, set_aside = list(collected.passed_over), list(collected.set_aside)
    submitters: dict[str, list[str]] = {}
    for path in collected.passed_over:
        if path.name == _METADATA:
            submitters |= _submitters(path.read_bytes()[:MAX_BYTES])
    with TemporaryFolder() as folder:
        for number, path in enumerate(archives):
            unpacked = _Unpacked(path, folder / str(number))
            files += unpacked.files
            passed_over += unpacked.passed_over
            set_aside += unpacked.set_aside
            submitters |= _submitters(unpacked.metadata)
        files = [_renamed(file, submitters) for file in files]
        if per == "student":
            files = _without_prefix(files, f"{assignment}-")
        counting, rest = _one_each(files, assignment, per)
        names = [file.name for file in counting]
        if double := next((name for n, name in enumerate(names) if name in names[:n]), None):
            raise UsageError(f"two submissions would be called {double!r}: grade one archive at a time")
        if not counting:
            raise UsageError(f"there is no {', '.join(SUFFIXES)} file in {', '.join(map(str, paths))}")
        ordered = tuple(sorted(counting, key=lambda file: file.name))
        yield Collected(ordered, tuple(passed_over), (*set_aside, *rest))


def _changed(path: Path) -> float:
    try:
        return path.lstat().st_mtime
    except OSError:
        return 0.0


# --- archives --------------------------------------------------------------------------------------------------------


def _is_class(path: Path, per: Per) -> bool:
    """Whether an archive that is named holds a class. It may be a student's own, and hostile."""
    try:
        if _entries(path) > _MAX_ENTRIES:
            return False
        with zipfile.ZipFile(path) as archive:
            names = [_name(info) for info in archive.infolist() if not info.is_dir() and not _is_hidden(_name(info))]
    except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError):
        return False  # a submission that can't be read, and is said to be one
    found = [name for name in names if PurePosixPath(name).suffix.lower() in SUFFIXES]
    if any(PurePosixPath(name).name == _METADATA for name in names) or any(map(_student_of, found)):
        return True
    return per != "auto" and len(found) > 1


def _entries(path: Path) -> int:
    """How many files an archive may hold: reading its directory takes memory for each."""
    if not stat.S_ISREG(path.lstat().st_mode):
        return 0
    count, last = 0, b""
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            count += (last + chunk).count(_ENTRY)
            last = chunk[-len(_ENTRY) + 1 :]
    return count


def _container(names: Sequence[str]) -> str:
    """The folder that all of these are in, if it holds folders itself, with its slash; else nothing."""
    first = names[0].partition("/")[0] + "/" if names else ""
    is_one = len(names) > 1 and all(name.startswith(first) and "/" in name.removeprefix(first) for name in names)
    return first if is_one and len({name.split("/")[1] for name in names}) > 1 else ""


def _is_hidden(name: str) -> bool:
    return any(part.startswith(_HIDDEN) and part.strip(".") for part in PurePosixPath(name).parts)


class _Unpacked:
    """What is in the archive of a class."""

    def __init__(self, path: Path, folder: Path) -> None:
        self.files: list[_File] = []
        self.passed_over: list[Path] = []
        self.set_aside: list[tuple[str, str]] = []
        self.metadata = b""
        folder.mkdir()
        try:
            with zipfile.ZipFile(path) as archive:
                self._take(path, archive, folder)
        except (OSError, zipfile.BadZipFile, ValueError) as error:
            raise UsageError(f"{path} can't be unpacked ({error}): download it again") from None

    def _take(self, path: Path, archive: zipfile.ZipFile, folder: Path) -> None:
        entries = [info for info in archive.infolist() if not info.is_dir() and not _is_hidden(_name(info))]
        if len(entries) > _MAX_ENTRIES or sum(min(info.file_size, MAX_BYTES) for info in entries) > _MAX_ALL:
            raise UsageError(f"{path} holds too much: unpack it, and grade the folder")
        submissions = [info for info in entries if PurePosixPath(_name(info)).suffix.lower() in SUFFIXES]
        container = _container([_name(info) for info in submissions])
        for info in entries:
            if PurePosixPath(_name(info)).name == _METADATA:
                with contextlib.suppress(*_DAMAGED):
                    self.metadata = b"" if _why_unfit(info) else _read(archive, info)[:MAX_BYTES]
            elif info not in submissions:
                self.passed_over.append(Path(name_of(_name(info))))
        for number, info in enumerate(submissions):
            name = name_of(_name(info))
            if why := _why_unfit(info):
                self.set_aside.append((name, why))
                continue
            target = folder / f"{number}{PurePosixPath(_name(info)).suffix.lower()}"
            try:
                target.write_bytes(_read(archive, info))
            except _DAMAGED:
                self.set_aside.append((name, "it is damaged in the archive: download it again"))
                continue
            changed = time.mktime((*info.date_time, 0, 0, -1)) if info.date_time[1] and info.date_time[2] else 0.0
            self.files.append(_File(SubmissionFile(name.removeprefix(container), target), changed))


def _name(info: zipfile.ZipInfo) -> str:
    """What a file is called; some programs of Windows' write its separators."""
    return info.filename.replace("\\", "/")


def _why_unfit(info: zipfile.ZipInfo) -> str:
    parts = PurePosixPath(_name(info)).parts
    if _name(info).startswith("/") or ".." in parts or re.match(r"[A-Za-z]:", _name(info)):
        return "its name leads out of the archive"
    if stat.S_ISLNK(info.external_attr >> 16):
        return "it is a link"
    if info.flag_bits & 1:
        return "it is encrypted"
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return "it is compressed in an unusual way"
    return ""


def _read(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    """A file of an archive; of one that is too large, enough to say so."""
    with archive.open(info) as file:
        return file.read(MAX_BYTES + 1)


# --- whose it is -----------------------------------------------------------------------------------------------------


class _Loader(yaml.SafeLoader):
    """Of plain data: what Ruby wrote of its own is left out."""


_Loader.add_multi_constructor("!", lambda _loader, _suffix, _node: None)


def _submitters(metadata: bytes) -> dict[str, list[str]]:
    """From the folders of Gradescope's export to who handed in, by address."""
    try:
        content: Any = yaml.load(metadata, _Loader) if metadata else {}  # noqa: S506  # a safe one
    except (yaml.YAMLError, RecursionError, ValueError):
        return {}
    found = {}
    for folder, about in content.items() if isinstance(content, dict) else ():
        people = about.get(":submitters") if isinstance(about, dict) else None
        addresses = [
            str(person.get(":email") or person.get(":sid") or person.get(":name") or "").replace("/", "")
            for person in (people if isinstance(people, list) else [])
            if isinstance(person, dict)
        ]
        if addresses and all(addresses):
            found[str(folder)] = addresses
    return found


def _renamed(file: _File, submitters: Mapping[str, list[str]]) -> _File:
    """With those who handed it in for Gradescope's number of their folder: ``a@uni.example+b@uni.example``."""
    parts = PurePosixPath(file.file.name).parts
    for n, part in enumerate(parts[:-1]):
        if part in submitters:
            name = name_of("/".join(["+".join(submitters[part]), *parts[n + 1 :]]))
            owners = frozenset(submitters[part])
            return _File(replace(file.file, name=name, owners=owners), file.changed, f"gradescope {part}")
    return file


def _without_prefix(files: list[_File], prefix: str) -> list[_File]:
    """Without what GitHub Classroom puts before each student's name, if all folders have it."""
    if not all("/" in file.file.name and file.file.name.startswith(prefix) for file in files):
        return files
    return [_File(replace(file.file, name=file.file.name.removeprefix(prefix)), file.changed) for file in files]


def _student_of(name: str) -> str:
    """Whose a file is, as learning platforms say it in its name; empty where they don't."""
    if number := moodle_participant(name):
        return f"moodle {number}"
    if number := canvas_user(name):
        return f"canvas {number}"
    return ""


def _one_each(files: Sequence[_File], assignment: str, per: Per) -> tuple[list[SubmissionFile], list[tuple[str, str]]]:
    """The file of each student that counts, and the names of the others, with why."""
    students: dict[str, list[_File]] = {}
    for n, file in enumerate(files):
        name = file.file.name
        owner = file.owner or _student_of(name)
        if not owner and per == "student" and "/" in name:
            owner = f"folder {PurePosixPath(name).parts[0]}"
        owners = file.file.owners or frozenset([owner] if owner else [])
        owned = replace(file, file=replace(file.file, owners=owners))
        students.setdefault(owner if owner and per != "file" else f"file {n}", []).append(owned)
    counting, rest = [], []
    for theirs in students.values():
        best = _that_counts(theirs, assignment)
        counting.append(best.file)
        rest += [
            (file.file.name, f"{best.file.name} of the same student counts") for file in theirs if file is not best
        ]
    return counting, rest


def _that_counts(files: Sequence[_File], assignment: str) -> _File:
    """The last that a student handed in: of those that are called as the assignment is, else of notebooks, else of all.

    The last is the one that Canvas gave the highest number to, or else the one that was changed last.
    """
    named = [file for file in files if PurePosixPath(file.file.name).stem == assignment]
    inside = [file for file in files if assignment in PurePosixPath(file.file.name).parts[1:-1]]  # nbgrader's folders
    notebooks = [file for file in files if file.file.path.suffix.lower() == ".ipynb"]
    candidates = named or inside or notebooks or files
    return max(candidates, key=lambda file: (canvas_file(file.file.name), file.changed, file.file.name))
