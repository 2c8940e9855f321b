"""The folder of a class keeps results whole, whatever submissions are called."""

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
    assert len(list((tmp_path / "out/store").iterdir())) == len(names), "and nothing else is left there"
    assert later.read("nobody.py") is None and ResultStore(tmp_path / "none").read("a.py") is None


def test_what_is_damaged_is_refused_by_its_name(tmp_path):
    store = ResultStore(tmp_path)
    store.add(RESULT)
    [path] = (tmp_path / "store").iterdir()
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(AutograderError, match=rf"^{path}: this result is damaged \(.+\): remove it, and grade"):
        store.read(RESULT.submission)
