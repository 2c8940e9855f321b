"""The command as people and scripts use it: its output, its files, its exit status, and what its process leaves."""

import csv
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from commands import autograder, process

from autograder.batch.collect import SubmissionFile, collect
from autograder.batch.lane import LaneLimits
from autograder.batch.local import LocalEngine
from autograder.batch.run import grade_all
from autograder.batch.store import ResultStore
from autograder.errors import UsageError
from autograder.report.terminal import Display
from autograder.results import Check, Result

GRADER = """
from autograder import points

@points(2, "Adds two numbers")
def test_adds(submission):
    assert submission.add(2, 3) == 5, "add(2, 3) is to be 5."
"""


@pytest.fixture
def folder(tmp_path):
    """Submissions as they come: right, wrong, broken, hostile, in subfolders, beside other files."""
    folder = tmp_path / "handed in"
    files = {
        "ada/hw.py": "def add(a, b): return a + b",
        "bob/hw.py": "def add(a, b): return a - b",
        "carl/hw.ipynb": "not a notebook",
        "dora/hw.py": "import os\ndef add(a, b): os._exit(0)",
        "[red]eve[/red] \x1b[31m.py": "def add(a, b): raise ValueError('[bold]\\x1b[2J')",
        "notes.txt": "not a submission",
        ".ipynb_checkpoints/hw.py": "x = 1",
        "__MACOSX/hw.py": "x = 1",
    }
    for name, source in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(source)
    return folder


def test_a_folder_of_submissions(make_assignment, folder, tmp_path):
    assignment = make_assignment({"test_q1.py": GRADER})
    out = tmp_path / "out"
    done = process("grade", assignment.folder, folder, "-o", out, "-j", 2)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    with (out / "scores.csv").open(newline="") as file:
        rows = list(csv.reader(file))
    assert rows == [
        ["submission", "score", "max_score", "status", "q1.adds"],
        ["[red]eve[/red] \N{REPLACEMENT CHARACTER}[31m.py", "0", "2", "graded", "0"],
        ["ada/hw.py", "2", "2", "graded", "2"],
        ["bob/hw.py", "0", "2", "graded", "0"],
        ["carl/hw.ipynb", "0", "2", "ungradable", "0"],
        ["dora/hw.py", "0", "2", "partial", "0"],
    ]
    written = sorted(path.relative_to(out / "results").as_posix() for path in (out / "results").rglob("*.json"))
    assert written == sorted(f"{row[0]}.json" for row in rows[1:])
    assert "\x1b[31m" not in done.stdout and "[red]eve[/red]" in done.stdout
    assert "Passed over 1 other file" in done.stdout and "notes.txt" in done.stdout


def test_one_question_alone(make_assignment, folder, tmp_path):
    graders = {"test_q1.py": GRADER, "test_q2.py": GRADER.replace("Adds", "Sums").replace("points(2", "points(1")}
    assignment = make_assignment(graders)
    path, out = folder / "ada" / "hw.py", tmp_path / "out"
    done = autograder("grade", assignment.folder, path, "-o", out, "--question", "q2", "--fail-under", 100)
    assert done.returncode == 0, done.stderr
    assert (out / "scores.csv").read_text().split() == [
        "submission,score,max_score,status,q2.adds",
        "hw.py,1,1,graded,1",
    ]
    assert "q1.adds" not in done.stdout
    wrong = autograder("grade", assignment.folder, path, "-o", out, "--question", "q3")
    assert (wrong.returncode, wrong.stderr) == (2, "autograder: tiny has no question 'q3': it has q1, q2\n")


def test_the_result_is_in_gradescope_s_schema(make_assignment, folder, tmp_path):
    assignment = make_assignment({"test_q1.py": GRADER})
    autograder("grade", assignment.folder, folder / "bob" / "hw.py", "-o", tmp_path / "out")
    result = json.loads((tmp_path / "out/results/hw.py.json").read_text())
    assert result["score"] == 0 and result["execution_time"] > 0 and result["visibility"] == "visible"
    [test] = result["tests"]
    assert (test["name"], test["score"], test["max_score"], test["status"]) == ("q1.adds", 0, 2, "failed")
    assert test["output"] == "Adds two numbers\nadd(2, 3) is to be 5."
    assert result["extra_data"]["status"] == "graded"
    assert result["extra_data"]["confinement"][0] == "bubblewrap"


