"""The engine for a cluster: Dask's workers host lanes, which do the tasks.

A worker is first sent the function with the assignment that it needs, and says whether it can do that: confine as the
sender does, with the same versions. Tasks go to workers that can, one for each of their threads, and each is done by a
lane: neither graders nor student code run in a process of Dask's, and all that Dask is given to carry is bytes.

Which worker does what is decided here, and not by the scheduler, so that it is known what a machine did when it was
lost. That is done again elsewhere, and not for ever: it may be what machines are lost of.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import itertools
import multiprocessing
import pickle
import queue
import threading
import time
import traceback
import uuid
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Generic

import dask
from distributed import Client, Future, KilledWorker, Security, Worker, WorkerPlugin, get_worker
from distributed.comm.addressing import get_address_host, resolve_address

from autograder.batch.engine import Died, Function, Outcome, R, Raised, T, unheard
from autograder.batch.lane import Lane, LaneLimits, Told, close, living
from autograder.batch.parcel import pack
from autograder.errors import AutograderError, UsageError
from autograder.temporary import TemporaryFolder, sweep

TRIES = 3  # of a task whose worker is lost
_SECONDS_TO_CONNECT = 10
_SECONDS_TO_LOOK = 1.0  # from one look at which workers there are to the next
_SECONDS_TO_ANSWER = 20  # for a worker that is asked what takes it no time


@dataclass(frozen=True)
class DaskEngine:
    """Runs a task at a time for each thread of the workers of a Dask cluster, or up to ``max_workers`` in all.

    ``scheduler`` is its address. ``say`` is told what a person has to know of the cluster, a sentence each.
    """

    scheduler: str
    max_workers: int | None = None
    limits: LaneLimits = LaneLimits()
    say: Callable[[str], None] = lambda _sentence: None

    def run(
        self, function: Function[T, R], tasks: Iterable[T], /, told: Callable[[T, R], None] = unheard
    ) -> Generator[tuple[T, Outcome[R]], None, None]:
        """See :meth:`autograder.batch.engine.Engine.run`. A function or a task that can't be pickled is an error.

        What is told on another machine is not heard here before the outcome.

        Raises:
            UsageError: the address is none.
            AutograderError: there is no scheduler, it was lost, or none of its workers can do it.
        """
        order = pickle.dumps((pack(function), self.limits))
        with contextlib.closing(_connected(self.scheduler)) as client:
            if not _is_safe(self.scheduler):
                self.say(
                    f"The way to {self.scheduler} is not encrypted: who can listen there learns the assignment's key. "
                    "Let Dask use TLS."
                )
            run: _Run[T, R] = _Run(client, order, self.max_workers, self.say)
            try:
                yield from run.outcomes(iter(tasks))
            except _Lost as error:
                raise AutograderError(
                    f"the Dask scheduler at {self.scheduler} was lost ({error}): see to it, and give the same command "
                    "again, which goes on from here"
                ) from None
            finally:
                run.end()


def configured_scheduler() -> str | None:
    """The address that Dask's own configuration names, by ``DASK_SCHEDULER_ADDRESS`` for instance."""
    address: str | None = dask.config.get("scheduler-address", None)
    return address


class _Lost(Exception):
    """The scheduler does not answer any more."""


def _connected(address: str) -> Client:
    try:
        resolve_address(address)  # a client that can't be made takes a minute to go
    except (ValueError, OSError) as error:
        raise UsageError(f"{address!r} is no address of a Dask scheduler ({error}): tls://HOST:8786 is one") from None
    if address.startswith("tls:") and Security().get_connection_args("client")["ssl_context"] is None:
        raise UsageError(
            "Dask's configuration names no certificate for TLS: see distributed.comm.tls in its documentation"
        )
    try:
        return Client(address, timeout=_SECONDS_TO_CONNECT, set_as_default=False)
    except OSError as error:
        raise AutograderError(f"no Dask scheduler answers at {address} ({error})") from None


def _is_safe(address: str) -> bool:
    """Whether nobody else can listen on the way."""
    host = get_address_host(resolve_address(address))
    return address.startswith(("tls:", "wss:")) or ipaddress.ip_address(host).is_loopback


@dataclass
class _Attempt(Generic[T]):
    """A task that is done, or is to be."""

    task: T
    content: bytes
    losses: int = 0  # of workers that did it


@dataclass
class _Host(Generic[T]):
    """A worker, as it is seen from here."""

    threads: int
    opening: Future[Any]  # as long as it is held, the worker keeps its lanes
    is_open: bool = False
    running: dict[str, tuple[_Attempt[T], Future[Any]]] = field(default_factory=dict)  # by the keys of the futures


