"""What does it cost to grade a class again? From what its submissions answered, after a change of the graders.

    python benchmarks/regrade.py [--count N] [--training N] [--kept N]    # writes results/regrade.csv and regrade.md

Three changes of a grader of q1: none of what it asks, one request, and nothing at all in a store that holds very many.
Submissions whose functions are only called are trivial, and no two the same; those that train are right ones of the CNN
lesson, and asked q1 to q4. With other counts, nothing is recorded.
"""

import argparse
import resource
import shutil
import sqlite3
import tempfile
import time
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from measured import CNN, CORES, environment, trivial_assignment, trivial_submissions, variants, write

from autograder.assignment import load_assignment
from autograder.batch.collect import collect
from autograder.batch.database import FILE, Database
from autograder.batch.local import LocalEngine
from autograder.batch.regrade import regrade
from autograder.batch.run import grade_class
from autograder.batch.store import ResultStore
from autograder.results import Result
from autograder.sandbox import choose

COUNT, TRAINING, KEPT = 300, 4, 10_000
GRADER = """
from autograder import points

@points(1, "Adds")
def test_adds(submission):
    for number in range(20):
        assert submission.add(number, 2) == number + 2

@points(1, "Adds to a half")
def test_half(submission):
    assert submission.add(0.5, 2) >= 2
"""
ASSERTION = {"trivial": (">= 2", ">= 3"), "training": ("assert wrong is None", "assert wrong is not None")}
REQUEST = {"trivial": ("add(0.5, 2)", "add(0.5, 3)"), "training": ('rng("q1 geometries"), 60', 'rng("other"), 60')}


@dataclass
class Timed:
    """What one pass over all submissions took."""

    seconds: float
    processor: float  # seconds, of the command and its lanes
    workers: int
    asked: int  # questions of submissions


def trivial(folder: Path, count: int) -> tuple[Path, Path]:
    """An assignment of two questions, and submissions."""
    assignment = trivial_assignment(folder / "assignment", GRADER, GRADER)
    return assignment, trivial_submissions(count, folder / "given")


def training(folder: Path, count: int) -> tuple[Path, Path]:
    """A copy of the lesson, and submissions that it is right to pass."""
    assignment = folder / "assignment"
    shutil.copytree(CNN, assignment, ignore=shutil.ignore_patterns("submissions", "__pycache__"))
    variants(count, folder / "given", ("right/",), defining=True)
    return assignment, folder / "given"


def processor() -> float:
    """Seconds of this process and of its lanes that have ended, without those of workers, which the kernel ends."""
    return sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))


def study(what: str, count: int, folder: Path) -> dict[str, object]:
    """Grade, change an assertion, grade again, change a request, grade again."""
    folder.mkdir()
    where, given = (trivial if what == "trivial" else training)(folder, count)
    questions = () if what == "trivial" else ("q1", "q2", "q3", "q4")
    out, grader = folder / "out", where / "graders" / "test_q1.py"

    def timed(*, again: bool) -> Timed:
        assignment, store = load_assignment(where), ResultStore(out)
        sandbox, engine = choose(forbidden=(where.resolve(),)), LocalEngine(CORES)
        began, before = time.perf_counter(), processor()
        with store.locked():
            if again:
                regrade(assignment, sandbox, engine, store, questions)
            else:
                grade_class(assignment, collect([given]), sandbox, engine, [store], questions, store)
        return Timed(time.perf_counter() - began, processor() - before, store.workers, store.asked)

    def change(old: str, new: str) -> None:
        text = grader.read_text()
        assert old in text
        grader.write_text(text.replace(old, new))

    first = timed(again=False)
    with closing(sqlite3.connect(out / FILE)) as connection:
        [(runs,)] = connection.execute("SELECT SUM(LENGTH(runs)) FROM evidence").fetchall()
        [(held,)] = connection.execute(
            "SELECT COALESCE(SUM(LENGTH(data)), 0) FROM blobs WHERE digest IN (SELECT digest FROM held)"
        ).fetchall()
    change(*ASSERTION[what])
    assertion = timed(again=True)
    change(*REQUEST[what])
    request = timed(again=True)
    row = {
        "what": what,
        "count": count,
        "first_seconds": f"{first.seconds:.2f}",
        "first_processor": f"{first.processor:.2f}",
        "first_workers": first.workers,
        "assertion_seconds": f"{assertion.seconds:.2f}",
        "assertion_processor": f"{assertion.processor:.2f}",
        "assertion_workers": assertion.workers,
        "request_seconds": f"{request.seconds:.2f}",
        "request_processor": f"{request.processor:.2f}",
        "request_workers": request.workers,
        "request_questions": request.asked,
        "bytes": round((runs + held) / count),
    }
    print(row, flush=True)
    return row


def time_to_open(count: int, folder: Path) -> float:
    """Seconds until the results of so many are read that are kept in a store."""
    where, given = trivial(folder / "few", 1)
    store = ResultStore(folder / "out")
    engine = LocalEngine(1)
    with store.locked():
        [result] = grade_class(load_assignment(where), collect([given]), choose(), engine, [store], memory=store)
        store.database.replace([])
        text = result.to_json()
        with closing(sqlite3.connect(folder / "out" / FILE)) as connection, connection:
            rows = [
                (f"student{n:05}.py", replace(result, submission=f"student{n:05}.py").to_json()) for n in range(count)
            ]
            connection.executemany("INSERT OR REPLACE INTO results VALUES (?, ?, 1)", rows)
    assert Result.from_json(text) == result
    began = time.perf_counter()
    with closing(Database(folder / "out")) as database:
        assert len(database.results()) == count
    return time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description="Time gradings from evidence.")
    parser.add_argument("--count", type=int, default=COUNT)
    parser.add_argument("--training", type=int, default=TRAINING)
    parser.add_argument("--kept", type=int, default=KEPT)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rows = [study("trivial", given.count, folder / "trivial")]
        if given.training:
            rows.append(study("training", given.training, folder / "training"))
        opened = time_to_open(given.kept, folder / "kept")
    text = "\n".join([
        "# Grading again from evidence",
        "",
        "Each is one pass over all submissions: seconds, and for each submission processor seconds of the command and "
        "its lanes, their start included and student code not. Seconds are more where other work shares the cores. "
        f"{environment()}",
        "",
        "| submissions | | first | changed assertion | changed request in q1 | evidence of each |",
        "|--:|---|--:|--:|--:|--:|",
        *(
            f"| {row['count']} | {row['what']} | {_pass(row, 'first')} | {_pass(row, 'assertion')} "
            f"| {_pass(row, 'request')}, {row['request_questions']} questions | {row['bytes']:,} bytes |"
            for row in rows
        ),
        "",
        f"The results of a store that holds {given.kept:,} are read in {opened:.2f} s.",
        "",
    ])  # fmt: skip
    record = (given.count, given.training, given.kept) == (COUNT, TRAINING, KEPT)
    write("regrade", text, rows, record=record)


def _pass(row: dict[str, object], which: str) -> str:
    each = float(row[f"{which}_processor"]) / row["count"]
    return f"{row[f'{which}_seconds']} s, {each:.2f} s each, {row[f'{which}_workers']} workers"


if __name__ == "__main__":
    main()
