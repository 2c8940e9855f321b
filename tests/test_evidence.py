"""Evidence: what was answered once need not be run again, and is never taken for what it is not."""

from __future__ import annotations

import contextlib
import csv
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
import zlib
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import HEEDS_CTRL_C, SOLUTIONS
from rich.console import Console

from autograder.assignment import load_assignment
from autograder.batch.collect import SubmissionFile, collect
from autograder.batch.database import Database
from autograder.batch.local import LocalEngine
from autograder.batch.run import grade_all, grade_class
from autograder.batch.store import ResultStore
from autograder.batch.task import answers_digest, environment_of, grading_tasks
from autograder.batch.transcript import transcript
from autograder.errors import UnreadableSubmission
from autograder.evidence import Diverged, Evidence, Recorder, Replay, Run, Step
from autograder.grading.grade import grade_kept
from autograder.grading.session import Graders
from autograder.judged import OUTLINE
from autograder.quality.declared import declared_submissions
from autograder.sandbox import choose
from autograder.submission import parse_submission, read_submission

# Questions without training, and of what is declared every so many.
WITHOUT_TRAINING = {"cnn": ("q1", "q2", "q3"), "convolve": ("q1", "q2", "q3", "q4", "q5", "q6")}


def is_readable(name, declared):
    with contextlib.suppress(UnreadableSubmission):
        return bool(parse_submission(Path(name).suffix, declared.content))
    return False


def sampled(folder, lesson):
    """Right, wrong, hostile and broken submissions of a lesson, two of each kind from which code can be read."""
    declared = {name: each for name, each in declared_submissions(folder).items() if is_readable(name, each)}
    for kind in ("right", "wrong", "hostile", "broken"):
        names = [name for name in declared if name.startswith(kind)]
        yield from ((f"{lesson}/{name}", declared[name]) for name in names[:: max(1, len(names) // 2)][:2])


Q1 = """
from autograder import points

@points(2, "Adds")
def test_adds(submission):
    assert submission.add(2, 3) == 5, "add(2, 3) is to be 5."

@points(1, "Names a list")
def test_numbers(submission):
    assert submission.numbers[0] == 1
"""
Q2 = """
from autograder import points

@points(3, "Doubles")
def test_doubles(submission):
    assert submission.double(4) == 8, "double(4) is to be 8."
"""
ADA = "def add(a, b): return a + b\nnumbers = [1, 2]\ndef double(n): return 2 * n\n"
BEN = "def add(a, b): return a * b\nnumbers = [0]\ndef double(n): return n + 4\n"


@pytest.fixture
def assignment(make_assignment):
    return make_assignment({"test_q1.py": Q1, "test_q2.py": Q2})


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "class"
    made.mkdir()
    for name, source in (("ada.py", ADA), ("ben.py", BEN), ("copy_of_ada.py", ADA)):
        (made / name).write_text(source)
    return made


@pytest.fixture
def graded(assignment, folder, tmp_path, strongest):
    """Grade the class into a folder; gives the results and the store."""

    def run(*, fresh=False, settings=None):
        chosen = load_assignment(assignment.folder) if settings is None else settings
        store = ResultStore(tmp_path / "out", fresh)
        with store.locked():
            results = grade_class(chosen, collect([folder]), strongest, LocalEngine(1), [store], memory=store)
        return {result.submission: result for result in results}, store

    return run


def command(*arguments, **options):
    words = [sys.executable, "-m", "autograder", *map(str, arguments)]
    return subprocess.run(words, capture_output=True, text=True, check=False, timeout=300, **options)


def table(path):
    return list(csv.DictReader(path.read_text().splitlines()))


def change(assignment, name, old, new):
    path = assignment.folder / "graders" / name
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))


def without_times(result):
    return replace(result, seconds=0.0, checks=tuple(replace(check, seconds=0.0) for check in result.checks))


def test_identical_submissions_run_once_and_nothing_runs_twice(graded):
    results, store = graded()
    assert {name: result.score for name, result in results.items()} == {"ada.py": 6, "ben.py": 3, "copy_of_ada.py": 6}
    assert store.workers == 2, "identical ones run once"
    again, later = graded()
    assert again == results and later.workers == 0 and later.resumed == set(results)
    fresh, anew = graded(fresh=True)
    assert anew.workers == 2 and {n: without_times(r) for n, r in fresh.items()} == {
        n: without_times(r) for n, r in results.items()
    }


def test_only_what_is_run_is_said_to_be_running(assignment, folder, tmp_path, strongest):
    store, seen = ResultStore(tmp_path / "out"), []
    for _ in range(2):
        with store.locked():
            list(
                grade_all(assignment, collect([folder]).submissions, strongest, LocalEngine(1), seen.append, (), store)
            )
    assert seen == [["ada.py"], [], ["ben.py"], []]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("old", "new", "score"),
    [
        ("== 5,", "== 6,", {"ada.py": 4, "ben.py": 5, "copy_of_ada.py": 4}),  # an assertion
        ("is to be 5.", "is 5.", {"ada.py": 6, "ben.py": 3, "copy_of_ada.py": 6}),  # a message
        ("points(2,", "points(4,", {"ada.py": 8, "ben.py": 3, "copy_of_ada.py": 8}),  # a weight
        ("[0] == 1", "[0] in (0, 1)", {"ada.py": 6, "ben.py": 4, "copy_of_ada.py": 6}),
    ],
)
def test_a_changed_judgement_runs_no_student_code(assignment, graded, old, new, score):
    graded()
    change(assignment, "test_q1.py", old, new)
    results, store = graded()
    assert store.workers == 0
    assert {name: result.score for name, result in results.items()} == score
    fresh, _ = graded(fresh=True)
    assert {n: without_times(r) for n, r in fresh.items()} == {n: without_times(r) for n, r in results.items()}


