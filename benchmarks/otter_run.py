"""Do `otter run` with a conventional Otter version of the same checks and `autograder grade` give the same scores,
and how long does each take? Grade 20 submissions of the CNN assignment both ways, side by side.

    python benchmarks/otter_run.py [--only NAME]...     # writes results/otter_run.csv and results/otter_run.md

Each time is that of a whole process that grades one submission. Then all are graded once more as a class is, on
all cores.
"""

import argparse
import csv
import json
import os
import platform
import shutil
import statistics
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from plain_otter import Graded, as_notebook, otter_run, package, timed

from autograder.assignment import PARTS
from autograder.quality.declared import declared_submissions

ROOT = Path(__file__).resolve().parent.parent
CNN = ROOT / "solutions" / "cnn"
DECLARED = declared_submissions(CNN)
CONVENTIONAL = ROOT / "benchmarks" / "conventional"
RESULTS = ROOT / "benchmarks" / "results"
NOTEBOOK = "cnn.ipynb"  # plain Otter runs grader.check("q1") in a notebook only where the notebook has its first name
CORES = len(os.sched_getaffinity(0))

SUBMISSIONS = (
    "right/best_epoch_dropout_batchnorm.py",
    "right/functional_bce_one_hot.ipynb",
    "right/log_softmax_nll.ipynb",
    "right/numpy_and_fetch_batch.py",
    "right/reference.py",
    "right/sequential_momentum.py",
    "right/softmax_nll_of_log.py",
    "right/strided_and_padded.py",
    "wrong/q1_padding_once.ipynb",
    "wrong/q1_whole_floats.py",
    "wrong/q2_average_pooling.py",
    "wrong/q2_ends_at_2x2.ipynb",
    "wrong/q3_layers_in_a_list.ipynb",
    "wrong/q3_no_activation.py",
    "wrong/q3_softmax_before_cross_entropy.py",
    "wrong/q4_dropout_in_validation.py",
    "wrong/q4_last_batch_accuracy.py",
    "wrong/q4_no_step.py",
    "wrong/q4_validates_on_training_data.ipynb",
    "wrong/q5_rows_and_columns_swapped.py",
)

# Checks that the conventional version does not have: here they cost time, and give no points.
ONLY_OURS = {
    "q3.same_scores_twice",
    "q4.first_loss",
    "q4.scores_fit_the_loss",
    "q4.sees_all_images",
    "q4.learns_by_heart",
}


def conventional_package(folder: Path) -> Path:
    """The same checks as plain Otter tests, with the hidden images in the zip, where such tests need them."""
    files = {name: CNN / name for name in ("fashion.py", "data", "hidden")}
    files |= {
        "torchvision_compat.py": PARTS["torchvision_compat"],
        "grading/geometry.py": CNN / "graders" / "geometry.py",
    }
    return package(CONVENTIONAL, folder / "conventional.zip", files)


def autograder_grade(submissions: Path, folder: Path, max_workers: int) -> float:
    """Run `autograder grade`, with its results in the new folder `folder`. Returns the seconds that it took."""
    folder.mkdir()
    command = [sys.executable, "-m", "autograder", "grade", CNN, submissions, "-o", folder, "-j", str(max_workers)]
    said, seconds = timed(command, folder, limit=3600)
    if not (folder / "scores.csv").is_file():
        raise SystemExit(f"autograder grade failed: {said}")
    return seconds


def read_result(path: Path, seconds: float) -> Graded:
    """What `autograder grade` wrote of a submission."""
    result = json.loads(path.read_text(encoding="utf-8"))
    questions: dict[str, float] = {}
    tests = [test for test in result["tests"] if test["name"] not in ONLY_OURS]
    for test in tests:
        question = test["name"].partition(".")[0]
        questions[question] = questions.get(question, 0) + test["score"]
    failed = frozenset(test["name"] for test in tests if test["score"] < test["max_score"])
    return Graded(sum(questions.values()), questions, failed, seconds)


@dataclass(frozen=True)
class Pair:
    """One submission, graded both ways."""

    submission: str
    plain: Graded
    ours: Graded

    @property
    def ratio(self) -> float:
        return self.plain.seconds / self.ours.seconds

    @property
    def agrees(self) -> bool:
        return self.plain.questions == self.ours.questions and self.plain.failed == self.ours.failed

    @property
    def differs(self) -> str:
        """The questions whose points differ, and the checks that only one of the two failed."""
        questions = [name for name, score in self.ours.questions.items() if self.plain.questions.get(name) != score]
        return " ".join([*questions, *sorted(self.plain.failed ^ self.ours.failed)])


def grade_both_ways(submission: str, archive: Path, folder: Path, plain_first: bool) -> Pair:
    folder.mkdir()
    path = DECLARED[submission].write(folder / "declared")
    notebook = as_notebook(path, folder / NOTEBOOK)
    graded = {}
    for way in ("plain", "ours") if plain_first else ("ours", "plain"):
        if way == "plain":
            graded[way] = otter_run(archive, notebook, folder / way)
        else:
            seconds = autograder_grade(path, folder / way, 1)
            graded[way] = read_result(folder / way / "results" / f"{path.name}.json", seconds)
    return Pair(submission, **graded)


