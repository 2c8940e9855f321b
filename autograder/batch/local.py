"""The engine for one machine: a few grader processes, each with one submission's worker at a time."""

from __future__ import annotations

import contextlib
import ctypes
import multiprocessing
import os
import signal
import traceback
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool

from autograder.assignment import Assignment
from autograder.batch.collect import Job
from autograder.errors import AutograderError
from autograder.grading import grade
from autograder.results import Result
from autograder.sandbox import Sandbox


def grade_all(
    assignment: Assignment,
    jobs: Sequence[Job],
    sandbox: Sandbox,
    lanes: int,
    running: Callable[[list[Job]], None] = lambda _jobs: None,
) -> Iterator[Result]:
    """Grade submissions, ``lanes`` at a time, and yield each result when it is there.

    Every job yields exactly one result; one that fails on our side has the status ``error``. ``running`` is
    told what is being graded whenever that changes.
    """
    waiting = list(reversed(jobs))
    while waiting:
        at_once: dict[Future[Result], Job] = {}
        with lane_pool(min(lanes, len(waiting))) as pool:
            try:
                while waiting or at_once:
                    while waiting and len(at_once) < lanes:
                        job = waiting.pop()
                        at_once[pool.submit(_grade, assignment, job, sandbox)] = job
                    running(list(at_once.values()))
                    for future in wait(at_once, return_when=FIRST_COMPLETED).done:
                        yield future.result()
                        del at_once[future]
            except BrokenProcessPool:
                # A grader process died, and took its neighbours' work along. One at a time tells which it was.
                for job in at_once.values():
                    running([job])
                    yield _grade_alone(assignment, job, sandbox)


def _grade_alone(assignment: Assignment, job: Job, sandbox: Sandbox) -> Result:
    with lane_pool(1) as pool:
        try:
            return pool.submit(_grade, assignment, job, sandbox).result()
        except BrokenProcessPool:
            return _failed(job, "The grader process died while it graded this submission.")


@contextlib.contextmanager
def lane_pool(size: int) -> Iterator[ProcessPoolExecutor]:
    """Lanes: spawned, so that one holds nothing but what it imports itself.

    And not from the folder where the command is called, which may hold a student's ``multiprocessing.py``.
    """
    before = os.environ.get("PYTHONSAFEPATH")
    os.environ["PYTHONSAFEPATH"] = "1"
    try:
        with ProcessPoolExecutor(size, multiprocessing.get_context("spawn"), initializer=_begin_lane) as pool:
            yield pool
    finally:
        del os.environ["PYTHONSAFEPATH"]
        if before is not None:
            os.environ["PYTHONSAFEPATH"] = before


def _begin_lane() -> None:
    """A lane ends with the command that started it, however that ends, and its worker ends with the lane."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL, 0, 0, 0)  # PR_SET_PDEATHSIG


def _grade(assignment: Assignment, job: Job, sandbox: Sandbox) -> Result:
    try:
        return grade(assignment, job.path, sandbox, job.name)
    except AutograderError as error:
        return _failed(job, str(error))
    except Exception:  # a defect of ours must not cost the other submissions their results
        return _failed(job, traceback.format_exc())


def _failed(job: Job, trouble: str) -> Result:
    return Result(job.name, "error", (), trouble=trouble)