def test_a_changed_request_runs_that_question_alone(assignment, graded):
    graded()
    change(assignment, "test_q1.py", "add(2, 3) ==", "add(4, 1) ==")
    results, store = graded()
    assert (store.workers, store.asked) == (2, 2), "q1 of two submissions ran, q2 of two did not"
    assert [check.outcome for check in results["ben.py"].checks] == ["failed", "failed", "passed"]


def test_evidence_of_another_submission_key_data_limits_or_sandbox_is_not_taken(assignment, folder, graded, strongest):
    def key(chosen, sandbox=strongest, name="ada.py"):
        [task] = grading_tasks(chosen, [SubmissionFile(name, folder / name)], sandbox)
        return task.evidence_key(answers_digest(chosen, environment_of(chosen, sandbox)))

    settings = assignment.settings
    seen = {
        key(assignment),
        key(assignment, name="ben.py"),
        key(assignment.with_key(bytes(32) + b"other")),
        key(assignment, choose("landlock", forbidden=(SOLUTIONS,))),
        key(replace(assignment, settings=settings.model_copy(update={"preload": ["numpy"]}))),
        key(replace(assignment, settings=settings.model_copy(update={"framework": ["diagnosis"]}))),
        key(
            replace(
                assignment,
                settings=settings.model_copy(update={"seconds": settings.seconds.model_copy(update={"call": 3})}),
            )
        ),
    }
    assert len(seen) == 7
    graders_apart = key(assignment)
    change(assignment, "test_q1.py", "== 5,", "== 6,")
    assert key(load_assignment(assignment.folder)) == graders_apart
    graded()
    _, store = graded(settings=load_assignment(assignment.folder).with_key(bytes(range(40))))
    assert store.workers == 2


def test_who_is_gone_does_not_linger(folder, graded, tmp_path):
    graded()
    (folder / "ben.py").unlink()
    (folder / "ada.py").write_text(BEN)
    results, store = graded()
    assert store.workers == 0, "what Ben answered, Ada's new submission answers"
    rows = table(tmp_path / "out/scores.csv")
    assert [(row["submission"], row["score"]) for row in rows] == [("ada.py", "3"), ("copy_of_ada.py", "6")]
    assert [result.submission for result in ResultStore(tmp_path / "out").database.results()] == list(results)


