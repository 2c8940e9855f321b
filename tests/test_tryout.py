"""What an author sees of graders: ``autograder try``, and pytest itself with ``--submission``."""

import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from contextlib import closing, suppress

import pytest
from test_claimed import BY_VALUES
from test_claimed import GRADER as OF_A_MODEL

from autograder.assignment import load_assignment
from autograder.grading.grade import grade
from autograder.sandbox import choose

Q1 = """
from autograder import partial_credit, points

@points(2, "Adds")
def test_adds(submission):
    total = submission.add(1, 2)
    print("the sum is", total)
    assert total == 3, "1 and 2 are 3."

@points(1, "Lists")
def test_lists(submission):
    numbers = submission.numbers()
    assert len(numbers) == 3, "There are to be three."

@points(2, "Half")
def test_half(submission):
    partial_credit(0.5, "Half of it is there.")
"""
Q2 = """
from autograder import points

@points(1, "Is told when")
def test_when(submission):
    print("it was", submission.now())
"""
RIGHT = "def add(a, b): return a + b\ndef numbers(): return [1, 2, 3]\n"
WRONG = "def add(a, b): return a - b\ndef numbers(): return (n for n in [1, 2, 3])\n"
RAISES = "def add(a, b):\n    return a / 0\nnowhere_to_be_found\ndef numbers(): return [1]\n"
NOW = "import time\ndef now(): return time.time_ns()\n"


@pytest.fixture
def assignment(make_assignment):
    return make_assignment({"test_q1.py": Q1, "test_q2.py": Q2})


@pytest.fixture
def write(tmp_path):
    def write(source):
        path = tmp_path / "submission.py"
        path.write_text(source)
        return path

    return write


def run(*words, **options):
    command = [sys.executable, "-m", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=300, **options)


def try_it(assignment, path, *words, **options):
    return run("autograder", "try", assignment.folder, path, *words, **options)


def outcomes_in(text):
    """Points, outcome and feedback by the names of checks, as they are printed."""
    said = text.partition("the submission gets")[2].partition("short test summary")[0]
    found, name = {}, ""
    for line in said.splitlines()[1:]:
        if match := re.match(r"(\S+)/\S+ (passed|partial|failed|broken|not run) +(\S+):", line):
            name = match[3]
            found[name] = [float(match[1]), match[2], ""]
        elif name and line.startswith("    "):
            found[name][2] += line.strip()
    return found


@pytest.mark.parametrize("source", [RIGHT, WRONG, RAISES])
def test_what_is_decided_is_what_a_grading_decides(assignment, write, source):
    path = write(source)
    shown = try_it(assignment, path, "--question", "q1")
    assert shown.returncode == 1, "half of the points of one check are lost by all"
    graded = grade(assignment, path, choose("auto", forbidden=(assignment.folder,)), questions=["q1"])
    assert outcomes_in(shown.stdout) == {
        check.name: [check.points, check.outcome, "".join(check.feedback.split("\n"))] for check in graded.checks
    }


def test_claims_give_no_more_than_in_a_grading(make_assignment, write):
    made = make_assignment({"test_q1.py": OF_A_MODEL})
    settings = made.folder / "assignment.toml"
    settings.write_text(settings.read_text().replace("preload = []", 'preload = ["torch"]'))
    shown, path = try_it(made, write(BY_VALUES)).stdout, write(BY_VALUES)
    graded = grade(load_assignment(made.folder), path, choose("auto", forbidden=(made.folder,)))
    assert {name: found[:2] for name, found in outcomes_in(shown).items()} == {
        check.name: [check.points, check.outcome] for check in graded.checks
    }
    assert "gets 3 of 20 points" in shown


def test_prints_are_shown_assertions_explain_themselves_and_only_graders_have_frames(assignment, write):
    shown = try_it(assignment, write(WRONG), "--question", "q1").stdout
    assert "the sum is -1" in shown
    assert "assert -1 == 3" in shown
    assert "1 and 2 are 3." in shown
    raised = try_it(assignment, write(RAISES), "--question", "q1").stdout
    assert "test_q1.py" in raised and "division by zero" in raised
    assert "remote.py" not in raised and "grading/" not in raised
    assert "nowhere_to_be_found" in raised, "what does not run of the submission is said"
    assert not list(assignment.folder.rglob("__pycache__"))


def test_nothing_lost_is_status_0(assignment, write):
    assert try_it(assignment, write(NOW), "--question", "q2").returncode == 0


