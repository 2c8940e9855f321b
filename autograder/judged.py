"""A model in a student's worker, judged by its computation and its parameters, which the worker hands over as data.

What is asked of it then is computed in the :class:`autograder.clean_room.CleanRoom`, and is no claim. What remains one
is that these are the model's own: so it is compared with what the model in the worker answers to images that nobody
announced. Where a forward pass can't be said as data, the worker is asked, and what it answers is marked as *claimed*.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from autograder.clean_room import CleanRoom, Refused
from autograder.errors import BadClaim
from autograder.remote import Handle, RemoteSubmission
from autograder.worker import wire

Images = np.ndarray | Sequence[np.ndarray]  # (N, C, H, W), or N arrays (C, H, W) of any sizes
OUTLINE = "computation"  # to be read, in what is known of a model: see `autograder.worker.outline`
COMPARED = 8  # images that the model in the worker is asked, too
_CLOSE = 1e-2  # to the largest score; in few bits, batches of other sizes are computed in other ways


def shapes_of(*sets: Images) -> list[tuple[int, ...]]:
    """The shapes ``(C, H, W)`` that there are among images, each once."""
    found: dict[tuple[int, ...], None] = {}
    for images in sets:
        each: Iterable[tuple[int, ...]] = (image.shape for image in images)
        found.update(dict.fromkeys((images.shape[1:],) if isinstance(images, np.ndarray) else each))
    return list(found)


def sent(images: Images) -> Any:
    """Images as a worker takes them."""
    return wire.Tensor(images) if isinstance(images, np.ndarray) else [wire.Tensor(image) for image in images]


def shape_of(images: Images) -> str:
    """How large images are, in words."""
    return str(images.shape) if isinstance(images, np.ndarray) else f"{len(images)} images of differing sizes"


def scores_of(outputs: np.ndarray, images: Images, label: str) -> np.ndarray:
    """What a model made of images as float64 ``(N, C)``.

    Raises:
        BadClaim: it is not one row an image.
    """
    if outputs.ndim != 2 or len(outputs) != len(images):
        raise BadClaim(f"`{label}` turns {shape_of(images)} into {outputs.shape}: one row of scores an image.")
    return outputs.astype(np.float64)


class Judged:
    """A model as it was when it was handed over. ``label`` is what messages to the student call it.

    With ``rows``, one that fails for other numbers of images is still judged by so many. What training could move in it
    ``before``, it could: that it is frozen since says nothing against it.

    Raises:
        StudentFault: the worker failed, or what it handed over can't be judged.
    """

    def __init__(
        self,
        remote: RemoteSubmission,
        model: Handle,
        shapes: Sequence[tuple[int, ...]],
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
                "hand_over", label, model, [list(shape) for shape in shapes], in_training=in_training, rows=rows
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

    def predict(self, images: Images) -> np.ndarray:
        """Its outputs as float64; images of differing sizes are predicted one by one.

        Raises:
            StudentFault: the computation can't be carried out.
        """
        return scores_of(self._outputs(images), images, self._label)

    def _outputs(self, images: Images) -> np.ndarray:
        name = f"predict {_digest(images)}"
        outputs: np.ndarray = self._asked(name, lambda room, number: room.about(number, "predict", sent(images)))
        return outputs

    def after_epochs(self, images: np.ndarray) -> Any:
        """What it would have answered to images ``(N, C, H, W)`` after each epoch of the last training.

        None where the parameters are too many to hand over. See :meth:`autograder.probes.Probes.record`.
        """
        with self._remote.large_replies(), self._remote.to_be_reduced():
            states = self._remote.probe("states_after_epochs", self._label)

        def ask(room: CleanRoom, number: int) -> Any:
            if states is None:
                return None
            _require_states(states)
            return room.about(number, "predict_each", states, sent(images))

        return self._asked(f"epochs {_digest(images)}", ask)

    def compare(self, images: Images, answers: Callable[[Images], np.ndarray]) -> None:
        """Hold it to what the model in the worker answers to some images, which it does not know yet.

        A model that answers the same images in different ways can't be held to anything.

        Raises:
            BadClaim: that is something else.
        """
        handed, again = self._outputs(images), self._outputs(images)
        if not np.array_equal(handed, again, equal_nan=True):
            return
        own = answers(images)
        size = float(np.nan_to_num(np.abs(handed)).max(initial=0))
        if own.shape != handed.shape or not np.allclose(own, handed, rtol=0, atol=_CLOSE * size, equal_nan=True):
            raise BadClaim(
                f"`{self._label}` gives other scores than the computation that was recorded of its forward pass: so "
                "it can't be judged."
            )

    def require_learned(self, drawn: Judged, images: Images) -> None:
        """Require that steps along gradients can have made this of the model as it was ``drawn``, from these images.

        Raises:
            BadClaim: they can't.
        """
        reason = self._asked(
            f"unlearned {_digest(images)}",
            lambda room, number: room.unlearned(drawn._number_here(), number, sent(images)),
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


def _digest(images: Images) -> str:
    """A name for what is in images."""
    digest = hashlib.blake2b(digest_size=16)
    for part in [images] if isinstance(images, np.ndarray) else images:
        digest.update(f"{part.dtype.str}{part.shape}".encode())
        digest.update(np.ascontiguousarray(part).data)
    return digest.hexdigest()
