"""Do right submissions pass whatever the key is? Grade each with 50 keys and keep the scores.

The verdict on training is random; real grading uses one stored key. This study shows what another choice of it
would have done. Results are appended to ``results/right_submissions.csv``; what is there already is not run again.
"""

import csv
import hashlib
import os
from pathlib import Path

from rich.progress import track

from autograder.assignment import load_assignment
from autograder.batch.collect import collect
from autograder.batch.local import grade_all
from autograder.sandbox import choose

ROOT = Path(__file__).resolve().parent.parent
CNN = ROOT / "solutions" / "cnn"
RESULTS = Path(__file__).resolve().parent / "results" / "right_submissions.csv"
KEYS = 50
COLUMNS = ["submission", "key", "score", "max_score", "lost"]


def key_number(number: int) -> bytes:
    """One of the study's keys; none of them is the stored one."""
    return hashlib.sha256(f"study {number}".encode()).digest()


def known() -> set[tuple[str, int]]:
    """What the file already holds."""
    if not RESULTS.exists():
        return set()
    with RESULTS.open(newline="") as file:
        return {(row["submission"], int(row["key"])) for row in csv.DictReader(file)}


def main() -> None:
    """Grade what is missing, and print how many gradings lost a point."""
    assignment = load_assignment(CNN)
    sandbox = choose(forbidden=(CNN,))
    jobs = collect([CNN / "submissions" / "right"]).jobs
    done = known()
    RESULTS.parent.mkdir(exist_ok=True)
    with RESULTS.open("a", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        if not done:
            writer.writerow(COLUMNS)
        for number in track(range(KEYS), "keys"):
            missing = [job for job in jobs if (job.name, number) not in done]
            keyed = assignment.with_key(key_number(number))
            for result in grade_all(keyed, missing, sandbox, len(os.sched_getaffinity(0))):
                lost = " ".join(check.name for check in result.checks if check.points < check.max_points)
                row = [result.submission, number, f"{result.score:g}", f"{result.max_score:g}", lost or result.trouble]
                writer.writerow(row)
                file.flush()
    with RESULTS.open(newline="") as file:
        rows = list(csv.DictReader(file))
    failed = [row for row in rows if row["score"] != row["max_score"]]
    print(f"{len(rows)} gradings of {len(jobs)} right submissions with {KEYS} keys: {len(failed)} lost a point")
    for row in failed:
        print(f"  {row['submission']} with key {row['key']} lost {row['lost']}")


if __name__ == "__main__":
    main()