class _Run(Generic[T, R]):
    """One function, its tasks, and the workers that do them."""

    def __init__(self, client: Client, order: bytes, max_workers: int | None, say: Callable[[str], None]) -> None:
        self._client = client
        self._order = order
        self._max_workers = max_workers
        self._say = say
        self._name = f"autograder-{uuid.uuid4().hex}"
        self._numbers = itertools.count()
        self._hosts: dict[str, _Host[T]] = {}  # by their addresses
        self._refused: dict[str, str] = {}
        self._waiting: deque[_Attempt[T]] = deque()
        self._done: queue.SimpleQueue[Future[Any]] = queue.SimpleQueue()
        self._looked = -_SECONDS_TO_LOOK
        self._has_said_that_it_waits = False

    def outcomes(self, tasks: Iterator[T]) -> Iterator[tuple[T, Outcome[R]]]:
        """Do tasks, and yield what came of each.

        Raises:
            AutograderError: no worker can.
        """
        while True:
            if time.monotonic() >= self._looked + _SECONDS_TO_LOOK:
                yield from self._look()
            for task in itertools.islice(tasks, self._room()):
                self._waiting.append(_Attempt(task, pickle.dumps(task)))
            self._place()
            if not self._waiting and not self._running():
                return
            with contextlib.suppress(queue.Empty):
                yield from self._settle(self._done.get(timeout=_SECONDS_TO_LOOK))

    def _running(self) -> int:
        return sum(len(host.running) for host in self._hosts.values())

    def _room(self) -> int:
        """For how many more tasks; for one there is before there is a worker, to see whether there are tasks at all."""
        threads = max(1, sum(host.threads for host in self._hosts.values() if host.is_open))
        most = threads if self._max_workers is None else min(threads, self._max_workers)
        return max(0, most - self._running() - len(self._waiting))

    def _place(self) -> None:
        """Give the tasks that wait to workers that have a thread for them, to those first that have the most."""
        while self._waiting:
            free = {
                address: len(host.running) / host.threads
                for address, host in self._hosts.items()
                if host.is_open and len(host.running) < host.threads
            }
            if not free:
                return
            address = min(free, key=free.__getitem__)
            attempt, host = self._waiting.popleft(), self._hosts[address]
            future = self._submit(_do, address, host.opening.key, attempt.content)
            host.running[str(future.key)] = attempt, future

    def _submit(self, function: Callable[..., Any], address: str, *arguments: Any) -> Future[Any]:
        # A submission, with what it answered, is large for a graph of Dask's; it is small for a network.
        with dask.config.set({"distributed.admin.large-graph-warning-threshold": "1GiB"}):
            future = self._client.submit(
                function, *arguments, key=f"{self._name}-{next(self._numbers)}", workers=[address], pure=False
            )
        future.add_done_callback(self._done.put)
        return future

    def _look(self) -> Iterator[tuple[T, Outcome[R]]]:
        """See which workers there are; what came of a task is known where it has lost too many of them."""
        try:
            there = self._client.nthreads()
        except OSError as error:
            raise _Lost(error) from None
        self._looked = time.monotonic()
        for address in self._hosts.keys() - there.keys():
            yield from self._drop(address)
        for address in there.keys() - self._hosts.keys() - self._refused.keys():
            self._hosts[address] = _Host(there[address], self._submit(_open, address, self._order))
        if there and self._refused.keys() >= there.keys():
            address = min(there)
            raise AutograderError(f"no worker of the cluster can grade ({address}: {self._refused[address]})")
        if not there and not self._has_said_that_it_waits:
            self._has_said_that_it_waits = True
            self._say("The cluster has no workers: waiting for the first.")

    def _drop(self, address: str) -> Iterator[tuple[T, Outcome[R]]]:
        """A worker is not there any more, or is another one: what it did is done again."""
        host = self._hosts.pop(address)
        host.opening.cancel()
        for attempt, future in host.running.values():
            future.cancel()
            attempt.losses += 1
            if attempt.losses < TRIES:
                self._waiting.append(attempt)
            else:
                yield attempt.task, Died(f"{TRIES} workers were lost, one after the other, that did this")

    def _settle(self, future: Future[Any]) -> Iterator[tuple[T, Outcome[R]]]:
        """Take what a worker has said, unless that is of no use any more."""
        for address, host in list(self._hosts.items()):
            if future is not host.opening and future.key not in host.running:
                continue
            if future.cancelled():
                raise _Lost("it forgot what it was given")
            try:
                content = future.result(timeout=_SECONDS_TO_ANSWER)
            except (KilledWorker, TimeoutError):
                content = None
            except Exception as error:
                content = error
            if future is host.opening:
                self._opened(address, host, content)
            elif content is None:
                yield from self._drop(address)
            else:
                attempt, _ = host.running.pop(str(future.key))
                yield attempt.task, _outcome(content)

    def _opened(self, address: str, host: _Host[T], said: object) -> None:
        """A worker has said whether it can do what it will be asked, or could not."""
        if said == b"":
            host.is_open = True
            return
        reason = said.decode() if isinstance(said, bytes) else f"it can't begin ({said or 'it dies of that'})"
        del self._hosts[address]
        self._refused[address] = reason
        self._say(f"The worker {address} is not used: {reason}.")

    def end(self) -> None:
        """End what runs, and wait for that where workers are in reach."""
        with contextlib.suppress(OSError):
            self._client.run(
                _end, self._name, workers=list(self._hosts), on_error="ignore", callback_timeout=_SECONDS_TO_ANSWER
            )


