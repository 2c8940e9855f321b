"""The leak check: nothing that is hidden may be in what students get.

Hidden are the graders, the key, the graders' data and the solutions. What students get is looked through whole:
sources, outputs and metadata of the notebook, the public tests, the helper files and the data, packed or not.
"""

from __future__ import annotations

import ast
import base64
import gzip
import io
import json
import re
import tokenize
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.assignment import KEY, Assignment
from autograder.packaging.master import Master, functions_of

_SHORTEST_LINE = 16  # characters without the white space; shorter lines are in every notebook
_SHORTEST_BODY = 40
_WINDOW = 48  # bytes of data
_SEVERAL = 4  # windows: a header has one or two
_LIVELY = 12  # different values in a window: fewer are a background, which pictures share


@dataclass(frozen=True)
class Leak:
    """Where in the student version something hidden was found, and what."""

    place: str  # "cnn.ipynb, cell 14, output"
    what: str  # "a line of graders/test_q1.py: assert claimed == expected"

    def __str__(self) -> str:
        return f"{self.place} has {self.what}"


@dataclass(frozen=True)
class _Text:
    place: str
    text: str


@dataclass(frozen=True)
class _Data:
    place: str
    data: bytes


def find_leaks(assignment: Assignment, master: Master, student: Path) -> list[Leak]:
    """Look for what is hidden in the folder ``student`` that students are to get."""
    released = [path for path in sorted(student.rglob("*")) if path.is_file()]
    texts = [text for path in released for text in _texts(path, path.relative_to(student).as_posix())]
    datas = [data for path in released for data in _unpacked(path.relative_to(student).as_posix(), path.read_bytes())]
    datas += [data for text in texts for data in _encoded(text)]
    hidden_texts = {name: _as_text(path) or "" for name, path in _hidden_files(assignment) if name != KEY}
    leaks = [
        *_unexpected(assignment, released, student),
        *_lines(assignment, master, hidden_texts, texts),
        *_bodies(assignment, master, hidden_texts, texts),
        *_literals(master, hidden_texts, texts),
        *_key(assignment, texts, datas),
        *_hidden_data(assignment, datas),
    ]
    return list(dict.fromkeys(leaks))


# --- what is there -------------------------------------------------------------------------------------------------


def _unexpected(assignment: Assignment, released: list[Path], student: Path) -> Iterator[Leak]:
    """Files that nobody asked for: caches, checkpoints, a grader that was copied along."""
    wanted = {student / f"{assignment.name}.ipynb"}
    for name, source in assignment.student_files.items():
        wanted |= {student / name / path.relative_to(source) for path in _files(source)}
    for path in released:
        if path not in wanted and not (path.parent == student / "tests" and path.suffix == ".py"):
            yield Leak(path.relative_to(student).as_posix(), "no place there: no setting asks for this file")


def _texts(path: Path, place: str) -> Iterator[_Text]:
    """The texts of a file, piece by piece; none of a binary one."""
    content = _as_text(path)
    if content is None:
        return
    if path.suffix != ".ipynb":
        yield _Text(place, content)
        return
    notebook = json.loads(content)
    for number, cell in enumerate(notebook.get("cells", []), 1):
        here = f"{place}, cell {number}"
        yield _Text(here, _joined(cell.pop("source", "")))
        for key, value in cell.items():
            yield _Text(f"{here}, {key}", "\n".join(_strings(value)))
    yield _Text(f"{place}, metadata", "\n".join(_strings(notebook.get("metadata", {}))))


def _joined(lines: str | list[str]) -> str:
    return lines if isinstance(lines, str) else "".join(lines)


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield str(key)
            yield from _strings(inner)
    elif isinstance(value, list):
        if all(isinstance(line, str) for line in value):
            yield "".join(value)
        else:
            for inner in value:
                yield from _strings(inner)
    else:
        yield str(value)


def _unpacked(place: str, data: bytes) -> Iterator[_Data]:
    """The bytes of a file, and those that are packed in it."""
    yield _Data(place, data)
    if data.startswith(b"\x1f\x8b"):
        try:
            yield from _unpacked(place, gzip.decompress(data))
        except (OSError, EOFError, zlib.error):
            return
    elif zipfile.is_zipfile(io.BytesIO(data)):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for name in archive.namelist():
                yield from _unpacked(f"{place}, {name}", archive.read(name))


_BASE64 = re.compile(r"[A-Za-z0-9+/\s]{80,}={0,2}")


