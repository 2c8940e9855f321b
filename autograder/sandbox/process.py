"""The controller of a worker, from start to death: its connection, its limits, and what it died of."""

from __future__ import annotations

import contextlib
import secrets
import signal
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import psutil

from autograder.errors import KilledByMachine, MachineStarved, SandboxUnavailable, TimedOut, WorkerGone
from autograder.sandbox import usage
from autograder.sandbox.base import Limits, Sandbox
from autograder.sandbox.clock import LOOK, Clock
from autograder.worker import wire

CONFINE_SECONDS = 60.0  # for a worker that was forked
STARVED = 20.0  # times as long as it may use, and a worker has been given too little for anything to be said
_UNASKED = "it sent a reply to a request that it had not got"
_WATCH_INTERVAL = 0.1  # seconds
# How many times what a worker may keep it may write in all. Looks at files that change meanwhile could each be fooled;
# this count can't be.
_REWRITES = 16

_AHEAD = 1 << 16  # bytes that are sent before they are answered: fewer than a connection holds that nobody reads

_T = TypeVar("_T")


def _next_frames(left: deque[dict[str, Any] | bytes], waiting: deque[int]) -> bytes:
    """At least one of the messages that are left, as frames, and as many as may be sent; their numbers now wait."""
    frames = b""
    while left:
        number = secrets.randbits(64)  # so that no reply can be made before its request
        message = left[0]
        frame = message if isinstance(message, bytes) else wire.encode(message)
        frame = wire.numbered(frame, number)
        if frames and len(frames) + len(frame) > _AHEAD:
            break
        frames += frame
        left.popleft()
        waiting.append(number)
    return frames


class _Turn:
    """One message to a worker and its reply, within the seconds of its own time that it has for both.

    One limit for the whole: a worker that takes or sends bytes one by one gains no time.
    """

    def __init__(self, connection: socket.socket, clock: Clock, seconds: float, ahead: bytearray) -> None:
        self.clock = clock
        self.seconds = seconds
        self.ahead = ahead  # what came and was not asked for yet
        self._connection = connection

    def send(self, data: bytes) -> None:
        left = memoryview(data)
        while left:
            left = left[self._when_ready(partial(self._connection.send, left)) :]

    def receive(self, size: int) -> bytes:
        """So many bytes. More may be taken from the connection, since most replies come in one piece."""
        while len(self.ahead) < size:
            wanted = size - len(self.ahead)
            piece = self._when_ready(partial(self._connection.recv, min(max(wanted, 1 << 16), 1 << 20)))
            if not piece:
                raise EOFError
            self.ahead += piece
        data = bytes(self.ahead[:size])
        del self.ahead[:size]
        return data

    def _when_ready(self, act: Callable[[], _T]) -> _T:
        """Act once the connection allows it.

        Raises:
            TimeoutError: the worker's time is up.
            MachineStarved: it was given too little for anything to be said.
        """
        while True:
            if self.clock.is_due():
                self._judge()
            self._connection.settimeout(LOOK)
            began = time.monotonic()
            try:
                return act()
            except TimeoutError:
                pass
            finally:
                self.clock.excuse(time.monotonic() - began - LOOK)

    def _judge(self) -> None:
        self.clock.look()
        if self.clock.used > self.seconds:
            raise TimeoutError
        if self.clock.passed > STARVED * max(self.seconds, 10):
            raise MachineStarved(
                f"this machine is too busy to grade: in {self.clock.passed:.0f} seconds a worker got "
                f"{self.clock.used:.0f} of the {self.seconds:.0f} that it may have; grade again with fewer at a time "
                f"(-j), or when less else runs"
            )


