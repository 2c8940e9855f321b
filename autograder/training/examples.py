"""Examples, and how those of trials differ from the ones on disk, so that a table of what is known is worthless."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from autograder.assignment import Key
from autograder.judged import Inputs


@dataclass(frozen=True)
class Examples:
    """Inputs, and what is to be learned of them: one target each.

    The inputs are one array ``(N, ...)``, or N arrays ``(...)`` of any sizes: images ``(C, H, W)`` or numbers ``(F,)``,
    float32, or tokens ``(T,)``, int64. The targets are labels ``(N,)``, int64 from 0, or whatever else the task says.
    """

    inputs: Inputs
    targets: np.ndarray

    def __len__(self) -> int:
        return len(self.targets)

    def __getitem__(self, chosen: slice | np.ndarray) -> Examples:
        if isinstance(self.inputs, np.ndarray):
            return Examples(self.inputs[chosen], self.targets[chosen])
        inputs = [self.inputs[n] for n in np.arange(len(self))[chosen]]
        return Examples(inputs, self.targets[chosen])

    @property
    def images(self) -> Inputs:
        """The inputs, where these are images."""
        return self.inputs

    @property
    def labels(self) -> np.ndarray:
        """The targets, where these are labels."""
        return self.targets


class Varied(Protocol):
    """How examples of trials differ from those on disk: its ``str`` is among the conditions of a calibration."""

    def of(self, examples: Examples, key: Key, label: str) -> Examples:
        """Varied examples. What is not to differ between a trial's sets depends on the key alone."""


@dataclass(frozen=True)
class Variation:
    """How images of trials differ from those on disk, as the key draws it.

    Where all images of all trials are moved or mirrored alike, that makes no difference to who learns from them.
    """

    shift: int = 0  # pixels, at most, up or down and right or left, the same for all; zeros come in
    mirrored: bool = False  # by every other key, right and left are exchanged in all
    contrast: float = 0.0  # each image is multiplied by 1, this much more, or less, or what lies between
    noise: float = 0.0  # standard deviation of what is added to each pixel; all stays within the values that there are

    def of(self, examples: Examples, key: Key, label: str) -> Examples:
        """Varied examples. Each label gives another contrast and other noise."""
        alike, own = key.rng("variation"), key.rng(label)
        down, right = alike.integers(-self.shift, self.shift, 2, endpoint=True)
        step = -1 if self.mirrored and alike.random() < 0.5 else 1

        def vary(images: np.ndarray) -> np.ndarray:  # (N, C, H, W)
            height, width = images.shape[-2:]
            moved = np.zeros_like(images)
            moved[..., _overlap(down, height), _overlap(right, width)] = images[
                ..., _overlap(-down, height), _overlap(-right, width)
            ]
            factors = 1 + self.contrast * own.uniform(-1, 1, (len(images), 1, 1, 1))
            noise = self.noise * own.standard_normal(images.shape, np.float32)
            varied = np.clip(moved * factors + noise, images.min(initial=0), images.max(initial=0))
            return np.ascontiguousarray(varied[..., ::step], np.float32)

        images = examples.inputs
        varied = vary(images) if isinstance(images, np.ndarray) else [vary(image[None])[0] for image in images]
        return Examples(varied, examples.targets)


def _overlap(move: int, size: int) -> slice:
    """The rows or columns that have one in their place when all are moved."""
    return slice(max(move, 0), size + min(move, 0))


@dataclass(frozen=True)
class TokenNames:
    """Each token of a ``vocabulary`` has the name of another, as the key draws it; those below ``kept`` keep theirs.

    Token 0 is padding in most lessons, and keeps its name unless told otherwise. With ``in_targets``, these are tokens,
    too, as those of a language model are; negative ones stay as they are.
    """

    vocabulary: int
    kept: int = 1
    in_targets: bool = False

    def of(self, examples: Examples, key: Key, label: str) -> Examples:
        """The examples with other names for their tokens, the same for every label."""
        names = np.arange(self.vocabulary)
        names[self.kept :] = self.kept + key.rng("names of tokens").permutation(self.vocabulary - self.kept)
        inputs = examples.inputs
        renamed = names[inputs] if isinstance(inputs, np.ndarray) else [names[tokens] for tokens in inputs]
        targets = examples.targets
        if self.in_targets:
            targets = np.where(targets < 0, targets, names[np.maximum(targets, 0)])
        return Examples(renamed, targets)


@dataclass(frozen=True)
class Noise:
    """What is added to each number of a table ``(N, F)``: normal, with so large a share of its column's deviation."""

    share: float

    def of(self, examples: Examples, key: Key, label: str) -> Examples:
        """Varied examples. Each label gives other noise."""
        inputs = np.asarray(examples.inputs)
        if not len(inputs):
            return examples
        noise = key.rng(label).standard_normal(inputs.shape) * inputs.std(axis=0) * self.share
        return Examples((inputs + noise).astype(inputs.dtype), examples.targets)


def unannounced(examples: Examples, rng: np.random.Generator) -> Sequence[np.ndarray]:
    """Inputs like those of some examples, and not among them: each a mixture of one and its mirror image, or of two.

    Of tokens, the same in another order; what is padded at the end by 0 stays there.
    """
    shares = rng.uniform(0.3, 0.9, len(examples)).astype(np.float32)
    made = []
    for number, one in enumerate(examples.inputs):
        if np.issubdtype(one.dtype, np.integer):
            length = int(np.max(np.flatnonzero(one), initial=-1)) + 1
            made.append(np.concatenate([rng.permutation(one[:length]), one[length:]]))
        else:
            other = one[..., ::-1] if one.ndim > 1 else examples.inputs[number - 1]
            made.append(np.ascontiguousarray(shares[number] * one + (1 - shares[number]) * other))
    return made
