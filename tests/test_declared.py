"""The submissions that an assignment declares: what is read, and what is refused."""

import ast
from pathlib import Path

import pytest

from autograder.errors import AssignmentError
from autograder.quality.declared import declared_submissions, main

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
        ('["right/sum.py"]\nstile = ""', "right/sum.py: stile: there is no such key here: base, style, .* are known"),
        ('["right/sum.py"]\nfails = "q1.adds"', "fails: "),
        ('["right/sum.py"]\npartial = { "q1.adds" = -1 }', "partial.q1.adds: "),
        ('["right/sum.py"]\nstatus = "lost"', "status: "),
        ('["right/sum.py"]\nfails = ["q1.adds"]\npartial = { "q1.adds" = 1 }', "'q1.adds' stands both in"),
        ('"right/sum.py" = 1', "right/sum.py"),
        ("[", "is not TOML"),
        (DECLARED + '["right/more.py"]', "declares 'right/more.py': .*/right/more.py can't be read: No such file"),
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


def change(folder, name, content, base="right/sum.py", more=""):
    """Declare a change of a base, and write it."""
    path = folder / "changes" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    write(folder, f'{(folder / "submissions" / "outcomes.toml").read_text()}\n["{name}"]\nbase = "{base}"\n{more}\n')


def test_a_change_is_made_where_its_base_lies_whole(folder):
    change(folder, "wrong/minus.py", '"""Subtracts."""\n\n\ndef add(a, b):\n    return a - b\n')
    made = declared_submissions(folder)["wrong/minus.py"]
    assert made.content == b'"""Subtracts."""\n\ndef add(a, b):\n    return a - b\n'
    assert (made.kind, made.declaration.mistake) == ("wrong", "Subtracts.")


def test_what_is_declared_as_mistake_goes_before_the_docstring(folder):
    change(folder, "wrong/minus.py", '"""Subtracts."""\nadd = int.__sub__', more='mistake = "takes away"')
    assert declared_submissions(folder)["wrong/minus.py"].declaration.mistake == "takes away"


def test_a_change_can_be_the_base_of_another(folder):
    change(folder, "wrong/first.py", "twice = 2\n")
    change(folder, "hostile/second.py", "thrice = 3\n", base="wrong/first.py")
    composed = declared_submissions(folder)["hostile/second.py"].content.decode()
    assert [ast.unparse(node) for node in ast.parse(composed).body][1:] == ["twice = 2", "thrice = 3"]


@pytest.mark.parametrize(
    ("content", "base", "reason"),
    [
        ("x = 1", "right/none.py", "the base of 'wrong/new.py', 'right/none.py', is not declared"),
        ("x = 1", "wrong/new.py", "'wrong/new.py' is a change of itself"),
        ("x = 1", "wrong/zero.ipynb", "the base or the change is not UTF-8"),
        (
            "def add(a, b:",
            "right/sum.py",
            "wrong/new.py can't be made a change of 'right/sum.py': the change is no Python",
        ),
        ("def add(a, b):\n    return a + b", "right/sum.py", "the change defines 'add' as the base does"),
        ("", "right/sum.py", "the change defines nothing"),
    ],
)
def test_a_change_that_can_not_be_made_is_told_in_a_sentence(folder, content, base, reason):
    change(folder, "wrong/new.py", content, base)
    with pytest.raises(AssignmentError, match=reason) as caught:
        declared_submissions(folder)
    assert "\n" not in str(caught.value)


def test_changes_that_are_bases_of_each_other_are_told(folder):
    change(folder, "wrong/a.py", "x = 1", base="wrong/b.py")
    change(folder, "wrong/b.py", "y = 1", base="wrong/a.py")
    with pytest.raises(AssignmentError, match=r"'wrong/b.py' is a change of itself, by way of its base 'wrong/a.py'"):
        declared_submissions(folder)


def test_a_change_without_a_base_and_a_whole_file_with_one_are_told(folder):
    change(folder, "wrong/new.py", "x = 1")
    add(folder, "wrong/new.py", b"x = 1")
    with pytest.raises(AssignmentError, match=r"gives a `base` for 'wrong/new.py', which is whole in submissions/"):
        declared_submissions(folder)
    write(folder, DECLARED + '["wrong/new.py"]')
    with pytest.raises(AssignmentError, match=r"gives no `base` for 'wrong/new.py', which is in changes/"):
        declared_submissions(folder)
    write(folder, DECLARED)
    with pytest.raises(AssignmentError, match=r"does not say what becomes of 'wrong/new.py'"):
        declared_submissions(folder)


def test_a_change_that_is_not_there_is_told(folder):
    write(folder, DECLARED + '["wrong/new.py"]\nbase = "right/sum.py"')
    with pytest.raises(AssignmentError, match=r"'wrong/new.py': .*/changes/wrong/new.py can't be read: No such file"):
        declared_submissions(folder)


LESSONS = [path.parent for path in sorted(Path("solutions").glob("*/submissions"))]


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)
def test_all_changes_of_the_lessons_are_python_and_say_their_mistake(lesson):
    for name, submission in declared_submissions(lesson).items():
        if submission.declaration.base is not None:
            ast.parse(submission.content)
            words = ast.get_docstring(ast.parse((lesson / "changes" / name).read_text()))
            assert words and words == submission.declaration.mistake, name


def test_submissions_are_written_by_the_command(tmp_path):
    main(["cnn", str(tmp_path), "wrong/q4_no_step.py", "broken/utf16.py"])
    written = [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.*")]
    assert sorted(written) == ["broken/utf16.py", "wrong/q4_no_step.py"]
    assert "def plot_confusion" in (tmp_path / "wrong/q4_no_step.py").read_text()
    with pytest.raises(SystemExit, match="cnn declares no submission 'wrong/none.py'"):
        main(["cnn", str(tmp_path), "wrong/none.py"])
