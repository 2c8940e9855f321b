"""Are the verdicts on training right, and what do they cost? Grade q3 and q4 of the CNN assignment with many keys.

Training is random; real grading uses one stored key. This study shows what another choice of it would have done: as
many gradings as ``KEYS`` says of each right submission, and of each wrong one that chance could help. None of the
keys was used to choose a threshold. One worker serves the gradings of a task, which saves the start-up; its processor
time is not counted. Results are appended to ``results/training.csv``, and what is there already is not run again;
``results/training.md`` sums them up.
"""

import csv
import hashlib
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import psutil
from rich.progress import Progress

from autograder.assignment import Assignment, load_assignment
from autograder.batch.engine import Engine, Tell
from autograder.batch.lane import LaneLimits
from autograder.batch.local import LocalEngine
from autograder.grading.grade import made_surer, told_otherwise, worker_for
from autograder.grading.session import Graders, run_graders
from autograder.quality.declared import declared_submissions
from autograder.sandbox import choose
from autograder.submission import read_submission
from autograder.training.decisions import upper_bound
from autograder.training.trials import TrialLog

ROOT = Path(__file__).resolve().parent.parent
CNN = ROOT / "solutions" / "cnn"
RESULTS = Path(__file__).resolve().parent / "results"
CSV = RESULTS / "training.csv"
KEYS = {"right": 16, "wrong": 4}
LEFT_OUT = {
    # There is no chance in what is wrong with these: the shapes, the operations, parameters that stay as they are.
    *("wrong/q3_batch_size_hard_coded.py", "wrong/q3_view_mixes_images.py", "wrong/q3_layers_in_a_list.ipynb"),
    *("wrong/q3_last_convolution_bare.py", "wrong/q3_max_pooling_alone.py", "wrong/q3_no_activation.py"),
    *("wrong/q3_layers_of_q2.py", "wrong/q3_weights_start_at_zero.py", "wrong/q4_no_backward.py"),
    *("wrong/q4_no_step.py", "wrong/q4_zero_grad_after_backward.py", "wrong/q4_trains_a_copy.ipynb"),
    *("wrong/q4_new_model_each_epoch.py", "wrong/q4_never_ends.py", "wrong/q4_eval_mode_never_left.py"),
    *("wrong/q3_hidden_layer_bare.py", "wrong/q3_relu_not_assigned.py"),
    # The mistake is not in the training, but in what is reported of it.
    *("wrong/q4_accuracy_in_percent.py", "wrong/q4_one_entry_a_batch.py", "wrong/q4_returns_nothing.ipynb"),
    *("wrong/q4_last_batch_accuracy.py", "wrong/q4_val_loss_divisor.py", "wrong/q4_softmax_over_the_batch.py"),
    *("wrong/q4_column_against_row.py", "wrong/q4_validates_on_training_data.ipynb"),
    *("wrong/q4_dropout_in_validation.py", "wrong/q4_best_reported_last_returned.py"),
    *("wrong/q4_train_loss_32_times.py", "wrong/q4_train_loss_invented.py", "wrong/q4_train_loss_of_the_last_batch.py"),
    *("wrong/q4_val_accuracy_at_the_end_only.py", "wrong/q4_val_accuracy_constant.py"),
    *("wrong/q4_val_loss_is_train_loss.py", "wrong/q4_validates_before_the_epoch.py"),
}
SECONDS = 36_000  # for a task
AT_ONCE = 4  # keys a task, so that progress is kept and both cores have work to the end
COLUMNS = [
    *("submission", "key", "score", "max_score", "trainings"),
    *("training_cpu", "worker_cpu", "grader_cpu", "lost", "causes"),
]


def study_key(number: int) -> bytes:
    """One of the study's keys; neither the stored one nor those of the calibration is among them."""
    return hashlib.sha256(f"study {number}".encode()).digest()


def submissions() -> list[str]:
    """All right submissions, and the wrong ones whose mistake is in the model or its training."""
    declared = declared_submissions(CNN)
    right = [name for name in declared if name.startswith("right/")]
    wrong = [name for name in declared if name.startswith(("wrong/q3_", "wrong/q4_"))]
    return sorted(right) + sorted(set(wrong) - LEFT_OUT)


def only_training(folder: Path) -> Assignment:
    """The assignment with the graders of q3 and q4 alone."""
    left_out = shutil.ignore_patterns("submissions", "changes", "test_q[125].py")
    return load_assignment(Path(shutil.copytree(CNN, folder / "cnn", ignore=left_out)))


@dataclass(frozen=True)
class KeysGrader:
    """What an engine does with a task, a submission and some keys: rows of the result."""

    assignment: Assignment

    def __call__(self, task: tuple[str, list[int]], _tell: Tell[list[list[str]]]) -> list[list[str]]:
        return grade_with_keys(self.assignment, *task)