def _outcome(said: object) -> Outcome[Any]:
    if isinstance(said, Exception):  # a defect of ours, or another version
        return Raised(said, "".join(traceback.format_exception(said)))
    assert isinstance(said, bytes)
    outcome: Outcome[Any] = pickle.loads(said)  # noqa: S301  (from a worker of the person's own cluster)
    return outcome


# --- what a worker does ----------------------------------------------------------------------------------------------


def _open(order: bytes) -> bytes:
    """Make ready for the tasks of a run; returns why that can't be, or nothing."""
    worker = get_worker()
    lanes = _Lanes(str(worker.get_current_task()))
    try:
        lanes.prepare(order)
    except Exception as error:
        lanes.close()
        if not isinstance(error, AutograderError):
            raise
        return str(error).rstrip(".").encode()
    adding = worker.plugin_add(plugin=lanes, name=lanes.name)
    asyncio.run_coroutine_threadsafe(adding, worker.loop.asyncio_loop).result()  # type: ignore[attr-defined]
    return b""


def _do(opening: str, task: bytes) -> bytes | None:
    """Do a task in a lane; returns its outcome, or None where the worker has no lanes for it: it was started anew."""
    lanes = get_worker().plugins.get(opening)
    outcome = lanes.do(task) if isinstance(lanes, _Lanes) else None
    return None if outcome is None else pickle.dumps(outcome)


async def _end(run: str, dask_worker: Worker) -> None:
    """End all lanes of a run."""
    for name in [name for name in dask_worker.plugins if name.startswith(run)]:
        await dask_worker.plugin_remove(name=name)


class _Lanes(WorkerPlugin):
    """The lanes of a run on a worker, which end with the run, and with the worker.

    And when nobody holds the future of the opening any more: the command was killed, or is out of reach.
    """

    def __init__(self, name: str) -> None:
        self.name = name  # the key of the opening
        self._folder = TemporaryFolder()
        self._order = b""
        self._limits = LaneLimits()
        self._idle: list[Lane[Any, Any]] = []
        self._busy: set[Lane[Any, Any]] = set()
        self._changed = threading.Condition()
        self._is_closed = False

    def prepare(self, order: bytes) -> None:
        """See whether it can be done here.

        Raises:
            AutograderError: it can't.
        """
        sweep()
        parcel, self._limits = pickle.loads(order)  # noqa: S301  (from a command of the person whose cluster this is)
        self._order = pickle.dumps(parcel.unpacked(self._folder.path))
        # Dask starts its workers as processes that may have no children, lest they leave them behind. The kernel ends
        # lanes with the worker that started them.
        multiprocessing.current_process()._config["daemon"] = False  # type: ignore[attr-defined]

    def do(self, task: bytes) -> Outcome[Any] | None:
        """Have a lane do a task; None where that is not wanted any more."""
        with self._changed:
            if self._is_closed:
                return None
            lane = living(self._idle) or Lane(self._order, self._limits)
            self._busy.add(lane)
        try:
            lane.begin(pickle.loads(task))  # noqa: S301  (as above)
            while (outcome := lane.receive()) is None or isinstance(outcome, Told):
                pass
        finally:
            with self._changed:
                self._busy.remove(lane)
                self._idle.append(lane)
                self._changed.notify_all()
        return outcome

    def close(self) -> None:
        """End all lanes."""
        with self._changed:
            self._is_closed = True
            for lane in self._busy:
                lane.end()
            self._changed.wait_for(lambda: not self._busy, _SECONDS_TO_ANSWER)
            close([*self._idle, *self._busy])
            self._idle.clear()
        self._folder.remove()

    def setup(self, worker: Worker) -> None:
        """The worker has it now."""
        self._worker = worker

    async def teardown(self, worker: Worker) -> None:
        """The worker has it no more."""
        await asyncio.to_thread(self.close)

    def transition(self, key: Any, start: str, finish: str, **_: Any) -> None:
        """Something else becomes of a key on the worker."""
        if key == self.name and finish in ("released", "forgotten"):
            self._worker.loop.add_callback(_end, self.name, self._worker)
