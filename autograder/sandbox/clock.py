"""A worker's own time: what passes, less what the machine kept from it.

On a busy machine a second by the clock is no second's work, and that must not cost a student anything. The kernel
says of each thread how long it ran, how long it was ready and waited for a processor
(https://docs.kernel.org/scheduler/sched-stats.html), and how often it went to sleep of its own accord.
"""

from __future__ import annotations

import contextlib
import os
import re
import time
from typing import NamedTuple

LOOK = 0.1  # seconds between two looks
_TICK = 1 / os.sysconf("SC_CLK_TCK")
# In a thread's status, after its name, which may hold anything but a new line.
_STATE = re.compile(rb"^State:\s*(\w)", re.MULTILINE)
_SLEPT = re.compile(rb"^voluntary_ctxt_switches:\s*(\d+)", re.MULTILINE)


class Clock:
    """The time that a process has had since the clock was made.

    It is what passed, less the time in which a thread of its was ready and got no processor, or waited for a disk
    (memory that was swapped out, above all); and it is at least the processor time of all its threads. The first
    makes a load of this machine harmless, and lets a process that sleeps or blocks pay for it. The second holds one
    to account that starts many threads, so that they wait for each other: what waits, waits for a processor that
    something else has, so that on a machine to itself no process gets more than twice its time in this way.

    What passes before the first look counts in full: most exchanges with a worker are over by then, and a look takes
    longer than such an exchange.
    """

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._looked = time.monotonic()
        self._threads: dict[str, _Thread] | None = None  # as of the last look
        self._processor_before = self.processor = 0.0
        self._unhindered = self._late = 0.0
        self.passed = 0.0  # seconds in all

    @property
    def used(self) -> float:
        """Seconds that count, as of the last look."""
        return max(self._unhindered, self.processor - self._processor_before)

    def is_due(self) -> bool:
        """Whether it is time for another look."""
        return time.monotonic() - self._looked >= LOOK

    def excuse(self, late: float) -> None:
        """Don't count these seconds, if there are any: the machine kept them from this process, the grader."""
        self._late += max(late, 0.0)

    def look(self) -> None:
        """Take the time."""
        threads, processor = _threads(self._pid), _processor_seconds(self._pid)
        if self._threads is None:
            self._processor_before = processor
        self.processor = max(self.processor, processor)
        self._count(threads)
        self._threads = threads

    def finish(self) -> None:
        """Take the time for the last time."""
        if self._threads is None:
            self._count({})
        else:
            self.look()

    def _count(self, threads: dict[str, _Thread]) -> None:
        now = time.monotonic()
        passed = now - self._looked
        before = self._threads
        kept = 0.0
        if before is not None:
            kept = max((_kept(before.get(n), thread, passed) for n, thread in threads.items()), default=0.0)
        self._unhindered += max(passed - self._late - kept, 0.0)
        self.passed += max(passed - self._late, 0.0)
        self._looked, self._late = now, 0.0


class _Thread(NamedTuple):
    state: bytes  # as ps shows it: R is running or ready, D waits for a disk
    slept: int  # how often it gave its processor up to wait for something else
    ran: float  # seconds
    waited: float  # seconds, for a processor; what it is waiting now is added when it gets one


def _kept(before: _Thread | None, now: _Thread, passed: float) -> float:
    """The seconds, of those that passed, that the machine kept from a thread."""
    if before is None:  # it is new
        kept = now.waited
    elif before.state == now.state == b"R" and before.slept == now.slept:
        # All that it did not run: a hypervisor may have taken more than this kernel knows of.
        kept = passed - (now.ran - before.ran)
    elif before.state == now.state == b"D":
        kept = passed
    else:
        kept = now.waited - before.waited
    return min(max(kept, 0.0), passed)


def _threads(pid: int) -> dict[str, _Thread]:
    found = {}
    with contextlib.suppress(OSError), os.scandir(f"/proc/{pid}/task") as entries:  # the process may have ended
        for entry in entries:
            with contextlib.suppress(OSError):  # or the thread
                found[entry.name] = _thread(entry.path)
    return found


def _thread(folder: str) -> _Thread:
    status = _read(f"{folder}/status")
    state = _STATE.search(status)
    slept = _SLEPT.search(status)
    try:
        ran, waited = (int(number) / 1e9 for number in _read(f"{folder}/schedstat").split()[:2])
    except FileNotFoundError:  # a kernel that does not count it
        ran, waited = _processor_time(f"{folder}/stat"), 0.0
    return _Thread(state[1] if state else b"", int(slept[1]) if slept else 0, ran, waited)


def _processor_seconds(pid: int) -> float:
    """Processor time of all threads of a process, also of those that ended; 0 where it has ended itself."""
    try:
        return _processor_time(f"/proc/{pid}/stat")
    except OSError:
        return 0.0


def _processor_time(stat: str) -> float:
    # A name stands before, in brackets, and may hold anything. https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
    fields = _read(stat).rpartition(b")")[2].split()
    return (int(fields[11]) + int(fields[12])) * _TICK


def _read(path: str) -> bytes:
    """The content of a small file, which a reader with buffers takes twice as long for."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        return os.read(descriptor, 1 << 14)
    finally:
        os.close(descriptor)
