"""A grading task names all that its verdict depends on by content, and neither a folder of this machine nor the key."""

import json
import pickle
import shutil
from dataclasses import replace

import pytest

from autograder.assignment import load_assignment
from autograder.batch.collect import SubmissionFile
from autograder.batch.local import LocalEngine
from autograder.batch.run import TaskGrader, grade_all, result_of
from autograder.batch.task import AssignmentSource, assignment_digest, grading_tasks
from autograder.errors import AssignmentError, UsageError

GRADER = """
from pathlib import Path

from autograder import points

@points(2, "Adds two numbers")
def test_adds(submission, assignment):
    assert submission.add(2, 3) == int((assignment.folder / "hidden.txt").read_text()), "add(2, 3) is to be 5."
"""
SETTINGS = 'files = ["data"]\nautograder_files = ["hidden.txt"]\n'
ADD = "def add(a, b): return a + b\n"


@pytest.fixture
def assignment(make_assignment):
    made = make_assignment({"test_q1.py": GRADER, "test_q2.py": GRADER, "shared.py": "SIZE = 3\n"})
    (made.folder / "data" / "inner").mkdir(parents=True)
    (made.folder / "data" / "inner" / "a.txt").write_text("data")
    (made.folder / "hidden.txt").write_text("5")
    (made.folder / "tiny.py").write_text("# The master notebook.\n")
    settings = made.folder / "assignment.toml"
    settings.write_text(SETTINGS + settings.read_text())
    return load_assignment(made.folder)


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "Ada's work" / "hw.py"
    path.parent.mkdir()
    path.write_text(ADD)
    return SubmissionFile("ada/hw.py", path)


def task_of(assignment, file, sandbox, questions=()):
    [task] = grading_tasks(assignment, [file], sandbox, questions)
    return task


def test_no_key_and_no_folder_travels(assignment, file, strongest):
    secret = bytes(range(32, 64))
    sent = pickle.dumps(task_of(assignment.with_key(secret), file, strongest))
    assert secret not in sent and secret.hex().encode() not in sent
    for path in (assignment.folder, assignment.folder.parent, file.path.parent):
        assert bytes(path) not in sent
    assert pickle.loads(sent).content == ADD.encode()


def write(name, text):
    def change(folder):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)

    return change


def rename(name, other):
    return lambda folder: (folder / name).rename(folder / other)


DECIDES = {
    "a grader": write("graders/test_q1.py", GRADER + "\n"),
    "another grader": write("graders/test_q3.py", GRADER),
    "a grader less": lambda folder: (folder / "graders" / "test_q2.py").unlink(),
    "what graders share": write("graders/shared.py", "SIZE = 4\n"),
    "the key": write("graders/key", "01" * 32),
    "a setting": write("assignment.toml", f'{SETTINGS}title = "Tiny"\npreload = []\nseconds.call = 3\n'),
    "a student's file": write("data/inner/a.txt", "date"),
    "the name of a student's file": rename("data/inner/a.txt", "data/inner/b.txt"),
    "a hidden file": write("hidden.txt", "6"),
    "a calibration": write("calibration.json", "{}"),
}
DECIDES_NOTHING = {
    "the master notebook": write("tiny.py", "# Another.\n"),
    "a submission to try": write("submissions/wrong.py", "x = 1\n"),
    "a file that is not listed": write("notes.txt", "to do"),
    "what Python leaves behind": write("graders/__pycache__/shared.pyc", "compiled"),
    "a word to the author": write("assignment.toml", f'# Of 2026.\n{SETTINGS}title = "Tiny"\npreload = []\n'),
    "nothing": lambda _folder: None,
}


@pytest.mark.parametrize("change", [*DECIDES, *DECIDES_NOTHING])
def test_the_digest_changes_with_what_decides_and_not_otherwise(assignment, change):
    before = assignment_digest(assignment)
    (DECIDES | DECIDES_NOTHING)[change](assignment.folder)
    assert (assignment_digest(load_assignment(assignment.folder)) != before) == (change in DECIDES)


