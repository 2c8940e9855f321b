"""The engine for one machine: a few grader processes, each with one submission's worker at a time.

Graders handle what submissions return, and can be brought to compute for ever or to run out of memory by it, however
they are written. So a lane is held to its own processor time and memory by the kernel, tells what was decided as soon
as it is, and is replaced when it ends: its submission keeps what was decided, and its neighbours notice nothing.
"""

from __future__ import annotations

import contextlib
import ctypes
import multiprocessing
import os
import resource
import signal
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

from autograder.assignment import Assignment
from autograder.batch.collect import Job
from autograder.errors import AutograderError
from autograder.grading.grade import grade
from autograder.results import Result
from autograder.sandbox import Sandbox

_SPAWN = multiprocessing.get_context("spawn")
_SECONDS_TO_END = 10.0  # for a lane that is asked to


@dataclass(frozen=True)
class LaneLimits:
    """What a lane may use for one submission, by itself: its worker has limits of its own.

    Processor time, since wall time passes while the worker computes, and on a busy machine.
    """

    cpu_seconds: int = 400
    memory_mb: int = 2048  # beyond what it had before


def grade_all(
    assignment: Assignment,
    jobs: Sequence[Job],
    sandbox: Sandbox,
    lanes: int,
    running: Callable[[list[Job]], None] = lambda _jobs: None,
    limits: LaneLimits = LaneLimits(),
) -> Iterator[Result]:
    """Grade submissions, ``lanes`` at a time, and yield each result when it is there.

    Every job yields exactly one result; one that fails on our side has the status ``error``. ``running`` is
    told what is being graded whenever that changes.
    """
    waiting = list(reversed(jobs))
    idle: list[_Lane] = []
    busy: dict[Any, _Lane] = {}
    try:
        while waiting or busy:
            while waiting and len(busy) < lanes:
                lane = idle.pop() if idle else _Lane()
                lane.begin(assignment, waiting.pop(), sandbox, limits)
                busy[lane.connection] = lane
            running([lane.job for lane in busy.values()])
            yield from _finished(busy, idle)
    finally:
        for lane in [*idle, *busy.values()]:
            lane.close()


def grade_alone(assignment: Assignment, path: Path, sandbox: Sandbox) -> Result:
    """Grade one submission in a lane of its own, for whoever has no process to lose."""
    [result] = grade_all(assignment, [Job(path.name, path)], sandbox, lanes=1)
    return result


def _finished(busy: dict[Any, _Lane], idle: list[_Lane]) -> list[Result]:
    """Wait until at least one lane has finished, and free those that have."""
    results: list[Result] = []
    while not results:
        for connection in wait(list(busy)):
            lane = busy[connection]
            result = lane.receive()
            if result is None:
                continue
            results.append(result)
            del busy[connection]
            if lane.process.is_alive():
                idle.append(lane)
            else:
                lane.close()
    return results


class _Lane:
    """One trusted grader process, which grades one submission after the other."""

    job: Job

    def __init__(self) -> None:
        self.connection, theirs = _SPAWN.Pipe()
        self.process = _SPAWN.Process(target=_run_lane, args=(theirs,))
        with _clean_environment(), theirs:
            self.process.start()

    def begin(self, assignment: Assignment, job: Job, sandbox: Sandbox, limits: LaneLimits) -> None:
        self.job, self._limits = job, limits
        self._so_far = _failed(job, "")
        with contextlib.suppress(OSError):  # it has died: `receive` says so
            self.connection.send((assignment, job, sandbox, limits))

    def receive(self) -> Result | None:
        """What the lane has to say: None where it is not done, or else the result, be it that the lane has died."""
        try:
            is_done, result = self.connection.recv()
        except (EOFError, OSError):
            self.process.join()
            return self._of_the_dead()
        if is_done:
            return result  # type: ignore[no-any-return]
        self._so_far = result
        return None

    def _of_the_dead(self) -> Result:
        code = self.process.exitcode or 0
        if code == -signal.SIGXCPU and self._so_far.checks:
            # Nobody's fault but the submission's: what graders do otherwise takes them seconds.
            because = (
                f"What the submission returned took more than {self._limits.cpu_seconds} seconds of processor time to "
                "judge, so that grading was stopped: return what is asked for, and no more."
            )
            return replace(self._so_far, status="partial", notes=(*self._so_far.notes, because), trouble="")
        ended = signal.strsignal(-code) if code < 0 else f"exit status {code}"
        trouble = f"The grader process died while it graded this submission ({ended})."
        return replace(self._so_far, status="error", trouble=f"{self._so_far.trouble}\n\n{trouble}".strip())

    def close(self) -> None:
        self.connection.close()
        self.process.terminate()
        self.process.join(_SECONDS_TO_END)
        self.process.kill()
        self.process.join()


def _run_lane(connection: Connection) -> None:
    """What a lane does, until the other end is closed."""
    _begin_lane()
    while True:
        try:
            assignment, job, sandbox, limits = connection.recv()
        except (EOFError, OSError):
            signal.signal(signal.SIGTERM, signal.SIG_IGN)  # it is ending
            return
        _limit(limits)
        connection.send((True, _grade(assignment, job, sandbox, lambda result: connection.send((False, result)))))


def _limit(limits: LaneLimits) -> None:
    """Soft limits, which the next submission's replace. Past the first the kernel ends the process."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    held = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmData:"))
    cpu = int(used.ru_utime + used.ru_stime) + 1 + limits.cpu_seconds
    data = (int(held.split()[1]) << 10) + (limits.memory_mb << 20)
    for name, value in ((resource.RLIMIT_CPU, cpu), (resource.RLIMIT_DATA, data), (resource.RLIMIT_CORE, 0)):
        hard = resource.getrlimit(name)[1]
        resource.setrlimit(name, (value if hard == resource.RLIM_INFINITY else min(value, hard), hard))


@contextlib.contextmanager
def lane_pool(size: int) -> Iterator[ProcessPoolExecutor]:
    """Lanes for anything else that grader processes do."""
    with _clean_environment(), ProcessPoolExecutor(size, _SPAWN, initializer=_begin_lane) as pool:
        yield pool


@contextlib.contextmanager
def _clean_environment() -> Iterator[None]:
    """For processes that are started meanwhile.

    They are spawned, so that they hold nothing but what they import themselves; and not from the folder where the
    command is called, which may hold a student's ``multiprocessing.py``. Each computes in one thread: more cost memory
    for each processor, and lanes are what uses several.
    """
    wanted = {"PYTHONSAFEPATH": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name, value in before.items():
            del os.environ[name]
            if value is not None:
                os.environ[name] = value


def _begin_lane() -> None:
    """A lane ends with the command that started it, however that ends, and its worker ends with the lane."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL, 0, 0, 0)  # PR_SET_PDEATHSIG
    signal.signal(signal.SIGTERM, _end)


def _end(*_: object) -> None:
    """Leave nothing behind, and don't be disturbed in that."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    sys.exit()


def _grade(assignment: Assignment, job: Job, sandbox: Sandbox, decided: Callable[[Result], None]) -> Result:
    try:
        return grade(assignment, job.path, sandbox, job.name, decided)
    except AutograderError as error:
        return _failed(job, str(error))
    except Exception:  # a defect of ours must not cost the other submissions their results
        return _failed(job, traceback.format_exc())


def _failed(job: Job, trouble: str) -> Result:
    return Result(job.name, "error", (), trouble=trouble)