@pytest.mark.slow
def test_regrade_shows_accepts_and_goes_back(assignment, folder, tmp_path):
    out = tmp_path / "out"
    assert command("grade", assignment.folder, folder, "-o", out).returncode == 0
    before = (out / "scores.csv").read_text()
    change(assignment, "test_q1.py", "== 5,", "== 6,")
    shown = command("regrade", assignment.folder, "-o", out)
    assert shown.returncode == 0, shown.stderr
    assert "1 gain, 2 lose, 0 keep their points." in shown.stdout and "0 workers were started" in shown.stdout
    assert (out / "scores.csv").read_text() == before
    rows = table(out / "regrade.csv")
    assert [(row["submission"], row["check"], row["difference"]) for row in rows] == [
        ("ada.py", "q1.adds", "-2"),
        ("ben.py", "q1.adds", "2"),
        ("copy_of_ada.py", "q1.adds", "-2"),
    ]
    assert rows[0]["why"] == "add(2, 3) is to be 5."
    assert command("regrade", assignment.folder, "-o", out, "--accept").returncode == 0
    after = (out / "scores.csv").read_text()
    assert "ada.py,4,6,graded" in after and '"score": 4' in (out / "results/ada.py.json").read_text()
    assert command("regrade", assignment.folder, "-o", out, "--undo").returncode == 0
    assert (out / "scores.csv").read_text() == before and '"score": 6' in (out / "results/ada.py.json").read_text()
    nothing = command("regrade", assignment.folder, "-o", out, "--undo")
    assert nothing.returncode == 2 and "nothing to go back to" in nothing.stderr


@pytest.mark.slow
def test_show_tells_what_was_asked_and_answered(assignment, folder, tmp_path):
    assert command("grade", assignment.folder, folder, "-o", tmp_path / "out").returncode == 0
    shown = command("show", tmp_path / "out", "ben.py", "q1")
    assert "  add(2, 3)\n    -> 6\n" in shown.stdout and "numbers\n    -> [0]" in shown.stdout
    assert "double(4)" not in shown.stdout
    assert "double(4)" in command("show", tmp_path / "out", "ben.py").stdout
    missing = command("show", tmp_path / "out", "nobody.py")
    assert missing.returncode == 2 and missing.stderr.count("\n") == 1


LOST = "import os, time\ndef add(a, b): os._exit(3)\nnumbers = [1]\ndef double(n):\n    while True: pass\n"


@pytest.mark.parametrize("source", [ADA, LOST, "import numpy\nadd = numpy.add\ndouble = [][0]\n", "def f(:\n"])
def test_a_replay_gives_what_a_run_gave(make_assignment, tmp_path, strongest, source):
    assignment = make_assignment({"test_q1.py": Q1, "test_q2.py": Q2}, "[seconds]\ncall = 1\n")
    path = tmp_path / "hw.py"
    path.write_text(source)
    hold_to_replay(assignment, path, strongest)


def checks_of_others(result, questions):
    """Those of the others: what is run anew may be answered otherwise, by who remembers what it was asked."""
    return [check for check in without_times(result).checks if check.name.partition(".")[0] not in questions]


