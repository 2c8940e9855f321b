"""One confined process, from start to death: its connection, its limits, and what it died of."""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import subprocess
import threading
import time
from pathlib import Path
from typing import Any

import psutil

from autograder.errors import SandboxUnavailable, TimedOut, WorkerGone
from autograder.sandbox import usage
from autograder.sandbox.base import Limits, Sandbox
from autograder.worker import wire

START_SECONDS = 120.0  # a cold disk and a busy machine make `import torch` slow
_UNASKED = "it sent a reply to a request that it had not got"
_WATCH_INTERVAL = 0.1  # seconds


class Worker:
    """One confined process, from start to death.

    Raises:
        SandboxUnavailable: it could not be confined, so it was not given any code.
    """

    def __init__(self, sandbox: Sandbox, files: dict[str, Path], limits: Limits, preload: tuple[str, ...]) -> None:
        self._limits = limits
        self._started = sandbox.start(files, limits)
        self._process = self._started.process
        self._connection = self._started.connection
        self._stopped_because = ""
        self._closed = threading.Event()
        self._stderr = bytearray()
        self._listener = threading.Thread(target=self._keep_stderr, daemon=True)
        self._listener.start()
        self._watchdog = threading.Thread(target=self._watch, daemon=True)
        try:
            self.layers = self._begin(sandbox, preload)
        except BaseException:
            self.close()
            raise
        self._watchdog.start()

    def _begin(self, sandbox: Sandbox, preload: tuple[str, ...]) -> list[str]:
        try:
            reply = self.exchange({**self._started.plan, "preload": list(preload)}, START_SECONDS)
        except WorkerGone:
            said = self._stderr.decode(errors="replace").strip().splitlines()
            reply = {"error": said[-1] if said else "it ended without a word"}
        if not isinstance(reply, dict) or "layers" not in reply:
            reason = reply.get("error") if isinstance(reply, dict) else reply
            raise SandboxUnavailable(f"a worker could not be started in the sandbox {sandbox.name!r}: {reason}")
        return [sandbox.name, *reply["layers"]]

    def exchange(
        self, message: dict[str, Any], seconds: float, revive: Any = None, bounds: wire.Bounds = wire.REPLY
    ) -> Any:
        """Send one message and return the decoded reply, which is held to the bounds.

        Raises:
            TimedOut: no complete reply within ``seconds``; the worker was killed.
            WorkerGone: the worker died, or said what can't be a reply and was killed.
        """
        deadline = time.monotonic() + seconds
        number = secrets.randbits(64)  # so that no reply can be made before its request
        try:
            self._require_silence()
            self._connection.settimeout(max(seconds, 0.001))
            self._connection.sendall(wire.encode(message, number=number))
            prefix = wire.read_prefix(self._receive(wire.PREFIX.size, deadline), bounds)
            if prefix.number != number:
                raise wire.WireError(_UNASKED)
            header, buffers = (self._receive(size, deadline) for size in (prefix.header, prefix.buffers))
        except TimeoutError:
            self._stop(f"it was stopped after {seconds:.0f} seconds without having finished")
            raise TimedOut(self._stopped_because) from None
        except (EOFError, OSError):
            raise WorkerGone(self._cause_of_death()) from None
        except wire.WireError as error:
            self._stop(f"it was stopped: {error}")
            raise WorkerGone(self._stopped_because) from None
        try:
            return wire.decode(header, buffers, revive, bounds=bounds)
        except wire.WireError:
            raise
        except Exception as error:  # no bytes should raise anything else; if some do, the submission sent them
            raise wire.WireError(f"the reply can't be decoded ({type(error).__name__})") from None

    def _require_silence(self) -> None:
        """Nothing may have come since the last reply, but the end of the connection."""
        self._connection.settimeout(0)
        with contextlib.suppress(BlockingIOError):
            if self._connection.recv(1):
                raise wire.WireError(_UNASKED)

    def _receive(self, size: int, deadline: float) -> bytes:
        data = bytearray()
        while len(data) < size:
            # One deadline for the whole reply: a worker that drips bytes gains no time.
            remaining = deadline - time.monotonic()
            if remaining <= 0:
                raise TimeoutError
            self._connection.settimeout(remaining)
            piece = self._connection.recv(min(size - len(data), 1 << 20))
            if not piece:
                raise EOFError
            data += piece
        return bytes(data)

    def _cause_of_death(self) -> str:
        try:
            code = self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            # It closed its connection and lives on.
            self._stop("it cut its connection to the grader")
        if self._stopped_because:
            return self._stopped_because
        number = -code if code < 0 else code - 128 if code > 128 else 0  # bubblewrap reports 128 + signal
        if number in (signal.SIGXCPU, signal.SIGKILL):
            return f"it used up its {self._limits.cpu_seconds} seconds of processor time, or its memory"
        if number:
            return f"it crashed Python itself ({signal.strsignal(number) or f'signal {number}'})"
        return f"it ended the process that it runs in (exit status {code}), as os._exit() does"

    def _stop(self, because: str) -> None:
        if not self._stopped_because:
            self._stopped_because = because
        self._process.kill()

    def _watch(self) -> None:
        """Hold the worker to its memory, threads and disk, which no resource limit covers exactly."""
        try:
            # bubblewrap stands before the worker, which is the last of the chain.
            start = psutil.Process(self._process.pid)
            worker = (start.children(recursive=True) or [start])[-1]
            while not self._closed.wait(_WATCH_INTERVAL):
                if excess := self._excess(worker):
                    self._stop(f"it was stopped because it {excess}")
        except psutil.Error:
            return  # it has ended
        except Exception as error:  # what can't be watched must not go on
            self._stop(f"it was stopped because its use of this machine could not be watched ({error})")

    def _excess(self, worker: psutil.Process) -> str:
        """What the worker has too much of, in words, or nothing."""
        limits = self._limits
        if worker.memory_info().rss > limits.memory_mb << 20:
            return f"used more than {limits.memory_mb:,} MB of memory"
        if worker.num_threads() > limits.threads:
            return f"started more than {limits.threads} threads"
        files, size = usage.of_worker(worker.pid, self._started.scratch)
        if size > limits.disk_mb << 20:
            return f"wrote more than {limits.disk_mb:,} MB of files"
        return f"made more than {limits.files:,} files" if files > limits.files else ""

    def _keep_stderr(self) -> None:
        """Drain what it prints, and keep the end, which says why a start failed."""
        assert self._process.stderr is not None
        with self._process.stderr as stream:
            while piece := os.read(stream.fileno(), 4096):
                self._stderr += piece
                del self._stderr[:-4096]

    def close(self) -> None:
        """End the worker and whatever it left behind."""
        self._closed.set()
        self._connection.close()
        self._process.kill()
        self._process.wait()
        self._listener.join(timeout=5)
        if self._started.scratch is not None:
            _remove(self._started.scratch)


def _remove(folder: Path) -> None:
    """Delete a folder that a submission wrote to: deep, unreadable or huge as it may be."""
    subprocess.run(["chmod", "-R", "u+rwX", "--", str(folder)], capture_output=True, check=False)
    subprocess.run(["rm", "-rf", "--", str(folder)], capture_output=True, check=False)
