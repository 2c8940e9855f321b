"""Switch functions off for a while, where an exercise asks to write by hand what they do.

    with without("torch*.conv?d", "scipy.signal*.*correlate*"):
        convolve(image, weight, bias, (1, 1))

Calls are known by the function's name, however it was imported, and PyTorch's operations below Python as well, where
whoever asks for one comes by: `torch.ops.aten`, layers, TorchScript, compiled code. It is no boundary, since the code
that is called runs in the same process: that it was taken back is noticed, that it was taken back and put in place
again is not.
"""

from __future__ import annotations

import contextlib
import fnmatch
import functools
import re
import sys
from collections.abc import Callable, Iterator
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
    "torch.ops.*conv*",
    "torch.ops.*pool*",
    "torch.ops.*.im2col",
    "torch.ops.*.col2im",
)
_ELSEWHERE = ("_thread.start_new_thread", "_thread.start_joinable_thread", "sys.setprofile")  # where no call is seen


class Withheld(RuntimeError):
    """A function was called that is switched off here."""


@contextlib.contextmanager
def without(*patterns: str) -> Iterator[None]:
    """Let each call of a function whose dotted name matches one of the patterns raise within the block.

    A dotted name is that of the module that holds the code, and the function's own, as in
    ``"scipy.signal._signaltools.correlate2d"``; patterns are those of :mod:`fnmatch`. Calls of this thread from Python
    code are seen, whatever name or reference they go by, and each of PyTorch's operations that is carried out, as
    ``"torch.ops.aten.convolution"``. No thread can be started, since its calls would not be seen.

    Raises:
        Withheld: such a function was called, or this was taken back.
    """
    is_withheld = re.compile("|".join(map(fnmatch.translate, (*patterns, *_ELSEWHERE)))).match
    is_over = False
    refused: list[Withheld] = []

    @functools.cache
    def refuse_if_withheld(module: str, name: str) -> None:
        if is_withheld(f"{module}.{name}"):
            package = module.partition(".")[0]
            called = f"`{name.lstrip('_')}` of {package}"
            refused.append(Withheld(f"{called} is switched off here: what it does is to be written by hand"))
            raise refused[-1]

    def watch(frame: FrameType, event: str, function: Any) -> None:
        if is_over:
            return
        if event == "call":
            refuse_if_withheld(str(frame.f_globals.get("__name__")), frame.f_code.co_name)
        elif event == "c_call":
            refuse_if_withheld(str(getattr(function, "__module__", None)), function.__name__)

    # A profiler sees each call itself. To replace names in modules would miss what was imported from them before.
    before = sys.getprofile()
    with _operations(refuse_if_withheld) as are_seen:
        sys.setprofile(watch)
        try:
            yield
            is_over = True
            if sys.getprofile() is not watch or not are_seen():
                raise Withheld("what is switched off here was switched on again")
        except RuntimeError as error:
            if refused and not isinstance(error, Withheld):  # as TorchScript tells what was raised
                raise refused[0] from None
            raise
        finally:
            is_over = True
            sys.setprofile(before)


@contextlib.contextmanager
def _operations(refuse: Callable[[str, str], None]) -> Iterator[Callable[[], bool]]:
    """Ask about each of PyTorch's operations before it is carried out. Yields whether that is still so."""
    if "torch" not in sys.modules:  # who imports it later is seen by name
        yield lambda: True
        return
    from torch.utils._python_dispatch import TorchDispatchMode, _get_current_dispatch_mode

    class Asks(TorchDispatchMode):  # type: ignore[misc]
        def __torch_dispatch__(
            self, function: Any, _types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
        ) -> Any:
            space, _, name = function._schema.name.partition("::")
            refuse(f"torch.ops.{space}", name)
            return function(*args, **(kwargs or {}))

    asks = Asks()
    asks.__enter__()
    try:
        yield lambda: _get_current_dispatch_mode() is asks
    finally:
        if _get_current_dispatch_mode() is asks:
            asks.__exit__(None, None, None)
