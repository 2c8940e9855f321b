"""The graders of the CNN assignment, graded: every submission gets exactly what it declares, check by check.

All of `solutions/cnn/submissions` is graded once, in real workers, with the stored key.
"""

import os
import shutil
import tomllib
from pathlib import Path

import jupytext
import pytest

from autograder.assignment import load_assignment
from autograder.batch.collect import collect
from autograder.batch.local import grade_all
from autograder.grading import grade
from autograder.sandbox import choose

ROOT = Path(__file__).resolve().parent.parent
CNN = ROOT / "solutions" / "cnn"
SUBMISSIONS = CNN / "submissions"
DECLARED = tomllib.loads((SUBMISSIONS / "outcomes.toml").read_text())


def kind(name):
    return [submission for submission in DECLARED if submission.startswith(f"{name}/")]


@pytest.fixture(scope="module")
def results():
    assignment = load_assignment(CNN)
    jobs = collect([SUBMISSIONS]).jobs
    sandbox = choose("bubblewrap", forbidden=(CNN,))
    lanes = len(os.sched_getaffinity(0))
    return {result.submission: result for result in grade_all(assignment, jobs, sandbox, lanes)}


def test_every_submission_is_declared_and_graded(results):
    assert set(results) == set(DECLARED)


def test_there_are_enough_of_each_kind():
    assert len(kind("right")) >= 7
    assert len(kind("wrong")) >= 20
    suffixes = {Path(name).suffix for name in kind("right") + kind("wrong")}
    assert suffixes == {".py", ".ipynb"}


@pytest.mark.parametrize("name", DECLARED)
def test_it_gets_what_it_declares(results, name):
    declared, result = DECLARED[name], results[name]
    assert result.trouble == ""
    expected = {check.name: check.max_points for check in result.checks}
    expected |= dict.fromkeys(declared.get("fails", []), 0.0) | declared.get("partial", {})
    unanswered = tuple(f"{question}." for question in declared.get("unanswered", []))
    expected |= {check: 0.0 for check in expected if check.startswith(unanswered)} if unanswered else {}
    feedback = {check.name: check.feedback for check in result.checks}
    got = {check.name: check.points for check in result.checks}
    assert got == expected, {name: feedback[name] for name in got if got[name] != expected.get(name)}
    assert result.status == declared.get("status", "graded")


def test_handing_in_again_is_no_new_lottery(results):
    """The same training to the last digit: the feedback holds what was measured."""
    name = "wrong/q4_last_batch_accuracy.py"
    again = grade(load_assignment(CNN), SUBMISSIONS / name, choose("bubblewrap", forbidden=(CNN,)))
    assert [check.feedback for check in again.checks] == [check.feedback for check in results[name].checks]
    assert any("val_accuracy is 0." in check.feedback for check in again.checks)


@pytest.mark.parametrize("name", [name for name in DECLARED if "says" in DECLARED[name]])
def test_the_feedback_names_the_mistake(results, name):
    lost = [check for check in results[name].checks if check.points < check.max_points]
    assert DECLARED[name]["says"].lower() in lost[0].feedback.lower()


@pytest.mark.parametrize("name", [name for name in DECLARED if "cause" in DECLARED[name]])
def test_the_diagnosis_names_the_cause(results, name):
    told = [line for check in results[name].checks for line in check.feedback.split("\n") if "Most likely: " in line]
    assert told and told[0].startswith(f"Most likely: {DECLARED[name]['cause']}. "), told


def test_a_right_submission_gets_no_diagnosis(results):
    assert [name for name in kind("right") for check in results[name].checks if check.feedback] == []


def test_every_verdict_on_training_states_its_rule_and_its_error(results):
    decided = [words for check in results["right/reference.py"].checks for words in check.decided]
    assert len(decided) == 5
    for words in decided:
        assert "one success in at most 3 trainings" in words
        assert "less than one of 38,901 gradings (calibrated on 8 styles, 100 trainings each)" in words


def test_every_check_is_lost_by_some_wrong_submission(results):
    """A check that nothing fails checks nothing."""
    lost = {check for name in kind("wrong") for check in DECLARED[name].get("fails", [])}
    lost |= {check for name in kind("wrong") for check in DECLARED[name].get("partial", {})}
    assert {check.name for check in results["right/reference.py"].checks} == lost


def test_what_is_lost_has_a_reason(results):
    for name, result in results.items():
        for check in result.checks:
            assert check.outcome == "passed" or len(check.feedback) > 10, (name, check)


def test_no_feedback_shows_what_is_hidden(results):
    for result in results.values():
        shown = str(result.to_gradescope())
        for secret in (str(CNN), "Traceback", "graders/", "AssertionError"):
            assert secret not in shown, result.submission


@pytest.fixture(scope="module")
def notebooks(tmp_path_factory):
    """The blank student version as it is handed out, and the master with its solutions as a notebook."""
    folder = tmp_path_factory.mktemp("notebooks")
    shutil.copy(ROOT / "assignments" / "cnn" / "cnn.ipynb", folder / "blank.ipynb")
    jupytext.write(jupytext.read(CNN / "cnn.py"), folder / "reference.ipynb")
    sandbox = choose("bubblewrap", forbidden=(CNN,))
    jobs = collect([folder]).jobs
    return {result.submission: result for result in grade_all(load_assignment(CNN), jobs, sandbox, 2)}


def test_the_reference_notebook_gets_full_marks(notebooks):
    result = notebooks["reference.ipynb"]
    assert (result.score, result.status, result.notes) == (result.max_score, "graded", ())


def test_the_blank_notebook_gets_nothing_and_reasons(notebooks):
    result = notebooks["blank.ipynb"]
    assert (result.score, result.status) == (0, "graded")
    assert all(check.feedback for check in result.checks)
