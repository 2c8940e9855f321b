"""The engine for one machine: as many lanes as it has cores, say."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass
from multiprocessing.connection import wait
from multiprocessing.reduction import ForkingPickler
from typing import Any

from autograder.batch.engine import Function, Outcome, R, T, unheard
from autograder.batch.lane import Lane, LaneLimits, Told, close, living


@dataclass(frozen=True)
class LocalEngine:
    """Runs up to ``max_workers`` tasks at a time, each in a process of its own, on this machine."""

    max_workers: int
    limits: LaneLimits = LaneLimits()

    def run(
        self, function: Function[T, R], tasks: Iterable[T], /, told: Callable[[T, R], None] = unheard
    ) -> Generator[tuple[T, Outcome[R]], None, None]:
        """See :meth:`autograder.batch.engine.Engine.run`. A function or a task that can't be pickled is an error."""
        waiting = iter(tasks)
        order = bytes(ForkingPickler.dumps(function))
        idle: list[Lane[T, R]] = []
        busy: dict[Any, Lane[T, R]] = {}
        try:
            while True:
                while len(busy) < self.max_workers:
                    try:
                        task = next(waiting)
                    except StopIteration:
                        break
                    lane = living(idle) or Lane(order, self.limits)
                    busy[lane.connection] = lane
                    lane.begin(task)
                if not busy:
                    return
                yield from _finished(busy, idle, told)
        finally:
            close([*idle, *busy.values()])


def _finished(
    busy: dict[Any, Lane[T, R]], idle: list[Lane[T, R]], told: Callable[[T, R], None]
) -> list[tuple[T, Outcome[R]]]:
    """Wait until at least one lane has something to say, and free those that have finished."""
    outcomes = []
    for connection in wait(list(busy)):
        lane = busy[connection]
        said = lane.receive()
        if isinstance(said, Told):
            told(lane.task, said.value)
        elif said is not None:
            outcomes.append((lane.task, said))
            idle.append(busy.pop(connection))
    return outcomes
