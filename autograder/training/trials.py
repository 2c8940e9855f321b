"""Trials: a submission's training function, run on the grader's data with the grader's seeds.

Training is random, so one run below a threshold proves little. A claim about training passes with the first
success among at most ``most`` runs whose seeds are fixed by the assignment's key. All checks of a submission
share the runs, and none is run twice.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from autograder.errors import StudentFault

Outcome = TypeVar("Outcome")


class Trials(Generic[Outcome]):
    """Runs that are made when they are asked for, and kept: what one gave, or how the submission failed in it."""

    def __init__(self, run: Callable[[int], Outcome], most: int = 3) -> None:
        self._run = run
        self._most = most
        self._kept: list[Outcome | StudentFault | AssertionError] = []

    def __getitem__(self, index: int) -> Outcome:
        """The run of this number, from 0.

        Raises:
            StudentFault: the submission failed in it, now or when it was first asked for.
        """
        while len(self._kept) <= index:
            try:
                self._kept.append(self._run(len(self._kept)))
            except (StudentFault, AssertionError) as fault:
                self._kept.append(fault)
        kept = self._kept[index]
        if isinstance(kept, (StudentFault, AssertionError)):
            raise kept
        return kept

    def first_success(self, passes: Callable[[Outcome], bool]) -> tuple[bool, list[Outcome]]:
        """Whether a run among the first ``most`` passes, and the runs up to it."""
        seen = []
        for index in range(self._most):
            seen.append(self[index])
            if passes(seen[-1]):
                return True, seen
        return False, seen