class WorkerController:
    """Starts a worker, which is one confined process, speaks to it, holds it to its limits, and ends it.

    Raises:
        SandboxUnavailable: it could not be confined, so it was not given any code.
        MachineStarved: this machine was too busy to start it.
    """

    def __init__(self, sandbox: Sandbox, files: dict[str, Path], limits: Limits, preload: tuple[str, ...]) -> None:
        self._limits = limits
        self._started = sandbox.start(files, limits, preload)
        self._process = self._started.process
        self._connection = self._started.connection
        self._stopped_because = ""
        self._is_headless = False
        self._is_unwatched = False
        self._has_spoken = False  # without having been asked
        self.used = 0.0  # seconds of its own time in all exchanges
        self._closed = threading.Event()
        self._watchdog = threading.Thread(target=self._watch, daemon=True)
        try:
            self.layers = self._begin(sandbox)
        except BaseException:
            self.close()
            raise
        self._watchdog.start()

    def _begin(self, sandbox: Sandbox) -> list[str]:
        try:
            reply = self.exchange(self._started.plan, CONFINE_SECONDS)
        except WorkerGone as gone:
            reply = {"error": str(gone)}
        if not isinstance(reply, dict) or "layers" not in reply:
            reason = reply.get("error") if isinstance(reply, dict) else reply
            raise SandboxUnavailable(f"a worker could not be started in the sandbox {sandbox.name!r}: {reason}")
        return [sandbox.name, *reply["layers"]]

    def exchange(
        self, message: dict[str, Any], seconds: float, revive: Any = None, bounds: wire.Bounds = wire.REPLY
    ) -> Any:
        """Send one message and return the decoded reply, which is held to the bounds.

        ``seconds`` are the worker's own, as :class:`Clock` counts them: not those that the machine kept from it.

        Raises:
            TimedOut: no complete reply within ``seconds``; the worker was killed.
            MachineStarved: the machine kept so much from it that nothing can be said; the worker was killed.
            WorkerGone: the worker died, or said what can't be a reply and was killed.
        """
        [reply] = self.exchange_each([message], lambda: seconds, revive, bounds)
        if isinstance(reply, wire.WireError):
            raise reply
        return reply

    def exchange_each(
        self,
        messages: Sequence[dict[str, Any]],
        seconds: Callable[[], float],
        revive: Any = None,
        bounds: wire.Bounds = wire.REPLY,
    ) -> Iterator[Any]:
        """Send messages, and yield their replies in order: what :meth:`exchange` returns for each.

        A reply that is no value within the bounds is yielded as a :class:`.wire.WireError`, and the next one follows.
        See :meth:`raw_each`.
        """
        for header, buffers in self.raw_each(messages, seconds, bounds):
            yield decoded(header, buffers, revive, bounds)

    def raw_each(
        self, messages: Sequence[dict[str, Any] | bytes], seconds: Callable[[], float], bounds: wire.Bounds
    ) -> Iterator[tuple[bytes, bytes]]:
        """Send messages, or frames of them, and yield header and buffers of each reply, with sizes within bounds.

        Several lie ready for the worker at a time, so that the two need not wake each other up for each of them.
        The time of one begins when the reply before it has come; ``seconds`` is asked for it then.

        Who stops before the end must close the worker, which goes on to answer what it was sent.
        """
        left = deque[dict[str, Any] | bytes](messages)  # to be sent
        waiting = deque[int]()  # the numbers of what was sent and not answered
        clock, ahead = Clock(self._process.pid), bytearray()
        while left or waiting:
            turn = _Turn(self._connection, clock, seconds(), ahead)
            reply = self._take(turn, left, waiting, bounds)
            clock, ahead = Clock(self._process.pid), turn.ahead  # now, since the worker may be at the next one
            yield reply

    def _take(
        self, turn: _Turn, left: deque[dict[str, Any] | bytes], waiting: deque[int], bounds: wire.Bounds
    ) -> tuple[bytes, bytes]:
        """The next reply's header and buffers, once there is something that waits for one."""
        try:
            if not waiting:
                self._require_silence()
                turn.send(_next_frames(left, waiting))
            prefix = wire.read_prefix(turn.receive(wire.PREFIX.size), bounds)
            if prefix.number != waiting.popleft():
                raise wire.WireError(_UNASKED)
            header, buffers = (turn.receive(size) for size in (prefix.header, prefix.buffers))
            self._has_spoken = bool(turn.ahead) and not waiting
        except TimeoutError:
            self._stop(
                f"it was stopped after {turn.seconds:.0f} seconds without having finished (time in which it waited for "
                f"a processor does not count)"
            )
            raise TimedOut(self._stopped_because) from None
        except MachineStarved:
            self._stop("it was stopped")
            raise
        except (EOFError, OSError):
            raise self._death(turn.clock) from None
        except wire.WireError as error:
            self._stop(f"it was stopped: {error}")
            raise WorkerGone(self._stopped_because) from None
        finally:
            turn.clock.finish()
            self.used += turn.clock.used
        return header, buffers

    def _require_silence(self) -> None:
        """Nothing may have come after the last reply, but the end of the connection."""
        self._connection.settimeout(0)
        with contextlib.suppress(BlockingIOError):
            if self._has_spoken or self._connection.recv(1):
                raise wire.WireError(_UNASKED)

    def _death(self, clock: Clock) -> WorkerGone:
        """What to raise when the worker has died, with the cause."""
        clock.look()  # the kernel knows what a process used until it is waited for
        try:
            code = self._process.wait(timeout=5)
        except TimeoutError:
            # It closed its connection and lives on.
            self._stop("it cut its connection to the grader")
        if self._stopped_because:
            return (KilledByMachine if self._is_unwatched else WorkerGone)(self._stopped_because)
        number = max(-code, 0)
        if number in (signal.SIGXCPU, signal.SIGKILL):
            if self._is_headless:
                return WorkerGone("it was stopped because it ended its main thread and went on in others")
            # The kernel's word, or for one that ignores the signal the last look at what it used.
            if number == signal.SIGXCPU or clock.processor > 0.9 * self._limits.cpu_seconds:
                return TimedOut(f"it used up its {self._limits.cpu_seconds} seconds of processor time")
            return KilledByMachine("it was killed, as happens when this machine's memory is used up")
        if number:
            return WorkerGone(f"it crashed Python itself ({signal.strsignal(number) or f'signal {number}'})")
        return WorkerGone(f"it ended the process that it runs in (exit status {code}), as os._exit() does")

    def _stop(self, because: str) -> None:
        if not self._stopped_because:
            self._stopped_because = because
        self._process.kill()

    def _watch(self) -> None:
        """Hold the worker to its memory, threads and disk, which no resource limit covers exactly."""
        try:
            worker = psutil.Process(self._process.pid)
            while not self._closed.wait(_WATCH_INTERVAL):
                if excess := self._excess(worker):
                    self._stop(f"it was stopped because it {excess}")
        except psutil.Error:
            return  # it has ended
        except Exception as error:  # what can't be watched must not go on
            self._is_unwatched = True
            self._stop(f"it was stopped because its use of this machine could not be watched ({error})")

    def _excess(self, worker: psutil.Process) -> str:
        """What the worker has too much of, in words, or nothing."""
        limits = self._limits
        if worker.status() == psutil.STATUS_ZOMBIE and worker.num_threads() > 1:
            # Its memory and its files can't be seen any more. (For a moment, it is so at any death.)
            self._is_headless = True
            self._process.kill()
            return ""
        if worker.memory_info().rss > limits.memory_mb << 20:
            return f"used more than {limits.memory_mb:,} MB of memory"
        if worker.num_threads() > limits.threads:
            return f"started more than {limits.threads} threads"
        used = usage.of_worker(worker.pid, self._started.scratch, self._started.user)
        if used.size > limits.disk_mb << 20:
            return f"wrote more than {limits.disk_mb:,} MB of files"
        if used.written > _REWRITES * limits.disk_mb << 20:
            return f"wrote more than {_REWRITES * limits.disk_mb:,} MB to disk, over and over"
        return f"made more than {limits.files:,} files" if used.files > limits.files else ""

    def close(self) -> None:
        """End the worker and whatever it left behind."""
        self._closed.set()
        self._connection.close()
        self._process.close()
        if self._started.folder is not None:
            self._started.folder.remove()


def decoded(header: bytes, buffers: bytes, revive: Any, bounds: wire.Bounds) -> Any:
    """The value of a reply, or a :class:`.wire.WireError`, which is not raised, where it is none within the bounds."""
    try:
        return wire.decode(header, buffers, revive, bounds=bounds)
    except wire.WireError as error:
        return error
    except Exception as error:  # no bytes should raise anything else; if some do, the submission sent them
        return wire.WireError(f"the reply can't be decoded ({type(error).__name__})")
