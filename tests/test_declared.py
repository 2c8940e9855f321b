"""The submissions that an assignment declares: what is read, and what is refused."""

import pytest

from autograder.errors import AssignmentError
from autograder.quality.declared import declared_submissions

DECLARED = """
["right/sum.py"]
style = "adds"

["wrong/zero.ipynb"]
mistake = "gives 0"
answers = ["q1"]
fails = ["q1.adds"]
partial = { "q1.subtracts" = 0.5 }
says = "0"
"""
FILES = {"right/sum.py": b"def add(a, b):\n    return a + b\n", "wrong/zero.ipynb": b"\xff no text"}


@pytest.fixture
def folder(tmp_path):
    """An assignment's folder with two submissions."""
    write(tmp_path, DECLARED)
    for name, content in FILES.items():
        add(tmp_path, name, content)
    return tmp_path


def write(folder, declared):
    add(folder, "outcomes.toml", declared.encode())


def add(folder, name, content=b""):
    path = folder / "submissions" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def test_submissions_are_read_as_declared(folder):
    right, wrong = declared_submissions(folder).values()
    assert (right.name, right.kind, right.declaration.style) == ("right/sum.py", "right", "adds")
    assert (right.declaration.fails, right.declaration.status) == (frozenset(), "graded")
    assert (wrong.name, wrong.kind, wrong.declaration.says) == ("wrong/zero.ipynb", "wrong", "0")
    assert (wrong.declaration.fails, wrong.declaration.partial) == ({"q1.adds"}, {"q1.subtracts": 0.5})


def test_a_question_that_is_not_answered_is_left_out(folder):
    right, wrong = declared_submissions(folder).values()
    assert not right.declaration.leaves_out("q2.counts")
    assert not wrong.declaration.leaves_out("q1.adds")
    assert wrong.declaration.leaves_out("q2.counts")
    assert wrong.declaration.leaves_out("q10.counts")


def test_submissions_are_written_to_the_byte(folder, tmp_path):
    for name, submission in declared_submissions(folder).items():
        assert submission.write(tmp_path / "given").read_bytes() == FILES[name]
        assert (tmp_path / "given" / name).is_file()


def test_what_python_and_the_machine_leave_behind_is_no_submission(folder):
    add(folder, "right/__pycache__/sum.cpython-311.pyc")
    add(folder, "wrong/.ipynb_checkpoints/zero-checkpoint.ipynb")
    add(folder, "right/.DS_Store")
    assert list(declared_submissions(folder)) == list(FILES)


@pytest.mark.parametrize(
    ("declared", "reason"),
    [
        ('["right/sum.py"]\nstile = ""', "'?right/sum.py'?: stile: Extra inputs"),
        ('["right/sum.py"]\nfails = "q1.adds"', "fails: "),
        ('["right/sum.py"]\npartial = { "q1.adds" = -1 }', "partial: q1.adds: "),
        ('["right/sum.py"]\nstatus = "lost"', "status: "),
        ('["right/sum.py"]\nfails = ["q1.adds"]\npartial = { "q1.adds" = 1 }', "'q1.adds' stands both in"),
        ('"right/sum.py" = 1', "right/sum.py"),
        ("[", "is not TOML"),
        ('["right/sum.py"]\n["right/more.py"]', "declares 'right/more.py': .*/right/more.py can't be read: No such file"),
        ('["right/sum.py"]', "does not say what becomes of 'wrong/zero.ipynb'"),
        ('["rihgt/sum.py"]', "'rihgt/sum.py' is no file in right/, wrong/"),
        ('["right/../../key"]', "is no file in right/, wrong/"),
        ('["/etc/passwd"]', "is no file in right/, wrong/"),
        ('["right//sum.py"]', "is no file in right/, wrong/"),
        ("[right]", "is no file in right/, wrong/"),
        ('["right/\\u0000"]', "is no file in right/, wrong/"),
        ('[""]', "is no file in right/, wrong/"),
    ],
)
def test_what_is_declared_wrongly_is_told_in_a_sentence(folder, declared, reason):
    write(folder, declared)
    with pytest.raises(AssignmentError, match=reason) as caught:
        declared_submissions(folder)
    assert "\n" not in str(caught.value)
    assert "outcomes.toml" in str(caught.value)


def test_a_file_that_no_one_can_read_is_told(folder):
    write(folder, DECLARED + '["right/folder.py"]')
    (folder / "submissions" / "right" / "folder.py").mkdir()
    with pytest.raises(AssignmentError, match="'right/folder.py': .* can't be read: Is a directory"):
        declared_submissions(folder)


def test_an_assignment_that_declares_nothing_is_told(tmp_path):
    with pytest.raises(AssignmentError, match=r"outcomes.toml can't be read: No such file"):
        declared_submissions(tmp_path)


def test_text_that_is_not_utf_8_is_told(folder):
    add(folder, "outcomes.toml", b"\xff")
    with pytest.raises(AssignmentError, match="is not TOML"):
        declared_submissions(folder)
