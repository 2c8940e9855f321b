"""Does a right submission pass the verdict on training whatever the key is? Grade q4 with 50 keys.

Training is random; real grading uses one stored key. This study shows what another choice of it would have done.
One worker serves all gradings of a submission, which saves the start-up. Results are appended to
``results/right_submissions.csv``; what is there already is not run again.
"""

import csv
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

from rich.progress import Progress

from autograder.assignment import Assignment, TimeLimits, load_assignment
from autograder.plugin import run_graders
from autograder.remote import RemoteSubmission
from autograder.sandbox import Limits, choose
from autograder.submission import read_submission

ROOT = Path(__file__).resolve().parent.parent
CNN = ROOT / "solutions" / "cnn"
RIGHT = CNN / "submissions" / "right"
RESULTS = Path(__file__).resolve().parent / "results" / "right_submissions.csv"
KEYS = range(50)
AT_ONCE = 5  # keys a task, so that progress is kept and both cores have work to the end
COLUMNS = ["submission", "key", "score", "max_score", "lost"]


def study_key(number: int) -> bytes:
    """One of the study's keys; none of them is the stored one."""
    return hashlib.sha256(f"study {number}".encode()).digest()


def only_training(folder: Path) -> Assignment:
    """The assignment with the graders of q4 alone: the others decide nothing by training."""
    copy = Path(shutil.copytree(CNN, folder / "cnn", ignore=shutil.ignore_patterns("submissions", "test_q[1235].py")))
    return load_assignment(copy)


def grade_with_keys(assignment: Assignment, name: str, numbers: list[int]) -> list[list[str]]:
    """Rows of the result for one submission and these keys."""
    rows = []
    with RemoteSubmission(
        read_submission(RIGHT / name),
        choose(forbidden=(CNN,)),
        files=assignment.student_files,
        limits=Limits(cpu_seconds=36_000),
        times=TimeLimits(total=36_000),
        preload=tuple(assignment.settings.preload),
    ) as remote:
        for number in numbers:
            run = run_graders(assignment.with_key(study_key(number)), remote)
            score, most = sum(check.points for check in run.checks), sum(check.max_points for check in run.checks)
            lost = " ".join(check.name for check in run.checks if check.points < check.max_points)
            rows.append([name, str(number), f"{score:g}", f"{most:g}", lost or run.trouble])
    return rows


def recorded() -> list[dict[str, str]]:
    """What the file holds already."""
    if not RESULTS.exists():
        return []
    with RESULTS.open(newline="") as file:
        return list(csv.DictReader(file))


def missing() -> Iterator[tuple[str, list[int]]]:
    """Tasks that are still to be done: a submission, and some keys."""
    done = {(row["submission"], int(row["key"])) for row in recorded()}
    for start in range(0, len(KEYS), AT_ONCE):
        for path in sorted(RIGHT.iterdir()):
            numbers = [number for number in KEYS[start : start + AT_ONCE] if (path.name, number) not in done]
            if numbers:
                yield path.name, numbers


def study(assignment: Assignment) -> None:
    """Grade what is missing, and print how many gradings lost a point."""
    tasks = list(missing())
    RESULTS.parent.mkdir(exist_ok=True)
    is_new = not RESULTS.exists()
    with (
        RESULTS.open("a", newline="") as file,
        ProcessPoolExecutor(len(os.sched_getaffinity(0))) as pool,
        Progress() as progress,
    ):
        writer = csv.writer(file, lineterminator="\n")
        if is_new:
            writer.writerow(COLUMNS)
        bar = progress.add_task("gradings", total=sum(len(numbers) for _, numbers in tasks))
        for future in as_completed([pool.submit(grade_with_keys, assignment, *task) for task in tasks]):
            writer.writerows(future.result())
            file.flush()
            progress.advance(bar, len(future.result()))
    rows = recorded()
    failed = [row for row in rows if row["score"] != row["max_score"]]
    print(f"{len(rows)} gradings of right submissions with {len(KEYS)} keys: {len(failed)} lost a point")
    for row in failed:
        print(f"  {row['submission']} with key {row['key']} lost {row['lost']}")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        study(only_training(Path(folder)))
