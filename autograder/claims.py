"""What a worker claims, in the words of a message: short, whatever the claim is."""

from __future__ import annotations

import reprlib
from collections.abc import Iterable
from typing import Any

import numpy as np

LONGEST = 80  # characters
_NAME = 40  # characters of a name
_FEW = 6  # values of an array that are shown


def shown(value: Any, longest: int = LONGEST) -> str:
    """A value as a message may show it: like ``repr``, and cut short before it is made, not after.

    ``repr`` of a few thousand arrays takes minutes. Here lists and dicts show their first items, text its beginning
    and end, and arrays of more than a few values their shape alone.
    """
    text = " ".join(_BRIEF.repr(value).split())
    return text if len(text) <= longest else f"{text[: longest - 4]} ..."


def listed(names: Iterable[str], most: int = 8) -> str:
    """Names that a worker claims, of parameters for instance, in a row: the first of them, each cut short."""
    found = list(names)
    more = f" and {len(found) - most} more" if len(found) > most else ""
    return ", ".join(name if len(name) <= _NAME else f"{name[: _NAME - 3]}..." for name in found[:most]) + more


class _Brief(reprlib.Repr):
    def __init__(self) -> None:
        super().__init__()
        self.maxlevel, self.maxlist, self.maxtuple, self.maxdict = 3, 10, 10, 4
        self.maxstring, self.maxlong, self.maxother = 30, 20, LONGEST

    def repr_float(self, number: float, _level: int) -> str:
        return f"{number:.6g}" if number % 1 else repr(number)

    def repr_bytes(self, data: bytes, _level: int) -> str:
        return repr(data[: self.maxstring])

    def repr_ndarray(self, array: np.ndarray, _level: int) -> str:
        if array.size > _FEW or array.ndim > 2 or 0 in array.shape:
            return f"an array of shape {array.shape}"
        return f"array({np.array2string(array, precision=4, separator=', ', floatmode='maxprec')})"


_BRIEF = _Brief()