def _encoded(text: _Text) -> Iterator[_Data]:
    for match in _BASE64.finditer(text.text):
        compact = "".join(match[0].split()).rstrip("=")
        for start in range(4):  # what stands before it may look like a part of it
            whole = compact[start:]
            yield _Data(text.place, base64.b64decode(whole[: len(whole) // 4 * 4]))


# --- what must not be there ----------------------------------------------------------------------------------------


def _hidden_files(assignment: Assignment) -> Iterator[tuple[str, Path]]:
    """Files that students never see, and their names: the graders and what they read."""
    for folder in (assignment.graders, *(assignment.folder / name for name in assignment.settings.autograder_files)):
        for path in _files(folder):
            yield path.relative_to(assignment.folder).as_posix(), path


def _files(path: Path) -> list[Path]:
    """The file, or all files below the folder, without what Python leaves behind."""
    found = sorted(path.rglob("*")) if path.is_dir() else [path]
    return [file for file in found if file.is_file() and "__pycache__" not in file.parts]


def _as_text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return None


def _helpers(assignment: Assignment) -> list[str]:
    """Texts of the files that are given to students."""
    paths = [path for source in assignment.student_files.values() for path in _files(source)]
    return [text for text in map(_as_text, paths) if text is not None]


def _compact(text: str) -> str:
    return "".join(text.split())


def _lines(assignment: Assignment, master: Master, hidden_texts: dict[str, str], texts: list[_Text]) -> Iterator[Leak]:
    """Distinctive lines: those that are in neither the given text nor the public tests."""
    given = "\n".join(map(_compact, [*master.given, *master.tests, *_helpers(assignment)]))
    released = [(text.place, _compact(text.text)) for text in texts]
    solutions = {"the solutions": "\n".join(master.solutions)}
    for name, source in (hidden_texts | solutions).items():
        for line in dict.fromkeys(source.splitlines()):
            compact = _compact(line)
            if len(compact) < _SHORTEST_LINE or compact in given:
                continue
            for place, text in released:
                if compact in text:
                    yield Leak(place, f"a line of {name}: {line.strip()}")


def _bodies(assignment: Assignment, master: Master, hidden_texts: dict[str, str], texts: list[_Text]) -> Iterator[Leak]:
    """Bodies of functions, whatever their layout, comments and docstring."""
    known = {body for source in [*master.tests, *_helpers(assignment)] for _, body in _bodies_of(source)}
    hidden: dict[str, str] = {}
    for name, sources in [*((n, [s]) for n, s in hidden_texts.items()), ("the solutions", master.solved)]:
        for source in sources:
            hidden |= {body: f"the body of {function} of {name}" for function, body in _bodies_of(source)}
    for text in texts:
        for _, body in _bodies_of(text.text):
            if body in hidden and body not in known:
                yield Leak(text.place, hidden[body])


def _bodies_of(source: str) -> Iterator[tuple[str, str]]:
    for function in functions_of(source):
        body = function.body
        if ast.get_docstring(function) is not None:
            body = body[1:]
        text = "\n".join(ast.unparse(statement) for statement in body)
        if len(text) >= _SHORTEST_BODY:
            yield function.name, text


_SECRET = re.compile(r"#\s*SECRET\b")


def _literals(master: Master, hidden_texts: dict[str, str], texts: list[_Text]) -> Iterator[Leak]:
    """Numbers and strings on a line that ends with the comment ``# SECRET``."""
    for name, source in [*hidden_texts.items(), *(("the solutions", source) for source in master.solved)]:
        for literal in _marked(source):
            pattern = re.compile(rf"(?<![\w.]){re.escape(literal)}(?!\w|\.\d)")
            for text in texts:
                if pattern.search(text.text):
                    yield Leak(text.place, f"a literal marked SECRET in {name}: {literal}")


def _marked(source: str) -> Iterator[str]:
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(source).readline))
    except (tokenize.TokenError, SyntaxError):
        return
    marked = {token.start[0] for token in tokens if token.type == tokenize.COMMENT and _SECRET.match(token.string)}
    for token in tokens:
        if token.start[0] in marked and token.type == tokenize.NUMBER:
            yield token.string
        elif token.start[0] in marked and token.type == tokenize.STRING:
            try:
                value = ast.literal_eval(token.string)
            except ValueError:  # an f-string
                continue
            if isinstance(value, str) and value.strip():
                yield value


def _key(assignment: Assignment, texts: list[_Text], datas: list[_Data]) -> Iterator[Leak]:
    secret = assignment.key.secret
    spellings = [secret.hex(), base64.b64encode(secret).decode().rstrip("=").lower()]
    for text in texts:
        if any(spelling in text.text.lower() for spelling in spellings):
            yield Leak(text.place, f"the key of {KEY}")
    for data in datas:
        if secret in data.data:
            yield Leak(data.place, f"the key of {KEY}")


def _hidden_data(assignment: Assignment, datas: list[_Data]) -> Iterator[Leak]:
    """Any stretch of the graders' data, wherever it begins: an image among others, say."""
    hidden: dict[bytes, str] = {}
    for name, path in _hidden_files(assignment):
        if _as_text(path) is None:
            for data in _unpacked(name, path.read_bytes()):
                for window in set(_windows(data.data, _WINDOW)):
                    # What several files have in common is their format: a header, a table of a JPEG.
                    hidden[window] = "" if window in hidden else data.place
    for data in datas if hidden else ():
        found = {window: hidden[window] for window in _windows(data.data, 1) if hidden.get(window)}
        for place in dict.fromkeys(found.values()):
            if sum(other == place for other in found.values()) >= _SEVERAL:
                yield Leak(data.place, f"data of {place}")


def _windows(data: bytes, step: int) -> Iterator[bytes]:
    for start in range(0, len(data) - _WINDOW + 1, step):
        window = data[start : start + _WINDOW]
        if step == 1 or len(set(window)) >= _LIVELY:
            yield window
