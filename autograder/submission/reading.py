"""From a file to cells: ``.ipynb``, ``.py`` or an Otter export ``.zip``. Nothing is executed here."""

from __future__ import annotations

import codecs
import io
import json
import re
import stat
import tokenize
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.errors import UnreadableSubmission
from autograder.results import Answer
from autograder.submission.written import SourceCell, written_answers

SUFFIXES = (".ipynb", ".py", ".zip")
MAX_BYTES = 25 << 20  # a notebook with its pictures is seldom over 10 MB
MAX_ENTRIES = 10_000  # of an archive: each takes memory before anything is read
IGNORE_TAG = "otter_ignore"


@dataclass(frozen=True)
class Cell:
    """One code cell: how people would name it, and its text."""

    label: str
    source: str


@dataclass(frozen=True)
class Submission:
    """One student's work: its code cells in order, without those tagged ``otter_ignore``, and its written answers."""

    cells: tuple[Cell, ...]
    answers: tuple[Answer, ...] = ()


def read_submission(path: Path) -> Submission:
    """Read a submission's code and its written answers.

    Raises:
        UnreadableSubmission: there is no code to read; the message says why, for the student.
    """
    return parse_submission(path.suffix, read_bytes(path))


def read_bytes(path: Path) -> bytes:
    """What is in a file that was handed in.

    Raises:
        UnreadableSubmission: it is no ordinary file, is too large or can't be read.
    """
    try:
        # lstat first: opening a FIFO would wait for ever, and a link may point at somebody else's work.
        mode = path.lstat().st_mode
        if not stat.S_ISREG(mode):
            raise UnreadableSubmission("This is not an ordinary file, so it was not opened.")
        if path.stat().st_size > MAX_BYTES:
            raise UnreadableSubmission(_TOO_LARGE)
        return path.read_bytes()
    except OSError as error:
        raise UnreadableSubmission(f"The file can't be read ({error.strerror or error}).") from None


def parse_submission(suffix: str, data: bytes) -> Submission:
    """Take a submission's code and its written answers from what is in its file, whose name ends in ``suffix``.

    Raises:
        UnreadableSubmission: there is no code to read; the message says why, for the student.
    """
    try:
        return _read(suffix, data)
    except UnreadableSubmission:
        raise
    except Exception as error:  # whatever a decoder stumbles over in hostile bytes is the file's fault
        raise UnreadableSubmission(f"The file can't be read ({type(error).__name__}).") from None


_TOO_LARGE = f"The file is larger than {MAX_BYTES >> 20} MB. Clear the outputs of the notebook and hand it in again."


def _read(suffix: str, data: bytes) -> Submission:
    if not data.strip():
        raise UnreadableSubmission("The file is empty.")
    match suffix.lower():
        case ".ipynb":
            cells = _notebook_cells(data)
        case ".py":
            cells = _script_cells(data)
        case ".zip":
            return _read(*_from_zip(data))
        case _:
            raise UnreadableSubmission("Hand in a notebook (.ipynb), a Python file (.py) or Otter's export (.zip).")
    code = [
        Cell(f"cell {number}", cell.source)
        for number, cell in enumerate(cells, 1)
        if cell.kind == "code" and not cell.is_ignored
    ]
    if not any(cell.source.strip() for cell in code):
        raise UnreadableSubmission("There is no code in it.")
    return Submission(tuple(code), written_answers(cells))


def _notebook_cells(data: bytes) -> list[SourceCell]:
    """Cells of a notebook of format 4 or 3, taken from the JSON itself.

    Not by nbformat: it turns a few megabytes of hostile JSON into gigabytes, and refuses notebooks for
    flaws that Jupyter overlooks. https://nbformat.readthedocs.io/en/latest/format_description.html
    """
    try:
        content = json.loads(data.decode(json.detect_encoding(data)))
    except (ValueError, RecursionError):
        raise UnreadableSubmission(
            "This is not a notebook: a .ipynb file is JSON, and this is not. Was another file renamed, or the "
            "download cut short?"
        ) from None
    cells = _list(content, "cells")
    for sheet in _list(content, "worksheets"):  # format 3
        cells += _list(sheet, "cells")
    if not cells:
        raise UnreadableSubmission("This is JSON, but not a notebook: it has no cells.")
    return [_source_cell(cell) for cell in cells]


_NO_CELL = SourceCell("", "")  # one for all: a hostile notebook has millions


