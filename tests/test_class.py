"""The work of a class: who listens is told of each result and of the end, whatever comes in between."""

import psutil
import pytest

from autograder.batch.collect import collect
from autograder.batch.local import LocalEngine
from autograder.batch.run import grade_class
from autograder.errors import UsageError
from autograder.report.listener import Listener

GRADER = """
from autograder import points

@points(2, "Adds two numbers")
def test_adds(submission):
    assert submission.add(2, 3) == 5, "add(2, 3) is to be 5."
"""


class Notes(Listener):
    """Writes down what it is told, and fails where it is asked to."""

    def __init__(self, name, told, fails=""):
        self.name, self.told, self.fails = name, told, fails

    def _note(self, event, *about):
        self.told.append((self.name, event, *about))
        if event == self.fails:
            raise OSError(f"{self.name} can't write")

    def started(self, names, passed_over):
        self._note("started", list(names), [path.name for path in passed_over])

    def running(self, names):
        self._note("running", list(names))

    def graded(self, result):
        self._note("graded", result.submission, result.score)

    def finished(self, results, *, is_complete):
        self._note("finished", [result.submission for result in results], is_complete)


@pytest.fixture
def grade(make_assignment, tmp_path, strongest):
    assignment = make_assignment({"test_q1.py": GRADER})
    folder = tmp_path / "in"
    folder.mkdir()
    for name, sign in {"b.py": "+", "a.py": "-", "c.py": "+"}.items():
        (folder / name).write_text(f"def add(a, b): return a {sign} b")
    (folder / "notes.txt").write_text("")

    def run(*listeners, questions=()):
        return grade_class(assignment, collect([folder]), strongest, LocalEngine(1), listeners, questions)

    return run


def test_listeners_are_told_in_turn_and_of_the_end_in_the_other_order(grade):
    told = []
    results = grade(Notes("one", told), Notes("two", told))
    assert [(result.submission, result.score) for result in results] == [("a.py", 0), ("b.py", 2), ("c.py", 2)]
    of_one = [event for who, *event in told if who == "one"]
    assert of_one == [
        ["started", ["a.py", "b.py", "c.py"], ["notes.txt"]],
        *(["running", ["a.py"]], ["running", []], ["graded", "a.py", 0]),
        *(["running", ["b.py"]], ["running", []], ["graded", "b.py", 2]),
        *(["running", ["c.py"]], ["running", []], ["graded", "c.py", 2]),
        ["finished", ["a.py", "b.py", "c.py"], True],
    ]
    assert [event for who, *event in told if who == "two"] == of_one
    assert [who for who, *_ in told[-2:]] == ["two", "one"]


def test_one_that_fails_at_a_result_ends_the_grading_and_all_are_told(grade):
    told = []
    before = psutil.Process().children()  # a lane that grades the lessons, where there is one
    with pytest.raises(OSError, match="two can't write"):
        grade(Notes("one", told), Notes("two", told, fails="graded"), Notes("three", told))
    assert [event for _, *event in told if event[0] == "finished"] == 3 * [["finished", ["a.py"], False]]
    started = [process for process in psutil.Process().children() if process not in before]
    assert [process for process in started if "spawn_main" in " ".join(process.cmdline())] == []


def test_one_that_fails_at_the_end_stops_no_other(grade):
    told = []
    with pytest.raises(OSError, match="two can't write"):
        grade(Notes("one", told), Notes("two", told, fails="finished"), Notes("three", told))
    ends = {who: is_complete for who, event, *_, is_complete in told if event == "finished"}
    assert ends == {"three": True, "two": True, "one": False}


def test_one_that_can_t_begin_is_no_reason_not_to_end_what_has_begun(grade):
    told = []
    with pytest.raises(OSError, match="two can't write"):
        grade(Notes("one", told), Notes("two", told, fails="started"))
    assert [(who, event) for who, event, *_ in told] == [("one", "started"), ("two", "started"), ("one", "finished")]


def test_nobody_is_told_of_a_question_that_is_not_there(grade):
    told = []
    with pytest.raises(UsageError, match="has no question 'q2'"):
        grade(Notes("one", told), questions=["q2"])
    assert told == []
