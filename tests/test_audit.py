"""The audit of graders, on a small assignment: what is as declared, what is not, and what is graded again."""

import json

import pytest
from commands import autograder

from autograder.batch.engine import Returned
from autograder.errors import AssignmentError, UsageError
from autograder.quality.audit import audit
from autograder.quality.audited import FILE, outdated, read_audit
from autograder.quality.kept import KeptResults
from autograder.testing import audit_cases

Q1 = """
from autograder import points

@points(2, "Adds two numbers")
def test_adds(submission):
    assert submission.add(2, 3) == 5, "add(2, 3) is to be 5."
"""
Q2 = """
from autograder import points

@points(1, "Subtracts")
def test_subtracts(submission):
    assert submission.subtract(5, 3) == 2, "subtract(5, 3) is to be 2."
"""
NOTHING_ASSERTED = """
from autograder import points

@points(2, "Adds two numbers")
def test_adds(submission):
    submission.add(2, 3)
"""
ADD, SUBTRACT = "def add(a, b): return a + b\n", "def subtract(a, b): return a - b\n"
SUBMISSIONS = {
    "right/reference.py": ADD + SUBTRACT,
    "wrong/q1_product.py": "def add(a, b): return a * b\n" + SUBTRACT,
    "wrong/q2_swapped.py": "def subtract(a, b): return b - a\n",
}
OUTCOMES = """
["right/reference.py"]
style = "plain"

["wrong/q1_product.py"]
mistake = "multiplies"
fails = ["q1.adds"]
says = "is to be 5"

["wrong/q2_swapped.py"]
mistake = "the wrong way round"
answers = ["q2"]
fails = ["q2.subtracts"]
"""


@pytest.fixture(autouse=True)
def at_home(monkeypatch):
    """Not in CI, where all is graded anew."""
    monkeypatch.delenv("CI", raising=False)


@pytest.fixture
def assignment(make_assignment):
    made = make_assignment({"test_q1.py": Q1, "test_q2.py": Q2})
    declare(made, OUTCOMES)
    for name, source in SUBMISSIONS.items():
        write(made, name, source)
    return made


def declare(assignment, outcomes):
    write(assignment, "outcomes.toml", outcomes)


def write(assignment, name, source):
    path = assignment.folder / "submissions" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(source)


class Here:
    """An engine that runs tasks in this process: no grader here is a danger to it, and none has to be started."""

    def run(self, function, tasks):
        try:
            for task in tasks:
                yield task, Returned(function(task, lambda _so_far: None))
        finally:
            function.close()


@pytest.fixture
def run(strongest):
    def audited(assignment, **options):
        return audit(assignment, strongest, Here(), **options)

    return audited


def words(report):
    return {name: [(found.check, found.words) for found in differing] for name, differing in report.differing.items()}


def test_all_is_as_declared_and_nothing_is_graded_twice(assignment, run):
    first = run(assignment)
    assert (first.audited, first.graded, words(first), first.never_lost, first.is_fine) == (3, 3, {}, [], True)
    again = run(assignment)
    assert (again.audited, again.graded, again.is_fine) == (3, 0, True)
    assert outdated(assignment) == []
    assert run(assignment, anew=True).graded == 3


def test_a_false_declaration_is_named(assignment, run):
    declare(assignment, OUTCOMES.replace('"q1.adds"', '"q2.subtracts"').replace("is to be 5", "is to be 6"))
    report = run(assignment)
    assert not report.is_fine and report.never_lost == []
    assert words(report) == {
        "wrong/q1_product.py": [
            ("q1.adds", "gets 0 of 2, and declares 2; it is told: add(2, 3) is to be 5."),
            ("q2.subtracts", "gets 1 of 1, and declares 0"),
            ("q1.adds", "does not say 'is to be 6', but: add(2, 3) is to be 5."),
        ]
    }
    assert outdated(assignment) == ["wrong/q1_product.py is not as declared"]
    declare(assignment, OUTCOMES.replace('"q1.adds"', '"q1.add"'))
    assert ("q1.add", "it is declared, but no grader has this check") in words(run(assignment))["wrong/q1_product.py"]


def test_a_question_that_asserts_nothing_is_named(assignment, run):
    (assignment.graders / "test_q1.py").write_text(NOTHING_ASSERTED)
    report = run(assignment)
    assert report.never_lost == ["q1.adds"] and not report.is_fine
    assert list(report.differing) == ["wrong/q1_product.py"]
    declare(assignment, OUTCOMES.replace('fails = ["q1.adds"]', "").replace('says = "is to be 5"', ""))
    report = run(assignment)
    assert (report.differing, report.never_lost, report.is_fine) == ({}, ["q1.adds"], False)
    assert outdated(assignment) == ["no wrong submission loses q1.adds"]


