"""A model in a student's worker, judged by its computation and its parameters, which the worker hands over as data.

What is asked of it then is computed in the :class:`autograder.clean_room.CleanRoom`, and is no claim. What remains one
is that these are the model's own: so it is compared with what the model in the worker answers to inputs that nobody
announced. Where a forward pass can't be said as data, the worker is asked, and what it answers is marked as *claimed*.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from autograder.clean_room import CleanRoom, Refused
from autograder.errors import BadClaim
from autograder.remote import Handle, RemoteSubmission
from autograder.worker import wire

# (N, ...), or N arrays (...) of any sizes: images (C, H, W), numbers (F,), tokens (T,), which are integers
Inputs = np.ndarray | Sequence[np.ndarray]
OUTLINE = "computation"  # to be read, in what is known of a model: see `autograder.worker.outline`
COMPARED = 8  # inputs that the model in the worker is asked, too
_CLOSE = 1e-2  # to the largest score; in few bits, batches of other sizes are computed in other ways


class Kind(NamedTuple):
    """What is to be known of an input, to record what a model does with such: its shape, ``(C, H, W)`` for instance.

    Integers, as tokens are, lie ``below`` some number; floats where that is 0.
    """

    shape: tuple[int, ...]
    below: int = 0


def kinds_of(*sets: Inputs) -> list[Kind]:
    """The kinds that there are among inputs, each once."""
    arrays = [array for inputs in sets for array in ([inputs] if isinstance(inputs, np.ndarray) else inputs)]
    integers = [array for array in arrays if np.issubdtype(array.dtype, np.integer)]
    below = max((int(array.max(initial=0)) + 1 for array in integers), default=0)
    found: dict[Kind, None] = {}
    for inputs in sets:
        shapes = (inputs.shape[1:],) if isinstance(inputs, np.ndarray) else (one.shape for one in inputs)
        found.update(dict.fromkeys(Kind(shape, below) for shape in shapes))
    return list(found)


def sent(inputs: Inputs) -> Any:
    """Inputs as a worker takes them."""
    return wire.Tensor(inputs) if isinstance(inputs, np.ndarray) else [wire.Tensor(one) for one in inputs]


def shape_of(inputs: Inputs) -> str:
    """How large inputs are, in words."""
    return str(inputs.shape) if isinstance(inputs, np.ndarray) else f"{len(inputs)} inputs of differing sizes"


def scores_of(outputs: np.ndarray, inputs: Inputs, label: str) -> np.ndarray:
    """What a model made of inputs as float64 ``(N, ...)``.

    Raises:
        BadClaim: there are not as many as there are inputs.
    """
    if not outputs.ndim or len(outputs) != len(inputs):
        raise BadClaim(f"`{label}` turns {shape_of(inputs)} into {outputs.shape}: {len(inputs)} outputs are needed.")
    return outputs.astype(np.float64)


class Judged:
    """A model as it was when it was handed over. ``label`` is what messages to the student call it.

    With ``rows``, one that fails for other numbers of inputs is still judged by so many. What training could move in it
    ``before``, it could: that it is frozen since says nothing against it.

    Raises:
        StudentFault: the worker failed, or what it handed over can't be judged.
    """

    def __init__(
        self,
        remote: RemoteSubmission,
        model: Handle,
        kinds: Sequence[Kind],
        label: str,
        *,
        in_training: bool = False,
        rows: int | None = None,
        before: Judged | None = None,
    ) -> None:
        self._before = before
        self._remote = remote
        self._model = model
        self._label = label
        self._number: int | None = None
        with remote.large_replies(), remote.to_be_reduced():
            self._handed = remote.probe(
                "hand_over",
                label,
                model,
                [[list(kind.shape), kind.below] for kind in kinds],
                in_training=in_training,
                rows=rows,
            )
        known = self._reduced("model", lambda: self._take_in(rows))
        self.unrecordable: str = known.get("unrecordable", "")  # why its forward pass can't be said as data
        if self.unrecordable:
            remote.note_claim(self.unrecordable)

    def parameters(self) -> dict[str, np.ndarray]:
        """Its parameters by their names: to be looked at within :meth:`RemoteSubmission.reduce` alone."""
        found: dict[str, np.ndarray] = {
            name: item["array"] for name, item in self._handed["state"].items() if item["kind"] != "buffer"
        }
        return found

    def predict(self, inputs: Inputs) -> np.ndarray:
        """Its outputs as float64; inputs of differing sizes are predicted one by one.

        Raises:
            StudentFault: the computation can't be carried out.
        """
        return scores_of(self._outputs(inputs), inputs, self._label)

    def _outputs(self, inputs: Inputs) -> np.ndarray:
        name = f"predict {_digest(inputs)}"
        outputs: np.ndarray = self._asked(name, lambda room, number: room.about(number, "predict", sent(inputs)))
        return outputs

    def after_epochs(self, inputs: np.ndarray) -> Any:
        """What it would have answered to inputs ``(N, ...)`` after each epoch of the last training.

        None where the parameters are too many to hand over. See :meth:`autograder.probes.Probes.record`.
        """
        with self._remote.large_replies(), self._remote.to_be_reduced():
            states = self._remote.probe("states_after_epochs", self._label)

        def ask(room: CleanRoom, number: int) -> Any:
            if states is None:
                return None
            _require_states(states)
            return room.about(number, "predict_each", states, sent(inputs))

        return self._asked(f"epochs {_digest(inputs)}", ask)

    def compare(self, inputs: Inputs, answers: Callable[[Inputs], np.ndarray]) -> None:
        """Hold it to what the model in the worker answers to some inputs, which it does not know yet.

        A model that answers the same inputs in different ways can't be held to anything.

        Raises:
            BadClaim: that is something else.
        """
        handed, again = self._outputs(inputs), self._outputs(inputs)
        if not np.array_equal(handed, again, equal_nan=True):
            return
        own = answers(inputs)
        size = float(np.nan_to_num(np.abs(handed)).max(initial=0))
        if own.shape != handed.shape or not np.allclose(own, handed, rtol=0, atol=_CLOSE * size, equal_nan=True):
            raise BadClaim(
                f"`{self._label}` gives other scores than the computation that was recorded of its forward pass: so "
                "it can't be judged."
            )

    def require_learned(self, drawn: Judged, inputs: Inputs) -> None:
        """Require that steps along gradients can have made this of the model as it was ``drawn``, from these inputs.

        Raises:
            BadClaim: they can't.
        """
        reason = self._asked(
            f"unlearned {_digest(inputs)}",
            lambda room, number: room.unlearned(drawn._number_here(), number, sent(inputs)),
        )
        if reason:
            raise BadClaim(f"What `{self._label}` knows was not learned by training: {reason}.")

    def ask(self, question: str, *given: np.ndarray | str) -> Any:
        """Ask the clean worker about it: see :mod:`autograder.worker.judge`.

        Raises:
            BadClaim: the computation can't be carried out.
        """
        name = " ".join([question, *(part if isinstance(part, str) else _digest(part) for part in given)])
        parts = [part if isinstance(part, str) else sent(part) for part in given]
        return self._asked(name, lambda room, number: room.about(number, question, *parts))

    def _asked(self, name: str, ask: Callable[[CleanRoom, int], Any]) -> Any:
        def compute() -> dict[str, Any]:
            try:
                return {"answer": ask(self._remote.clean_room, self._number_here())}
            except Refused as reason:
                return {"refused": str(reason)}

        return self._reduced(name, compute)["answer"]

    def _number_here(self) -> int:
        assert self._number is not None  # what could not be taken in is asked nothing
        return self._number

    def forget(self) -> None:
        """It is needed no more."""
        if self._number is not None:
            self._remote.clean_room.forget(self._number)

    def _take_in(self, rows: int | None) -> dict[str, Any]:
        handed = self._handed
        if type(handed) is not dict or handed.keys() != {"state", "computations", "unrecordable"}:
            return {"refused": "what was handed over is malformed"}
        if not _is_state(handed["state"]) or type(handed["unrecordable"]) is not str:
            return {"refused": "what was handed over is malformed"}
        if handed["unrecordable"]:
            return {"unrecordable": handed["unrecordable"]}
        room = self._remote.clean_room
        try:
            self._number = room.take_in(self._thawed(handed["state"]), handed["computations"])
            return {OUTLINE: room.about(self._number, "outlined", rows)}
        except Refused as reason:
            return {"refused": str(reason)}

    def _thawed(self, state: dict[str, Any]) -> dict[str, Any]:
        """Its state, in which those parameters count as trained that could be before."""
        if self._before is None:
            return state
        before = self._before._handed["state"]

        def was_trained(name: str, item: dict[str, Any]) -> bool:
            earlier = before.get(name, {"kind": ""})
            return item["kind"] == "parameter" and earlier["kind"] == "trained" and _shape(earlier) == _shape(item)

        return {name: item | {"kind": "trained"} if was_trained(name, item) else item for name, item in state.items()}

    def _reduced(self, name: str, compute: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        found = self._remote.reduce(name, compute)
        if "refused" in found:
            raise BadClaim(f"`{self._label}` can't be judged: {found['refused']}.")
        return found


def _shape(item: dict[str, Any]) -> tuple[int, ...]:
    shape: tuple[int, ...] = item["array"].shape
    return shape


def _is_state(state: Any) -> bool:
    return type(state) is dict and all(
        type(name) is str and type(item) is dict and isinstance(item.get("array"), np.ndarray) and "kind" in item
        for name, item in state.items()
    )


def _require_states(epochs: Any) -> None:
    if type(epochs) is not list or not all(type(some) is list and all(map(_is_state, some)) for some in epochs):
        raise Refused("what was handed over of its epochs is malformed")


def _digest(inputs: Inputs) -> str:
    """A name for what is in inputs."""
    digest = hashlib.blake2b(digest_size=16)
    for part in [inputs] if isinstance(inputs, np.ndarray) else inputs:
        digest.update(f"{part.dtype.str}{part.shape}".encode())
        digest.update(np.ascontiguousarray(part).data)
    return digest.hexdigest()
