"""q5: pooling in NumPy."""

import numpy as np
import pytest
from answers import Case, Mistake, require
from numpy.lib.stride_tricks import sliding_window_view

from autograder import Key, points

pytestmark = pytest.mark.usefixtures("by_hand")


def windows(image, kernel_size, stride):
    """(C, H, W) to (C, H', W', kh, kw)."""
    return sliding_window_view(image, kernel_size, axis=(1, 2))[:, :: stride[0], :: stride[1]]


def squeeze_with(reduce):
    """Pooling by this function of each window."""

    def pooled(image, kernel_size, stride=None, how="max"):
        return reduce(windows(image, kernel_size, kernel_size if stride is None else stride), axis=(3, 4))

    return pooled


MAX, MEAN = squeeze_with(np.max), squeeze_with(np.mean)


def pool(image, kernel_size, stride=None, how="max"):
    return (MAX if how == "max" else MEAN)(image, kernel_size, stride)


def with_stride(change):
    """Pooling whose stride is change(stride, kernel_size); the stride may be None."""
    return lambda image, kernel_size, stride=None, how="max": pool(image, kernel_size, change(stride, kernel_size), how)


def then(change):
    """Pooling whose result is changed."""
    return lambda image, kernel_size, stride=None, how="max": change(pool(image, kernel_size, stride, how))


def by_kernel(change):
    """Pooling whose window is change(kernel_size)."""

    def pooled(image, kernel_size, stride=None, how="max"):
        return pool(image, change(kernel_size), kernel_size if stride is None else stride, how)

    return pooled


def across_channels(keepdims):
    def pooled(image, kernel_size, stride=None, how="max"):
        reduce = np.max if how == "max" else np.mean
        return reduce(pool(image, kernel_size, stride, how), axis=0, keepdims=keepdims)

    return pooled


def every_channel_alike(image, kernel_size, stride=None, how="max"):
    return across_channels(True)(image, kernel_size, stride, how).repeat(len(image), 0)


def rounded_up(image, kernel_size, stride=None, how="max"):
    """Windows that the image's edge cuts off are pooled, too, as with ceil_mode."""
    stride = kernel_size if stride is None else stride
    sides = image.shape[1:]
    missing = [-(side - kernel) % step for side, kernel, step in zip(sides, kernel_size, stride, strict=True)]
    padded = np.pad(image.astype(np.float64), [(0, 0), *((0, m) for m in missing)], constant_values=np.nan)
    return (np.nanmax if how == "max" else np.nanmean)(windows(padded, kernel_size, stride), axis=(3, 4))


def as_image_type(image, kernel_size, stride=None, how="max"):
    return pool(image, kernel_size, stride, how).astype(image.dtype)