def grade_with_keys(assignment: Assignment, name: str, numbers: list[int]) -> list[list[str]]:
    """Rows of the result for one submission and these keys."""
    rows = []
    sandbox = choose(forbidden=(CNN,))
    with tempfile.TemporaryDirectory() as given:
        submission = read_submission(declared_submissions(CNN)[name].write(Path(given)))
    with worker_for(assignment, submission, sandbox, seconds=SECONDS) as remote, Graders(assignment) as graders:
        remote.load()
        for number in numbers:
            worker, grader = _worker_seconds(), time.process_time()
            log = TrialLog()
            run = run_graders(graders, assignment.with_key(study_key(number)), remote, log=log)
            worker, grader = _worker_seconds() - worker, time.process_time() - grader
            checks = run.checks
            for said, instead in made_surer(log, remote):  # what that costs is not counted: no point depends on it
                checks = told_otherwise(checks, said, instead)
            score, most = sum(check.points for check in checks), sum(check.max_points for check in checks)
            lost = " ".join(check.name for check in checks if check.points < check.max_points)
            named = [line for check in checks for line in check.feedback.split("\n") if "Most likely" in line]
            causes = dict.fromkeys(line.partition(": ")[2].partition(". ")[0].rstrip(".") for line in named)
            trained = run.trainings.get("main", [])
            training = f"{statistics.mean(trained):.3f}" if trained else ""
            scored = [name, str(number), f"{score:g}", f"{most:g}"]
            cost = [str(len(trained)), training, f"{worker:.3f}", f"{grader:.3f}"]
            rows.append([*scored, *cost, lost or run.trouble, "; ".join(causes)])
    return rows


def _worker_seconds() -> float:
    """Processor time of the worker, in which trials and probes run, below this process, in which the graders do."""
    below = psutil.Process().children(recursive=True)
    return sum(sum(process.cpu_times()[:2]) for process in below)


def recorded() -> list[dict[str, str]]:
    """What the file holds already."""
    if not CSV.exists():
        return []
    with CSV.open(newline="") as file:
        return list(csv.DictReader(file))


def missing() -> Iterator[tuple[str, list[int]]]:
    """Tasks that are still to be done: a submission, and some keys."""
    done = {(row["submission"], int(row["key"])) for row in recorded()}
    for start in range(0, max(KEYS.values()), AT_ONCE):  # all submissions with some keys, then with some more
        for name in submissions():
            keys = range(start, min(start + AT_ONCE, KEYS[name.partition("/")[0]]))
            if numbers := [number for number in keys if (name, number) not in done]:
                yield name, numbers


def study(assignment: Assignment, engine: Engine) -> None:
    """Grade what is missing, and write the summary."""
    tasks = list(missing())
    is_new = not CSV.exists()
    with (
        CSV.open("a", newline="") as file,
        closing(engine.run(KeysGrader(assignment), tasks)) as outcomes,
        Progress() as progress,
    ):
        writer = csv.writer(file, lineterminator="\n")
        if is_new:
            writer.writerow(COLUMNS)
        bar = progress.add_task("gradings", total=sum(len(numbers) for _, numbers in tasks))
        for (_, numbers), outcome in outcomes:
            writer.writerows(outcome.result())
            file.flush()
            progress.advance(bar, len(numbers))
    (RESULTS / "training.md").write_text(summary(recorded()))


def summary(rows: list[dict[str, str]]) -> str:
    """The figures, as Markdown: none is written by hand."""
    right = [row for row in rows if row["submission"].startswith("right/")]
    false_fails = sum(row["score"] != row["max_score"] for row in right)
    lines = [
        "# Verdicts on training",
        "",
        f"q3 and q4 of the CNN assignment, {len(rows)} gradings, by `make study`.",
        "",
        f"- **False fails**: {false_fails} in {len(right)} gradings of right submissions; at most "
        f"{upper_bound(false_fails, len(right)):.2%} (one-sided 95 %, Clopper-Pearson).",
        f"- **Diagnoses of right submissions**: {sum(bool(row['causes']) for row in right)}.",
        f"- **Trainings** for a right submission: {_mean(right, 'trainings'):.3f}, beside one on 32 images, and "
        "a control of full size on copies of ten.",
        f"- **Processor time** of all trials and probes for a right submission: {_mean(right, 'worker_cpu'):.2f} s, "
        f"which is {_in_trainings(right):.2f} trainings of {_mean(right, 'training_cpu'):.2f} s; the graders' own "
        f"process takes {_mean(right, 'grader_cpu'):.2f} s. A training is timed while it is watched.",
        "",
        "| submission | gradings | with a lost point | trainings | CPU s | causes that were named first |",
        "|---|---:|---:|---:|---:|---|",
    ]
    for name in sorted({row["submission"] for row in rows}):
        own = [row for row in rows if row["submission"] == name]
        lost = sum(row["score"] != row["max_score"] for row in own)
        first = [row["causes"].partition(";")[0] for row in own if row["causes"]]
        causes = ", ".join(f"{cause} ({first.count(cause)})" for cause in sorted(set(first), key=first.count)[::-1])
        lines.append(
            f"| {name} | {len(own)} | {lost} | {_mean(own, 'trainings'):.2f} | {_mean(own, 'worker_cpu'):.1f} "
            f"| {causes} |"
        )
    return "\n".join(lines) + "\n"


def _mean(rows: list[dict[str, str]], column: str) -> float:
    return statistics.mean(float(row[column]) for row in rows if row[column])


def _in_trainings(rows: list[dict[str, str]]) -> float:
    return statistics.mean(float(row["worker_cpu"]) / float(row["training_cpu"]) for row in rows)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        limits = LaneLimits(cpu_seconds=SECONDS)
        study(only_training(Path(folder)), LocalEngine(len(os.sched_getaffinity(0)), limits))