def hold_to_replay(assignment, path, sandbox, questions=()):
    """Record, replay, and compare all that is said of the submission. Returns both."""
    submission = read_submission(path)
    with Graders(assignment, questions) as graders:
        told = []
        live = grade_kept(graders, assignment, submission, sandbox, "hw", told.append)
        evidence = Evidence.unpacked(live.evidence.packed("key"), "key", live.evidence.blobs)
        again = grade_kept(graders, assignment, submission, sandbox, "hw", evidence=evidence)
        assert (again.workers, again.asked) == (0, ())
        assert without_times(again.result) == without_times(live.result)
        # As where the first question has changed: the others are replayed each for itself.
        first = graders.questions[:1]
        apart = replace(evidence, runs=tuple(run.without(first) for run in evidence.runs if run.is_apart))
        one = grade_kept(graders, assignment, submission, sandbox, "hw", evidence=apart)
        assert one.asked == (first if apart.runs else graders.questions)
        assert checks_of_others(one.result, one.asked) == checks_of_others(live.result, one.asked)
        # As where it came to nothing after the first of its questions, and later.
        so_far = [graded.evidence for graded in told if graded.evidence is not None]
        asked = [run.questions for each in so_far for run in each.runs]
        assert asked == [graders.questions[:count] for count in range(1, len(graders.questions))]
        if so_far and so_far[-1].runs[0].is_apart:
            rest = grade_kept(graders, assignment, submission, sandbox, "hw", evidence=so_far[-1])
            assert rest.asked == graders.questions[-1:]
            assert checks_of_others(rest.result, rest.asked) == checks_of_others(live.result, rest.asked)
    return live, again


LESSONS = {
    name: (lesson, declared) for lesson in ("cnn", "convolve") for name, declared in sampled(SOLUTIONS / lesson, lesson)
}


@pytest.mark.slow
@pytest.mark.parametrize("name", LESSONS)
def test_lessons_are_replayed_as_they_ran(name, tmp_path):
    lesson, declared = LESSONS[name]
    assignment = load_assignment(SOLUTIONS / lesson)
    sandbox = choose("bubblewrap", forbidden=(assignment.folder,))
    hold_to_replay(assignment, declared.write(tmp_path), sandbox, WITHOUT_TRAINING[lesson])


WAITS = """
import time
from pathlib import Path
from autograder import points

@points(3, "Doubles")
def test_doubles(submission):
    while not Path({go!r}).exists():
        time.sleep(0.01)
    assert submission.double(4) == 8, "double(4) is to be 8."
"""


def test_killed_within_a_submission_its_finished_questions_are_not_run_again(make_assignment, tmp_path, strongest):
    go, out, path = tmp_path / "go", tmp_path / "out", tmp_path / "ada.py"
    path.write_text(ADA)
    assignment = make_assignment({"test_q1.py": Q1, "test_q2.py": WAITS.format(go=str(go)), "test_q3.py": Q1})
    words = [sys.executable, "-m", "autograder", "grade", assignment.folder, path, "-o", out]
    running = subprocess.Popen(words, stdout=subprocess.DEVNULL)
    with contextlib.closing(Database(out)) as database:
        while (evidence := database.evidence_of("ada.py")) is None and running.poll() is None:
            time.sleep(0.02)
    running.kill()
    running.wait()
    assert [run.questions for run in evidence.runs] == [("q1",)]
    go.touch()
    store = ResultStore(out)
    with store.locked():
        [result] = grade_class(assignment, collect([path]), strongest, LocalEngine(1), [store], memory=store)
    assert (result.score, result.status, store.workers, store.asked) == (9, "graded", 1, 2)


@pytest.mark.slow
def test_killed_at_any_moment_the_same_command_goes_on(assignment, folder, tmp_path):
    for number in range(4):
        (folder / f"more{number}.py").write_text(f"{ADA}\n# {number}\n")
    out, undisturbed = tmp_path / "out", tmp_path / "undisturbed"
    assert command("grade", assignment.folder, folder, "-o", undisturbed).returncode == 0
    words = [sys.executable, "-m", "autograder", "grade", assignment.folder, folder, "-o", out, "-j", "1"]
    for results in (1, 4):
        running = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while len(list(out.glob("results/*.json"))) < results and running.poll() is None:
            time.sleep(0.02)
        running.send_signal(signal.SIGKILL)
        running.wait()
    done = command("grade", assignment.folder, folder, "-o", out)
    assert done.returncode == 0, done.stderr
    assert "known from before" in done.stdout
    assert (out / "scores.csv").read_text() == (undisturbed / "scores.csv").read_text()
    assert sorted(path.name for path in out.iterdir()) == sorted(path.name for path in undisturbed.iterdir())