def test_the_digest_is_the_same_in_another_place(assignment, tmp_path):
    copy = load_assignment(shutil.copytree(assignment.folder, tmp_path / "elsewhere" / "other"))
    assert assignment_digest(copy) == assignment_digest(assignment)
    assert assignment_digest(copy.with_key(b"x" * 32)) != assignment_digest(assignment)


def test_the_key_of_a_task_is_that_of_its_content(assignment, file, strongest, sandbox, tmp_path):
    task = task_of(assignment, file, strongest)
    same = tmp_path / "same.py"
    same.write_text(ADD)
    assert task_of(assignment, SubmissionFile("bob", same), strongest).key == task.key
    assert (
        task_of(assignment, file, strongest, ["q2", "q1"]).key == task_of(assignment, file, strongest, ["q1", "q2"]).key
    )
    assert (task_of(assignment, file, sandbox).key == task.key) == (sandbox.name == strongest.name)
    others = [
        task_of(assignment, file, strongest, ["q1"]),
        task_of(assignment.with_key(b"x" * 32), file, strongest),
        replace(task, content=b"x = 1"),
        replace(task, suffix=".ipynb"),
        replace(task, content=b"", unreadable="The file can't be read."),
        replace(task, environment=replace(task.environment, libraries=(("torch", "1.0"),))),
        replace(task, environment=replace(task.environment, framework="0.0.1")),
    ]
    assert len({task.key, *(other.key for other in others)}) == 1 + len(others)


def graded(assignment, task, sandbox, source=None):
    grader = TaskGrader(source or AssignmentSource(assignment), sandbox)
    [(_, outcome)] = LocalEngine(1).run(grader, [task])
    return result_of(task, outcome)


def test_a_task_is_graded_where_its_file_is_gone(assignment, file, strongest):
    task = task_of(assignment, file, strongest)
    file.path.unlink()
    result = graded(assignment, task, strongest)
    assert (result.submission, result.status, result.score) == ("ada/hw.py", "graded", 4)
    only = task_of(assignment, file, strongest, ("q1",))
    assert only.unreadable == "The file can't be read (No such file or directory)."
    result = graded(assignment, only, strongest)
    assert (result.status, [check.name for check in result.checks]) == ("ungradable", ["q1.adds"])


def test_no_other_assignment_or_environment_takes_its_place(assignment, file, strongest):
    task = task_of(assignment, file, strongest)
    source = AssignmentSource(assignment)
    (assignment.folder / "hidden.txt").write_text("7")
    with pytest.raises(AssignmentError, match="was changed while"):
        source.find(task.assignment)
    for trouble, other in {
        "was changed while": task,
        "is not here": replace(task, assignment="0" * 32),
        "other versions": replace(
            task,
            assignment=assignment_digest(assignment),
            environment=replace(task.environment, libraries=(("torch", "1.0"),)),
        ),
    }.items():
        own = source if other is task else None
        result = graded(assignment, other, strongest, own)
        assert result.status == "error" and trouble in result.trouble
        assert result.trouble.count("\n") == 0


def test_files_are_read_as_their_tasks_are_taken(assignment, tmp_path, strongest):
    """A class of large notebooks is not held in memory, and what can't be read has its result."""
    files = [SubmissionFile("a.py", tmp_path / "a.py"), SubmissionFile("b.py", tmp_path / "b.py")]
    tasks = grading_tasks(assignment, files, strongest)
    (tmp_path / "a.py").write_text(ADD)
    assert next(tasks).content == ADD.encode()
    (tmp_path / "b.py").mkdir()
    assert next(tasks).unreadable == "This is not an ordinary file, so it was not opened."


def test_a_question_that_is_not_there_is_wrong_usage(assignment, file, strongest):
    with pytest.raises(UsageError, match="has no question 'q9'"):
        list(grade_all(assignment, [file], strongest, LocalEngine(1), questions=["q9"]))


def test_an_environment_can_be_written(assignment, file, strongest):
    environment = task_of(assignment, file, strongest).environment
    assert dict(environment.libraries).keys() >= {"torch", "numpy"}
    assert environment.sandbox == "bubblewrap" and "+" in environment.framework
    assert json.dumps(environment.libraries)
