"""The graders of `convolve`, graded: every submission gets exactly what it declares, check by check."""

import re
from collections import Counter
from pathlib import Path

import pytest
from outcomes import Outcomes

CONVOLVE = Outcomes("convolve")


def test_every_submission_is_declared_and_graded():
    assert set(CONVOLVE.results) == set(CONVOLVE.declared)


def test_there_are_enough_of_each_kind_for_each_question():
    assert len(CONVOLVE.kind("right")) >= 12
    wrong = CONVOLVE.kind("wrong")
    assert len(wrong) >= 20
    questions = Counter(Path(name).name[:2] for name in wrong)
    assert set(questions) == {f"q{n}" for n in range(1, 9)} and min(questions.values()) >= 5
    assert {Path(name).suffix for name in CONVOLVE.kind("right") + wrong} == {".py", ".ipynb"}


@pytest.mark.parametrize("name", CONVOLVE.declared)
def test_it_gets_what_it_declares(name):
    CONVOLVE.check_points(name)


@pytest.mark.parametrize("name", CONVOLVE.with_key("says"))
def test_the_feedback_names_the_mistake(name):
    CONVOLVE.check_feedback(name)


@pytest.mark.parametrize("name", CONVOLVE.with_key("cause"))
def test_the_diagnosis_names_the_cause(name):
    CONVOLVE.check_cause(name)


def test_a_right_submission_gets_no_diagnosis():
    assert [n for n in CONVOLVE.kind("right") for check in CONVOLVE.results[n].checks if check.feedback] == []


def test_every_verdict_on_training_states_its_rule_and_its_error():
    decided = [words for check in CONVOLVE.results["right/reference.py"].checks for words in check.decided]
    assert len(decided) == 6
    for words in decided:
        assert "one success in at most 3 trainings" in words or "one success in at most 4 trainings" in words
        assert re.search(r"\(calibrated on \d+ styles, .* trainings each\)", words)


def test_every_check_is_lost_by_some_wrong_submission():
    CONVOLVE.check_every_check_is_lost()


def test_what_is_lost_has_a_reason_that_shows_nothing_hidden():
    CONVOLVE.check_reasons()


def test_the_reference_notebook_gets_full_marks_and_the_blank_one_reasons(tmp_path):
    results = CONVOLVE.notebooks(tmp_path)
    reference, blank = results["reference.ipynb"], results["blank.ipynb"]
    assert (reference.score, reference.status, reference.notes) == (reference.max_score, "graded", ())
    assert (blank.score, blank.status) == (0, "graded")
    assert all(check.feedback for check in blank.checks)
