"""Records the computation of a model's forward pass, below Python, as :mod:`.computation` has it.

It runs beside student code, so what it gives is a claim. A forward pass is recorded with two numbers of images: sizes
that differ follow the number of images, and whatever else differs can't be said without knowing the images.
"""

from __future__ import annotations

import contextlib
import random
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from .computation import DTYPES, MAX_OPERATIONS, MEMORY_FORMATS, is_allowed, tensors_of

ROWS = 2, 5  # images: a difference of 3 tells N // 2 from what follows N
_NAMES = {value: name for name, value in DTYPES.items()}
_FORMATS = {value: name for name, value in MEMORY_FORMATS.items()}
_TAKES_A_NUMBER = ("_local_scalar_dense", "is_nonzero", "item", "equal")
_PLACES = ("device", "layout", "pin_memory", "non_blocking")  # where a tensor lies: it is the same here


class Unrecordable(Exception):
    """A forward pass that can't be said as data; the message says why, in words for the student."""


def state_of(model: Any) -> dict[str, dict[str, Any]]:
    """All parameters and buffers, as :mod:`.computation` has them.

    Raises:
        Unrecordable: some are numbers of a kind that is not carried out elsewhere.
    """
    for name, value in _named(model):
        if value.dtype not in _NAMES:
            raise Unrecordable(f"its {name} holds numbers of the kind {value.dtype}")
    return as_state(dict(_named(model)))


def as_state(values: dict[str, torch.Tensor]) -> dict[str, dict[str, Any]]:
    """Tensors by their names, as :mod:`.computation` has them."""
    return {name: _as_tensor(value) for name, value in values.items() if value.dtype in _NAMES}


def _as_tensor(value: torch.Tensor) -> dict[str, Any]:
    kind = "trained" if value.requires_grad else "parameter" if isinstance(value, torch.nn.Parameter) else "buffer"
    return {"array": _array(value), "dtype": _NAMES[value.dtype], "kind": kind}


def _array(value: torch.Tensor) -> np.ndarray:
    value = value.detach()
    if value.dtype == torch.bfloat16:
        value = value.float()
    array: np.ndarray = value.to("cpu", copy=True).resolve_conj().resolve_neg().contiguous().numpy()
    return array


def _named(model: Any) -> list[tuple[str, torch.Tensor]]:
    both = [*model.named_parameters(), *model.named_buffers()]
    return [(name, value) for name, value in both if isinstance(value, torch.Tensor)]


def computation_of(model: Any, shape: tuple[int, ...], rows: tuple[int, int] = ROWS, below: int = 0) -> dict[str, Any]:
    """The computation for inputs of this shape, in the mode that the model is in.

    It is recorded with two numbers of inputs; where these are equal, it is good for so many alone. See :func:`made_up`.

    Raises:
        Unrecordable: it can't be said as data.
        Exception: what the model raises.
    """
    with _undisturbed(model):
        one, other = (_Recorder(model).record(model, made_up(n, shape, below, seed)) for seed, n in enumerate(rows))
    unified = _unified(one, other, rows)
    unified["shape"] = list(shape)
    return unified  # type: ignore[no-any-return]


def made_up(rows: int, shape: tuple[int, ...], below: int = 0, seed: int = 0) -> torch.Tensor:
    """So many inputs of this shape, drawn at random: floats from 0 to 1, or integers from 1 ``below`` some number.

    Among integers is no 0, which often is padding: a row of nothing else has no meaning.
    """
    generator = torch.Generator().manual_seed(seed)
    if below:
        return torch.randint(min(1, below - 1), below, (rows, *shape), generator=generator)
    return torch.rand(rows, *shape, generator=generator)


@contextlib.contextmanager
def _undisturbed(model: Any) -> Iterator[None]:
    """Leave generators as they are, and buffers, which layers change in training mode."""
    buffers = [(value, value.detach().clone()) for value in model.buffers()]
    python, numpy = random.getstate(), np.random.get_state()
    try:
        with torch.random.fork_rng(devices=[]):
            yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy)
        with torch.no_grad():
            for value, before in buffers:
                if value.shape == before.shape:
                    value.copy_(before)


