"""The committed study of right submissions: complete, without a failure, and true for a sample of it."""

import runpy
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
STUDY = runpy.run_path(str(ROOT / "benchmarks" / "right_submissions.py"))


@pytest.fixture(scope="module")
def rows():
    return STUDY["recorded"]()


def test_every_right_submission_was_graded_with_fifty_keys(rows):
    right = {path.name for path in (ROOT / "solutions" / "cnn" / "submissions" / "right").iterdir()}
    assert Counter(row["submission"] for row in rows) == dict.fromkeys(right, 50)
    assert {int(row["key"]) for row in rows} == set(range(50))


def test_none_lost_a_point(rows):
    assert [row for row in rows if row["score"] != row["max_score"] or row["lost"]] == []


@pytest.mark.parametrize(("name", "key"), [("reference.py", 7), ("softmax_nll_of_log.py", 31)])
def test_a_sample_comes_out_the_same(rows, name, key, tmp_path):
    [[*again]] = STUDY["grade_with_keys"](STUDY["only_training"](tmp_path), name, [key])
    assert again in [list(row.values()) for row in rows]
