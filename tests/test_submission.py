"""Reading submissions: right ones of every kind, and everything that people hand in by mistake."""

import codecs
import io
import itertools
import json
import os
import struct
import zipfile

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from autograder.errors import UnreadableSubmission
from autograder.submission import Cell, read_submission, reading


def notebook_bytes(*sources, **cell_options):
    cells = [new_markdown_cell("# Title"), *(new_code_cell(source, **cell_options) for source in sources)]
    return nbformat.writes(new_notebook(cells=cells)).encode()


def zip_bytes(files, **options):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data, **options)
    return buffer.getvalue()


@pytest.fixture
def hand_in(tmp_path):
    def write(name, data):
        path = tmp_path / name
        path.write_bytes(data)
        return path

    return write


def test_a_notebook_s_code_cells_are_numbered_as_people_count_them(hand_in):
    submission = read_submission(hand_in("a.ipynb", notebook_bytes("x = 1", "y = 2")))
    assert submission.cells == (Cell("cell 2", "x = 1"), Cell("cell 3", "y = 2"))


def test_cells_tagged_otter_ignore_are_passed_over(hand_in):
    notebook = new_notebook(
        cells=[new_code_cell("x = 1"), new_code_cell("slow()", metadata={"tags": ["otter_ignore"]})]
    )
    submission = read_submission(hand_in("a.ipynb", nbformat.writes(notebook).encode()))
    assert [cell.source for cell in submission.cells] == ["x = 1"]


def test_a_notebook_of_format_3(hand_in):
    cell = {"cell_type": "code", "input": ["x = 1\n", "y = 2"], "outputs": [], "language": "python", "metadata": {}}
    old = {"nbformat": 3, "nbformat_minor": 0, "metadata": {"name": ""}, "worksheets": [{"cells": [cell]}]}
    assert read_submission(hand_in("a.ipynb", json.dumps(old).encode())).cells[0].source == "x = 1\ny = 2"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_notebook_in_another_unicode_encoding(hand_in, encoding):
    data = notebook_bytes("x = 'ä'").decode().encode(encoding)
    assert read_submission(hand_in("a.ipynb", data)).cells[0].source == "x = 'ä'"


def test_a_script_is_one_cell_and_a_percent_script_has_cells(hand_in):
    assert read_submission(hand_in("a.py", b"x = 1\ny = 2\n")).cells == (Cell("cell 1", "x = 1\ny = 2\n"),)
    percent = b'# %% [markdown]\n# Text\n# %%\nx = 1\n# %% tags=["otter_ignore"]\nslow()\n# %%\ny = 2\n'
    submission = read_submission(hand_in("b.py", percent))
    assert [(cell.label, cell.source) for cell in submission.cells] == [("cell 2", "x = 1\n"), ("cell 4", "y = 2\n")]


@pytest.mark.parametrize(
    "data",
    [
        "x = 'ä'".encode(),
        codecs.BOM_UTF8 + "x = 'ä'".encode(),
        "x = 'ä'".encode("utf-16"),
        "# coding: latin-1\nx = 'ä'".encode("latin-1"),
    ],
)
def test_a_script_in_the_encoding_it_declares(hand_in, data):
    assert "x = 'ä'" in read_submission(hand_in("a.py", data)).cells[0].source


def test_an_otter_export(hand_in):
    files = {"cnn.ipynb": notebook_bytes("x = 1"), ".OTTER_LOG": b"\x80\x04", "__zip_filename__": b"cnn.zip"}
    assert read_submission(hand_in("cnn.zip", zip_bytes(files))).cells[0].source == "x = 1"