class _Recorder(TorchDispatchMode):  # type: ignore[misc]
    def __init__(self, model: Any) -> None:
        super().__init__()
        self._references: dict[Any, dict[str, Any]] = {}  # by where a tensor lies
        self._detached: dict[Any, dict[str, Any]] = {}  # those that detach() gave: they lie where others do
        self._held: list[torch.Tensor] = []  # so that no other tensor comes to lie there
        self._operations: list[Any] = []
        self._constants: list[Any] = []
        self._sources: list[int | None] = []  # of each value, the operation that gave it
        self._trouble = ""
        for name, value in _named(model):
            self._references.setdefault(_place(value), {"named": name})

    def record(self, model: Any, images: torch.Tensor) -> dict[str, Any]:
        self._give(images)
        with torch.enable_grad(), self:
            scores = model(images)
        if not isinstance(scores, torch.Tensor):
            raise Unrecordable("its forward gives no tensor")
        result = self._reference(scores)
        if self._trouble:
            raise Unrecordable(self._trouble)
        return {"shape": [], "operations": self._operations, "constants": self._constants, "result": result}

    def __torch_dispatch__(
        self, function: Any, _types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Called for each operation below autograd."""
        kwargs = kwargs or {}
        if not self._trouble:
            try:
                self._note(function, args, kwargs)
            except Unrecordable as reason:  # raised here, it would be the student's to catch
                self._trouble = str(reason)
        result = function(*args, **kwargs)
        if not self._trouble:
            for value in tensors_of(result):
                self._give(value, is_detached=function is torch.ops.aten.detach.default)
        return result

    def _note(self, function: Any, args: Any, kwargs: dict[str, Any]) -> None:
        space, _, base = function._schema.name.partition("::")
        name = f"{base}.{function._schema.overload_name or 'default'}"
        if base in _TAKES_A_NUMBER:
            raise Unrecordable("its forward takes a number out of a tensor, as `if x.max() > 1:` and `.item()` do")
        if space != "aten" or not is_allowed(name):
            raise Unrecordable(f"its forward uses {base}, which is not carried out elsewhere")
        if len(self._operations) >= MAX_OPERATIONS:
            raise Unrecordable(f"its forward takes more than {MAX_OPERATIONS:,} operations")
        settings = {key: self._plain(value) for key, value in kwargs.items() if key not in _PLACES}
        arguments = [self._plain(value) for value in args]
        self._operations.append([name, arguments, settings, torch.is_grad_enabled()])

    def _give(self, value: torch.Tensor, *, is_detached: bool = False) -> None:
        """A tensor with the next number."""
        self._held.append(value)
        where = self._detached if is_detached else self._references
        where[_place(value)] = {"value": len(self._sources)}
        if not is_detached:
            self._detached.pop(_place(value), None)
        self._sources.append(len(self._operations) - 1 if self._operations else None)

    def _plain(self, value: Any) -> Any:
        if isinstance(value, torch.Tensor):
            return self._reference(value)
        if value is None or isinstance(value, (bool, int, float, str)):
            return value
        if isinstance(value, (list, tuple)):
            return [self._plain(item) for item in value]
        if isinstance(value, torch.dtype) and value in _NAMES:
            return {"dtype": _NAMES[value]}
        if isinstance(value, torch.memory_format) and value in _FORMATS:
            return {"memory_format": _FORMATS[value]}
        if isinstance(value, (torch.device, torch.layout)):
            return None
        raise Unrecordable(f"its forward gives an operation a {type(value).__name__}")

    def _reference(self, value: torch.Tensor) -> dict[str, Any]:
        place = _place(value)
        found = None if value.requires_grad else self._detached.get(place)
        found = found or self._references.get(place)
        if found is None:
            if value.dtype not in _NAMES:
                raise Unrecordable(f"its forward uses numbers of the kind {value.dtype}")
            self._constants.append(_as_tensor(value))
            found = self._references[place] = {"constant": len(self._constants) - 1}
            self._held.append(value)
        elif value.requires_grad and "value" in found:
            self._let_gradients_through(found["value"])
        return found

    def _let_gradients_through(self, value: int) -> None:
        """An ``autograd.Function`` runs without gradients, and its result has some: so has what it is made of."""
        waiting = [value]
        while waiting:
            source = self._sources[waiting.pop()]
            if source is not None and not self._operations[source][3]:
                self._operations[source][3] = True
                waiting += _values_in(self._operations[source][1:3])


def _values_in(arguments: Any) -> list[int]:
    """The numbers of the values to which arguments refer."""
    if isinstance(arguments, dict):
        if arguments.keys() == {"value"} and type(arguments["value"]) is int:
            return [arguments["value"]]
        arguments = list(arguments.values())
    return [number for item in arguments for number in _values_in(item)] if isinstance(arguments, list) else []


def _place(value: torch.Tensor) -> tuple[Any, ...]:
    """Where a tensor lies, and how: equal for two that are the same numbers."""
    storage = value.untyped_storage()._cdata
    return storage, value.storage_offset(), tuple(value.shape), value.stride(), value.dtype


def _unified(one: Any, other: Any, rows: tuple[int, int]) -> Any:
    """What two recordings say in common, for any number of images.

    Raises:
        Unrecordable: they differ in more than sizes.
    """
    if type(one) is int and type(other) is int and one != other:
        times, rest = divmod(other - one, rows[1] - rows[0]) if rows[0] != rows[1] else (0, 1)
        if not rest:
            return {"rows": [times, one - times * rows[0]]}
    elif type(one) is not type(other):
        pass
    elif isinstance(one, dict):
        if one.keys() == other.keys():
            return {key: _unified(value, other[key], rows) for key, value in one.items()}
    elif isinstance(one, list):
        if len(one) == len(other):
            return [_unified(a, b, rows) for a, b in zip(one, other, strict=True)]
    elif isinstance(one, np.ndarray):
        if one.shape == other.shape and one.tobytes() == other.tobytes():
            return one
    elif one == other or one != one:  # noqa: PLR0124  (NaN)
        return one
    raise Unrecordable(
        "what its forward does depends on the images, or on how many there are, in a way that can't be told from "
        "outside: is something computed by Python or NumPy there?"
    )
