"""What a check rests on is noted, and claims in place of what is usually computed earn a share of the points."""

import pytest

from autograder.assignment import load_assignment
from autograder.grading.claimed import bounded, share_claimed
from autograder.grading.grade import grade
from autograder.grading.session import declared_checks
from autograder.results import Check

GRADER = """
import numpy as np

from autograder import points

IMAGES = np.random.default_rng(0).random((20, 1, 4, 4), dtype=np.float32)


@points(1, "Adds")
def test_adds(submission):
    assert submission.add(1, 2) == 3


@points(1, "Is a network", claimed=True)
def test_kind(submission, probes):
    assert "Module" in probes.kinds(submission.Model(), "Model()")


@points(10, "Gives scores")
def test_scores(submission, probes):
    assert probes.predict(submission.Model(), IMAGES, "Model()").shape == (20, 3)


@points(8, "Learns")
def test_learns(submission, probes):
    seen = probes.watched_pass(submission.Model(), IMAGES, np.ones((20, 3), np.float32), "Model()")
    assert all(seen.gradients.values()) and seen.operations[-1] == "linear" and sum(seen.sizes.values()) == 51
    assert probes.depends_on(submission.Model(), IMAGES, "linear", "Model()")
    assert not probes.depends_on(submission.Model(), IMAGES, "conv2d", "Model()")
"""
MODEL = """
import torch

def add(a, b): return a + b

class Model(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(16, 3)
    def forward(self, x):
        return self.layer(x.flatten(1))
"""
BY_VALUES = MODEL.replace("return self.layer(", "if x.max() > 9: x = x / 255\n        return self.layer(")
REASON = "its forward takes a number out of a tensor"


@pytest.fixture
def graded(make_assignment, tmp_path, strongest):
    def run(code, settings=""):
        assignment = make_assignment({"test_q1.py": GRADER}, settings, f"tiny{len(list(tmp_path.iterdir()))}")
        path = assignment.folder / "assignment.toml"
        path.write_text(path.read_text().replace("preload = []", 'preload = ["torch"]'))
        (tmp_path / "hw.py").write_text(code)
        result = grade(load_assignment(assignment.folder), tmp_path / "hw.py", strongest)
        assert result.trouble == ""
        return result

    return run


def test_what_is_computed_gives_its_points(graded):
    result = graded(MODEL)
    assert result.score == 20, [check.feedback for check in result.checks]
    assert [check.rests_on for check in result.checks] == ["computed", "claimed", "computed", "computed"]
    assert not any(check.claimed_since for check in result.checks)


def test_what_can_t_be_computed_is_claimed_and_gives_a_share(graded):
    adds, kind, scores, learns = graded(BY_VALUES).checks
    assert (adds.points, kind.points) == (1, 1), "the author weighed these"
    assert (scores.points, scores.outcome, scores.rests_on) == (1, "partial", "claimed"), "5 % of 20"
    assert (learns.points, learns.outcome, learns.rests_on) == (0, "failed", "claimed")
    assert scores.claimed_since.startswith(REASON)
    assert REASON in learns.feedback and "no more than 5% of all points are given" in learns.feedback


def test_an_assignment_says_how_much_it_gives_for_claims(graded):
    assert [check.points for check in graded(BY_VALUES, "claimed = 1.0").checks] == [1, 1, 10, 8]
    assert [check.points for check in graded(BY_VALUES, "claimed = 0.0").checks] == [1, 1, 0, 0]


def test_the_share_is_what_graders_declare(make_assignment):
    checks = declared_checks(make_assignment({"test_q1.py": GRADER})).checks
    assert share_claimed(checks) == 1 / 20
    assert share_claimed(()) == 0.0


def test_a_check_that_lost_its_points_takes_nothing_of_the_share():
    def check(points, since=""):
        return Check("q1.a", "A", points, 4.0, "passed" if points else "failed", claimed_since=since)

    checks = (check(0.0, "why"), check(4.0), check(4.0, "why"), check(4.0, "why"))
    assert [found.points for found in bounded(checks, 0.25)] == [0, 4, 4, 0]
