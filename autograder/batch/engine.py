"""The seam between many tasks and what runs them: one method takes a function and tasks, and yields what came of each.

Whoever has many tasks (a class to grade, styles to calibrate, submissions to audit) knows no more of an engine than
this, so that another one (a cluster) can take the place of this machine's processes. ``tests/test_engines.py`` holds
every engine to what is said here.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from autograder.errors import ProcessDied

T = TypeVar("T")
R = TypeVar("R")

Tell = Callable[[R], None]
"""Takes the value as far as it is known: what is left of it should its process die."""

Function = Callable[[T, Tell[R]], R]
"""What is done with a task. Engines send it to other processes: a function of a module, or an object that pickles."""


@dataclass(frozen=True)
class Returned(Generic[R]):
    """The function returned a value."""

    value: R

    def result(self) -> R:
        """The value."""
        return self.value


@dataclass(frozen=True)
class Raised(Generic[R]):
    """The function raised an exception."""

    error: Exception
    trace: str  # in words, from the process where it was raised
    last: R | None = None  # what was told before

    def result(self) -> R:
        """Raise the exception."""
        raise self.error


@dataclass(frozen=True)
class Died(Generic[R]):
    """The process that ran the function died of it: it exited, crashed, or was killed at a limit."""

    reason: str  # "exit status 1", "Segmentation fault"
    cpu_seconds: int | None = None  # of processor time, which it had and used up
    last: R | None = None  # what was told before

    def result(self) -> R:
        """Raise :class:`ProcessDied`."""
        raise ProcessDied(f"the process that ran it died ({self.reason})")


Outcome = Returned[R] | Raised[R] | Died[R]


def unheard(_task: object, _value: object) -> None:
    """For whoever does not hear what functions tell."""


class Engine(Protocol):
    """Runs tasks, several at a time."""

    def run(
        self, function: Function[T, R], tasks: Iterable[T], /, told: Callable[[T, R], None] = unheard
    ) -> Generator[tuple[T, Outcome[R]], None, None]:
        """Call ``function(task, tell)`` for each task in a process that no other task has at that time.

        Every task is yielded once, with its outcome, as soon as that is known: in any order. What becomes of one is
        nothing to the others. ``tasks`` are taken one by one as there is room for them, so that they may be made at
        that moment, and are counted as running from then on.

        Closing the generator ends what still runs; no process outlives it. Where an exception may keep it alive, use
        ``contextlib.closing``.
        """
