"""Every report is made of a result that comes back from the disk, and is what it was before."""

import json
import math
from pathlib import Path

import pytest
from conftest import ROOT
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, writes
from otter.test_files import GradingResults

from autograder.assignment import load_assignment
from autograder.batch.collect import SubmissionFile, collect
from autograder.batch.local import LocalEngine
from autograder.batch.run import grade_all
from autograder.batch.store import ResultStore
from autograder.packaging.otter import record
from autograder.quality.declared import declared_submissions
from autograder.report.github import workflow_commands, write_classroom
from autograder.report.gradescope import to_gradescope
from autograder.report.junit import write_junit
from autograder.report.marking import write_written
from autograder.report.scores import scores
from autograder.report.summary import write_markdown
from autograder.report.terminal import Display
from autograder.sandbox import choose
from autograder.training.calibration import FILE, Calibration

SAMPLES = [
    "right/reference.py",
    "wrong/q1_rounds_up.py",
    "broken/cut_short.zip",
    "broken/one_cell_syntax_error.ipynb",
    "hostile/exit_in_q1.py",
]
# Checks of every outcome, and all else that a result may hold.
GRADER = """
from types import SimpleNamespace

from autograder import partial_credit, points
from autograder.training import Classification

class Experiment:
    task, variation = Classification(2), None

    def __init__(self, train, key):
        self.train, self.key = train, key

    def run(self, label):
        observed = SimpleNamespace(seen=SimpleNamespace(cpu_seconds=0.0))
        accuracy = self.train()
        return SimpleNamespace(measure=lambda _: accuracy, observed=observed, unrecordable="", training=None)

@points(3, "Learns")
def test_learns(submission, key, make_trials, leaderboard):
    leaderboard("accuracy", 0.5)
    make_trials(Experiment(submission.train, key)).reaches("accuracy", 0.5, false_fail=1e-4)

@points(2, "Says more than half", visibility="after_published")
def test_half(submission):
    partial_credit(1 / 3, submission.word())

@points(1, "Is the grader's own fault")
def test_broken():
    raise ValueError("\\ud800 \\x1b[31m")

@points(1, "Returns")
def test_last(submission):
    submission.ends()
"""
CODE = """
import os
def train():
    return float("nan")
def word():
    return "::error::forged \\ud800\\x00 <b>[red]\\u202e"
def ends():
    os._exit(0)
"""


def terminal(results, folder, capsys):
    for shown, debug in ((results, True), *(([result], False) for result in results)):
        display = Display("Title", "bubblewrap", folder, debug=debug)
        display.started([result.submission for result in shown], [])
        display.finished(shown, is_complete=True)
    return capsys.readouterr().out.replace(str(folder), "")


def otter(results, _folder, _capsys):
    kept = []
    for result in results:
        found = GradingResults([])
        record(result, found)
        kept.append(json.dumps(found.to_dict()) + found.output + found.to_report_str())
    return "\n".join(kept)


def written(write):
    def report(results, folder, _capsys):
        write(results, folder / "report")
        return (folder / "report").read_text()

    return report


REPORTS = {
    "Gradescope": lambda results, *_: json.dumps([to_gradescope(result) for result in results]),
    "scores.csv": lambda results, *_: scores(results),
    "JUnit": written(write_junit),
    "Markdown": written(write_markdown),
    "Classroom": written(write_classroom),
    "annotations": lambda results, *_: "\n".join(workflow_commands(results)),
    "terminal": terminal,
    "written answers": lambda results, folder, _: [p.read_text() for p in write_written(results, folder, "Title")],
    "Otter": otter,
}


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    folder = tmp_path_factory.mktemp("solutions") / "tiny"
    (folder / "graders").mkdir(parents=True)
    (folder / "assignment.toml").write_text('title = "Tiny"\npreload = []\n')
    (folder / "graders/key").write_text("00" * 32)
    (folder / "graders/test_q1.py").write_text(GRADER)
    measured = {"accuracy": {"a.py": dict.fromkeys(range(100), 0.9)}}
    kinds = {"main": {"task": "Classification(classes=2)"}}
    (folder / FILE).write_text(Calibration(trials=kinds, measured=measured).model_dump_json())
    cells = [
        new_markdown_cell("<!-- BEGIN QUESTION -->\n## Why?\nSay **why**."),
        new_markdown_cell("Because $a_1 * b$ <script>alert(1)</script>"),
        new_markdown_cell("<!-- END QUESTION -->"),
        new_code_cell(CODE),
        new_code_cell("raise ValueError('\\ud800')"),
    ]
    (folder / "submissions").mkdir()
    (folder / "submissions/odd\x1b [red].ipynb").write_text(writes(new_notebook(cells=cells)))
    return folder


def graded(folder, files, **only):
    return list(grade_all(load_assignment(folder), files, choose(forbidden=(folder,)), LocalEngine(1), **only))


@pytest.fixture(scope="module")
def results(tiny, tmp_path_factory):
    lesson, handed_in = ROOT / "solutions" / "cnn", tmp_path_factory.mktemp("handed in")
    declared = declared_submissions(lesson)
    samples = [SubmissionFile(name, declared[name].write(handed_in)) for name in SAMPLES]
    found = graded(lesson, samples, questions=["q1"]) + graded(tiny, collect([tiny / "submissions"]).submissions)
    assert {result.status for result in found} == {"graded", "partial", "ungradable", "error"}
    return sorted(found, key=lambda result: result.submission)


@pytest.fixture
def read_back(results, tmp_path):
    store = ResultStore(tmp_path / "out")
    for result in results:
        store.add(result)
    return [ResultStore(tmp_path / "out").read(result.submission) for result in results]


def test_a_result_holds_all_that_a_grading_finds(results):
    [result] = [result for result in results if result.submission.startswith("odd")]
    assert [(check.outcome, check.points) for check in result.checks] == [
        ("failed", 0.0), ("partial", 0.666667), ("broken", 0.0), ("not run", 0.0),
    ]  # fmt: skip
    [ruling] = result.checks[0].rulings
    assert (ruling.measure, ruling.direction, ruling.threshold) == ("accuracy", "at least", 0.5)
    assert not ruling.passed and len(ruling.observed) == len(ruling.passes_at) and math.isnan(ruling.observed[0])
    assert ruling.false_fail < ruling.false_fail_wanted == 1e-4 and ruling.covers == "1 styles, 100 trainings each"
    assert "ValueError" in result.trouble and "does not run from top to bottom" in result.summary
    assert result.leaderboard and result.confinement and result.seconds > 0
    assert [(answer.question, len(answer.written)) for answer in result.answers] == [("Why?", 1)]


def test_graded_submissions_come_back_unchanged(results, read_back):
    assert list(map(repr, read_back)) == list(map(repr, results)), "NaN, which equals nothing, is in some"


@pytest.mark.parametrize("name", REPORTS)
def test_a_report_is_made_of_what_was_read_back(name, results, read_back, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "160")
    reports = []
    for number, found in enumerate((results, read_back)):
        folder = Path(tmp_path / f"report {number}")
        folder.mkdir()
        reports.append(REPORTS[name](found, folder, capsys))
    assert reports[0] == reports[1]
    assert len(str(reports[0])) > 100, "there is something in it"