UNREADABLE = {
    "empty.py": (b"", "empty"),
    "blank.ipynb": (b" \n", "empty"),
    "comment_only.ipynb": (notebook_bytes(), "no code"),
    "random.ipynb": (bytes(range(256)) * 4, "not a notebook"),
    "python.ipynb": (b"print('hello')", "not a notebook"),
    "half.ipynb": (notebook_bytes("x = 1")[:-20], "not a notebook"),
    "list.ipynb": (b"[1, 2]", "not a notebook"),
    "number.ipynb": (b"3", "not a notebook"),
    "cells.ipynb": (b'{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": 3}', "not a notebook"),
    "deep.ipynb": (b"[" * 100_000 + b"]" * 100_000, "not a notebook"),
    "odd.ipynb": (b'{"cells": [1, {"cell_type": "code", "source": 3, "metadata": []}, null]}', "no code"),
    "rot13.py": (b"# coding: rot13\nk = 1", "UTF-8"),
    "punycode.py": (b"# coding: punycode\n" + b"a" * 400_000, "UTF-8"),
    "undefined.py": (b"# coding: undefined\nx = 1", "UTF-8"),
    "bytes.py": (b"x = '\xff\xfa'", "not Python text"),
    "unknown.py": (b"# coding: klingon\nx = 1", "not Python text"),
    "essay.docx": (b"PK\x03\x04", "Hand in a notebook"),
    "broken.zip": (b"PK\x03\x04 and then nothing", "can't be opened"),
    "pictures.zip": (zip_bytes({"a.png": b"x", "__MACOSX/._a.ipynb": b"x"}), "no notebook"),
    "two.zip": (zip_bytes({"a.ipynb": b"x", "b.ipynb": b"x"}), "several"),
    "nested.zip": (zip_bytes({"inner.zip": zip_bytes({"a.py": b"x = 1"})}), "no notebook"),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_can_t_be_read_has_a_reason(hand_in, name):
    data, reason = UNREADABLE[name]
    with pytest.raises(UnreadableSubmission, match=reason):
        read_submission(hand_in(name, data))


def test_an_encrypted_archive_has_a_reason(hand_in):
    data = bytearray(zip_bytes({"a.py": b"x = 1"}))
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(signature) + offset] |= 1  # the bit that says: encrypted
    with pytest.raises(UnreadableSubmission, match="can't be opened"):
        read_submission(hand_in("a.zip", bytes(data)))


def test_a_zip_bomb_is_not_unpacked(hand_in, monkeypatch):
    monkeypatch.setattr(reading, "MAX_BYTES", 1 << 20)
    bomb = zip_bytes({"a.py": b"x = 1\n" * (1 << 20)})
    assert len(bomb) < 1 << 20
    with pytest.raises(UnreadableSubmission, match="larger"):
        read_submission(hand_in("a.zip", bomb))


def test_what_is_no_ordinary_file_is_not_opened(tmp_path):
    os.mkfifo(tmp_path / "pipe.py")
    (tmp_path / "real.py").write_text("x = 1")
    (tmp_path / "link.py").symlink_to(tmp_path / "real.py")
    for name in ("pipe.py", "link.py"):
        with pytest.raises(UnreadableSubmission, match="not an ordinary file"):
            read_submission(tmp_path / name)
    with pytest.raises(UnreadableSubmission, match="can't be read"):
        read_submission(tmp_path / "absent.py")


def test_hostile_headers_and_many_cells_cost_nothing(hand_in):
    """A YAML header that refers to itself over and over is a comment here, and 16,000 markers are cells."""
    bomb = ["# ---", "# a: &a [x,x,x,x,x,x,x,x,x]"]
    bomb += [f"# {new}: &{new} [{', '.join(['*' + old] * 9)}]" for old, new in itertools.pairwise("abcdefghi")]
    source = "\n".join([*bomb, "# ---", "# %%", "x = 1", *["# %%"] * 16_000])
    cells = read_submission(hand_in("a.py", source.encode())).cells
    assert cells[1].source == "x = 1\n" and len(cells) == 16_002


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_an_archive_that_expands_without_bounds_is_not_read(hand_in, method):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        archive.writestr("a.py", b"x = 1\n")
    with pytest.raises(UnreadableSubmission, match=r"unusual way.*ordinary \.zip"):
        read_submission(hand_in("a.zip", buffer.getvalue()))


def test_an_archive_of_very_many_files_is_not_read(hand_in):
    entry = struct.pack("<4s4B4HL2L5H2L", b"PK\x01\x02", 20, 0, 20, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0) + b"a"
    count = 400_000
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 65535, 65535, count * len(entry), 0, 0)
    with pytest.raises(UnreadableSubmission, match="more than 10,000 files"):
        read_submission(hand_in("a.zip", entry * count + end))
