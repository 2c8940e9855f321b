"""The wire format: plain data as one JSON header and raw buffers, without pickle in either direction.

A frame is ``MAGIC``, the header's length and the buffers' total length (big-endian), the header and the
buffers. The header is ``{"value": ..., "buffers": [length, ...]}``. In ``value``, JSON's own types stand for
themselves and everything else is an object with a single key:

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

Whatever arrives is a claim. The decoder checks sizes before it allocates, bounds depth and count, and rebuilds
every value as an exact built-in type or a new ``numpy.ndarray`` that owns its memory.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

MAGIC = b"TAG1"
PREFIX = struct.Struct(">4sIQ")  # magic, length of the header, length of all buffers
MAX_DEPTH = 32
MAX_ITEMS = 200_000
MAX_INTEGER = 1 << 63
MAX_HEADER = 8 << 20  # bytes
MAX_BUFFERS = 256 << 20  # bytes
_DTYPES = frozenset("?bBhHiIlLqQefd")  # numpy's codes for bool, integers and real floats
_DTYPE_NAMES = frozenset(["|b1", "|i1", "|u1", "<i2", "<u2", "<i4", "<u4", "<i8", "<u8", "<f2", "<f4", "<f8"])


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


def encode(value: Any, refer: Callable[[Any], Reference] | None = None) -> bytes:
    """One frame that holds ``value``. What is not plain data goes through ``refer``.

    Raises:
        WireError: too deep, too many items, or not plain data and ``refer`` is None.
    """
    encoder = _Encoder(refer)
    tree = encoder.pack(value, 0)
    header = json.dumps(
        {"value": tree, "buffers": [len(b) for b in encoder.buffers]}, allow_nan=False, separators=(",", ":")
    ).encode()
    size = sum(map(len, encoder.buffers))
    if len(header) > MAX_HEADER or size > MAX_BUFFERS:
        raise WireError(f"the value is too large to send ({len(header) + size:,} bytes)")
    return b"".join([PREFIX.pack(MAGIC, len(header), size), header, *encoder.buffers])


def frame_size(prefix: bytes) -> tuple[int, int]:
    """Lengths of the header and of all buffers, from the first ``PREFIX.size`` bytes of a frame.

    Raises:
        WireError: not the start of a frame, or larger than the bounds.
    """
    magic, header, buffers = PREFIX.unpack(prefix)
    if magic != MAGIC:
        raise WireError("the reply is not in the wire format")
    if header > MAX_HEADER or buffers > MAX_BUFFERS:
        raise WireError(f"the reply is too large ({header + buffers:,} bytes)")
    return header, buffers


def decode(header: bytes, buffers: bytes, revive: Callable[[Any], Any] | None = None) -> Any:
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
    if len(lengths) > MAX_ITEMS or sum(lengths) != len(buffers):
        raise WireError("the reply's buffers do not have the lengths it declares")
    pieces, start = [], 0
    for length in lengths:
        pieces.append(memoryview(buffers)[start : start + length])
        start += length
    return _Decoder(pieces, revive).unpack(tree, 0)


def _no_constant(name: str) -> Any:
    raise WireError(f"{name} is not allowed in a header")


class _Encoder:
    def __init__(self, refer: Callable[[Any], Reference] | None) -> None:
        self.buffers: list[bytes] = []
        self._refer = refer
        self._items = 0

    def pack(self, value: Any, depth: int) -> Any:  # noqa: PLR0911, PLR0912  (one branch a type)
        self._items += 1
        if depth > MAX_DEPTH:
            raise WireError(f"the value is nested more than {MAX_DEPTH} deep")
        if self._items > MAX_ITEMS:
            raise WireError(f"the value has more than {MAX_ITEMS:,} items")
        if value is None or value is True or value is False:
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
            return str(value)
        if isinstance(value, (bytes, bytearray, memoryview)):
            return {"bytes": self._buffer(bytes(value))}
        if isinstance(value, list):
            return [self.pack(item, depth + 1) for item in value]
        if isinstance(value, tuple):
            return {"tuple": [self.pack(item, depth + 1) for item in value]}
        if isinstance(value, dict):
            return {"dict": [[self.pack(k, depth + 1), self.pack(v, depth + 1)] for k, v in value.items()]}
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

    def _array(self, array: np.ndarray, *, is_tensor: bool) -> dict[str, Any]:
        if array.dtype.char not in _DTYPES:
            raise WireError(f"an array of dtype {array.dtype} is not plain data")
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
    def __init__(self, buffers: list[memoryview], revive: Callable[[Any], Any] | None) -> None:
        self._buffers: list[memoryview | None] = [*buffers]
        self._revive = revive
        self._items = 0

    def unpack(self, tree: Any, depth: int) -> Any:
        self._items += 1
        if depth > MAX_DEPTH:
            raise WireError(f"the reply is nested more than {MAX_DEPTH} deep")
        if self._items > MAX_ITEMS:
            raise WireError(f"the reply has more than {MAX_ITEMS:,} items")
        if tree is None or type(tree) in (bool, float):
            return tree
        if type(tree) is int and -MAX_INTEGER <= tree < MAX_INTEGER:
            return tree
        if type(tree) is str:
            # A lone surrogate is legal in JSON and would break whatever writes the report.
            return tree.encode("utf-8", "replace").decode("utf-8")
        if type(tree) is list:
            return [self.unpack(item, depth + 1) for item in tree]
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

    def _tuple(self, content: Any, depth: int) -> tuple[Any, ...]:
        return tuple(self.unpack(item, depth + 1) for item in _list_of(content))

    def _dict(self, content: Any, depth: int) -> dict[Any, Any]:
        result = {}
        for pair in _list_of(content):
            key, value = _list_of(pair, 2)
            key = self.unpack(key, depth + 1)
            # Large integers and floats can be chosen so that all of them hash alike, and filling a dict
            # takes quadratic time; the hashes of text are seeded at random.
            if type(key) is not str and not (type(key) in (int, bool) and abs(key) < 1 << 32) and key is not None:
                raise WireError("the reply holds a dict whose keys are not plain")
            result[key] = self.unpack(value, depth + 1)
        return result

    def _bytes(self, content: Any, _depth: int) -> bytes:
        return bytes(self._piece(content))

    def _array(self, content: Any, _depth: int) -> Any:
        index, dtype_name, shape, is_tensor = _list_of(content, 4)
        buffer = self._piece(index)
        if type(dtype_name) is not str or dtype_name not in _DTYPE_NAMES or type(is_tensor) is not bool:
            raise WireError("the reply holds an array that is not numeric")
        dtype = np.dtype(dtype_name)
        shape = _list_of(shape)
        if len(shape) > MAX_DEPTH or any(type(n) is not int or not 0 <= n < 1 << 40 for n in shape):
            raise WireError("the reply holds an array of malformed shape")
        if math.prod(shape) * dtype.itemsize != len(buffer):
            raise WireError("the reply holds an array whose shape does not fit its data")
        array = np.frombuffer(buffer, dtype).reshape(shape).astype(dtype.newbyteorder("="), copy=True)
        return self._revive(Tensor(array)) if is_tensor and self._revive else array

    def _other(self, content: Any, _depth: int) -> Any:
        number, kind = _list_of(content, 2)
        if type(number) is not int or type(kind) is not str:
            raise WireError("the reply holds a malformed reference")
        reference = Reference(number, self.unpack(kind, 0)[:200])
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
