"""The wire format: plain data as one JSON header and raw buffers, without pickle in either direction.

A frame is ``MAGIC``, the request's number, the header's length and the buffers' total length (big-endian), the
header and the buffers. A reply carries the number of its request, which nobody can know before. The header is
``{"value": ..., "buffers": [length, ...]}``. In ``value``, JSON's own types stand for themselves and everything
else is an object with a single key:

=========  ===========================================  ==================
key        holds                                        becomes
=========  ===========================================  ==================
``float``  ``"nan"``, ``"inf"`` or ``"-inf"``           float
``tuple``  items                                        tuple
``dict``   ``[[key, value], ...]``                      dict
``bytes``  index of a buffer                            bytes
``array``  index of a buffer, dtype, shape, is_tensor   numeric array
``other``  id, type name                                :class:`Reference`
=========  ===========================================  ==================

Whatever arrives is a claim. The decoder checks sizes before it allocates, holds the value to :class:`Bounds`, and
rebuilds it as exact built-in types and new ``numpy.ndarray`` objects that own their memory. The bounds are on what
a value may *become*, too: an array of shape (20_000_000, 0) has no bytes, and is a list of 20 million lists.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, NoReturn

import numpy as np

MAGIC = b"TAG2"
PREFIX = struct.Struct(">4sQIQ")  # magic, number, length of the header, length of all buffers
MAX_DEPTH = 32
MAX_DIMENSIONS = 16  # of an array
MAX_INTEGER = 1 << 63
MAX_KIND = 60  # characters of a type's name, which messages to students show
_DTYPES = frozenset("?bBhHiIlLqQefd")  # numpy's codes for bool, integers and real floats
_DTYPE_NAMES = frozenset(["|b1", "|i1", "|u1", "<i2", "<u2", "<i4", "<u4", "<i8", "<u8", "<f2", "<f4", "<f8"])


@dataclass(frozen=True, slots=True)
class Bounds:
    """How large a frame may be, and what its value may become in the hands of who gets it."""

    header: int  # bytes
    buffers: int  # bytes, of all together
    items: int  # values in the header
    expanded: int  # values, where an array counts as the nested lists that `tolist` makes of it
    padded: int  # bytes of any list as an array of text, in which each item is as long as the longest


REQUEST = Bounds(header=8 << 20, buffers=256 << 20, items=200_000, expanded=1 << 28, padded=1 << 50)
REPLY = Bounds(header=4 << 20, buffers=16 << 20, items=200_000, expanded=1 << 21, padded=64 << 20)
LARGE_REPLY = Bounds(header=4 << 20, buffers=128 << 20, items=200_000, expanded=1 << 27, padded=64 << 20)


class WireError(Exception):
    """The bytes or the value break the format or its bounds."""


@dataclass(frozen=True, slots=True)
class Reference:
    """Stands for an object that stays in the worker: its number there and the type name it claims."""

    id: int
    kind: str


@dataclass(frozen=True, slots=True, eq=False)
class Tensor:
    """An array that becomes a ``torch.Tensor`` in the worker, of the same shape and dtype."""

    array: np.ndarray


def encode(
    value: Any, refer: Callable[[Any], Reference] | None = None, *, number: int = 0, bounds: Bounds = REQUEST
) -> bytes:
    """One frame that holds ``value``. What is not plain data goes through ``refer``.

    Raises:
        WireError: over a bound, or not plain data and ``refer`` is None.
    """
    encoder = _Encoder(refer, bounds)
    tree = encoder.pack(value, 0)
    header = json.dumps(
        {"value": tree, "buffers": [len(b) for b in encoder.buffers]}, allow_nan=False, separators=(",", ":")
    ).encode()
    size = sum(map(len, encoder.buffers))
    if len(header) > bounds.header or size > bounds.buffers:
        raise WireError(f"the value is too large to send ({len(header) + size:,} bytes)")
    return b"".join([PREFIX.pack(MAGIC, number, len(header), size), header, *encoder.buffers])


def numbered(frame: bytes, number: int) -> bytes:
    """The same frame with the number of a request."""
    magic, _, *sizes = PREFIX.unpack(frame[: PREFIX.size])
    return PREFIX.pack(magic, number, *sizes) + frame[PREFIX.size :]


class Prefix(NamedTuple):
    """What the first ``PREFIX.size`` bytes of a frame say."""

    number: int  # of the request
    header: int  # bytes
    buffers: int  # bytes, of all together


def read_prefix(prefix: bytes, bounds: Bounds) -> Prefix:
    """The start of a frame.

    Raises:
        WireError: not the start of a frame, or larger than the bounds.
    """
    magic, number, header, buffers = PREFIX.unpack(prefix)
    if magic != MAGIC:
        raise WireError("the reply is not in the wire format")
    if header > bounds.header or buffers > bounds.buffers:
        raise WireError(f"the reply is too large ({header + buffers:,} bytes)")
    return Prefix(number, header, buffers)


def decode(header: bytes, buffers: bytes, revive: Callable[[Any], Any] | None = None, *, bounds: Bounds) -> Any:
    """The value in a frame. ``revive`` maps each :class:`Reference` or :class:`Tensor` that arrives.

    Without ``revive``, references stay references and tensors become plain arrays.

    Raises:
        WireError: malformed, inconsistent, or over a bound.
    """
    try:
        frame = json.loads(header, parse_constant=_no_constant)
        tree, lengths = frame["value"], frame["buffers"]
    except (ValueError, RecursionError, KeyError, TypeError) as error:
        raise WireError(f"the reply's header is malformed ({type(error).__name__})") from None
    if type(lengths) is not list or any(type(n) is not int or n < 0 for n in lengths):
        raise WireError("the reply's buffers are malformed")
    if len(lengths) > bounds.items or sum(lengths) != len(buffers):
        raise WireError("the reply's buffers do not have the lengths it declares")
    pieces, start = [], 0
    for length in lengths:
        pieces.append(memoryview(buffers)[start : start + length])
        start += length
    return _Decoder(pieces, revive, bounds).unpack(tree, 0)


def _no_constant(name: str) -> Any:
    raise WireError(f"{name} is not allowed in a header")


class _Measure:
    """Counts what a value holds and may become, and raises at the first bound that it passes."""

    __slots__ = ("_bounds", "_cells", "_expanded", "_items", "_longest", "_most_expanded", "_most_items")

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._most_items, self._most_expanded = bounds.items, bounds.expanded  # asked for each value
        self._items = self._expanded = 0
        self._cells = self._longest = 0  # of the list at hand, as an array of text

    def item(self, depth: int) -> None:
        self._items += 1
        self._expanded += 1
        self._cells += 1
        if depth > MAX_DEPTH:
            raise WireError(f"it is nested more than {MAX_DEPTH} deep")
        if self._items > self._most_items:
            raise WireError(f"it is too large: it has more than {self._most_items:,} items")
        if self._expanded > self._most_expanded:
            self._refuse_expanded()

    def array(self, shape: Sequence[int]) -> None:
        if len(shape) > MAX_DIMENSIONS:
            raise WireError(f"it holds an array of more than {MAX_DIMENSIONS} dimensions")
        lists = 1
        for length in shape:
            lists *= length
            self._expanded += lists
        self._cells += lists
        if self._expanded > self._most_expanded:
            self._refuse_expanded()

    def text(self, length: int) -> None:
        self._longest = max(self._longest, length)

    def begin(self) -> tuple[int, int]:
        """A list, a tuple or a dict begins. What is returned belongs to :meth:`end`."""
        outer = self._cells, self._longest
        self._cells = self._longest = 0
        return outer

    def end(self, outer: tuple[int, int], *, joins: bool = True) -> None:
        """It ends; what it holds is part of the list around it, if it ``joins`` that in an array."""
        if 4 * self._cells * self._longest > self._bounds.padded:  # NumPy has 4 bytes a character
            raise WireError(f"it is too large: {self._cells:,} values and a text of {self._longest:,} characters")
        cells, longest = outer
        self._cells, self._longest = (self._cells + cells, max(self._longest, longest)) if joins else outer

    def _refuse_expanded(self) -> NoReturn:
        raise WireError(f"it is too large: it stands for more than {self._most_expanded:,} values")


class _Encoder:
    def __init__(self, refer: Callable[[Any], Reference] | None, bounds: Bounds) -> None:
        self.buffers: list[bytes] = []
        self._refer = refer
        self._measure = _Measure(bounds)

    def pack(self, value: Any, depth: int) -> Any:  # noqa: PLR0911, PLR0912  (one branch a type)
        self._measure.item(depth)
        if value is None or value is True or value is False:
            return value
        if type(value) is str:  # most values are, and the questions below take long
            self._measure.text(len(value))
            return value
        if isinstance(value, (bool, np.bool_)):
            return bool(value)
        if isinstance(value, (int, np.integer)):
            if not -MAX_INTEGER <= int(value) < MAX_INTEGER:
                raise WireError("an integer beyond 64 bits is not plain data")
            return int(value)
        if isinstance(value, (float, np.floating)):
            return _pack_float(float(value))
        if isinstance(value, str):
            self._measure.text(len(value))
            return str(value)
        if isinstance(value, (bytes, bytearray, memoryview)):
            self._measure.text(len(value))
            return {"bytes": self._buffer(bytes(value))}
        if isinstance(value, (list, tuple)):
            outer = self._measure.begin()
            packed = [self.pack(item, depth + 1) for item in value]
            self._measure.end(outer)
            return packed if isinstance(value, list) else {"tuple": packed}
        if isinstance(value, dict):
            outer = self._measure.begin()
            pairs = [[self.pack(k, depth + 1), self._alone(v, depth + 1)] for k, v in value.items()]
            self._measure.end(outer, joins=False)
            return {"dict": pairs}
        if isinstance(value, Tensor):
            return self._array(value.array, is_tensor=True)
        if isinstance(value, np.ndarray):
            if value.dtype.char in _DTYPES:
                return self._array(value, is_tensor=False)
        elif type(value).__module__.partition(".")[0] == "torch":
            array = _tensor_to_array(value)
            if array is not None:
                return self._array(array, is_tensor=True)
        reference = value if isinstance(value, Reference) else self._refer(value) if self._refer else None
        if reference is None:
            raise WireError(f"a {type(value).__name__} is not plain data")
        return {"other": [reference.id, reference.kind]}

    def _alone(self, value: Any, depth: int) -> Any:
        """A value of a dict, which joins no other in an array."""
        outer = self._measure.begin()
        packed = self.pack(value, depth)
        self._measure.end(outer, joins=False)
        return packed

    def _array(self, array: np.ndarray, *, is_tensor: bool) -> dict[str, Any]:
        if array.dtype.char not in _DTYPES:
            raise WireError(f"an array of dtype {array.dtype} is not plain data")
        self._measure.array(array.shape)
        little = array.astype(array.dtype.newbyteorder("<"), order="C", copy=False)
        return {"array": [self._buffer(little.tobytes()), little.dtype.str, list(array.shape), is_tensor]}

    def _buffer(self, data: bytes) -> int:
        self.buffers.append(data)
        return len(self.buffers) - 1


def _pack_float(value: float) -> Any:
    return value if math.isfinite(value) else {"float": repr(value)}


def _tensor_to_array(value: Any) -> np.ndarray | None:
    """A torch tensor's numbers, or None for anything else of torch's (a module, an optimizer, a dtype)."""
    import torch

    if not isinstance(value, torch.Tensor) or value.is_complex():
        return None
    value = value.detach().to("cpu")
    if value.is_sparse or value.is_quantized:
        value = value.to_dense() if value.is_sparse else value.dequantize()
    if value.dtype == torch.bfloat16:
        value = value.float()
    array: np.ndarray = value.resolve_conj().resolve_neg().numpy()
    return array


class _Decoder:
    def __init__(self, buffers: list[memoryview], revive: Callable[[Any], Any] | None, bounds: Bounds) -> None:
        self._buffers: list[memoryview | None] = [*buffers]
        self._revive = revive
        self._measure = _Measure(bounds)

    def unpack(self, tree: Any, depth: int) -> Any:
        self._measure.item(depth)
        if tree is None or type(tree) in (bool, float):
            return tree
        if type(tree) is int and -MAX_INTEGER <= tree < MAX_INTEGER:
            return tree
        if type(tree) is str:
            self._measure.text(len(tree))
            # A lone surrogate is legal in JSON and would break whatever writes the report.
            return tree.encode("utf-8", "replace").decode("utf-8")
        if type(tree) is list:
            return self._list(tree, depth)
        if type(tree) is dict and len(tree) == 1:
            [(key, content)] = tree.items()
            method = getattr(self, f"_{key}", None) if key in _TAGS else None
            if method is not None:
                return method(content, depth)
        raise WireError("the reply holds an unknown kind of value")

    def _float(self, content: Any, _depth: int) -> float:
        if content not in ("nan", "inf", "-inf"):
            raise WireError("the reply holds a malformed float")
        return float(content)

    def _list(self, content: list[Any], depth: int) -> list[Any]:
        outer = self._measure.begin()
        items = [self.unpack(item, depth + 1) for item in content]
        self._measure.end(outer)
        return items

    def _tuple(self, content: Any, depth: int) -> tuple[Any, ...]:
        return tuple(self._list(_list_of(content), depth))

    def _dict(self, content: Any, depth: int) -> dict[Any, Any]:
        outer = self._measure.begin()
        result = {}
        for pair in _list_of(content):
            key, value = _list_of(pair, 2)
            key = self.unpack(key, depth + 1)
            # Large integers and floats can be chosen so that all of them hash alike, and filling a dict
            # takes quadratic time; the hashes of text are seeded at random.
            if type(key) is not str and not (type(key) in (int, bool) and abs(key) < 1 << 32) and key is not None:
                raise WireError("the reply holds a dict whose keys are not plain")
            inner = self._measure.begin()
            result[key] = self.unpack(value, depth + 1)
            self._measure.end(inner, joins=False)
        self._measure.end(outer, joins=False)
        return result

    def _bytes(self, content: Any, _depth: int) -> bytes:
        piece = self._piece(content)
        self._measure.text(len(piece))
        return bytes(piece)

    def _array(self, content: Any, _depth: int) -> Any:
        index, dtype_name, shape, is_tensor = _list_of(content, 4)
        buffer = self._piece(index)
        if type(dtype_name) is not str or dtype_name not in _DTYPE_NAMES or type(is_tensor) is not bool:
            raise WireError("the reply holds an array that is not numeric")
        dtype = np.dtype(dtype_name)
        shape = _list_of(shape)
        if any(type(n) is not int or not 0 <= n < 1 << 40 for n in shape):
            raise WireError("the reply holds an array of malformed shape")
        self._measure.array(shape)
        if math.prod(shape) * dtype.itemsize != len(buffer):
            raise WireError("the reply holds an array whose shape does not fit its data")
        array = np.frombuffer(buffer, dtype).reshape(shape).astype(dtype.newbyteorder("="), copy=True)
        return self._revive(Tensor(array)) if is_tensor and self._revive else array

    def _other(self, content: Any, _depth: int) -> Any:
        number, kind = _list_of(content, 2)
        if type(number) is not int or type(kind) is not str:
            raise WireError("the reply holds a malformed reference")
        reference = Reference(number, self.unpack(kind, 0)[:MAX_KIND])
        return self._revive(reference) if self._revive else reference

    def _piece(self, index: Any) -> memoryview:
        if type(index) is not int or not 0 <= index < len(self._buffers):
            raise WireError("the reply names a buffer that it does not have")
        # Each buffer once: a reply that names one many times would be copied many times.
        piece, self._buffers[index] = self._buffers[index], None
        if piece is None:
            raise WireError("the reply names a buffer twice")
        return piece


_TAGS = frozenset({"float", "tuple", "dict", "bytes", "array", "other"})


def _list_of(content: Any, length: int | None = None) -> list[Any]:
    if type(content) is not list or (length is not None and len(content) != length):
        raise WireError("the reply holds a malformed value")
    return content