def test_only_what_changed_is_graded_again(assignment, run):
    assert outdated(assignment) == ["there was none"]
    run(assignment)
    write(assignment, "wrong/q1_product.py", "def add(a, b): return a * b + 0\n" + SUBTRACT)
    assert outdated(assignment) == ["wrong/q1_product.py changed"]
    assert run(assignment).graded == 1
    (assignment.graders / "test_q2.py").write_text(Q2.replace("to be 2", "2"))
    assert outdated(assignment) == ["the graders of q2 changed"]
    points = read_audit(assignment).submissions["right/reference.py"].points
    assert run(assignment, only=["right/*"], questions=["q2"]).graded == 1
    assert read_audit(assignment).submissions["right/reference.py"].points == points
    assert outdated(assignment) == ["wrong/q1_product.py was not audited", "wrong/q2_swapped.py was not audited"]
    assert run(assignment).graded == 2
    (assignment.graders / "helper.py").write_text("")
    assert outdated(assignment) == ["what the graders share changed"]
    assert run(assignment).graded == 3
    assert outdated(assignment) == []


def test_questions_and_submissions_can_be_chosen(assignment, run):
    report = run(assignment, questions=["q2"])
    assert (report.audited, report.graded, report.is_fine) == (3, 3, True)
    points = {name: audited.points for name, audited in read_audit(assignment).submissions.items()}
    assert points == {
        "right/reference.py": {"q2.subtracts": 1},
        "wrong/q1_product.py": {"q2.subtracts": 1},
        "wrong/q2_swapped.py": {"q2.subtracts": 0},
    }
    one = run(assignment, only=["wrong/q1*"])
    assert (one.audited, one.graded, one.is_fine) == (1, 1, True)
    with pytest.raises(UsageError, match="no declared submission 'wrong/q9'"):
        run(assignment, only=["wrong/q9"])
    with pytest.raises(UsageError, match="no question 'q9'"):
        run(assignment, questions=["q9"])


def test_what_one_question_found_outlasts_the_audit_of_another(assignment, run):
    declare(assignment, OUTCOMES.replace('"q2.subtracts"', ""))
    assert list(run(assignment).differing) == ["wrong/q2_swapped.py"]
    assert run(assignment, questions=["q1"]).is_fine
    assert outdated(assignment) == ["wrong/q2_swapped.py is not as declared"]


def test_a_right_submission_that_is_told_something_is_named(assignment, run):
    declare(assignment, OUTCOMES.replace('style = "plain"', 'may_fail = ["q1.adds"]'))
    write(assignment, "right/reference.py", "def add(a, b): return 6\n" + SUBTRACT)
    told = "it is right, but is told: add(2, 3) is to be 5."
    assert words(run(assignment)) == {"right/reference.py": [("q1.adds", told)]}


def test_a_status_and_a_cause_are_held_too(assignment, run):
    write(assignment, "wrong/q1_product.py", "import os\ndef add(a, b): os._exit(3)\n" + SUBTRACT)
    declare(assignment, OUTCOMES.replace('says = "is to be 5"', 'cause = "the product"'))
    found = words(run(assignment))["wrong/q1_product.py"]
    assert ("", "its status is 'partial', and is declared as 'graded'") in found
    assert ("q1.adds", "the diagnosis does not name 'the product', but: nothing") in found
    declare(assignment, OUTCOMES.replace('says = "is to be 5"', 'status = "partial"'))
    assert run(assignment).is_fine
    assert run(assignment, questions=["q2"], anew=True).is_fine


def test_what_is_hidden_is_not_to_be_shown(assignment, run):
    (assignment.graders / "test_q1.py").write_text(Q1.replace('"add(2, 3) is to be 5."', "'is to be 5: ' + __file__"))
    [(check, found), *_] = words(run(assignment))["wrong/q1_product.py"]
    assert (check, found) == ("q1.adds", f"what is shown holds {str(assignment.folder)!r}")


