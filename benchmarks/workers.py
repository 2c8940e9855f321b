"""What does a worker cost that has PyTorch, and what does a lane? Time until it is ready, and memory.

    python benchmarks/workers.py [--count N]     # writes results/workers.csv and results/workers.md

In both sandboxes. Private memory is what a worker has for itself once it has computed a small convolution with its
gradient; proportional memory counts what several processes share in equal parts. With another count, nothing is
recorded.
"""

import argparse
import contextlib
import os
import re
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import psutil
from measured import CNN, environment, median, quantile, write

from autograder.assignment import load_assignment
from autograder.batch.engine import Tell
from autograder.batch.local import LocalEngine
from autograder.errors import SandboxUnavailable
from autograder.grading.grade import worker_for
from autograder.remote import SubmissionNames
from autograder.sandbox import Limits, choose
from autograder.sandbox.process import WorkerController
from autograder.submission import parse_submission

COUNT = 200
SANDBOXES = ("bubblewrap", "landlock")
LANES = 8
SECONDS = 300.0  # for lanes to be ready
CONVOLUTION = b"""
import torch
def step():
    images = torch.rand(8, 1, 28, 28, requires_grad=True)
    torch.nn.functional.conv2d(images, torch.rand(4, 1, 5, 5)).sum().backward()
    return 1
"""


def memory(pid: int, kind: str) -> float:
    """MiB of a process: by a pattern of names, as in ``Pss``."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return sum(int(number) for number in re.findall(rf"^{kind}:\s+(\d+) kB", text, re.MULTILINE)) / 1024


def starts(kind: str, count: int) -> tuple[list[float], list[float]]:
    """Seconds until each worker is confined and ready, and until it is gone again, one after the other."""
    sandbox = choose(kind)
    WorkerController(sandbox, {}, Limits(), ("torch",)).close()
    ready, ended = [], []
    for _ in range(count):
        began = time.perf_counter()
        worker = WorkerController(sandbox, {}, Limits(), ("torch",))
        ready.append(time.perf_counter() - began)
        began = time.perf_counter()
        worker.close()
        ended.append(time.perf_counter() - began)
    return ready, ended


@dataclass(frozen=True)
class Holding:
    """What an engine does: a lane of its own holds a worker, until all do; then one takes their memory."""

    folder: Path
    kind: str
    lanes: int

    def __call__(self, number: int, _tell: Tell[object]) -> tuple[float, float]:
        """Private memory of this lane's worker, and proportional memory of all processes of the command, in MiB."""
        assignment = load_assignment(CNN)
        submission = parse_submission(".py", CONVOLUTION)
        with worker_for(assignment, submission, choose(self.kind)) as remote:
            SubmissionNames(remote).step()
            private = memory(remote._worker._process.pid, r"Private_\w+")
            (self.folder / f"ready{number}").touch()
            self._wait(self.lanes, "ready")
            everything = 0.0
            if number == 0:
                parent = psutil.Process(os.getppid())
                everything = sum(_pss(process) for process in [parent, *parent.children(recursive=True)])
            (self.folder / f"seen{number}").touch()
            self._wait(self.lanes, "seen")
        return private, everything

    def _wait(self, count: int, name: str) -> None:
        until = time.monotonic() + SECONDS
        while len(list(self.folder.glob(f"{name}*"))) < count:
            if time.monotonic() > until:
                raise TimeoutError
            time.sleep(0.05)


def _pss(process: psutil.Process) -> float:
    try:
        return memory(process.pid, "Pss")
    except (OSError, psutil.Error):
        return 0.0  # it is none of ours to see, or has ended


def lanes(kind: str, count: int) -> tuple[list[float], float]:
    with contextlib.ExitStack() as stack:
        holding = Holding(Path(stack.enter_context(tempfile.TemporaryDirectory())), kind, count)
        outcomes = stack.enter_context(contextlib.closing(LocalEngine(count).run(holding, range(count))))
        found = [outcome.result() for _, outcome in outcomes]
    return [private for private, _ in found], sum(everything for _, everything in found)


def main() -> None:
    parser = argparse.ArgumentParser(description="Time the start of workers, and weigh them and their lanes.")
    parser.add_argument("--count", type=int, default=COUNT)
    count = parser.parse_args().count
    rows, missing = [], []
    for kind in SANDBOXES:
        try:
            choose(kind).check()
        except SandboxUnavailable as reason:
            missing.append(f"The sandbox {kind} does not work here: {reason}.")
            continue
        ready, ended = starts(kind, count)
        one, eight = lanes(kind, 1), lanes(kind, LANES)
        rows.append({
            "sandbox": kind,
            "ready_p50_ms": f"{1e3 * median(ready):.1f}", "ready_p95_ms": f"{1e3 * quantile(ready, 0.95):.1f}",
            "ended_p50_ms": f"{1e3 * median(ended):.1f}", "ended_p95_ms": f"{1e3 * quantile(ended, 0.95):.1f}",
            "private_mib": f"{median(eight[0]):.1f}",
            "one_lane_pss_mib": f"{one[1]:.0f}", "eight_lanes_pss_mib": f"{eight[1]:.0f}",
            "each_lane_more_pss_mib": f"{(eight[1] - one[1]) / (LANES - 1):.0f}",
        })  # fmt: skip
    text = "\n".join([
        "# Workers and lanes",
        "",
        f"{count} workers one after the other, each forked by a zygote that has imported PyTorch. Ready: confined, and "
        "waiting for a submission. Memory is that of lanes of the CNN assignment and all they started, each with a "
        f"worker that has computed a convolution, and of the command. {' '.join([*missing, environment()])}",
        "",
        "| sandbox | ready, p50 | p95 | ended, p50 | p95 | private memory of a worker | one lane | eight lanes | each "
        "lane more |",
        "|---|--:|--:|--:|--:|--:|--:|--:|--:|",
        *(
            f"| {row['sandbox']} | {row['ready_p50_ms']} ms | {row['ready_p95_ms']} ms | {row['ended_p50_ms']} ms "
            f"| {row['ended_p95_ms']} ms | {row['private_mib']} MiB | {row['one_lane_pss_mib']} MiB "
            f"| {row['eight_lanes_pss_mib']} MiB | {row['each_lane_more_pss_mib']} MiB |"
            for row in rows
        ),
        "",
    ])  # fmt: skip
    if not rows:
        raise SystemExit("\n".join(missing))
    write("workers", text, rows, record=count == COUNT)


if __name__ == "__main__":
    main()
