"""PyTorch's compiler, imported only by who compiles.

An optimizer's first step imports ``torch._dynamo``, to tell the compiler to leave it alone. That takes as long as
importing PyTorch itself, about 2 s of processor time, and longer than many a training of an exercise. A stand-in
answers the two questions that an optimizer asks; for whatever else is asked, it makes way for the module itself.
https://github.com/pytorch/pytorch/blob/v2.13.0/torch/optim/optimizer.py (``_use_grad_for_differentiable``)

Who compiles gets PyTorch's own stance "force_eager": what is compiled runs as it was written. The default backend needs
a C++ compiler in a process of its own, which a worker may not start; and where a training is watched, the watch's
hooks would be compiled into the student's model, which fails within them.
https://docs.pytorch.org/docs/stable/generated/torch.compiler.set_stance.html
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import Any

_NAME = "torch._dynamo"


class _Postponed(ModuleType):
    """Stands for ``torch._dynamo`` until something is compiled."""

    @staticmethod
    def graph_break(*_args: Any, **_kwargs: Any) -> None:
        """Outside of compiled code, it does nothing."""

    @staticmethod
    def disable(function: Any = None, *_args: Any, **_kwargs: Any) -> Any:
        """The function as it is: nothing is compiled yet."""
        return function

    @property
    def __path__(self) -> Any:  # type: ignore[override]  # a property, since reading it is the question
        """Asked for when a submodule is imported."""
        return _load().__path__

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(_load(), name)

    def __setattr__(self, name: str, value: Any) -> None:
        """A submodule that was imported, or a setting of the compiler's."""
        setattr(_load(), name, value)


def postpone_compiler(torch: Any) -> None:
    """Put the stand-in in the module's place; if that is there already, compile nothing from now on."""
    if _NAME in sys.modules:
        torch.compiler.set_stance("force_eager")
    else:
        torch._dynamo = sys.modules[_NAME] = _Postponed(_NAME)


def _load() -> ModuleType:
    """The module itself, in the stand-in's place."""
    if isinstance(sys.modules.get(_NAME), _Postponed):
        del sys.modules[_NAME]
        torch: Any = sys.modules["torch"]
        del torch._dynamo
        importlib.import_module(_NAME)
        torch.compiler.set_stance("force_eager")
    return importlib.import_module(_NAME)