LARGE = """
from autograder import points

@points(1, "Holds what it is to hold")
def test_parameters(submission, probes, remote):
    with remote.to_be_reduced():
        held = remote.probe("parameters", "model", submission.model)
    assert probes.reduce("sums", lambda: {name: float(value.sum()) for name, value in held.items()}) == {"weight": 9e4}

@points(1, "Answers many calls at once")
def test_calls(submission, remote):
    assert remote.call_each(submission.add, [(1, number) for number in range(20)])[19] == 20
"""
MODEL = """
import torch
model = torch.nn.Linear(300, 300, bias=False)
torch.nn.init.ones_(model.weight)
def add(a, b): return a + b
"""


def test_parameters_are_reduced_to_what_a_verdict_needs(make_assignment, tmp_path, strongest):
    assignment = make_assignment({"test_q1.py": LARGE})
    path = tmp_path / "hw.py"
    path.write_text(MODEL)
    live, _ = hold_to_replay(assignment, path, strongest)
    assert live.result.score == 2
    assert live.evidence.size < 10_000, "of 360,000 bytes"


KILLS = """
import os, signal

from autograder import points

@points(1, "Adds")
def test_adds(submission, remote):
    add = submission.add
    os.kill(remote._worker.worker._process.pid, signal.SIGKILL)  # as the kernel does where memory is used up
    assert add(2, 3) == 5

@points(1, "Names a list")
def test_numbers(submission):
    assert submission.numbers[0] == 1
"""


def test_a_worker_that_the_machine_killed_is_no_evidence(make_assignment, tmp_path, strongest):
    assignment = make_assignment({"test_q1.py": KILLS})
    path = tmp_path / "hw.py"
    path.write_text(ADA)
    with Graders(assignment) as graders:
        graded = grade_kept(graders, assignment, read_submission(path), strongest, "hw")
    assert [check.outcome for check in graded.result.checks] == ["not run", "passed"]
    assert "memory" in graded.result.checks[0].feedback
    assert graded.evidence is None and not graded.is_final


def test_what_is_damaged_or_of_another_submission_is_not_taken(assignment, graded, tmp_path):
    graded()
    change(assignment, "test_q1.py", "== 5,", "== 6,")
    expected, _ = graded(fresh=True)
    with contextlib.closing(sqlite3.connect(tmp_path / "out/store.sqlite", isolation_level=None)) as connection:
        (one, first), (other, second) = connection.execute("SELECT key, runs FROM evidence").fetchall()
        connection.execute("UPDATE evidence SET runs = ? WHERE key = ?", (first, other))  # of another submission
        connection.execute("UPDATE evidence SET runs = ? WHERE key = ?", (second[:-3], one))
        connection.execute("DELETE FROM verdicts")
    results, store = graded()
    assert store.workers == 2
    assert {n: without_times(r) for n, r in results.items()} == {n: without_times(r) for n, r in expected.items()}


STATEFUL = """
seen = []
def add(a, b):
    seen.append((a, b))
    return a + b
numbers = [1, 2]
def double(n): return 2 * n if seen else n
"""


def test_what_is_answered_after_another_question_is_replayed_as_that(assignment, graded, folder):
    """A worker that was asked q1 answers q2 otherwise than a fresh one; and the first answer counts."""
    (folder / "ada.py").write_text(STATEFUL)
    assert graded()[0]["ada.py"].score == 6
    change(assignment, "test_q1.py", "== 5,", "== 6,")
    results, store = graded()
    assert (results["ada.py"].score, store.workers) == (4, 0)


@pytest.mark.slow
def test_who_is_not_kept_is_named_in_a_regrading(assignment, folder, tmp_path):
    assert command("grade", assignment.folder, folder, "-o", tmp_path / "out").returncode == 0
    with contextlib.closing(sqlite3.connect(tmp_path / "out/store.sqlite", isolation_level=None)) as connection:
        connection.execute("DELETE FROM given WHERE name = 'ben.py'")
    shown = command("regrade", assignment.folder, "-o", tmp_path / "out")
    assert "ben.py" in shown.stdout and "0 gain, 0 lose, 2 keep" in shown.stdout


