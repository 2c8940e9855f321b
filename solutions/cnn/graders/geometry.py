"""Convolution geometries for q1, with PyTorch's own answer."""

from functools import cache
from typing import NamedTuple

import torch
from torch import nn


class Geometry(NamedTuple):
    """An image, a kernel, a stride and a padding, each as (height, width)."""

    image: tuple[int, int]
    kernel: tuple[int, int]
    stride: tuple[int, int]
    padding: tuple[int, int]

    def as_lists(self):
        """The arguments as a student's function gets them: four lists of two ints."""
        return [list(pair) for pair in self]

    def output_shape(self):
        """What PyTorch makes of it, as a list (height, width)."""
        return list(_output_shape(self))

    def __str__(self):
        return (
            f"image {_by(self.image)}, kernel {_by(self.kernel)}, stride {_by(self.stride)}, "
            f"padding {_by(self.padding)}"
        )


@cache  # the geometries are the same for each submission
def _output_shape(geometry):
    """The meta device computes shapes only."""
    layer = nn.Conv2d(1, 1, geometry.kernel, geometry.stride, geometry.padding, device="meta")
    return layer(torch.empty(1, 1, *geometry.image, device="meta")).shape[2:]


def _by(pair):
    return f"{pair[0]}x{pair[1]}"


FIXED = [
    Geometry((8, 8), (3, 3), (1, 1), (0, 0)),  # the notebook's example
    Geometry((28, 28), (5, 5), (1, 1), (0, 0)),
    Geometry((10, 7), (3, 2), (2, 3), (1, 0)),  # asymmetric in everything, with a remainder
    Geometry((7, 12), (4, 3), (3, 2), (0, 2)),
    Geometry((9, 9), (2, 2), (2, 2), (0, 0)),  # a remainder of 1: rounded down
    Geometry((5, 6), (5, 6), (1, 1), (0, 0)),  # the kernel covers the image
    Geometry((3, 4), (5, 5), (2, 2), (1, 1)),  # the kernel fits only because of the padding
    Geometry((1, 1), (1, 1), (1, 1), (0, 0)),
]


def random_geometries(rng, count):
    """Possible geometries of all kinds: small and large, square and not."""
    found: list[Geometry] = []
    while len(found) < count:
        pairs = [rng.integers(low, high, 2).tolist() for low, high in ((4, 60), (1, 8), (1, 5), (0, 4))]
        geometry = Geometry(*map(tuple, pairs))
        if all(i + 2 * p >= k for i, k, p in zip(geometry.image, geometry.kernel, geometry.padding, strict=True)):
            found.append(geometry)
    return found
