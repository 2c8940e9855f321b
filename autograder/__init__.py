"""Deep-learning exercises that are graded automatically, fairly and safely.

A hidden grader needs only what this module exports::

    from autograder import partial_credit, points, shown, tensor

Everything is imported on first use, so that ``import autograder`` stays fast: PyTorch and pytest are
loaded by whoever needs them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from autograder.claims import listed as listed
    from autograder.claims import shown as shown
    from autograder.grading.checks import partial_credit as partial_credit
    from autograder.grading.checks import points as points
    from autograder.worker.wire import Tensor as tensor  # noqa: N813  (reads as a function in a grader)

__version__ = "0.1.0"

_EXPORTS = {
    "points": ("autograder.grading.checks", "points"),
    "partial_credit": ("autograder.grading.checks", "partial_credit"),
    "listed": ("autograder.claims", "listed"),
    "shown": ("autograder.claims", "shown"),
    "tensor": ("autograder.worker.wire", "Tensor"),
}
__all__ = ["listed", "partial_credit", "points", "shown", "tensor"]


def __getattr__(name: str) -> Any:
    if name not in _EXPORTS:
        raise AttributeError(f"module 'autograder' has no attribute {name!r}")
    from importlib import import_module

    module, attribute = _EXPORTS[name]
    return getattr(import_module(module), attribute)
