"""Mistakes that graders know, by the codes that they declare: what each means, its smallest example, what to try.

They are the field's own: sizes of convolutions, arrays and images. Both values of an example are computed. A grader
may declare a code that is not among them; it groups submissions all the same.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

Size = Callable[[int, int, int, int], float]  # of image, kernel, stride and padding, on one axis


@dataclass(frozen=True)
class Example:
    """What is given, what is right of it, and what comes of the mistake."""

    given: str
    right: str
    wrong: str

    def __str__(self) -> str:
        return f"{self.given}: right is {self.right}, and the mistake gives {self.wrong}."


@dataclass(frozen=True)
class Mistake:
    """A mistake that students make."""

    name: str
    advice: str  # what to try
    make_example: Callable[[], Example]  # computed when it is asked for

    def __str__(self) -> str:
        return f"{self.name[0].upper()}{self.name[1:]}. {self.advice} Smallest example: {self.make_example()}"


# --- sizes -----------------------------------------------------------------------------------------------------------


def _right(i: int, k: int, s: int, p: int) -> int:
    return (i + 2 * p - k) // s + 1


def _size(name: str, advice: str, wrong: Size) -> tuple[str, str, Callable[[], Example]]:
    """A mistake in the formula, with the smallest geometry that tells it."""

    def example() -> Example:
        every = itertools.product(range(2, 8), range(1, 6), range(1, 4), range(3))
        i, k, s, p = next(
            g
            for g in sorted(every, key=lambda g: (sum(g), g))
            if g[1] <= g[0] and g[3] < g[1] and _right(*g) > 1 and not math.isclose(wrong(*g), _right(*g))
        )
        given = f"an image of {i} pixels, a kernel of {k}, a stride of {s} and a padding of {p}"
        return Example(given, f"{_right(i, k, s, p)}", f"{wrong(i, k, s, p):g}")

    return name, advice, example


def _values(
    name: str, advice: str, given: str, right: Callable[[], Any], wrong: Callable[[], Any]
) -> tuple[str, str, Callable[[], Example]]:
    return name, advice, lambda: Example(given, _shown(right()), _shown(wrong()))


def _shown(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return " ".join(np.array2string(value, precision=3, separator=", ").split()).replace("[ ", "[")
    return f"{value:.3g}" if isinstance(value, float) else f"{value}"


# --- small things to compute with ------------------------------------------------------------------------------------

_IMAGE = np.arange(1, 13).reshape(3, 4)
_TALL = np.arange(1, 7).reshape(3, 2)
_KERNEL = np.array([[1, 0], [2, 3]])
_COLOURS = np.arange(6).reshape(1, 2, 3)  # (H, W, C)
_A, _B = np.array([0, 1, 0, 0]), np.array([1, 0, 0, 0])


def _corners(kernel: tuple[int, int], stride: tuple[int, int]) -> np.ndarray:
    """The top left number of each patch of the image."""
    return sliding_window_view(_IMAGE, kernel)[:: stride[0], :: stride[1], 0, 0]


def _convolved(kernel: np.ndarray) -> np.ndarray:
    found: np.ndarray = np.einsum("hwij,ij->hw", sliding_window_view(_IMAGE, kernel.shape), kernel)
    return found


def _both_shapes(right: tuple[int, ...], wrong: tuple[int, ...]) -> tuple[Callable[[], Any], Callable[[], Any]]:
    """Shapes, of arrays that are made."""
    return lambda: np.zeros(right).shape, lambda: np.zeros(wrong).shape


_GEOMETRY = "the image [[1, 2, 3, 4], [5, 6, 7, 8], [9, 10, 11, 12]]"
_STEPS = f"the corners of patches of {_GEOMETRY}"
_DIFFER = "the share of places where [0, 1, 0, 0] and [1, 0, 0, 0] differ"
_PIXELS = "the image [[[0, 1, 2], [3, 4, 5]]] of shape (1, 2, 3), whose channels come first then"

_ALL = {
    "padding-once": _size(
        "the padding is counted once",
        "It is added on both sides of the image: `2 * padding`.",
        lambda i, k, s, p: (i + p - k) // s + 1,
    ),
    "padding-ignored": _size(
        "the padding plays no part",
        "Add it on both sides before you subtract the kernel.",
        lambda i, k, s, p: (i - k) // s + 1,
    ),
    "stride-ignored": _size(
        "the stride plays no part",
        "Take every step as long as the stride says: divide by it, or multiply the number of a step with it.",
        lambda i, k, s, p: i + 2 * p - k + 1,
    ),
    "kernel-ignored": _size(
        "the kernel's size is never subtracted",
        "The kernel has to fit into the image at every step: subtract its size before you divide.",
        lambda i, k, s, p: (i + 2 * p) // s + 1,
    ),
    "kernel-as-divisor": _size(
        "the kernel's size is divided out",
        "What counts is how many steps of the stride fit: subtract the kernel, and divide by the stride.",
        lambda i, k, s, p: (i + 2 * p) // k,
    ),
    "plus-one-missing": _size(
        "the first position of the kernel is not counted",
        "Besides the steps, the first position gives a value: `+ 1` at the end.",
        lambda i, k, s, p: (i + 2 * p - k) // s,
    ),
    "plus-one-inside": _size(
        "the `+ 1` is added before the division",
        "It belongs after the division by the stride.",
        lambda i, k, s, p: (i + 2 * p - k + 1) // s,
    ),
    "rounds-up": _size(
        "a last step that does not fit is taken all the same",
        "Round down with `//`: the kernel stops short of the edge.",
        lambda i, k, s, p: -(-(i + 2 * p - k) // s) + 1,
    ),
    "rounds-to-nearest": _size(
        "the number of steps is rounded to the nearest whole number",
        "The kernel takes whole steps only: round down with `//`.",
        lambda i, k, s, p: math.floor((i + 2 * p - k) / s + 0.5) + 1,
    ),
    "true-division": _size(
        "sizes are fractions",
        "Divide with `//` in place of `/`.",
        lambda i, k, s, p: (i + 2 * p - k) / s + 1,
    ),
    "kernel-alone-divided": _size(
        "only the kernel's size is divided by the stride",
        "Put the whole numerator in parentheses.",
        lambda i, k, s, p: i + 2 * p - k // s + 1,
    ),
    "kernel-subtracted-late": _size(
        "the kernel is subtracted after the division",
        "Put the whole numerator in parentheses.",
        lambda i, k, s, p: (i + 2 * p) // s - k + 1,
    ),
    "pool-default-stride": _size(
        "pooling without a stride goes on by something else than the kernel's size",
        "That is PyTorch's default: look at `nn.MaxPool2d(4).stride`.",
        lambda i, k, s, p: i + 2 * p - k + 1 if s == k else _right(i, k, s, p),
    ),
    "chain-ends-elsewhere": _values(
        "the chain of layers ends in another shape than is asked for",
        "Write down the shape after each layer: which kernel, stride or number of channels leads to the next?",
        "28 pixels, a convolution with a kernel of 5, pooling by 2, both again; the mistake is a kernel of 3 at last",
        lambda: _right(_right(_right(_right(28, 5, 1, 0), 2, 2, 0), 5, 1, 0), 2, 2, 0),
        lambda: _right(_right(_right(_right(28, 5, 1, 0), 2, 2, 0), 3, 1, 0), 2, 2, 0),
    ),
    "chain-breaks": _values(
        "a layer can't take what the one before it gives",
        "Its channels or features are to be those that arrive, and its kernel is to fit into what is left.",
        "4 pixels that are left for a kernel of 4; the mistake is a kernel of 5, for which there is no place",
        lambda: _right(4, 4, 1, 0),
        lambda: _right(4, 5, 1, 0),
    ),
    "axes-swapped": _values(
        "height and width are swapped",
        "The shape of an image is (height, width): rows come first.",
        "a pattern of height 2 and width 3",
        *_both_shapes((2, 3), (3, 2)),
    ),
    "one-axis-for-both": _values(
        "the sizes of one axis are used for both",
        "Each setting may be a pair, (height, width): compute the axes apart.",
        "an image of 5x7 pixels and a kernel of 3x3",
        lambda: (_right(5, 3, 1, 0), _right(7, 3, 1, 0)),
        lambda: (_right(5, 3, 1, 0), _right(5, 3, 1, 0)),
    ),
    "one-image-side-for-both": _values(
        "one side of the image is used for both axes",
        "Use the height for the rows, and the width for the columns.",
        "an image of 5x7 pixels and a kernel of 3x2",
        lambda: (_right(5, 3, 1, 0), _right(7, 2, 1, 0)),
        lambda: (_right(5, 3, 1, 0), _right(5, 2, 1, 0)),
    ),
    "one-side-for-both": _values(
        "one side of the kernel is used for both axes",
        "Use its height for the rows, and its width for the columns.",
        "an image of 7x7 pixels and a kernel of 3x2",
        lambda: (_right(7, 3, 1, 0), _right(7, 2, 1, 0)),
        lambda: (_right(7, 3, 1, 0), _right(7, 3, 1, 0)),
    ),
    "one-stride-for-both": _values(
        "one number of the stride is used for both directions",
        "The first is the step down, the second the step to the right.",
        f"{_STEPS}, for a kernel of 1x1 and the stride (1, 2)",
        lambda: _corners((1, 1), (1, 2)),
        lambda: _corners((1, 1), (1, 1)),
    ),
    "one-padding-for-both": _values(
        "one number of the padding is used for both axes",
        "The first is added above and below, the second at the left and the right.",
        "an image of 5x5 pixels, a kernel of 3x3 and the padding (1, 0)",
        lambda: (_right(5, 3, 1, 1), _right(5, 3, 1, 0)),
        lambda: (_right(5, 3, 1, 1), _right(5, 3, 1, 1)),
    ),
    "pair-swapped": _values(
        "the two numbers of a pair are swapped",
        "Kernel sizes, strides and paddings are (height, width).",
        "an image of 5x5 pixels and a kernel of 3x2",
        lambda: (_right(5, 3, 1, 0), _right(5, 2, 1, 0)),
        lambda: (_right(5, 2, 1, 0), _right(5, 3, 1, 0)),
    ),
    "stride-swapped": _values(
        "the two numbers of the stride are swapped",
        "The first is the step down, the second the step to the right.",
        f"{_STEPS}, for a kernel of 1x1 and the stride (2, 1)",
        lambda: _corners((1, 1), (2, 1)),
        lambda: _corners((1, 1), (1, 2)),
    ),
    "kernel-swapped": _values(
        "the two numbers of the kernel's size are swapped",
        "The first is the height, the second the width.",
        f"{_STEPS}, for a kernel of 3x2 and the stride (1, 1)",
        lambda: _corners((3, 2), (1, 1)),
        lambda: _corners((2, 3), (1, 1)),
    ),
    "places-in-pixels": _values(
        "patches begin one pixel apart, whatever the stride",
        "The place of a patch is its number times the stride.",
        f"{_STEPS}, for a kernel of 1x1 and the stride (2, 2)",
        lambda: _corners((1, 1), (2, 2)),
        lambda: _corners((1, 1), (1, 1))[:2, :2],
    ),
    "kernel-flipped": _values(
        "the kernel is turned by half a turn",
        "PyTorch's layers multiply the kernel as it is with what lies under it (cross-correlation).",
        f"{_GEOMETRY} and the kernel [[1, 0], [2, 3]]",
        lambda: _convolved(_KERNEL),
        lambda: _convolved(_KERNEL[::-1, ::-1]),
    ),
    "kernel-transposed": _values(
        "the rows of a kernel or a patch became its columns",
        "Its first axis is the height: leave both in order.",
        f"{_GEOMETRY} and the kernel [[1, 0], [2, 3]]",
        lambda: _convolved(_KERNEL),
        lambda: _convolved(_KERNEL.T),
    ),
    "kernel-mean": _values(
        "the mean of the products under the kernel is taken",
        "They are summed.",
        f"{_GEOMETRY} and the kernel [[1, 0], [2, 3]]",
        lambda: _convolved(_KERNEL),
        lambda: _convolved(_KERNEL) / _KERNEL.size,
    ),
    "reshaped-not-moved": _values(
        "`reshape` or `view` is used where an axis is to be moved",
        "They keep the order in which numbers are stored. `permute(2, 0, 1)` in PyTorch and `transpose(2, 0, 1)` in "
        "NumPy move the axis.",
        _PIXELS,
        lambda: _COLOURS.transpose(2, 0, 1),
        lambda: _COLOURS.reshape(3, 1, 2),
    ),
    "channels-last": _values(
        "the channels come last",
        "PyTorch wants them before height and width: `permute(2, 0, 1)` moves the axis.",
        "an image of 4x5 pixels in three colours",
        *_both_shapes((3, 4, 5), (4, 5, 3)),
    ),
    "channels-reversed": _values(
        "the channels are in the order blue, green, red",
        "Leave them in the order in which PIL has them.",
        "a pixel with the bytes [255, 128, 0]",
        lambda: np.array([255, 128, 0]),
        lambda: np.array([255, 128, 0])[::-1],
    ),
    "batch-axis-missing": _values(
        "the axis of the batch is missing",
        "`unsqueeze(0)` puts it before the others.",
        "an image of 4x5 pixels in three colours",
        *_both_shapes((1, 3, 4, 5), (3, 4, 5)),
    ),
    "axis-too-many": _values(
        "there is an axis too many",
        "The image is one, without a batch: take `[0]` of what has one.",
        "an output of two channels of 4x5",
        *_both_shapes((2, 4, 5), (1, 2, 4, 5)),
    ),
    "not-scaled": _values(
        "values go from 0 to 255", "Divide by 255.", "a byte of 51", lambda: 51 / 255, lambda: 51
    ),
    "divided-by-256": _values(
        "bytes are divided by 256",
        "The brightest byte is 255, and is to become 1: divide by 255.",
        "a byte of 255",
        lambda: 255 / 255,
        lambda: 255 / 256,
    ),
    "integers-cut": _values(
        "values are cut to whole numbers",
        "An array that is filled keeps its own type: make it of floats, `np.zeros(shape)`.",
        "the mean of [1, 2], put into an array of ints",
        lambda: np.array([np.mean([1, 2])]),
        lambda: np.array([np.mean([1, 2])]).astype(int),
    ),
    "whole-division": _values(
        "bytes are divided as whole numbers",
        "Divide with `/`, and convert to floats before.",
        "bytes of [51, 255]",
        lambda: np.array([51, 255]) / 255,
        lambda: np.array([51, 255]) // 255,
    ),
    "window-sum": _values(
        "a window is summed where its mean is asked for",
        "Divide by the number of its values.",
        "the window [[1, 2], [3, 4]]",
        lambda: float(np.mean([[1, 2], [3, 4]])),
        lambda: int(np.sum([[1, 2], [3, 4]])),
    ),
    "zero-start": _values(
        "the largest value is looked for from 0 on",
        "Where all are negative, that finds 0: begin with a value of the window, or use `max`.",
        "the window [[-1, -2], [-3, -4]]",
        lambda: int(np.max([[-1, -2], [-3, -4]])),
        lambda: max(0, int(np.max([[-1, -2], [-3, -4]]))),
    ),
    "count-not-share": _values(
        "differences are counted",
        "The share is their number divided by the number of all places: `np.mean(a != b)`.",
        _DIFFER,
        lambda: float(np.mean(_A != _B)),
        lambda: int(np.sum(_A != _B)),
    ),
    "agree-not-differ": _values(
        "places that agree are asked for",
        "Ask where they differ, `!=`.",
        "the share of places where [0, 1, 0, 0] and [1, 1, 0, 0] differ",
        lambda: float(np.mean(np.array([0, 1, 0, 0]) != np.array([1, 1, 0, 0]))),
        lambda: float(np.mean(np.array([0, 1, 0, 0]) == np.array([1, 1, 0, 0]))),
    ),
    "signs-cancel": _values(
        "differences are added with their signs, so that 0 - 1 and 1 - 0 cancel",
        "Ask where the values differ (`!=`), not by how much.",
        _DIFFER,
        lambda: float(np.mean(_A != _B)),
        lambda: float(np.mean(_A - _B)),
    ),
    "flatten-loses-batch": _values(
        "flattening takes the images of a batch together",
        "(N, C, H, W) becomes (N, C * H * W): `x.flatten(1)`.",
        "a batch of shape (2, 3, 4, 4)",
        lambda: np.zeros((2, 3, 4, 4)).reshape(2, -1).shape,
        lambda: np.zeros((2, 3, 4, 4)).reshape(-1).shape,
    ),
    "flatten-keeps-channels": _values(
        "flattening leaves the channels apart",
        "(N, C, H, W) becomes (N, C * H * W).",
        "a batch of shape (2, 3, 4, 4)",
        lambda: np.zeros((2, 3, 4, 4)).reshape(2, -1).shape,
        lambda: np.zeros((2, 3, 4, 4)).reshape(2, 3, -1).shape,
    ),
    "bias-ignored": _values(
        "the bias plays no part", "Add it to what each filter gives.", "a sum of 5 and a bias of 2",
        lambda: 5 + 2, lambda: 5,
    ),
    "bias-subtracted": _values(
        "the bias is subtracted", "Add it.", "a sum of 5 and a bias of 2", lambda: 5 + 2, lambda: 5 - 2
    ),
    "bias-repeated": _values(
        "the bias is added more than once for a filter",
        "Add it once, after the sum over channels and over the kernel.",
        "a filter whose three channels give 1, 1 and 3, and a bias of 2",
        lambda: sum([1, 1, 3]) + 2,
        lambda: sum(value + 2 for value in [1, 1, 3]),
    ),
    "channel-mean": _values(
        "the mean over the channels is taken", "What the channels give is summed.", "channels that give 1, 1 and 4",
        lambda: 1 + 1 + 4, lambda: (1 + 1 + 4) / 3,
    ),
}  # fmt: skip
MISTAKES = {code: Mistake(*entry) for code, entry in _ALL.items()}
