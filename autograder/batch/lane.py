"""Lanes: processes that run one task after the other, for an engine that is not to be touched by what they do.

Graders handle what submissions return, and can be brought to compute for ever or to run out of memory by it, however
they are written. So a lane is held to its own processor time and memory by the kernel, tells what was decided as soon
as it is, and is replaced when it ends: its task keeps what was decided, and its neighbours notice nothing.
"""

from __future__ import annotations

import contextlib
import ctypes
import multiprocessing
import os
import pickle
import resource
import signal
import socket
import sys
import threading
import time
import traceback
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.reduction import ForkingPickler
from pathlib import Path
from typing import Any, Generic, NoReturn

from autograder.batch.engine import Died, Function, Outcome, R, Raised, Returned, T

_SPAWN = multiprocessing.get_context("spawn")
_SECONDS_TO_END = 10.0  # for lanes that are asked to
# What a lane's message is about, in its first byte.
_READY, _TOLD, _RETURNED, _RAISED = b"0", b"1", b"2", b"3"
# Threads of an engine may have lanes: the environment is that of all, and multiprocessing counts its children in each.
_STARTING = threading.Lock()


@dataclass(frozen=True)
class LaneLimits:
    """What a lane may use for one task, by itself: where that is a submission's, its worker has limits of its own.

    Processor time, since wall time passes while the worker computes, and on a busy machine.
    """

    cpu_seconds: int = 400
    memory_mb: int = 2048  # beyond what it had before


def living(idle: list[Lane[T, R]]) -> Lane[T, R] | None:
    """One of the lanes that are idle, unless the kernel took them meanwhile."""
    while idle:
        lane = idle.pop()
        if lane.process.is_alive():
            return lane
        close([lane])
    return None


def close(lanes: Iterable[Lane[T, R]]) -> None:
    """End lanes, and all that they have started."""
    lanes = list(lanes)
    for lane in lanes:
        lane.connection.close()
        lane.process.terminate()
    until = time.monotonic() + _SECONDS_TO_END
    for lane in lanes:
        lane.process.join(max(until - time.monotonic(), 0))
        lane.process.kill()
        lane.process.join()


@dataclass(frozen=True)
class Told(Generic[R]):
    """What a function told, which goes on."""

    value: R


class Lane(Generic[T, R]):
    """The engine's side of one process, which does one task after the other."""

    task: T

    def __init__(self, order: bytes, limits: LaneLimits) -> None:
        self._order: bytes | None = order  # until it is ready: a process that starts reads nothing
        self._waiting: bytes | None = None
        self._limits = limits
        self.connection, theirs = _SPAWN.Pipe()
        self.process = _SPAWN.Process(target=_run_lane, args=(theirs, limits))
        with _STARTING, _clean_environment(), theirs:
            self.process.start()

    def end(self) -> None:
        """Ask it to end, whatever it does: `receive`, in another thread, says when it has."""
        with contextlib.suppress(OSError), socket.socket(fileno=os.dup(self.connection.fileno())) as both:
            both.shutdown(socket.SHUT_RDWR)
        self.process.terminate()

    def begin(self, task: T) -> None:
        """Do a task next. One that can't be pickled is an error."""
        self.task, self._last = task, None
        self._waiting = bytes(ForkingPickler.dumps(task))
        if self._order is None:
            self._send(self._waiting)

    def _send(self, message: bytes) -> None:
        with contextlib.suppress(OSError):  # it has died: `receive` says so
            self.connection.send_bytes(message)

    def receive(self) -> Outcome[R] | Told[R] | None:
        """What the lane has to say: the outcome, be it that the lane has died, what its function tells, or nothing."""
        try:
            message = self.connection.recv_bytes()
        except (EOFError, OSError):
            wait([self.process.sentinel])
            with _STARTING:
                self.process.join()
                return self._of_the_dead()
        kind, content = message[:1], message[1:]
        if kind == _READY:
            assert self._order is not None and self._waiting is not None
            self._send(self._order)
            self._send(self._waiting)
            self._order = self._waiting = None
            return None
        try:
            value = pickle.loads(content)  # noqa: S301  (from a process of ours)
        except Exception as error:
            return None if kind == _TOLD else Raised(error, traceback.format_exc(), self._last)
        if kind == _RETURNED:
            return Returned(value)
        if kind == _RAISED:
            raised, trace = value
            return Raised(raised, trace, self._last)
        self._last = value
        return Told(value)

    def _of_the_dead(self) -> Died[R]:
        code = self.process.exitcode or 0
        reason = (signal.strsignal(-code) or f"signal {-code}") if code < 0 else f"exit status {code}"
        return Died(reason, self._limits.cpu_seconds if code == -signal.SIGXCPU else None, self._last)


def _run_lane(connection: Connection, limits: LaneLimits) -> None:
    """What a lane does, until the other end is closed."""
    _begin_lane()
    with contextlib.suppress(EOFError, BrokenPipeError, ConnectionResetError):
        connection.send_bytes(_READY)
        function = pickle.loads(connection.recv_bytes())  # noqa: S301  (from the process that started this one)
        while True:
            task = connection.recv_bytes()
            _limit(limits)
            connection.send_bytes(_attempt(function, task, connection))
    signal.signal(signal.SIGTERM, _heed_not)  # it is ending


def _attempt(function: Function[Any, Any], task: bytes, connection: Connection) -> bytes:
    """Do a task; return the message that says what came of it."""
    try:
        value = function(pickle.loads(task), lambda so_far: connection.send_bytes(_TOLD + pickle.dumps(so_far)))  # noqa: S301
        return _RETURNED + pickle.dumps(value)
    except Exception as error:  # a defect in one task must not cost the others their outcomes
        trace = traceback.format_exc()
        try:
            content = pickle.dumps((error, trace))
            pickle.loads(content)  # noqa: S301  (some exceptions can be written and not read)
        except Exception:
            content = pickle.dumps((RuntimeError(f"{type(error).__name__}: {error}"), trace))
        return _RAISED + content


def _limit(limits: LaneLimits) -> None:
    """Soft limits, which the next task's replace. Past the first the kernel ends the process."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    held = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmData:"))
    cpu = int(used.ru_utime + used.ru_stime) + 1 + limits.cpu_seconds
    data = (int(held.split()[1]) << 10) + (limits.memory_mb << 20)
    for name, value in ((resource.RLIMIT_CPU, cpu), (resource.RLIMIT_DATA, data), (resource.RLIMIT_CORE, 0)):
        hard = resource.getrlimit(name)[1]
        resource.setrlimit(name, (value if hard == resource.RLIM_INFINITY else min(value, hard), hard))


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
    # Ctrl-C reaches all processes of a terminal: what it means for a lane, the command says. Not SIG_IGN, which the
    # processes that a lane starts would inherit.
    signal.signal(signal.SIGINT, _heed_not)


def _heed_not(*_: object) -> None:
    """In place of SIG_IGN, by which Python complains of a signal that has arrived already."""


def _end(*_: object) -> NoReturn:
    """Leave nothing behind, and don't be disturbed in that."""
    signal.signal(signal.SIGTERM, _heed_not)
    sys.exit()