def test_fail_under(make_assignment, folder, tmp_path):
    assignment = make_assignment({"test_q1.py": GRADER})

    def status(name, percent):
        return autograder(
            "grade", assignment.folder, folder / name, "-o", tmp_path / "out", "--fail-under", percent
        ).returncode

    assert [status("ada/hw.py", 100), status("bob/hw.py", 1), status("bob/hw.py", 0)] == [0, 1, 0]


def test_a_broken_grader_is_exit_status_1_and_results_are_written(make_assignment, folder, tmp_path):
    assignment = make_assignment({"test_q1.py": GRADER.replace("submission.add", "nowhere.add")})
    done = autograder("grade", assignment.folder, folder / "ada", "-o", tmp_path / "out")
    assert done.returncode == 1
    assert "NameError" in done.stdout and "Traceback" not in done.stdout + done.stderr
    assert "hw.py,0,2,error,0" in (tmp_path / "out/scores.csv").read_text()
    shown = autograder("grade", assignment.folder, folder / "ada", "-o", tmp_path / "out", "--debug")
    assert "Traceback" in shown.stdout


WRONG_USAGE = {
    "no arguments": [],
    "no submissions": ["grade", "{assignment}"],
    "no such submission": ["grade", "{assignment}", "absent.py"],
    "an empty folder": ["grade", "{assignment}", "{empty}"],
    "no such option": ["grade", "{assignment}", "{ada}", "--fast"],
    "no such sandbox": ["grade", "{assignment}", "{ada}", "--sandbox", "docker"],
    "not a percentage": ["grade", "{assignment}", "{ada}", "--fail-under", "120"],
    "no such command": ["mark"],
    "no jobs": ["grade", "{assignment}", "{ada}", "-j", "0"],
}


@pytest.mark.parametrize("case", WRONG_USAGE)
def test_wrong_usage_is_exit_status_2_and_one_sentence(make_assignment, folder, tmp_path, case):
    assignment = make_assignment({"test_q1.py": GRADER})
    (tmp_path / "empty").mkdir()
    places = {"assignment": assignment.folder, "ada": folder / "ada/hw.py", "empty": tmp_path / "empty"}
    done = autograder(*(a.format(**places) for a in WRONG_USAGE[case]), cwd=tmp_path)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    if case != "no arguments":
        assert done.stderr.startswith("autograder: ") and done.stderr.count("\n") == 1


def test_an_assignment_that_is_not_there_or_not_right(tmp_path, folder):
    done = process("grade", tmp_path / "absent", folder)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1) and "there is no assignment" in done.stderr


def test_a_name_below_solutions_is_an_assignment(make_assignment, folder, tmp_path):
    make_assignment({"test_q1.py": GRADER}, name="adding")
    done = autograder("grade", "adding", folder / "ada", "-o", "out", cwd=tmp_path)
    assert done.returncode == 0 and "2 of 2" in done.stdout


def test_an_output_folder_that_can_t_be_written(make_assignment, folder, tmp_path):
    assignment = make_assignment({"test_q1.py": GRADER})
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "results").write_text("in the way")
    done = autograder("grade", assignment.folder, folder / "ada", "-o", tmp_path / "out")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr and done.stderr.startswith("autograder: ")


@pytest.mark.parametrize("command", [["-m", "autograder"], [str(Path(sys.executable).parent / "autograder")]])
def test_no_module_of_a_student_s_is_imported_from_the_folder_of_the_command(make_assignment, folder, command):
    assignment = make_assignment({"test_q1.py": GRADER})
    for module in ("multiprocessing", "click", "numpy", "rich"):
        (folder / "ada" / f"{module}.py").write_text("open('imported', 'w')")
    arguments = ["grade", assignment.folder, "hw.py", "-o", "out"]
    done = subprocess.run(
        [sys.executable, *command, *arguments], cwd=folder / "ada", capture_output=True, text=True, check=False
    )
    assert not (folder / "ada" / "imported").exists()
    assert "2 of 2" in done.stdout, done.stderr


