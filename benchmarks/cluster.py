"""What does Dask cost, for each submission? Trivial ones, graded by lanes of this machine and of a cluster on it.

    python benchmarks/cluster.py [--count N] [--empty N]     # writes results/cluster.csv and results/cluster.md

The cluster is a scheduler and workers in processes of their own, of one thread each. A submission's time is from when
it is taken on to its result, and the first of each lane, which wait for that to start, are left out. The processor time
of the command and of the scheduler is what a cluster can't have more of: it is also measured with tasks that do nothing
and are as large as a notebook. With other counts, nothing is recorded.
"""

import argparse
import operator
import os
import tempfile
import time
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from distributed.deploy.subprocess import SubprocessCluster
from measured import environment, median, trivial_assignment, trivial_submissions, write
from regrade import GRADER

from autograder.assignment import load_assignment
from autograder.batch.collect import collect
from autograder.batch.dask import DaskEngine
from autograder.batch.engine import Engine
from autograder.batch.local import LocalEngine
from autograder.batch.run import grade_class
from autograder.batch.store import ResultStore
from autograder.report.listener import Listener
from autograder.results import Result
from autograder.sandbox import choose

COUNT, EMPTY = 100, 500
SIZES = (100, 100_000)  # bytes of a task that does nothing
NOTHING = operator.is_  # of a task and of how to tell: what every process has


@dataclass
class Watch(Listener):
    """Notes when submissions are taken on and done."""

    begun: dict[str, float] = field(default_factory=dict)
    took: list[float] = field(default_factory=list)
    results: list[Result] = field(default_factory=list)

    def running(self, names) -> None:
        for name in names:
            self.begun.setdefault(name, time.perf_counter())

    def graded(self, result: Result) -> None:
        self.took.append(time.perf_counter() - self.begun[result.submission])
        self.results.append(result)


@dataclass
class Used:
    """Seconds that passed, and processor seconds of the command and the scheduler, since it was made."""

    scheduler: psutil.Process | None
    began: tuple[float, float, float] = (0, 0, 0)

    def __post_init__(self) -> None:
        self.began = self.now()

    def now(self) -> tuple[float, float, float]:
        scheduler = sum(self.scheduler.cpu_times()[:2]) if self.scheduler else 0.0
        return time.perf_counter(), time.process_time(), scheduler

    def row(self, count: int) -> dict[str, object]:
        seconds, command, scheduler = (now - before for now, before in zip(self.now(), self.began, strict=True))
        return {
            "seconds": f"{seconds:.1f}",
            "command_ms": f"{1e3 * command / count:.2f}",
            "scheduler_ms": f"{1e3 * scheduler / count:.2f}" if self.scheduler else "",
        }


@dataclass
class Study:
    """An engine, and what is measured of it."""

    name: str
    lanes: int
    engine: Engine
    scheduler: psutil.Process | None

    def _row(self, what: str, count: int, used: Used, **more: object) -> dict[str, object]:
        row = {"engine": self.name, "lanes": self.lanes, "what": what, "count": count, **used.row(count), **more}
        print(row, flush=True)
        return row

    def grade(self, count: int, folder: Path) -> dict[str, object]:
        """Grade a class, from the start of its lanes to its scores."""
        where = trivial_assignment(folder / "assignment", GRADER, GRADER)
        collected = collect([trivial_submissions(count, folder / "given")])
        assignment, sandbox = load_assignment(where), choose(forbidden=(where.resolve(),))
        watch, store, used = Watch(), ResultStore(folder / "out"), Used(self.scheduler)
        with store.locked():
            grade_class(assignment, collected, sandbox, self.engine, [watch, store], memory=store)
        assert [result.score for result in watch.results] == [4] * count
        return self._row("trivial", count, used, median_ms=f"{1e3 * median(watch.took[2 * self.lanes :]):.1f}")

    def do_nothing(self, count: int, size: int) -> dict[str, object]:
        """Have lanes do tasks of this size that take them no time; what their start takes is left out."""
        tasks = (os.urandom(size) for _ in range(count + 10))
        with closing(self.engine.run(NOTHING, tasks)) as outcomes:
            for _ in range(10):
                next(outcomes)
            used = Used(self.scheduler)
            for _, outcome in outcomes:
                outcome.result()
            return self._row(f"nothing, {size:,} bytes", count, used, median_ms="")


def main() -> None:
    parser = argparse.ArgumentParser(description="Time what a cluster costs.")
    parser.add_argument("--count", type=int, default=COUNT)
    parser.add_argument("--empty", type=int, default=EMPTY)
    given = parser.parse_args()
    rows: list[dict[str, object]] = []
    for name, lanes in (("local", 1), ("dask", 1), ("local", 2), ("dask", 2)):
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            engine, scheduler = LocalEngine(lanes), None
            if name == "dask":
                workers = {"nthreads": 1, "dashboard": False, "local_directory": str(folder)}
                cluster = stack.enter_context(
                    SubprocessCluster(n_workers=lanes, worker_kwargs=workers, scheduler_kwargs={"dashboard": False})
                )
                engine, scheduler = DaskEngine(cluster.scheduler_address), _scheduler()
            study = Study(name, lanes, engine, scheduler)
            rows += [
                study.do_nothing(given.empty, size) for size in SIZES
            ]  # first: the scheduler has imported all then
            rows.append(study.grade(given.count, folder))
    text = "\n".join([
        "# What a cluster costs",
        "",
        "Submissions that are asked 42 things in two questions, and tasks that do nothing, of random bytes. A "
        "submission's time is the median from when it was taken on to its result, and longer where other work shares "
        "the cores. Processor time is for each, with what the processes do meanwhile. "
        f"{environment('distributed')}",
        "",
        "| engine | lanes | | how many | all | each | of the command | of the scheduler |",
        "|---|--:|---|--:|--:|--:|--:|--:|",
        *(
            f"| {row['engine']} | {row['lanes']} | {row['what']} | {row['count']} | {row['seconds']} s "
            f"| {_ms(row['median_ms'])} | {_ms(row['command_ms'])} | {_ms(row['scheduler_ms'])} |"
            for row in rows
        ),
        "",
    ])  # fmt: skip
    write("cluster", text, rows, record=(given.count, given.empty) == (COUNT, EMPTY))


def _scheduler() -> psutil.Process:
    """The process of the scheduler that this one has started."""
    children = psutil.Process().children(recursive=True)
    return next(child for child in children if '"distributed.Scheduler"' in " ".join(child.cmdline()))


def _ms(value: object) -> str:
    return f"{value} ms" if value else ""


if __name__ == "__main__":
    main()
