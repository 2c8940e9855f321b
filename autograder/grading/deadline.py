"""A deadline for what a grader itself computes: a submission can return what takes for ever to judge."""

from __future__ import annotations

import contextlib
import signal
import threading
import time
from collections.abc import Generator, Iterator

import pytest

from autograder.errors import StudentFault

CHECK_SECONDS = 60.0  # of processor time, for what a grader itself computes in a check; it takes 1 or 2


class Deadline:
    """A pytest plugin that ends a test, and the setting up of its fixtures, when its time is up."""

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_setup(self) -> Generator[None, object, object]:
        with _deadline():
            return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self) -> Generator[None, object, object]:
        with _deadline():
            return (yield)


@contextlib.contextmanager
def _deadline() -> Iterator[None]:
    """Raise :class:`StudentFault` in the block when it has used its processor time.

    Only between two steps of Python: a computation in C that does not end is for the limits of the process.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # the only one that gets signals
        return
    ends = time.thread_time() + CHECK_SECONDS

    def expired(_number: int, _frame: object) -> None:
        # The timer counts all threads, those that watch the worker too.
        if (remaining := ends - time.thread_time()) > 0:
            signal.setitimer(signal.ITIMER_PROF, max(remaining, 0.01))
            return
        raise StudentFault(
            f"What your code returned takes more than {CHECK_SECONDS:.0f} seconds to judge: return what is asked for, "
            "and no more."
        )

    before = signal.signal(signal.SIGPROF, expired)
    signal.setitimer(signal.ITIMER_PROF, CHECK_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