def test_names_of_submissions(tmp_path):
    for name in ("one/a.py", "two/a.py", "two/b.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x = 1")
    assert [file.name for file in collect([tmp_path]).submissions] == ["one/a.py", "two/a.py"]
    assert [file.name for file in collect([tmp_path / "one/a.py", tmp_path / "two/b.txt"]).submissions] == [
        "a.py",
        "b.txt",
    ]
    assert len(collect([tmp_path / "one", tmp_path / "one" / "a.py"]).submissions) == 1, "named twice, graded once"
    with pytest.raises(UsageError, match="two submissions would be called"):
        collect([tmp_path / "one", tmp_path / "two"])


def test_a_name_that_no_file_can_have_loses_nothing(make_assignment, tmp_path):
    assignment = make_assignment({"test_q1.py": GRADER})
    folder = tmp_path / "in"
    names = [b"\xff.py", b"x" * 252 + b".py", b"a.py", b"a.py.json/b.py", b"=1+1.py"]
    for name in names:
        path = os.path.join(os.fsencode(folder), name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as file:
            file.write("def add(a, b): return a + b")
    done = autograder("grade", assignment.folder, folder, "-o", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    written = [
        json.loads(path.read_text()) for path in (tmp_path / "out" / "results").rglob("*.json") if path.is_file()
    ]
    assert sorted(result["extra_data"]["submission"] for result in written) == sorted(
        ["\\udcff.py", "x" * 252 + ".py", "a.py", "a.py.json/b.py", "=1+1.py"]
    )
    assert all(result["score"] == 2 for result in written)
    assert "\n'=1+1.py," in (tmp_path / "out/scores.csv").read_text(), "a spreadsheet would compute it"


def test_names_that_differ_in_what_can_t_be_shown_are_numbered(tmp_path):
    for name in ("a\x01.py", "a\x02.py", "a\u202e.py", "a\N{REPLACEMENT CHARACTER} (2).py", "b.py"):
        (tmp_path / name).write_text("x = 1")
    files = collect([tmp_path]).submissions
    odd = "a\N{REPLACEMENT CHARACTER}"
    assert sorted(file.name for file in files) == [
        f"{odd} (2).py",
        f"{odd} (3).py",
        f"{odd} (4).py",
        f"{odd}.py",
        "b.py",
    ]
    assert {file.name: file.path.name for file in files}[f"{odd} (2).py"] == f"{odd} (2).py", "a real name is kept"
    assert files == collect([tmp_path]).submissions


def test_a_full_disk_loses_nothing_that_was_there_and_is_said_plainly(make_assignment, folder, tmp_path):
    """A real one: a small file system, which is filled up between two commands, and freed again."""
    assignment = make_assignment({"test_q1.py": GRADER})
    out = tmp_path / "out"
    out.mkdir()
    grade = f"{sys.executable} -m autograder grade {assignment.folder} -o {out} --sandbox landlock"
    script = f"""
        {grade} '{folder}/ada'; echo status $?; cp {out}/scores.csv {out}/results/hw.py.json {tmp_path}
        cat /dev/zero > {out}/filler
        {grade} '{folder}'; echo status $?
        cmp {out}/scores.csv {tmp_path}/scores.csv && cmp {out}/results/hw.py.json {tmp_path}/hw.py.json && echo same
        find {out} -name '*.part'
        rm {out}/filler
        {grade} '{folder}/ada'; echo status $?
    """
    disk = ["bwrap", "--dev-bind", "/", "/", "--size", str(1000 * 4096), "--tmpfs", out, "sh", "-c", script]
    done = subprocess.run(disk, capture_output=True, text=True, timeout=300, check=False)
    assert "Traceback" not in done.stderr
    full = [line for line in done.stderr.splitlines() if "could not be written" in line]
    assert len(full) == 1 and "No space left on device" in full[0] and "store.sqlite" in full[0]
    _, second, rest = re.split(r"status [01]\n", done.stdout)[:3]
    assert "dora/hw.py" in second, "the table shows all results"
    assert rest.startswith("same\n") and ".part" not in rest
    assert "1 known from before" in rest, "what was kept first is there"


def test_two_commands_do_not_write_to_one_folder(make_assignment, folder, tmp_path):
    assignment = make_assignment({"test_q1.py": GRADER})
    store = ResultStore(tmp_path / "out")
    with store.locked():
        second = process("grade", assignment.folder, folder / "ada", "-o", tmp_path / "out")
        assert (second.returncode, second.stderr.count("\n")) == (2, 1)
        assert "another command is writing results" in second.stderr
    assert autograder("grade", assignment.folder, folder / "ada", "-o", tmp_path / "out").returncode == 0


def test_no_worker_outlives_a_killed_command(make_assignment, tmp_path):
    """Killed with SIGKILL, the command can't clean up: the kernel has to."""
    assignment = make_assignment({"test_q1.py": GRADER}, "[seconds]\ncall = 100\n")
    path = tmp_path / "sleeper.py"
    path.write_text("import time\ndef add(a, b): time.sleep(100)")
    command = [sys.executable, "-m", "autograder", "grade", assignment.folder, path, "-o", tmp_path / "out"]
    running = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        family = _wait_for_worker(psutil.Process(running.pid))
        running.send_signal(signal.SIGKILL)
        running.wait()
        _, alive = psutil.wait_procs(family, timeout=60)
        # What multiprocessing itself leaves behind ends when it notices; workers and lanes must be gone.
        assert [p for p in alive if "resource_tracker" not in " ".join(p.cmdline())] == []
    finally:
        running.kill()


def _wait_for_worker(command):
    for _ in range(3000):
        family = command.children(recursive=True)
        if any("autograder.worker" in " ".join(process.cmdline()) for process in family if process.is_running()):
            return family
        time.sleep(0.1)
    raise AssertionError("no worker was started")


LANE_GRADER = """
import os

import numpy as np

from autograder import points

@points(1, "Is a number")
def test_number(submission):
    assert submission.add(0, 0) >= 0

@points(2, "Adds")
def test_sum(submission):
    number = submission.add(0, 0)
    if number == 13:
        os._exit(1)
    if number == 14:
        sum(range(10**15))  # one call of C, which no signal interrupts
    assert len(np.ones(number)) == 0

@points(4, "Is the last")
def test_zero(submission):
    assert submission.add(0, 0) >= 0
"""


def test_a_grader_process_that_dies_costs_only_its_own_submission(make_assignment, tmp_path, strongest):
    """Whatever a lane dies of, what was decided in it stays, and the next submission gets a new one."""
    assignment = make_assignment({"test_q1.py": LANE_GRADER})
    returned = {"a": 0, "b": 13, "c": 14, "d": 10**10, "e": 0}
    files = []
    for name, number in returned.items():
        (tmp_path / f"{name}.py").write_text(f"def add(a, b): return {number}")
        files.append(SubmissionFile(name, tmp_path / f"{name}.py"))
    engine = LocalEngine(2, LaneLimits(cpu_seconds=3, memory_mb=500))
    found = {r.submission: r for r in grade_all(assignment, files, strongest, engine)}
    assert {name: (result.status, result.score) for name, result in found.items()} == {
        "a": ("graded", 7),
        "b": ("error", 1),
        "c": ("partial", 1),
        "d": ("graded", 5),
        "e": ("graded", 7),
    }
    assert "exit status 1" in found["b"].trouble
    assert [check.outcome for check in found["c"].checks] == ["passed", "not run", "not run"]
    assert "3 seconds of processor time to judge" in found["c"].summary
    assert found["d"].checks[1].outcome == "failed" and found["d"].trouble == ""


@pytest.mark.parametrize(("questions", "are_shown"), [(5, True), (8, False)])
def test_the_table_fits_a_narrow_terminal(monkeypatch, capsys, questions, are_shown):
    monkeypatch.setenv("COLUMNS", "80")
    checks = tuple(
        Check(f"q{n}.check", "Title", 0, 3, "failed", "A long reason. " * 20) for n in range(1, questions + 1)
    )
    results = [Result(f"student{n}/homework.ipynb", "graded", checks) for n in range(3)]
    display = Display("Title", "bubblewrap", Path("out"))
    display.started([result.submission for result in results], [])
    display.finished(results, is_complete=True)
    lines = capsys.readouterr().out.splitlines()
    assert all(len(line) <= 80 for line in lines)
    assert any(" q1 " in line for line in lines) == are_shown
    rows = [line for line in lines if f"0/{3 * questions}" in line]
    assert len(rows) == 3
    for row in rows:  # a long name is folded, a long reason cut; score and status never are
        assert row.startswith("│ student") and " graded " in row and row.rstrip().endswith("…  │".replace("  ", " "))
