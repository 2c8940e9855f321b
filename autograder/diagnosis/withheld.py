"""Switch functions off for a while, where an exercise asks to write by hand what they do.

    with without("torch*.conv?d", "scipy.signal*.*correlate*"):
        convolve(image, weight, bias, (1, 1))

This keeps an honest student from a shortcut, however the function was imported; it is no boundary: code that wants
to can take it back.
"""

from __future__ import annotations

import contextlib
import fnmatch
import functools
import re
import sys
from collections.abc import Iterator
from types import FrameType
from typing import Any

# PyTorch's and SciPy's own ways to move a window over a picture.
CONVOLUTIONS = (
    "torch*.conv?d",
    "torch*.conv_*",
    "torch*.*pool?d*",
    "torch.nn.functional.*fold",
    "scipy.signal*convolve*",
    "scipy.signal*correlate*",
    "scipy.ndimage*convolve*",
    "scipy.ndimage*correlate*",
    "scipy.ndimage*filter",
    "scipy.ndimage*filter1d",
)


class Withheld(RuntimeError):
    """A function was called that is switched off here."""


@contextlib.contextmanager
def without(*patterns: str) -> Iterator[None]:
    """Let each call of a function whose dotted name matches one of the patterns raise within the block.

    A dotted name is that of the module that holds the code, and the function's own, as in
    ``"scipy.signal._signaltools.correlate2d"``; patterns are those of :mod:`fnmatch`. Calls of this thread from Python
    code are seen, whatever name or reference they go by.

    Raises:
        Withheld: such a function was called.
    """
    is_withheld = re.compile("|".join(map(fnmatch.translate, patterns))).match

    @functools.cache
    def refuse_if_withheld(module: str, name: str) -> None:
        if is_withheld(f"{module}.{name}"):
            package = module.partition(".")[0]
            called = f"`{name.lstrip('_')}` of {package}"
            raise Withheld(f"{called} is switched off here: what it does is to be written by hand")

    def watch(frame: FrameType, event: str, function: Any) -> None:
        if event == "call":
            refuse_if_withheld(str(frame.f_globals.get("__name__")), frame.f_code.co_name)
        elif event == "c_call":
            refuse_if_withheld(str(getattr(function, "__module__", None)), function.__name__)

    # A profiler sees each call itself. To replace names in modules would miss what was imported from them before.
    before = sys.getprofile()
    sys.setprofile(watch)
    try:
        yield
    finally:
        sys.setprofile(before)
