"""What does a submission cost whose functions are only called? Questions q1 to q3 of the CNN assignment, four ways.

    python benchmarks/functions.py [--count N]     # writes results/functions.csv and results/functions.md

Forty submissions, no two the same, whose cells only define what is asked for: none trains when it is imported. Sixteen
of them by `otter run` in a loop with the conventional tests of these questions, and by nbgrader's `autograde` with the
same tests, which take seconds for each; all by `autograder grade`, and in lanes that are warm. Ours take turns with the
others. With another count, nothing is recorded.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

from measured import CNN, CORES, Measured, MeasuredGrader, environment, median, quantile, sample, variants, write
from otter_run import CONVENTIONAL, NOTEBOOK, read_result
from plain_nbgrader import Nbgrader, Unavailable
from plain_otter import ENVIRONMENT, as_notebook, otter_run, package

from autograder.assignment import PARTS, load_assignment
from autograder.batch.collect import SubmissionFile
from autograder.batch.local import LocalEngine
from autograder.batch.run import TaskGrader
from autograder.batch.task import AssignmentSource, grading_tasks
from autograder.sandbox import choose

COUNT = 40
SAMPLE = 16  # by the others
QUESTIONS = ("q1", "q2", "q3")
KINDS = ("right/", "wrong/q1", "wrong/q2", "wrong/q3")
FIRST = 5  # times that the first result is waited for
ASKED = [word for name in QUESTIONS for word in ("--question", name)]


DATA = {name: CNN / name for name in ("fashion.py", "data")}  # what submissions and tests read


def conventional_tests(folder: Path) -> Path:
    """A folder with the conventional tests of these questions, and the files that they need."""
    shutil.copytree(CONVENTIONAL / "files", folder / "files", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copyfile(CNN / "graders" / "geometry.py", folder / "files" / "grading" / "geometry.py")
    shutil.copyfile(PARTS["torchvision_compat"], folder / "files" / "torchvision_compat.py")
    (folder / "tests").mkdir()
    for question in QUESTIONS:
        shutil.copyfile(CONVENTIONAL / "tests" / f"{question}.py", folder / "tests" / f"{question}.py")
    return folder


def by_otter(paths: list[Path], archive: Path, folder: Path) -> list[tuple[float, float | None]]:
    """Seconds and score of each, one after the other."""
    found = []
    for path in paths:
        work = folder / path.stem
        work.mkdir(parents=True)
        graded = otter_run(archive, as_notebook(path, work / NOTEBOOK), work / "out")
        found.append((graded.seconds, graded.score))
    return found


def by_command(given: Path, folder: Path, max_workers: int) -> float:
    """Seconds of `autograder grade` for a folder."""
    command = [sys.executable, "-m", "autograder", "grade", CNN, given, "-o", folder, "-j", str(max_workers), *ASKED]
    began = time.perf_counter()
    subprocess.run(command, env=ENVIRONMENT, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - began


def first_result(path: Path, folder: Path) -> float:
    """Seconds from the command to its first result: nothing of ours runs before."""
    command = [sys.executable, "-m", "autograder", "grade", CNN, path, "-o", folder, "--question", "q1"]
    began = time.perf_counter()
    with subprocess.Popen(command, env=ENVIRONMENT, stdout=subprocess.DEVNULL) as running:
        while not (folder / "results" / f"{path.name}.json").is_file():
            if running.poll() not in (None, 0):
                raise SystemExit("autograder grade failed")
            time.sleep(0.002)
        return time.perf_counter() - began


def in_lanes(paths: list[Path], max_workers: int) -> tuple[float, list[Measured]]:
    """Submissions a minute in lanes that are warm, and each grading.

    Each lane first gets two that don't count.
    """
    assignment = load_assignment(CNN)
    sandbox = choose("auto", forbidden=(assignment.folder,))
    warm_up = 2 * max_workers
    files = [SubmissionFile(path.name, path) for path in [*(paths[n % len(paths)] for n in range(warm_up)), *paths]]
    tasks = grading_tasks(assignment, files, sandbox, QUESTIONS)
    grader = MeasuredGrader(TaskGrader(AssignmentSource(assignment), sandbox))
    ended, gradings = [], []
    with closing(LocalEngine(max_workers).run(grader, tasks)) as outcomes:
        for _, outcome in outcomes:
            gradings.append(outcome.result())
            ended.append(time.perf_counter())
    return 60 * len(ended[warm_up:]) / (ended[-1] - ended[warm_up - 1]), gradings[warm_up:]


def by_nbgrader(paths: list[Path], tests: Path, folder: Path) -> tuple[float, dict[str, float]] | str:
    """Seconds for all and scores by name, or why there are none."""
    try:
        shared = {path.name: path for path in (tests / "files").iterdir()} | DATA
        course = Nbgrader(folder, sorted((tests / "tests").iterdir()), shared)
        return course.autograde(paths)
    except Unavailable as reason:
        return str(reason)


def main() -> None:
    parser = argparse.ArgumentParser(description="Time submissions whose functions are only called.")
    parser.add_argument("--count", type=int, default=COUNT)
    count = parser.parse_args().count
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        paths = variants(count, folder / "given", KINDS, defining=True)
        few = sample(paths, SAMPLE)
        tests = conventional_tests(folder / "conventional")
        archive = package(tests, folder / "otter.zip", DATA)
        by_otter(paths[:1], archive, folder / "warm-up")  # what comes first would else wait for the disk
        firsts = [first_result(paths[0], folder / f"first{n}") for n in range(FIRST)]
        whole, alone, rates, single, gradings, plain = [], [], [], [], [], []
        half = max(len(few) // 2, 1)
        for number, part in enumerate((few[:half], few[half:])):
            plain += by_otter(part, archive, folder / f"otter{number}")
            whole.append(by_command(folder / "given", folder / f"class{number}", CORES))
            alone.append(by_command(folder / "given", folder / f"lane{number}", 1))
            rates.append(in_lanes(paths, CORES)[0])
            rate, measured = in_lanes(paths, 1)
            single.append(rate)
            gradings += measured
        other = by_nbgrader(few, tests, folder / "nbgrader")
        ours = [read_result(folder / "class0" / "results" / f"{path.name}.json", 0).score for path in few]
    otter_rate = 60 / median([seconds for seconds, _ in plain])
    same = sum(score == mine for (_, score), mine in zip(plain, ours, strict=True))
    ways = [
        ("`otter run` in a loop", otter_rate, f"{same} of {len(few)} scores as ours"),
        (f"`autograder grade`, {CORES} lanes, with its start", 60 * count / median(whole), ""),
        ("`autograder grade -j 1`, with its start", 60 * count / median(alone), ""),
        (f"{CORES} warm lanes", median(rates), ""),
        ("one warm lane", median(single), ""),
    ]
    if isinstance(other, str):
        about = f"nbgrader could not be run here: {other}"
    else:
        agree = sum(other[1].get(path.stem) == mine for path, mine in zip(few, ours, strict=True))
        ways.insert(1, ("nbgrader's `autograde`", 60 * len(few) / other[0], f"{agree} of {len(few)} scores as ours"))
        about = "nbgrader runs the same tests in one notebook a submission, one after the other."
    rows = [
        {"way": way.replace(",", ""), "a_minute": f"{rate:.1f}", "times_otter": f"{rate / otter_rate:.1f}"}
        for way, rate, _ in ways
    ]
    parts = {
        "the whole": [grading.wall for grading in gradings],
        "student's processor time": [grading.student.processor for grading in gradings],
        "overhead: the whole, less that": [grading.overhead for grading in gradings],
        "processor time of the lane": [grading.processor for grading in gradings],
    }
    text = "\n".join([
        "# Submissions whose functions are only called",
        "",
        f"{count} submissions of the CNN assignment, no two the same, whose cells only "
        f"define what is asked for, and questions q1 to q3; {len(few)} of them by `otter run` and nbgrader. {about} "
        f"{environment('otter-grader')}",
        "",
        "| way | submissions a minute | times `otter run` | |",
        "|---|--:|--:|---|",
        *(f"| {way} | {rate:.1f} | {rate / otter_rate:.1f} | {words} |" for way, rate, words in ways),
        "",
        f"`otter run` takes {60 / otter_rate:.2f} s for one (median). The first result of `autograder grade "
        f"--question q1` is there after {median(firsts):.2f} s (median of {FIRST}: {min(firsts):.2f} to "
        f"{max(firsts):.2f}).",
        "",
        "| one warm lane, milliseconds a submission | p50 | p95 |",
        "|---|--:|--:|",
        *(f"| {part} | {1e3 * median(v):.0f} | {1e3 * quantile(v, 0.95):.0f} |" for part, v in parts.items()),
        "",
    ])  # fmt: skip
    rows += [
        {"way": f"{part} p{100 * share:.0f} ms".replace(",", ""), "a_minute": f"{1e3 * quantile(v, share):.1f}",
         "times_otter": ""}
        for part, v in parts.items() for share in (0.5, 0.95)
    ]  # fmt: skip
    write("functions", text, rows, record=count == COUNT)


if __name__ == "__main__":
    main()