def _source_cell(cell: Any) -> SourceCell:
    kind = cell.get("cell_type") if isinstance(cell, dict) else None
    if not isinstance(kind, str):
        return _NO_CELL
    metadata = cell.get("metadata")
    is_locked = isinstance(metadata, dict) and metadata.get("editable") is False
    return SourceCell(kind, _text(cell), is_locked, IGNORE_TAG in _list(metadata, "tags"))


def _list(content: Any, key: str) -> list[Any]:
    found = content.get(key) if isinstance(content, dict) else None
    return list(found) if isinstance(found, list) else []


def _text(cell: dict[str, Any]) -> str:
    source = cell.get("source", cell.get("input", ""))  # "input" in format 3
    lines = source if isinstance(source, list) else [source]
    return "".join(line for line in lines if isinstance(line, str))


_MARKER = re.compile(r"^# ?%%(?P<about>.*)$", re.MULTILINE)


def _script_cells(data: bytes) -> list[SourceCell]:
    """A script is one cell, or as many as it has ``# %%`` markers (the percent format).

    Not by jupytext: a few hundred bytes of YAML in a header keep it busy for ever.
    """
    text = _decode_python(data)
    markers = list(_MARKER.finditer(text))
    if not markers:
        return [SourceCell("code", text)]
    starts = [0, *(marker.end() + 1 for marker in markers)]
    ends = [*(marker.start() for marker in markers), len(text)]
    about = ["", *(marker["about"] for marker in markers)]
    found = [(what, text[start:end]) for what, start, end in zip(about, starts, ends, strict=True)]
    if not found[0][1].strip():
        found.pop(0)
    return [_percent_cell(what, source) for what, source in found]


def _percent_cell(about: str, source: str) -> SourceCell:
    text = re.search(r"\[(markdown|md|raw)\]", about)
    kind = "code" if text is None else "raw" if text[1] == "raw" else "markdown"
    if kind != "code":
        source = re.sub(r"^# ?", "", source, flags=re.MULTILINE)
    return SourceCell(kind, source, "editable=false" in about, f'"{IGNORE_TAG}"' in about)


# Python also knows encodings that take quadratic time (punycode) or are no encodings of text (rot13).
_ENCODINGS = frozenset(
    [
        "utf-8",
        "utf-8-sig",
        "ascii",
        "iso-8859-1",
        "iso-8859-15",
        "cp1250",
        "cp1251",
        "cp1252",
        "koi8-r",
        "gbk",
        "gb18030",
        "big5",
        "euc-kr",
        "shift_jis",
    ]
)


def _decode_python(data: bytes) -> str:
    """Python source text in the encoding it declares, or in the one that its byte order mark tells."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encoding = "utf-16"
    else:
        try:
            encoding = tokenize.detect_encoding(io.BytesIO(data).readline)[0].lower()
        except SyntaxError as error:
            raise UnreadableSubmission(f"The file is not Python text ({error.msg}).") from None
        if encoding not in _ENCODINGS:
            raise UnreadableSubmission(f"The file is in the encoding {encoding[:40]!r}: save it as UTF-8.")
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        raise UnreadableSubmission(f"The file is not Python text: it is not valid {encoding}.") from None


def _from_zip(data: bytes) -> tuple[str, bytes]:
    """The one notebook, or else the one Python file, of an archive: its suffix and what is in it."""
    if data.count(_ENTRY) > MAX_ENTRIES:
        raise UnreadableSubmission(f"The archive holds more than {MAX_ENTRIES:,} files: hand in your notebook alone.")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            files = [
                info
                for info in archive.infolist()
                if not info.is_dir() and not re.search(r"(^|/)(\.|__MACOSX/)", info.filename)
            ]
            for suffix in (".ipynb", ".py"):
                found = [info for info in files if info.filename.lower().endswith(suffix)]
                if len(found) == 1:
                    return suffix, _unzip(archive, found[0])
                if found:
                    names = ", ".join(info.filename for info in found[:5])
                    raise UnreadableSubmission(f"The archive holds several {suffix} files ({names}): hand in one.")
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError, EOFError, zlib.error) as error:
        raise UnreadableSubmission(f"The archive can't be opened ({error}).") from None
    raise UnreadableSubmission("The archive holds no notebook (.ipynb) and no Python file (.py).")


_ENTRY = b"PK\x01\x02"  # what each entry of an archive's directory begins with


def _unzip(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    # Of the methods that there are, `read(n)` expands no more than n bytes of these two alone.
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise UnreadableSubmission("The archive is compressed in an unusual way: make an ordinary .zip of it.")
    # Neither the declared size nor the compressed one is to be trusted: read no more than the bound.
    with archive.open(info) as file:
        data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise UnreadableSubmission(_TOO_LARGE)
    return data
