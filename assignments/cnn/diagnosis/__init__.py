"""Find out what is wrong with a model or its training before you hand it in.

    from diagnosis import diagnose             # in the folder of an exercise
    from autograder.diagnosis import diagnose  # where torch-autograder is installed

    diagnose(CNN, lambda model: train(model, train_data, val_data, epochs=3), x_train, y_train)

This folder stands alone, so that it can travel with an exercise: it needs PyTorch, NumPy and Matplotlib only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .examine import Diagnosis as Diagnosis
    from .examine import diagnose as diagnose

__all__ = ["Diagnosis", "diagnose"]


def __getattr__(name: str) -> Any:
    # On first use: a grader reads the causes from here, and has no need of PyTorch.
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from . import examine

    return getattr(examine, name)