def test_a_generator_is_the_student_s_and_a_grader_s_own_none_is_the_grader_s(assignment, write):
    (assignment.graders / "test_q3.py").write_text(
        "from autograder import points\n"
        "@points(1, 'Theirs')\ndef test_theirs(submission): assert sum(submission.numbers()[:2]) == 3\n"
        "@points(1, 'Ours')\ndef test_ours(submission): None.shape\n"
    )
    shown = outcomes_in(try_it(assignment, write(WRONG), "--question", "q3").stdout)
    assert {name: outcome for name, (_, outcome, _) in shown.items()} == {"q3.theirs": "failed", "q3.ours": "broken"}


def test_the_debugger_stops_where_it_fails(assignment, write):
    shown = try_it(assignment, write(WRONG), "--question", "q1", "--pdb", input="p ('total', total)\nq\n")
    assert "('total', -1)" in shown.stdout, shown.stdout + shown.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--question", "q9"], "has no question 'q9'"),
        (["../nowhere.py"], "can't be read"),
    ],
)
def test_what_can_t_be_tried_is_one_sentence(assignment, write, words, said):
    path = write(RIGHT)
    shown = run("autograder", "try", assignment.folder, *(words if len(words) == 1 else [path, *words]))
    assert shown.returncode == 2
    assert said in shown.stderr and len(shown.stderr.strip().splitlines()) == 1


def test_pytest_itself_runs_graders_over_a_submission(assignment, write, tmp_path):
    shown = run("pytest", "-s", assignment.graders / "test_q1.py", "--submission", write(WRONG), "-k", "adds")
    assert shown.returncode == 1
    assert "assert -1 == 3" in shown.stdout and "gets 0 of 2 points" in shown.stdout
    other = tmp_path / "test_other.py"
    other.write_text("def test_nothing(): pass\n")
    mixed = run("pytest", assignment.graders, other, "--submission", write(WRONG))
    assert mixed.returncode == 4 and "graders of one assignment" in mixed.stderr
    empty = run("pytest", assignment.graders, "--submission", tmp_path / "nowhere.py")
    assert empty.returncode == 4 and len(empty.stderr.strip().splitlines()) == 1
    assert run("pytest", other).returncode == 0, "without the option, nothing changes"


class Watched:
    """A command on a terminal of its own, and what it shows."""

    def __init__(self, *words):
        self.shown = ""
        pid, self._terminal = pty.fork()
        if pid == 0:
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            os.execv(sys.executable, [sys.executable, "-m", *map(str, words)])
        self.pid = pid

    def until(self, pattern, seconds=300):
        """What was shown since the last time, up to this."""
        ends = time.monotonic() + seconds
        while not (match := re.search(pattern, self.shown, re.DOTALL)):
            assert time.monotonic() < ends, self.shown
            if select.select([self._terminal], [], [], 1)[0]:
                self.shown += os.read(self._terminal, 1 << 16).decode()
        said, self.shown = self.shown[: match.end()], self.shown[match.end() :]
        return said

    def end(self):
        """Press Ctrl-C, and give the exit status."""
        os.write(self._terminal, b"\x03")
        with suppress(OSError):
            while os.read(self._terminal, 1 << 16):
                pass
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])

    def close(self):
        os.close(self._terminal)


def test_what_is_saved_is_run_again_and_no_student_code_where_nothing_new_is_asked(assignment, write):
    path, grader = write(NOW), assignment.graders / "test_q2.py"
    with closing(Watched("autograder", "try", assignment.folder, path, "--question", "q2", "--watch")) as watched:
        waits = r"Ctrl-C ends"
        [first] = re.findall(r"it was (\d+)", watched.until(waits))
        grader.write_text(Q2.replace("it was", "then it was"))
        assert re.findall(r"then it was (\d+)", watched.until(waits)) == [first]
        grader.write_text(Q2.replace("submission.now()", "submission.now(), submission.now()"))
        [(again, other)] = re.findall(r"it was (\d+) (\d+)", watched.until(waits))
        assert len({first, again, other}) == 3, "it is asked something else"
        path.write_text(NOW + "# more\n")
        assert again not in watched.until(waits), "another submission"
        grader.write_text("def test_when(")
        assert "SyntaxError" in watched.until(waits)
        grader.write_text(Q2)
        assert "gets 1 of 1" in watched.until(waits)
        assert watched.end() == 0
