"""One training again: from the same seed, with something mended from outside, and measured."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from .inner import Known
from .layers import evaluating
from .measures import share_learned
from .mends import MENDS, Labels, Mended, Stopped
from .suspects import Mending
from .trying import Again

IDLE = 40  # batches in which a mend has to change something
_MOST_LOSSES = 5_000
_LONGER = "longer"
_MEASURED = 1000  # images


@dataclass(frozen=True)
class Generators:
    """The states of the global random generators, to which each training is set back."""

    python: Any
    numpy: Any
    torch_: torch.Tensor

    @staticmethod
    def now() -> Generators:
        """As they are."""
        return Generators(random.getstate(), np.random.get_state(), torch.get_rng_state())

    def set(self) -> None:
        """Set them back."""
        random.setstate(self.python)
        np.random.set_state(self.numpy)
        torch.set_rng_state(self.torch_)


def train_again(
    model: torch.nn.Module,
    train: Callable[[torch.nn.Module], Any],
    images: torch.Tensor | list[torch.Tensor],
    labels: torch.Tensor,
    mendings: Sequence[Mending],
    seconds: float,
) -> Again:
    """Train a fresh model with something mended, for so many seconds of processor time at most.

    ``images`` ``(N, ...)``, or N of any sizes ``(C, H, W)``, and ``labels`` ``(N, ...)``, which may be numbers, are
    those that it is given; only images of one size are recognised in batches.

    ``"longer"``, which is no mend of a single call, has it trained so often as its setting says, by one call after the
    other.

    Raises:
        Exception: whatever the training raises.
    """
    times = next((int(settings[0]) for name, settings in mendings if name == _LONGER), 1)
    mends = [MENDS[name](*settings) for name, settings in mendings if name != _LONGER]
    known = Known(images, labels) if isinstance(images, torch.Tensor) else None
    with Mended(model, mends, known, seconds, IDLE) as mended:
        try:
            for _ in range(times):
                train(model)
        except Stopped:
            pass
        changed = all(mend.changed for mend in mends)
        reached = _accuracy(mended, images, labels) if changed else 0.0
    came_as = next((mend.came_as() for mend in mends if isinstance(mend, Labels)), [])
    return Again(changed, reached, mended.losses[:_MOST_LOSSES], came_as)


def _accuracy(mended: Mended, images: torch.Tensor | list[torch.Tensor], labels: torch.Tensor) -> float:
    step = max(1, len(images) // _MEASURED)
    some = images[::step]
    batches = some.split(250) if isinstance(some, torch.Tensor) else [image[None] for image in some]
    with evaluating(mended.model):
        scores = torch.cat([mended.scores(batch) for batch in batches])
    return share_learned(scores.float().numpy(), labels[::step].numpy())
