"""The graders of the CNN assignment, graded: every submission gets exactly what it declares, check by check."""

import re
from pathlib import Path

import pytest
from outcomes import Outcomes

from autograder.assignment import load_assignment

CNN = Outcomes("cnn")


def test_every_submission_is_declared_and_graded():
    assert set(CNN.results) == set(CNN.declared)


def test_there_are_enough_of_each_kind():
    assert len(CNN.kind("right")) >= 30
    assert len(CNN.kind("wrong")) >= 20
    suffixes = {Path(name).suffix for name in CNN.kind("right") + CNN.kind("wrong")}
    assert suffixes == {".py", ".ipynb"}


@pytest.mark.parametrize("name", CNN.declared)
def test_it_gets_what_it_declares(name):
    CNN.check_points(name)


def test_handing_in_again_is_no_new_lottery():
    """The same training to the last digit: the feedback holds what was measured."""
    name = "wrong/q4_last_batch_accuracy.py"
    again = CNN.grade(name)
    assert [check.feedback for check in again.checks] == [check.feedback for check in CNN.results[name].checks]
    assert any(re.search(r"val_accuracy.*0?\.\d", check.feedback) for check in again.checks)


@pytest.mark.parametrize("name", CNN.with_key("says"))
def test_the_feedback_names_the_mistake(name):
    CNN.check_feedback(name)


@pytest.mark.parametrize("name", CNN.with_key("cause"))
def test_the_diagnosis_names_the_cause(name):
    CNN.check_cause(name)


def test_a_right_submission_gets_no_diagnosis():
    assert [name for name in CNN.kind("right") for check in CNN.results[name].checks if check.feedback] == []


def test_every_verdict_on_training_states_its_rule_and_its_error():
    decided = [words for check in CNN.results["right/reference.py"].checks for words in check.decided]
    assert len(decided) == 5
    calibrated = len(CNN.kind("right")) - len(load_assignment(CNN.folder).settings.calibration.without)
    rule = r"less than one of ([\d,]+) gradings \(calibrated on (\d+) styles, [\d to]+ trainings each\)"
    for words in decided:
        assert "one success in at most " in words
        found = re.search(rule, words)
        assert found, words
        assert int(found[1].replace(",", "")) >= 10_000  # as the lesson's text promises
        assert int(found[2]) == calibrated


def test_every_check_is_lost_by_some_wrong_submission():
    CNN.check_every_check_is_lost()


def test_what_is_lost_has_a_reason_that_shows_nothing_hidden():
    CNN.check_reasons()


def test_the_reference_notebook_gets_full_marks_and_the_blank_one_reasons(tmp_path):
    results = CNN.notebooks(tmp_path)
    reference, blank = results["reference.ipynb"], results["blank.ipynb"]
    assert (reference.score, reference.status, reference.notes) == (reference.max_score, "graded", ())
    assert (blank.score, blank.status) == (0, "graded")
    assert all(check.feedback for check in blank.checks)
