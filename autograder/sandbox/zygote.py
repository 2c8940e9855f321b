"""The grader's side of zygotes: started once for each kind of worker, they fork a worker in a few milliseconds."""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import select
import signal
import socket
import struct
import subprocess
import threading
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import Future
from functools import partial
from typing import Any

from autograder.errors import SandboxUnavailable
from autograder.temporary import TemporaryFolder

_CREDENTIALS = struct.Struct("3i")  # struct ucred: process, user and group id
START_SECONDS = 600.0  # a cold disk or a busy machine makes `import torch` slow, and no student code runs in it
_KEPT = 2  # zygotes of this process at a time: each holds what it has imported


class Forked:
    """A worker that was forked by a zygote: no child of this process, which knows it by a descriptor."""

    def __init__(self, zygote: Zygote, pid: int, inside: int) -> None:
        self.pid = pid
        self._zygote = zygote
        self._inside = inside
        self._descriptor = os.pidfd_open(pid)
        self._is_open = True
        self._in_use = threading.Lock()  # so that no descriptor is used that is the next worker's by now
        self._code: int | None = None

    def kill(self) -> None:
        """End it, and with it all of its threads and whatever else it may have started. Any thread may do so."""
        with self._in_use, contextlib.suppress(ProcessLookupError):
            if self._is_open:
                signal.pidfd_send_signal(self._descriptor, signal.SIGKILL)

    def wait(self, timeout: float | None = None) -> int:
        """What it ended with: its exit status, or the negative number of the signal that killed it.

        Raises:
            TimeoutError: it has not ended within ``timeout`` seconds.
        """
        if self._code is None:
            ended = select.poll()  # select.select knows no descriptor past 1,023
            ended.register(self._descriptor, select.POLLIN)
            if not ended.poll(None if timeout is None else timeout * 1000):
                raise TimeoutError
            self._code = self._zygote.reap(self._inside)
        return self._code

    def close(self) -> None:
        """End it, and forget about it."""
        self.kill()
        self.wait()
        with self._in_use:
            self._is_open = False
            os.close(self._descriptor)
        self._zygote.workers -= 1


class Zygote:
    """A running zygote.

    Raises:
        SandboxUnavailable: it could not be started.
    """

    def __init__(
        self,
        command: Sequence[str],
        environment: dict[str, str],
        order: dict[str, Any],
        folder: TemporaryFolder | None = None,
    ) -> None:
        """``folder`` is deleted when the zygote ends."""
        self.workers = 0
        self._folder = folder
        self._said = bytearray()
        self._asking = threading.Lock()  # one request and its reply at a time
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        started: Future[subprocess.Popen[bytes]] = Future()
        with theirs:
            # The kernel ends a child that wants to die with its parent when the thread is gone that started it: so it
            # is one that lives as long as the zygote.
            start = partial(self._popen, [*command, str(theirs.fileno())], environment, theirs.fileno())
            self._listener = threading.Thread(target=self._listen, args=(start, started), daemon=True)
            self._listener.start()
            self._process = started.result()
        self._control.settimeout(START_SECONDS)
        try:
            reply = self._ask(json.dumps(order).encode())
        except OSError as error:
            self.close()
            said = self._said.decode(errors="replace").strip().splitlines()
            raise SandboxUnavailable(said[-1] if said else f"it ended without a word ({error})") from None
        except BaseException:
            self.close()
            raise
        if reply != b"ready":
            self.close()
            raise SandboxUnavailable(reply.decode(errors="replace"))

    def fork(self) -> tuple[socket.socket, Forked]:
        """A new worker, which waits for its plan, and the connection to it.

        Raises:
            OSError: the zygote is gone, or does not answer.
        """
        ours, theirs = socket.socketpair()
        try:
            with theirs, self._asking:
                ours.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
                ours.settimeout(self._control.gettimeout())
                socket.send_fds(self._control, [b"fork"], [theirs.fileno()])
                inside = _number(self._receive())
            said, ancillary, _, _ = ours.recvmsg(1, socket.CMSG_SPACE(_CREDENTIALS.size))
            if not said or not ancillary:
                raise ConnectionError("the worker ended at once")
            ours.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 0)
            pid, _, _ = _CREDENTIALS.unpack(ancillary[0][2])
            worker = Forked(self, pid, inside)
        except BaseException:  # its answer may be on its way, and would be taken for that to the next request
            ours.close()
            self._process.kill()
            raise
        self.workers += 1
        return ours, worker

    def reap(self, inside: int) -> int:
        """What a worker ended with, by its process id in the zygote's namespace.

        Where the zygote is gone, all of its workers were killed.
        """
        try:
            with self._asking:
                return _number(self._ask(f"wait {inside}".encode()))
        except OSError:
            return -signal.SIGKILL

    @property
    def is_alive(self) -> bool:
        """Whether it runs."""
        return self._process.poll() is None

    def close(self) -> None:
        """End it, and with it all of its workers."""
        self._control.close()
        self._process.kill()
        self._process.wait()
        self._listener.join(timeout=5)
        if self._folder is not None:
            self._folder.remove()

    def _ask(self, request: bytes) -> bytes:
        self._control.send(request)
        return self._receive()

    def _receive(self) -> bytes:
        reply = self._control.recv(1 << 16)
        if not reply:
            raise ConnectionError("the zygote is gone")
        return reply

    def _popen(self, command: Sequence[str], environment: dict[str, str], descriptor: int) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env=environment,
            cwd="/",
            pass_fds=[descriptor],
            start_new_session=True,
        )

    def _listen(self, start: Callable[[], subprocess.Popen[bytes]], started: Future[subprocess.Popen[bytes]]) -> None:
        """Start it; then drain what it prints, and keep the end, which says why a start failed."""
        try:
            process = start()
        except Exception as error:
            started.set_exception(error)
            return
        started.set_result(process)
        assert process.stderr is not None
        with process.stderr as stream:
            while piece := os.read(stream.fileno(), 4096):
                self._said += piece
                del self._said[:-4096]


def _number(reply: bytes) -> int:
    try:
        return int(reply)
    except ValueError:
        raise ConnectionError(reply.decode(errors="replace")) from None


_running: dict[Hashable, Zygote] = {}  # the last one used comes last
os.register_at_fork(after_in_child=_running.clear)  # they are its parent's, to use and to end


def zygote_of(kind: Hashable, start: Callable[[], Zygote]) -> Zygote:
    """The running zygote of this kind; started now where there is none, or it is dead.

    Raises:
        SandboxUnavailable: it could not be started.
    """
    found = _running.pop(kind, None)
    if found is not None and not found.is_alive:
        found.close()
        found = None
    for other in [name for name, zygote in _running.items() if not zygote.workers][: len(_running) + 1 - _KEPT]:
        _running.pop(other).close()
    _running[kind] = found or start()
    return _running[kind]


def replace(kind: Hashable) -> None:
    """End a zygote that is in doubt; the next worker gets a new one."""
    if kind in _running:
        _running.pop(kind).close()


@atexit.register
def close_all() -> None:
    """End all zygotes of this process."""
    while _running:
        _running.popitem()[1].close()
