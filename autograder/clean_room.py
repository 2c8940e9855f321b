"""Where models are judged: a worker in which no student code ever ran, and to which a model comes as data.

A student's worker answers for itself, and so what it answers is a claim. What a model does is asked here instead, of
its parameters and its recorded computation; see :mod:`autograder.worker.computation`.
"""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

from autograder.assignment import ModelSettings
from autograder.errors import KilledByMachine, WorkerGone
from autograder.sandbox import Limits, Sandbox
from autograder.sandbox.process import WorkerController
from autograder.worker import wire


class Refused(Exception):
    """What was handed over can't be judged; the message says why, in words for the student."""


class CleanRoom:
    """A clean worker, which is started when it is first needed: a fork of the zygote that the student's came from.

    The zygote is the same where ``files`` and ``preload`` are. ``seconds`` is what one question may take. A
    computation can end its worker, as by taking too much memory: then the models that were in it are gone, and the
    next one gets another.
    """

    def __init__(
        self,
        sandbox: Sandbox,
        files: dict[str, Path],
        limits: Limits,
        preload: tuple[str, ...],
        model: ModelSettings,
        seconds: float,
    ) -> None:
        self._sandbox = sandbox
        self._files = files
        self._limits = limits
        self._preload = preload
        self._model = model
        self._seconds = seconds
        self._worker: WorkerController | None = None
        self._numbers = itertools.count()
        self._held: set[int] = set()  # models that are in the worker

    def take_in(self, state: Any, computations: Any) -> int:
        """Take a model in, which is known by the number that is returned.

        Raises:
            Refused: it is not of the form, or over a bound.
        """
        number = next(self._numbers)
        self.ask("carry", number, state, computations, self._model.parameters, self._model.others)
        self._held.add(number)
        return number

    def about(self, number: int, question: str, *given: Any) -> Any:
        """Ask something about a model that was taken in: see :mod:`autograder.worker.judge`.

        Raises:
            Refused: its computation can't be carried out, within the limits.
        """
        if number not in self._held:
            raise Refused("it ended the process in which it was carried out")
        return self.ask(question, number, *given)

    def unlearned(self, drawn: int, trained: int, images: Any) -> Any:
        """Why what a model knows can't have come of training on these images; nothing where it can.

        Raises:
            Refused: as :meth:`about` does.
        """
        if drawn not in self._held:
            raise Refused("the computation that it had before training ended the process in which it was carried out")
        return self.about(trained, "unlearned", drawn, images, self._model.others)

    def forget(self, number: int) -> None:
        """A model is needed no more."""
        if number in self._held and self._worker is not None:
            self._held.remove(number)
            self.ask("forget", number)

    def ask(self, question: str, *given: Any) -> Any:
        """Ask the worker, and start it if there is none."""
        if self._worker is None:
            self._worker = WorkerController(self._sandbox, self._files, self._limits, self._preload)
        try:
            request = {"do": "judge", "name": question, "args": list(given)}
            reply = self._worker.exchange(request, self._seconds, _plain)
        except wire.WireError as error:
            raise Refused(f"it is no plain data ({error})") from None
        except WorkerGone as gone:
            self.close()
            if isinstance(gone, KilledByMachine):
                raise
            raise Refused(f"carrying its forward pass out did not end well: {gone}") from None
        if "error" in reply:
            raised = reply["error"]
            own = raised["kind"] == "Refused"
            raise Refused(raised["message"] if own else f"{raised['kind']}: {raised['message']}")
        return reply["value"]

    def close(self) -> None:
        """End the worker."""
        self._held.clear()
        if self._worker is not None:
            self._worker.close()
            self._worker = None


def _plain(arrived: Any) -> Any:
    return arrived.array if isinstance(arrived, wire.Tensor) else arrived
