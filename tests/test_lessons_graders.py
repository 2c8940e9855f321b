"""The graders of every assignment under ``solutions/``, graded: each submission gets what it declares."""

import re
from collections import Counter
from pathlib import Path

import pytest

from autograder.grading.grade import grade
from autograder.results import Result
from autograder.testing import audit_cases

SOLUTIONS = Path(__file__).resolve().parent.parent / "solutions"
LESSONS = [path.parent for path in sorted(SOLUTIONS.glob("*/assignment.toml"))]
CASES = {str(case): case for case in audit_cases(*LESSONS, sandbox="bubblewrap")}
AUDITED = {case.audited.assignment.name: case.audited for case in CASES.values()}


def together(name):
    """What needs a submission's result runs in the process that has it."""
    return pytest.mark.xdist_group(name)


@pytest.mark.parametrize("name", [pytest.param(name, marks=together(name)) for name in CASES])
def test_it_gets_what_it_declares(name):
    assert CASES[name].differences() == []
    result = CASES[name].result()
    assert repr(Result.from_json(result.to_json())) == repr(result), "it comes back from a disk as it was"


@pytest.mark.parametrize("lesson", AUDITED)
def test_every_check_is_lost_by_some_wrong_submission(lesson):
    assert AUDITED[lesson].never_lost() == []


@pytest.mark.parametrize(("lesson", "right"), [("cnn", 30), ("convolve", 12)])
def test_there_are_enough_of_each_kind(lesson, right):
    audited = AUDITED[lesson]
    assert len(audited.of_kind("right")) >= right
    assert len(audited.of_kind("wrong")) >= 20
    assert {Path(name).suffix for kind in ("right", "wrong") for name in audited.of_kind(kind)} == {".py", ".ipynb"}


def test_there_are_enough_wrong_ones_for_each_question_of_convolve():
    audited = AUDITED["convolve"]
    questions = Counter(Path(name).name[:2] for name in audited.of_kind("wrong"))
    assert set(questions) == set(audited.assignment.questions) and min(questions.values()) >= 5


@together("cnn/wrong/q4_last_batch_accuracy.py")
def test_handing_in_again_is_no_new_lottery(tmp_path, strongest):
    """The same training to the last digit: the feedback holds what was measured."""
    case = CASES["cnn/wrong/q4_last_batch_accuracy.py"]
    again = grade(case.audited.assignment, case.submission.write(tmp_path), strongest)
    assert [check.feedback for check in again.checks] == [check.feedback for check in case.result().checks]
    assert any(re.search(r"val_accuracy.*0?\.\d", check.feedback) for check in again.checks)


def rules(lesson):
    """By which rules the reference's training was decided, in words."""
    return [words for check in CASES[f"{lesson}/right/reference.py"].result().checks for words in check.decided]


@together("cnn/right/reference.py")
def test_every_verdict_on_cnn_s_training_states_its_rule_and_its_error():
    decided, audited = rules("cnn"), AUDITED["cnn"]
    assert len(decided) == 5
    calibrated = len(audited.of_kind("right")) - len(audited.assignment.settings.calibration.without)
    rule = r"less than one of ([\d,]+) gradings \(calibrated on (\d+) styles, [\d to]+ trainings each\)"
    for words in decided:
        assert "one success in at most " in words
        found = re.search(rule, words)
        assert found, words
        assert int(found[1].replace(",", "")) >= 10_000  # as the lesson's text promises
        assert int(found[2]) == calibrated


@together("convolve/right/reference.py")
def test_every_verdict_on_convolve_s_training_states_its_rule_and_its_error():
    decided = rules("convolve")
    assert len(decided) == 6
    for words in decided:
        assert "one success in at most 3 trainings" in words or "one success in at most 4 trainings" in words
        assert re.search(r"\(calibrated on \d+ styles, .* trainings each\)", words)