ACROSS = "You pool over the channels, too: each channel is pooled on its own, so that C stays."
STRIDE_MISTAKES = [
    Mistake(
        "pool-default-stride",
        "Without a stride, your steps are 1. As in PyTorch, the default is the kernel's size, so that windows lie side "
        "by side.",
        with_stride(lambda s, k: (1, 1) if s is None else s),
    ),
    Mistake(
        "pool-default-stride",
        "Without a stride, your steps are 2. As in PyTorch, the default is the kernel's size.",
        with_stride(lambda s, k: (2, 2) if s is None else s),
    ),
    Mistake(
        "pool-default-stride",
        "Without a stride, your steps are the kernel's size the wrong way round: the first number is the height.",
        with_stride(lambda s, k: k[::-1] if s is None else s),
    ),
    Mistake(
        "pool-default-stride",
        "Without a stride, your steps are the kernel's height in both directions.",
        with_stride(lambda s, k: (k[0], k[0]) if s is None else s),
    ),
    Mistake(
        "pool-default-stride",
        "Without a stride, your steps are the kernel's width in both directions.",
        with_stride(lambda s, k: (k[1], k[1]) if s is None else s),
    ),
    Mistake(
        "stride-ignored",
        "The stride plays no part: your steps are always the kernel's size.",
        with_stride(lambda s, k: k),
    ),
    Mistake("stride-ignored", "The stride plays no part: your steps are all 1.", with_stride(lambda s, k: (1, 1))),
    Mistake(
        "stride-swapped",
        "The two numbers of the stride are swapped: the first is the step down, the second the step to the right.",
        with_stride(lambda s, k: (s or k)[::-1]),
    ),
    Mistake(
        "one-stride-for-both",
        "You use the stride's first number for both directions.",
        with_stride(lambda s, k: ((s or k)[0], (s or k)[0])),
    ),
    Mistake(
        "one-stride-for-both",
        "You use the stride's second number for both directions.",
        with_stride(lambda s, k: ((s or k)[1], (s or k)[1])),
    ),
]
MISTAKES = [
    Mistake("how-ignored", 'You take the mean where `how` is "max".', MEAN),
    Mistake(
        "how-ignored", '`how` plays no part: with "avg", take the mean of each window in place of its maximum.', MAX
    ),
    Mistake(
        "max-and-avg-swapped",
        '"max" and "avg" are swapped.',
        lambda image, kernel_size, stride=None, how="max": pool(
            image, kernel_size, stride, "avg" if how == "max" else "max"
        ),
    ),
    Mistake("minimum", "This is the smallest value of each window.", squeeze_with(np.min)),
    Mistake("window-sum", "This is the sum of each window: divide by the number of its values.", squeeze_with(np.sum)),
    Mistake("median", "This is the median of each window: the average is the mean.", squeeze_with(np.median)),
    *STRIDE_MISTAKES,
    Mistake(
        "kernel-swapped",
        "The two numbers of the kernel's size are swapped: the first is the height, the second the width.",
        by_kernel(lambda k: k[::-1]),
    ),
    Mistake(
        "one-side-for-both",
        "You use the kernel's height for both sides of a window.",
        by_kernel(lambda k: (k[0], k[0])),
    ),
    Mistake(
        "one-side-for-both", "You use the kernel's width for both sides of a window.", by_kernel(lambda k: (k[1], k[1]))
    ),
    Mistake("across-channels", ACROSS, across_channels(keepdims=False)),
    Mistake("across-channels", ACROSS, across_channels(keepdims=True)),
    Mistake("across-channels", ACROSS, every_channel_alike),
    Mistake(
        "one-channel",
        "Only the first channel is pooled: the output has as many channels as the image.",
        then(lambda pooled: pooled[:1]),
    ),
    Mistake(
        "one-channel",
        "Only the first channel is pooled: the output has as many channels as the image.",
        then(lambda p: p[0]),
    ),
    Mistake(
        "zero-start",
        "Where all values of a window are negative, you give 0: begin with the window's own values in place of 0.",
        then(lambda pooled: pooled.clip(0)),
    ),
    Mistake("integers-cut", "The mean is rounded down to a whole number: divide with `/`.", then(np.floor)),
    Mistake(
        "integers-cut",
        "The values are cut to whole numbers: make the array that you fill of floats. With "
        "`np.empty_like(image)` or `dtype=image.dtype` it takes whole numbers only if the image holds such.",
        then(np.trunc),
    ),
    Mistake(
        "integers-cut",
        "The values are cut to whole numbers where the image holds such: make the array that you fill of floats.",
        as_image_type,
    ),
    Mistake(
        "rounds-up",
        "A window that the image's edge cuts off is pooled, too. A step that does not fit is left out: round down.",
        rounded_up,
    ),
    Mistake(
        "plus-one-missing",
        "The last row and the last column are missing: besides the steps, the first position gives a value (`+ 1`).",
        then(lambda pooled: pooled[:, :-1, :-1]),
    ),
    Mistake(
        "axis-too-many",
        "There is an axis too many: the image is one, without a batch.",
        then(lambda pooled: pooled[None]),
    ),
]


def case(image, kernel_size, **settings):
    told = ", ".join(f"{name}={value!r}" for name, value in {"kernel_size": kernel_size, **settings}.items())
    return Case(f"an image of shape {image.shape} and {told}", (image, kernel_size), settings)


@pytest.fixture
def images(key: Key):
    """Images of several channels and kinds of numbers, with kernels and strides; one of negative values only."""
    rng = key.rng("q5 images")
    small = np.array([[[1, 2, 5, 4], [3, 0, 1, 7]], [[-4, -1, -6, -2], [-3, -8, -5, -5]]])
    return [
        (small, (2, 2), (1, 1)),
        (rng.integers(-9, 10, (3, 6, 8)), (2, 2), (2, 2)),
        (rng.normal(size=(3, 7, 10)), (3, 2), (1, 3)),
        (rng.normal(size=(2, 10, 6)), (2, 4), (3, 1)),
        (rng.normal(size=(4, 8, 8)), (3, 3), (2, 2)),
        (-rng.random((2, 6, 11)) - 1, (2, 3), (2, 4)),
        (rng.integers(-99, 100, (1, 5, 7)), (5, 7), (1, 1)),
    ]


@points(1, "Max pooling, with any kernel and stride")
def test_max(submission, images):
    cases = [case(image, kernel, stride=stride, how="max") for image, kernel, stride in images]
    require(submission.pool, cases, pool, MISTAKES)


@points(1, "Average pooling, with any kernel and stride")
def test_avg(submission, images):
    cases = [case(image, kernel, stride=stride, how="avg") for image, kernel, stride in images]
    require(submission.pool, cases, pool, MISTAKES)


@points(1, "Without a stride, the steps are as large as the kernel")
def test_default_stride(submission, key: Key):
    rng = key.rng("q5 default stride")
    cases = [
        case(np.arange(1, 17).reshape(1, 4, 4), (2, 2)),
        case(rng.normal(size=(3, 6, 6)), (2, 3)),
        case(rng.normal(size=(2, 9, 8)), (3, 2), stride=None),
        case(rng.integers(-9, 10, (2, 7, 10)), (3, 3), stride=None, how="max"),
        case(rng.normal(size=(2, 11, 5)), (4, 1), how="max"),
    ]
    hint = "`pool(image, kernel_size)` and `stride=None` both stand for a stride of the kernel's size."
    require(submission.pool, cases, pool, [*STRIDE_MISTAKES, *MISTAKES], hint=hint)
