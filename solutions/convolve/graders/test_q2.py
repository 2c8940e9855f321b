"""q2: the patches that a kernel sees on its way over an image."""

import numpy as np
import pytest
from answers import Case, Mistake, require
from numpy.lib.stride_tricks import sliding_window_view

from autograder import Key, points

pytestmark = pytest.mark.usefixtures("by_hand")


def patches(image, kernel_size, stride):
    return sliding_window_view(image, kernel_size)[:: stride[0], :: stride[1]]


def one_pixel_apart(image, kernel_size, stride):
    """As many patches as there should be, whose places are counted in pixels instead of steps."""
    n_rows, n_cols = patches(image, kernel_size, stride).shape[:2]
    return patches(image, kernel_size, (1, 1))[:n_rows, :n_cols]


def rounded_up(image, kernel_size, stride):
    """A last step that does not fit is taken all the same, over zeros."""
    missing = [-(side - kernel) % step for side, kernel, step in zip(image.shape, kernel_size, stride, strict=True)]
    return patches(np.pad(image, [(0, m) for m in missing]), kernel_size, stride)


def wrapped(image, kernel_size, stride):
    """The numbers of the right patches' shape, in the order in which the image holds them."""
    shape = patches(image, kernel_size, stride).shape
    return np.resize(image, shape)


MISTAKES = [
    Mistake(
        "stride-swapped",
        "The two numbers of the stride are swapped: the first is the step down, the second the step to the right.",
        lambda i, k, s: patches(i, k, s[::-1]),
    ),
    Mistake(
        "kernel-swapped",
        "The two numbers of the kernel's size are swapped: the first is the height, the second the width.",
        lambda i, k, s: patches(i, k[::-1], s),
    ),
    Mistake("stride-ignored", "The stride plays no part: your steps are all 1.", lambda i, k, s: patches(i, k, (1, 1))),
    Mistake(
        "stride-ignored",
        "The stride plays no part: your steps are as large as the kernel, so that patches never overlap.",
        lambda i, k, s: patches(i, k, k),
    ),
    Mistake(
        "one-stride-for-both",
        "You use the stride's first number for both directions.",
        lambda i, k, s: patches(i, k, (s[0], s[0])),
    ),
    Mistake(
        "one-stride-for-both",
        "You use the stride's second number for both directions.",
        lambda i, k, s: patches(i, k, (s[1], s[1])),
    ),
    Mistake(
        "one-side-for-both",
        "You use the kernel's height for both sides of a patch.",
        lambda i, k, s: patches(i, (k[0], k[0]), s),
    ),
    Mistake(
        "one-side-for-both",
        "You use the kernel's width for both sides of a patch.",
        lambda i, k, s: patches(i, (k[1], k[1]), s),
    ),
    Mistake(
        "places-in-pixels",
        "The number of patches is right, but they begin one pixel apart: the place of a patch is its number times the "
        "stride.",
        one_pixel_apart,
    ),
    Mistake(
        "plus-one-missing",
        "The last row and the last column of patches are missing: besides the steps, the first position gives a patch "
        "(`+ 1`).",
        lambda i, k, s: patches(i, k, s)[:-1, :-1],
    ),
    Mistake(
        "patches-transposed",
        "The patches are in columns: axis 0 is to count rows of patches, axis 1 the patches in a row.",
        lambda i, k, s: patches(i, k, s).swapaxes(0, 1),
    ),
    Mistake(
        "kernel-transposed",
        "Each patch is turned over: its rows became columns.",
        lambda i, k, s: patches(i, k, s).swapaxes(2, 3),
    ),
    Mistake(
        "patches-in-a-row",
        "The patches are right, but they stand in one long row: they are to stand in rows and columns, as "
        "(n_rows, n_cols, kh, kw).",
        lambda i, k, s: patches(i, k, s).reshape(-1, *k),
    ),
    Mistake(
        "patches-flattened",
        "Each patch is flattened: it is to keep its height and width, so that the result has 4 axes.",
        lambda i, k, s: patches(i, k, s).reshape(*patches(i, k, s).shape[:2], -1),
    ),
    Mistake(
        "reshaped-not-moved",
        "The shape is right, but the numbers come in the image's order: a patch holds neighbours of several rows. "
        "Cut it out with slices in place of `reshape`.",
        wrapped,
    ),
    Mistake(
        "rounds-up",
        "Where the last step does not fit, you take it all the same and fill up with zeros: leave it out.",
        rounded_up,
    ),
    Mistake(
        "integers-cut",
        "The values are cut to whole numbers: make the array that you fill with `dtype=image.dtype`.",
        lambda i, k, s: np.trunc(patches(i, k, s)),
    ),
]


def case(image, kernel_size, stride):
    words = f"an image of shape {image.shape}, kernel_size={kernel_size} and stride={stride}"
    return Case(words, (image, kernel_size, stride))


def counted(height, width):
    """An image whose pixels are numbered from 1."""
    return np.arange(1, height * width + 1).reshape(height, width)


def random_cases(rng, count, *, exact):
    """Kernels and strides that differ in both directions, on floats; the steps fit exactly or leave a remainder."""
    found: list[Case] = []
    while len(found) < count:
        kernel, stride, steps = (rng.integers(*bounds, 2) for bounds in ((1, 6), (1, 5), (1, 6)))
        rest = rng.integers(0, stride)
        if kernel[0] != kernel[1] and stride[0] != stride[1] and exact == (not rest.any()):
            side = kernel + steps * stride + rest
            found.append(case(rng.normal(size=side.tolist()), tuple(kernel.tolist()), tuple(stride.tolist())))
    return found


@points(1, "Square kernels, one pixel at a time")
def test_square_kernel(submission, key: Key):
    rng = key.rng("q2 square")
    cases = [
        case(counted(3, 4), (2, 2), (1, 1)),
        case(counted(5, 3), (1, 1), (1, 1)),
        case(counted(3, 3), (3, 3), (1, 1)),
        *(case(rng.normal(size=size), (k, k), (1, 1)) for size, k in (((6, 9), 3), ((11, 7), 4), ((8, 8), 2))),
        case(rng.integers(-99, 99, (7, 10)), (5, 5), (1, 1)),
    ]
    require(submission.extract_patches, cases, patches, MISTAKES)


@points(2, "Kernels and strides whose height and width differ")
def test_asymmetrical(submission, key: Key):
    cases = [
        case(counted(4, 5), (2, 1), (2, 4)),
        case(counted(3, 7), (1, 3), (2, 1)),
        case(counted(5, 6), (2, 3), (3, 1)),
        *random_cases(key.rng("q2 asymmetrical"), 12, exact=True),
    ]
    require(submission.extract_patches, cases, patches, MISTAKES)


@pytest.fixture
def with_remainder(key: Key):
    return [
        case(counted(5, 5), (2, 2), (2, 2)),
        case(counted(4, 7), (2, 3), (3, 3)),
        case(counted(6, 5), (3, 2), (2, 4)),
        *random_cases(key.rng("q2 remainder"), 8, exact=False),
    ]


@points(1, "A last step that does not fit is left out")
def test_remainder(submission, with_remainder):
    hint = "Here the last step does not fit into the image, so that it is left out: round down with `//`."
    require(submission.extract_patches, with_remainder, patches, MISTAKES, hint=hint)
