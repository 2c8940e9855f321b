"""The folder of a class keeps results whole, whatever submissions are called."""

import contextlib
import sqlite3
from dataclasses import replace

import pytest

from autograder.batch.store import ResultStore
from autograder.errors import AutograderError
from autograder.results import Answer, Check, Result

RESULT = Result(
    "ada/hw.ipynb",
    "partial",
    (Check("q1.adds", "Adds", 1.5, 2.0, "partial", "add(2, 3) is to be 5.", decided=("by a rule",)),),
    notes=("\N{SNOWMAN}",),
    trouble="not for students",
    answers=(Answer("Why?", (("markdown", "Say why."),), ()),),
)


def test_what_is_kept_is_read_by_another_command(tmp_path):
    names = ["ada/hw.ipynb", "a.py", "a.py.json/b.py", "x" * 252 + ".py", "\\udcff.py"]
    store = ResultStore(tmp_path / "out")
    for number, name in enumerate(names):
        store.add(replace(RESULT, submission=name, seconds=float(number)))
    assert not store.unwritten
    later = ResultStore(tmp_path / "out")
    assert [later.read(name) for name in names] == [
        replace(RESULT, submission=name, seconds=float(number)) for number, name in enumerate(names)
    ]
    store.add(replace(RESULT, trouble="again"))
    assert later.read(RESULT.submission).trouble == "again"
    later.database.close()
    store.database.close()
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["results", "store.sqlite"]
    assert later.read("nobody.py") is None and ResultStore(tmp_path / "none").read("a.py") is None


def test_what_is_damaged_is_refused_by_its_name(tmp_path):
    store = ResultStore(tmp_path)
    store.add(RESULT)
    store.database.close()
    path = tmp_path / "store.sqlite"
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("UPDATE results SET json = substr(json, 1, 50)")
    with pytest.raises(AutograderError, match=rf"^{path}: this result is damaged \(.+\): remove it, and grade"):
        store.read(RESULT.submission)
    store.database.close()
    path.write_bytes(b"no database at all" * 100)
    with pytest.raises(AutograderError, match=rf"^{path} is damaged \(.+\): move it away"):
        store.read(RESULT.submission)
