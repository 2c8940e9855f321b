"""The committed study of verdicts on training: complete, as good as it has to be, and true for a sample of it."""

import runpy
from collections import Counter
from pathlib import Path

import pytest

from autograder.quality.declared import declared_submissions

ROOT = Path(__file__).resolve().parent.parent
STUDY = runpy.run_path(str(ROOT / "benchmarks" / "training.py"))
DECLARED = declared_submissions(STUDY["CNN"])


@pytest.fixture(scope="module")
def rows():
    return STUDY["recorded"]()


def of_kind(rows, kind):
    return [row for row in rows if row["submission"].startswith(kind)]


def test_it_is_complete(rows):
    assert list(STUDY["missing"]()) == []
    assert len({(row["submission"], row["key"]) for row in rows}) == len(rows)
    for kind, keys in STUDY["KEYS"].items():
        assert set(Counter(row["submission"] for row in of_kind(rows, kind)).values()) == {keys}
    assert len({row["submission"] for row in of_kind(rows, "right")}) >= 30


def test_no_right_submission_lost_a_point_or_got_a_diagnosis(rows):
    odd = [row for row in of_kind(rows, "right") if row["score"] != row["max_score"] or row["lost"] or row["causes"]]
    assert odd == []


def test_every_wrong_submission_was_caught(rows):
    caught = Counter(row["submission"] for row in of_kind(rows, "wrong") if row["score"] != row["max_score"])
    enough = 0.95 * STUDY["KEYS"]["wrong"]
    assert {name: caught[name] for name in STUDY["submissions"]() if "wrong" in name and caught[name] < enough} == {}


def test_what_some_keys_cost_is_declared(rows):
    """Else a test would hang on chance, or on the last digits of another processor."""
    for row in of_kind(rows, "wrong"):
        declared = DECLARED[row["submission"]].declaration
        possible = {*declared.fails, *declared.may_fail, *declared.partial}
        assert set(row["lost"].split()) <= possible, (row["submission"], row["key"])
    # Of one, a control tells, which sees it in nearly every grading, and nothing else does.
    for name in {row["submission"] for row in of_kind(rows, "wrong")} - {"wrong/q4_trains_on_validation_data.py"}:
        lost = [set(row["lost"].split()) for row in rows if row["submission"] == name]
        at_the_margin = set.union(*lost) - set.intersection(*lost)
        assert at_the_margin <= DECLARED[name].declaration.may_fail, name


def test_the_cause_that_was_named_is_the_one_that_was_made(rows):
    wrong = of_kind(rows, "wrong")
    for name in {row["submission"] for row in wrong}:
        if cause := DECLARED[name].declaration.cause:
            named = [row["causes"].partition(";")[0] for row in wrong if row["submission"] == name]
            assert named.count(cause) >= 0.95 * len(named), (name, Counter(named))


def test_what_it_cost(rows):
    right = of_kind(rows, "right")
    assert sum(int(row["trainings"]) for row in right) / len(right) <= 1.1
    # One training, a control of the same size, one by heart (.2), and what each epoch of the two large ones answered.
    assert STUDY["_in_trainings"](right) <= 3.3


def test_the_summary_is_of_these_rows(rows):
    assert (STUDY["RESULTS"] / "training.md").read_text() == STUDY["summary"](rows)


@pytest.mark.parametrize(
    ("name", "key"),
    [("right/reference.py", 0), ("right/softmax_nll_of_log.py", 0), ("wrong/q4_one_epoch_only.py", 0)],
)
def test_a_sample_comes_out_the_same(rows, name, key, tmp_path):
    """All but the times."""
    [again] = STUDY["grade_with_keys"](STUDY["only_training"](tmp_path), name, [key])
    again = dict(zip(STUDY["COLUMNS"], again, strict=True))
    [stored] = [row for row in rows if (row["submission"], row["key"]) == (name, str(key))]
    for column in ("score", "max_score", "trainings", "lost", "causes"):
        assert again[column] == stored[column]