@pytest.mark.slow
def test_ctrl_c_keeps_what_is_done(make_assignment, tmp_path):
    assignment = make_assignment({"test_q1.py": Q1}, "[seconds]\ncall = 300\n")
    given, out = tmp_path / "class", tmp_path / "out"
    given.mkdir()
    (given / "ada.py").write_text(ADA)
    (given / "zoe.py").write_text("import time\ndef add(a, b): time.sleep(300)\n")
    words = [sys.executable, "-m", "autograder", "grade", assignment.folder, given, "-o", out, "-j", "1"]
    running = subprocess.Popen(
        [*HEEDS_CTRL_C, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    assert any("ada.py: 3/3 graded" in line and "1 of 2, " in line for line in iter(running.stdout.readline, ""))
    os.killpg(running.pid, signal.SIGINT)
    _, said = running.communicate(timeout=120)
    assert (running.returncode, said) == (130, "\nautograder: interrupted; what was done until then is kept\n")
    (given / "zoe.py").write_text(BEN)
    done = command("grade", assignment.folder, given, "-o", out)
    assert "1 known from before" in done.stdout


def test_a_forward_pass_is_shown_as_a_table_and_once_for_those_that_are_alike(monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "100")
    lines = [["conv2d", "(N, 1, 28, 28)", "(N, 16, 24, 24)", "stride 2", "weight \x1b[31m[b]conv1.weight"]]
    recorder = Recorder()
    recorder.begin("q3", 0.0, False)
    for name, known in [("model", {OUTLINE: lines})] * 2 + [("model", {OUTLINE: 3}), ("model", {})]:
        recorder.reduce(name, lambda known=known: known)
    console = Console()
    for part in transcript(recorder.evidence(), "q3"):
        console.print(part, markup=False)
    shown = capsys.readouterr().out
    (row,) = [line.split() for line in shown.splitlines() if "conv2d" in line]
    assert " ".join(row) == (
        "conv2d (N, 1, 28, 28) -> (N, 16, 24, 24) stride 2, weight \N{REPLACEMENT CHARACTER}[31m[b]conv1.weight"
    )
    assert shown.count("the same forward pass as above") == 1 and "-> {'computation': 3}" in shown


@pytest.mark.parametrize(
    "written",
    [
        {"runs": []},
        {"key": "key", "runs": [{"questions": "q1", "steps": []}]},
        {"key": "key", "runs": [{"questions": ["q1"], "steps": [{"kind": "ask", "header": 3}]}]},
        {"key": "key", "runs": [{"questions": ["q1"], "steps": [{"kind": "ask", "header": "\N{SNOWMAN}"}]}]},
        {"key": "key", "runs": [{"questions": ["q1"], "steps": [{"kind": "ask", "layers": [[]]}]}]},
    ],
)
def test_what_is_no_evidence_is_none(written):
    assert Evidence.unpacked(zlib.compress(json.dumps(written).encode()), "key", {}) is None
    nested = b'{"key":' + b"[" * 9000 + b"]" * 9000 + b"}"
    assert Evidence.unpacked(zlib.compress(nested), "key", {}) is None


@pytest.mark.parametrize("header", ["[" * 700 + "]" * 700, "3", '{"dict":3}', '{"dict":[["value",{"dict":[3]}]]}'])
def test_whatever_was_answered_is_shown(header):
    steps = tuple(
        Step(kind, digest, asked=asked, header=f'{{"value":{header},"buffers":[]}}')
        for kind, digest, asked in [("question", "q1", ""), ("ask", "", '{"value":{"dict":[]}}'), ("reduce", "a", "")]
    )
    assert len([*transcript(Evidence((Run(("q1",), steps),), {}), "q1")]) == 5


def test_damaged_evidence_is_not_used():
    replay = Replay([Step("question", "q1"), Step("reduce", "model", header='{"value":{"float":3},"buffers":[]}')], {})
    replay.begin("q1", 0.0, False)
    with pytest.raises(Diverged):
        replay.reduce("model", dict)
