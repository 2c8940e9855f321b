"""Graders that are collected once grade many submissions, and none of them matters to the next."""

from __future__ import annotations

import itertools
import sys
import warnings
from dataclasses import replace

import pytest
from conftest import SOLUTIONS

from autograder.assignment import load_assignment
from autograder.grading.grade import grade_submission, worker_for
from autograder.grading.session import Graders, requirements_of_training
from autograder.quality.declared import declared_submissions
from autograder.results import Result
from autograder.sandbox import choose
from autograder.submission import Cell, Submission, read_submission

COUNTS = """
import random
import sys

import numpy as np
import pytest
from autograder import points
from helper import seen

@pytest.fixture(scope="session")
def first(submission):
    return submission.first()

@points(1, "A fixture of the whole session is made for each submission")
def test_first(submission, first):
    assert first == submission.first()

@points(1, "Random numbers are the same for each")
def test_random(submission, leaderboard):
    leaderboard("python", random.random())
    leaderboard("numpy", float(np.random.random()))

@points(1, "Ends the run of all graders where it is told to")
def test_ends(submission):
    if submission.first() == "exit":
        pytest.exit("as it was told to")
    if submission.first() == "leave":
        sys.exit(3)
"""


def without_times(result: Result) -> Result:
    checks = tuple(replace(check, seconds=0.0) for check in result.checks)
    return replace(result, checks=checks, seconds=0.0)


@pytest.fixture
def grade_in_turn(tmp_path, strongest):
    """Grade sources of submissions one after another, by graders that are collected once."""

    def run(assignment, *sources: str) -> list[Result]:
        results = []
        with Graders(assignment) as graders:
            for source in sources:
                path = tmp_path / "student.py"
                path.write_text(source)
                results.append(grade_submission(graders, assignment, read_submission(path), strongest, "student.py"))
        return results

    return run


@pytest.fixture
def counts(make_assignment):
    return make_assignment({"test_q1.py": COUNTS, "helper.py": "seen = []\n"})


def test_each_gets_fixtures_and_random_numbers_of_its_own(counts, grade_in_turn):
    results = grade_in_turn(counts, *(f"def first(): return {name!r}" for name in "abc"))
    assert [result.score for result in results] == [3, 3, 3]
    assert {tuple(entry.value for entry in result.leaderboard) for result in results} == {
        tuple(entry.value for entry in results[0].leaderboard)
    }


def test_a_run_that_ends_pytest_costs_the_next_nothing(counts, grade_in_turn):
    sources = [f"def first(): return {name!r}" for name in ("a", "exit", "b", "leave", "c")]
    fine, ended, next_to_it, left, last = map(without_times, grade_in_turn(counts, *sources))
    assert fine == next_to_it == last
    assert ended.status == "error"
    assert "Exit: as it was told to" in ended.trouble
    assert left.status == "error"
    assert "SystemExit" in left.trouble


def test_nothing_of_the_graders_is_left(counts, grade_in_turn):
    before = set(sys.modules), list(sys.path), list(sys.meta_path)
    grade_in_turn(counts, "def first(): return 1")
    assert not {"helper", "test_q1"} & (set(sys.modules) - before[0])
    assert (list(sys.path), list(sys.meta_path)) == before[1:]


def test_graders_that_can_t_be_read_say_so_to_each_submission(make_assignment, grade_in_turn):
    broken = make_assignment({"test_q1.py": "import nothing_of_this_name\n"})
    results = grade_in_turn(broken, "x = 1", "x = 2")
    assert [result.status for result in results] == ["error", "error"]
    assert all("nothing_of_this_name" in result.trouble for result in results)


@pytest.mark.slow
def test_results_do_not_depend_on_what_was_graded_before(tmp_path):
    """Real submissions of a lesson, in several orders."""
    assignment = load_assignment(SOLUTIONS / "cnn")
    sandbox = choose("bubblewrap", forbidden=(assignment.folder,))
    declared = declared_submissions(assignment.folder)
    names = ("right/reference.py", "wrong/q1_padding_once.ipynb", "hostile/exit_in_q1.py")
    submissions = {name: read_submission(declared[name].write(tmp_path)) for name in names}
    orders = list(itertools.permutations(submissions))
    seen: dict[str, set[str]] = {name: set() for name in submissions}
    with Graders(assignment, ("q1", "q2", "q3")) as graders:
        for name in itertools.chain(*orders):
            result = grade_submission(graders, assignment, submissions[name], sandbox, name)
            seen[name].add(repr(without_times(result)))
    assert {name: len(results) for name, results in seen.items()} == dict.fromkeys(submissions, 1)


WARNS = """
import numpy as np
from autograder import points

@points(1, "Divides by zero")
def test_divides(submission):
    assert np.divide(1.0, submission.zero()) == np.inf
"""


def test_a_warning_in_a_grader_is_no_failure_whatever_outside_makes_of_warnings(make_assignment, grade_in_turn):
    with warnings.catch_warnings(action="error"):
        [result] = grade_in_turn(make_assignment({"test_q1.py": WARNS}), "def zero(): return 0.0")
    assert (result.status, result.score) == ("graded", 1)


def test_graders_none_of_which_is_about_trials_require_nothing_of_them(make_assignment, strongest):
    assignment = make_assignment({"test_q1.py": WARNS})
    with worker_for(assignment, Submission((Cell("cell 1", "def zero(): return 0.0"),)), strongest) as remote:
        _, run = requirements_of_training(assignment, remote)
    assert run.trouble == ""