def test_the_blank_and_the_master_notebook_are_held_too(assignment, run):
    """The one has to get nothing, and the other all."""
    (assignment.folder / "tiny.py").write_text("# %%\n" + ADD + "\n# %%\ndef subtract(a, b): return 0\n")
    release = assignment.folder.parent.parent / "assignments" / "tiny"
    release.mkdir(parents=True)
    cell = {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": [], "source": SUBTRACT}
    notebook = {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 4}
    (release / "tiny.ipynb").write_text(json.dumps(notebook))
    found = words(run(assignment))
    assert found["notebooks/blank.ipynb"] == [("q2.subtracts", "gets 1 of 1, and declares 0")]
    told = "subtract(5, 3) is to be 2."
    assert found["notebooks/reference.ipynb"] == [
        ("q2.subtracts", f"gets 0 of 1, and declares 1; it is told: {told}"),
        ("q2.subtracts", f"it is right, but is told: {told}"),
    ]
    assert len(found) == 2


def test_a_grader_that_breaks_is_named_and_nothing_of_it_kept(assignment, run):
    (assignment.graders / "test_q1.py").write_text(Q1.replace("submission.add", "nowhere.add"))
    report = run(assignment)
    assert all("NameError" in found[0][1] for found in words(report).values()) and len(report.differing) == 3
    assert all(not audited.points for audited in read_audit(assignment).submissions.values())


def test_results_are_kept_by_content_and_only_those_that_are_as_declared(assignment, run, monkeypatch):
    write(assignment, "wrong/q2_swapped.py", SUBTRACT)
    run(assignment)
    kept = KeptResults.beside(assignment.folder).folder
    assert len(list(kept.glob("*.json"))) == 2
    (assignment.folder / FILE).unlink()
    path = next(kept.glob("*.json"))
    forged = json.loads(path.read_text())
    forged["checks"][0]["points"] = 1.5
    path.write_text(json.dumps(forged))
    found = words(run(assignment))
    assert len(found) == 2 and ("q1.adds" in str(found) and "gets 1.5 of 2" in str(found))  # it was believed
    monkeypatch.setenv("CI", "true")
    (assignment.folder / FILE).unlink()
    assert list(run(assignment).differing) == ["wrong/q2_swapped.py"]
    assert KeptResults.beside(assignment.folder).folder is None


def test_an_assignment_without_submissions_says_what_to_do(make_assignment, run):
    with pytest.raises(AssignmentError, match="declare right and wrong submissions"):
        run(make_assignment({"test_q1.py": Q1}))


def test_a_damaged_record_is_an_error_of_one_sentence(assignment, run):
    (assignment.folder / FILE).write_text('{"submissions": 3}')
    with pytest.raises(AssignmentError, match=r"audit\.json: submissions: "):
        run(assignment)


@pytest.mark.slow
def test_the_command(assignment):
    """Its words and its exit status, and in CI everything anew."""

    def command(*options, **environment):
        return autograder("audit", assignment.folder, "-j", "1", *options, COLUMNS="150", **environment)

    done = command()
    assert (done.returncode, done.stderr) == (0, "")
    assert "3 of 3 submissions are as declared." in done.stdout
    assert "(3 of them unchanged since they last were)" in command().stdout
    assert "unchanged" not in command(CI="true").stdout
    (assignment.graders / "test_q1.py").write_text(NOTHING_ASSERTED)
    done = command("--question", "q1")
    assert done.returncode == 1
    assert "wrong/q1_product.py" in done.stdout and "gets 2 of 2, and declares 0" in done.stdout
    assert "No wrong submission loses q1.adds" in done.stdout
    assert "2 of 3 submissions are as declared" in done.stdout


def test_an_instructor_s_own_pytest_run(assignment):
    """Each case grades its submission and no other, in a process of its own, which the next one survives."""
    write(assignment, "wrong/q1_product.py", "def add(a, b): return -1\n" + SUBTRACT)
    kills = "import os\n    os._exit(1) if submission.add(2, 3) == -1 else None\n    assert submission"
    (assignment.graders / "test_q1.py").write_text(Q1.replace("assert submission", kills))
    cases = {str(case): case for case in audit_cases(assignment.folder)}
    assert list(cases) == [f"tiny/{name}" for name in SUBMISSIONS]
    [trouble] = cases["tiny/wrong/q1_product.py"].differences()
    assert "could not be graded: The grader process died" in trouble
    assert cases["tiny/right/reference.py"].differences() == []
    declare(assignment, OUTCOMES.replace('"q2.subtracts"', ""))
    [case] = [case for case in audit_cases(assignment.folder) if case.name == "wrong/q2_swapped.py"]
    assert case.differences() == ["q2.subtracts: gets 0 of 1, and declares 1; it is told: subtract(5, 3) is to be 2."]
    assert case.result() is case.result()
    assert case.audited.never_lost() == ["q2.subtracts"]
    kept = KeptResults.beside(assignment.folder).folder
    assert len(list(kept.glob("*.json"))) == 1  # that of the reference