def grade_as_a_class(submissions: tuple[str, ...], archive: Path, folder: Path) -> tuple[float, float]:
    """Seconds for all the submissions on all cores: as many `otter run` at a time as there are cores, and ours."""
    given = folder / "given"
    given.mkdir(parents=True)
    notebooks = []
    for number, submission in enumerate(submissions):
        path = Path(shutil.copy(DECLARED[submission].write(folder / "declared"), given))
        (folder / str(number)).mkdir()
        notebooks.append(as_notebook(path, folder / str(number) / NOTEBOOK))
    began = time.perf_counter()
    with ThreadPoolExecutor(CORES) as pool:
        list(pool.map(lambda path: otter_run(archive, path, path.parent / "plain"), notebooks))
    return time.perf_counter() - began, autograder_grade(given, folder / "ours", CORES)


def report(pairs: list[Pair], whole_class: tuple[float, float], loads: list[float]) -> str:
    """The table and its summary, in Markdown."""
    ratios = sorted(pair.ratio for pair in pairs)
    plain, ours = (sum(getattr(pair, way).seconds for pair in pairs) for way in ("plain", "ours"))
    same = sum(pair.plain.score == pair.ours.score for pair in pairs)
    agree = sum(pair.agrees for pair in pairs)
    lines = [
        "# `otter run` and `autograder grade`, side by side",
        "",
        "The same 20 checks of the CNN assignment, as plain Otter tests (`benchmarks/conventional/`) and as hidden "
        f"graders, which run {len(ONLY_OURS)} more that count here in time but not in points. Seconds of wall "
        "time of a whole process that grades one submission; the two take turns at going first. "
        f"{environment()}",
        "",
        "| submission | points, plain | points, ours | differs in | seconds, plain | seconds, ours | ratio |",
        "|---|--:|--:|---|--:|--:|--:|",
        *(
            f"| {pair.submission} | {_points(pair.plain)} | {_points(pair.ours)} | {pair.differs} "
            f"| {pair.plain.seconds:.1f} | {pair.ours.seconds:.1f} | {pair.ratio:.1f} |"
            for pair in pairs
        ),
        "",
        f"- Same score: {same} of {len(pairs)} submissions. Same points in each question and the same checks failed: "
        f"{agree}.",
        f"- One at a time: `otter run` takes {statistics.median(ratios):.1f} times as long (median; {ratios[0]:.1f} "
        f"to {ratios[-1]:.1f}), {plain:.0f} s against {ours:.0f} s in all.",
        f"- All {len(pairs)} on {CORES} cores: {whole_class[0]:.0f} s for `otter run`, {CORES} at a time, against "
        f"{whole_class[1]:.0f} s for one `autograder grade`: {whole_class[0] / whole_class[1]:.1f} times as long.",
        f"- Load average of the machine: at most {max(loads[:-1]):.1f} during the former and {loads[-1]:.1f} after the "
        f"latter; this benchmark alone makes about 1 and {CORES}.",
    ]
    return "\n".join(lines) + "\n"


def _points(graded: Graded) -> str:
    return graded.trouble or "none" if graded.score is None else f"{graded.score:g}"


def environment() -> str:
    packages = ", ".join(f"{name} {version(name)}" for name in ("otter-grader", "torch", "torch-autograder"))
    return f"{CORES} cores, one thread a process; {platform.system()}, Python {platform.python_version()}, {packages}."


def write_csv(pairs: list[Pair]) -> None:
    with (RESULTS / "otter_run.csv").open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["submission", "kind", "plain", "ours", "differs", "seconds_plain", "seconds_ours"])
        for pair in pairs:
            seconds = [f"{graded.seconds:.2f}" for graded in (pair.plain, pair.ours)]
            kind = pair.submission.partition("/")[0]
            writer.writerow([pair.submission, kind, _points(pair.plain), _points(pair.ours), pair.differs, *seconds])


def main() -> None:
    parser = argparse.ArgumentParser(description="Compare otter run with autograder grade.")
    parser.add_argument("--only", action="append", choices=SUBMISSIONS, metavar="NAME", help="record nothing")
    only = parser.parse_args().only
    submissions = tuple(only or SUBMISSIONS)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        archive = conventional_package(folder)
        if not only:  # what comes first would else wait for the disk
            grade_both_ways(submissions[0], archive, folder / "warm-up", plain_first=True)
        pairs, loads = [], []
        for number, submission in enumerate(submissions):
            pairs.append(grade_both_ways(submission, archive, folder / str(number), plain_first=number % 2 == 0))
            loads.append(os.getloadavg()[0])
            last = pairs[-1]
            print(f"{submission}: {_points(last.plain)} and {_points(last.ours)} points {last.differs}", flush=True)
        whole_class = grade_as_a_class(submissions, archive, folder / "class")
        text = report(pairs, whole_class, [*loads, os.getloadavg()[0]])
    print(f"\n{text}")
    if not only:
        write_csv(pairs)
        (RESULTS / "otter_run.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
