"""q4: the convolution in NumPy, against PyTorch's own."""

import numpy as np
import pytest
import torch
from answers import Case, Mistake, require

from autograder import Key, points

pytestmark = pytest.mark.usefixtures("by_hand")


def conv2d(image, weight, bias, stride, **settings):
    # A copy, since PyTorch takes no arrays that run backwards.
    image, weight, bias = (torch.from_numpy(np.array(a, np.float64, order="C")) for a in (image, weight, bias))
    return torch.nn.functional.conv2d(image[None], weight, bias, stride, **settings)[0].numpy()


def without_sum(image, weight, stride):
    """The convolution of each channel alone: (F, C, H', W')."""
    none = np.zeros(len(weight))
    return np.stack([conv2d(image[c : c + 1], weight[:, c : c + 1], none, stride) for c in range(len(image))], axis=1)


def _same(image, weight, bias, stride):
    kh, kw = weight.shape[2:]
    return conv2d(image, weight, bias, stride, padding=(kh // 2, kw // 2))


def _bias_along_width(image, weight, bias, stride):
    return conv2d(image, weight, 0 * bias, stride) + bias


SWAPPED_STRIDE = (
    "The two numbers of the stride are swapped: the first is the step down, the second the step to the right."
)
ONE_CHANNEL = (
    "Only one channel of the image plays a part: each filter has a kernel for every channel, and the results are "
    "summed."
)
MISTAKES = [
    Mistake(
        "kernel-flipped",
        "Your kernel is flipped. That is a convolution as mathematics has it; PyTorch's layers multiply the kernel as "
        "it is with what lies under it (cross-correlation).",
        lambda i, w, b, s: conv2d(i, w[:, :, ::-1, ::-1], b, s),
    ),
    Mistake(
        "kernel-transposed",
        "Your kernel is turned over, so that its rows are columns: `weight[f, c]` is (height, width).",
        lambda i, w, b, s: conv2d(i, w.swapaxes(2, 3), b, s),
    ),
    Mistake(
        "bias-ignored",
        "The bias plays no part: add it to what each filter gives.",
        lambda i, w, b, s: conv2d(i, w, 0 * b, s),
    ),
    Mistake("bias-subtracted", "The bias is subtracted: add it.", lambda i, w, b, s: conv2d(i, w, -b, s)),
    Mistake(
        "bias-repeated",
        "The bias is added once for each channel: add it once for each filter, after the sum over channels.",
        lambda i, w, b, s: conv2d(i, w, len(i) * b, s),
    ),
    Mistake(
        "bias-repeated",
        "The bias is added once for each number of the kernel: add it after the sum.",
        lambda i, w, b, s: conv2d(i, w, b * w[0].size, s),
    ),
    Mistake(
        "bias-of-first-filter",
        "The bias of the first filter is added for all filters: each has its own.",
        lambda i, w, b, s: conv2d(i, w, b[0] + 0 * b, s),
    ),
    Mistake(
        "bias-along-width",
        "The bias is added along the width, where NumPy's broadcasting puts it: it belongs to the filters, the first "
        "axis. `bias[:, None, None]` has the shape (F, 1, 1).",
        _bias_along_width,
    ),
    Mistake("one-channel", ONE_CHANNEL, lambda i, w, b, s: conv2d(i[:1], w[:, :1], b, s)),
    Mistake("one-channel", ONE_CHANNEL, lambda i, w, b, s: conv2d(i[-1:], w[:, -1:], b, s)),
    Mistake(
        "channel-mean",
        "You take the mean over the channels; what the channels give is summed.",
        lambda i, w, b, s: conv2d(i, w / len(i), b, s),
    ),
    Mistake(
        "channel-mean",
        "You take the mean over the channels, bias included; what the channels give is summed.",
        lambda i, w, b, s: conv2d(i, w, b, s) / len(i),
    ),
    Mistake(
        "kernel-mean",
        "You take the mean of the products under the kernel; they are summed.",
        lambda i, w, b, s: conv2d(i, w / w[0, 0].size, b, s),
    ),
    Mistake(
        "kernel-mean",
        "You take the mean of the products under the kernel; they are summed.",
        lambda i, w, b, s: conv2d(i, w / w[0].size, b, s),
    ),
    Mistake(
        "one-kernel-for-all",
        "The kernel of the first channel is used for all channels: `weight[f, c]` is the kernel of channel c.",
        lambda i, w, b, s: conv2d(i, w[:, :1].repeat(len(i), 1), b, s),
    ),
    Mistake(
        "one-kernel-for-all",
        "The kernels of the first filter are used for all filters: `weight[f]` holds those of filter f.",
        lambda i, w, b, s: conv2d(i, w[:1].repeat(len(w), 0), b, s),
    ),
    Mistake(
        "one-filter",
        "Only the first filter is used: the output has one channel for each filter.",
        lambda i, w, b, s: conv2d(i, w[:1], b[:1], s),
    ),
    Mistake(
        "filter-axis-missing",
        "The axis of the filters is missing: the output is (F, H', W').",
        lambda i, w, b, s: conv2d(i, w, b, s).squeeze(0),
    ),
    Mistake(
        "filters-summed",
        "What the filters give is summed: keep one channel for each filter.",
        lambda i, w, b, s: conv2d(i, w, b, s).sum(0),
    ),
    Mistake(
        "channels-not-summed",
        "What the channels give stands side by side: sum over the channels, so that (F, H', W') is left.",
        lambda i, w, b, s: without_sum(i, w, s),
    ),
    Mistake(
        "channels-not-summed",
        "What the channels give stands side by side: sum over the channels, so that (F, H', W') is left.",
        lambda i, w, b, s: without_sum(i, w, s) + b[:, None, None, None],
    ),
    Mistake("stride-swapped", SWAPPED_STRIDE, lambda i, w, b, s: conv2d(i, w, b, s[::-1])),
    Mistake(
        "stride-ignored", "The stride plays no part: your steps are all 1.", lambda i, w, b, s: conv2d(i, w, b, (1, 1))
    ),
    Mistake(
        "one-stride-for-both",
        "You use the stride's first number for both axes.",
        lambda i, w, b, s: conv2d(i, w, b, (s[0], s[0])),
    ),
    Mistake(
        "one-stride-for-both",
        "You use the stride's second number for both axes.",
        lambda i, w, b, s: conv2d(i, w, b, (s[1], s[1])),
    ),
    Mistake(
        "stride-ignored",
        "Your steps are as large as the kernel: use the stride.",
        lambda i, w, b, s: conv2d(i, w, b, w.shape[2:]),
    ),
    Mistake("padded", "You pad the image with zeros; here nothing is added to it.", _same),
    Mistake(
        "plus-one-missing",
        "The last row and the last column are missing: besides the steps, the first position gives a value (`+ 1`).",
        lambda i, w, b, s: conv2d(i, w, b, s)[:, :-1, :-1],
    ),
    Mistake(
        "relu-included",
        "Negative values became 0. A convolution ends before the ReLU.",
        lambda i, w, b, s: conv2d(i, w, b, s).clip(0),
    ),
    Mistake(
        "integers-cut",
        "The values are cut to whole numbers: make the array that you fill of floats.",
        lambda i, w, b, s: np.trunc(conv2d(i, w, b, s)),
    ),
    Mistake(
        "integers-cut",
        "The values are cut to whole numbers where the image holds such: make the array that you fill of floats.",
        lambda i, w, b, s: conv2d(i, w, b, s).astype(i.dtype),
    ),
    Mistake(
        "axis-too-many",
        "There is an axis too many: the image is one, without a batch.",
        lambda i, w, b, s: conv2d(i, w, b, s)[None],
    ),
    Mistake(
        "channels-last",
        "The channels of the output come last: they are to be axis 0.",
        lambda i, w, b, s: conv2d(i, w, b, s).transpose(1, 2, 0),
    ),
]


def case(rng, image_shape, weight_shape, stride=(1, 1), *, bias=False, whole=False):
    """An image, filters and biases (zeros unless asked for) of these shapes; an image of floats or whole numbers."""

    def numbers(shape):
        return rng.integers(-5, 6, shape) if whole else rng.normal(size=shape)

    filters = weight_shape[0]
    biases = numbers(filters).astype(float) if bias else np.zeros(filters)
    arguments = (numbers(image_shape), numbers(weight_shape).astype(float), biases, stride)
    words = (
        f"an image of shape {image_shape}, weights of shape {weight_shape}, {'' if bias else 'no '}bias and "
        f"stride={stride}"
    )
    return Case(words, arguments)


def bytes_case(rng, image_shape, weight_shape):
    """An image of bytes, as a file holds it, and filters of floats."""
    usual = case(rng, image_shape, weight_shape)
    image = rng.integers(0, 256, image_shape, dtype=np.uint8)
    return Case(f"{usual.words}, where the image holds bytes", (image, *usual.arguments[1:]))


def require_conv2d(submission, cases, hint=""):
    require(submission.convolve, cases, conv2d, MISTAKES, hint=hint)


@points(1, "One channel and one filter: the kernel goes over the image as it is")
def test_one_filter(submission, key: Key):
    rng = key.rng("q4 one filter")
    small = np.arange(1, 13).reshape(1, 3, 4), np.array([[[[1.0, 0], [0, 2]]]]), np.zeros(1), (1, 1)
    cases = [
        Case("the image [[[1, 2, 3, 4], [5, 6, 7, 8], [9, 10, 11, 12]]] and the kernel [[1, 0], [0, 2]]", small),
        case(rng, (1, 6, 5), (1, 1, 3, 3), whole=True),
        case(rng, (1, 7, 9), (1, 1, 3, 3)),
        case(rng, (1, 8, 6), (1, 1, 2, 5)),
        case(rng, (1, 4, 4), (1, 1, 4, 4)),
        case(rng, (1, 5, 3), (1, 1, 1, 1)),
    ]
    require_conv2d(submission, cases)


@points(1, "Several channels and filters: sums over channels, one output channel a filter")
def test_channels_and_filters(submission, key: Key):
    rng = key.rng("q4 channels")
    cases = [
        case(rng, (3, 6, 7), (4, 3, 3, 3), whole=True),
        case(rng, (2, 5, 8), (3, 2, 2, 3)),
        case(rng, (4, 7, 6), (2, 4, 3, 2)),
        case(rng, (5, 4, 9), (1, 5, 2, 2)),
        case(rng, (1, 6, 6), (6, 1, 3, 3)),
        bytes_case(rng, (3, 5, 6), (2, 3, 2, 3)),
    ]
    hint = (
        "`weight` is (F, C, kh, kw) and `bias` is (F,), which `bias[:, None, None]` makes (F, 1, 1) to fit the output: "
        "print the shape after each step."
    )
    require_conv2d(submission, cases, hint)


@points(1, "The stride is (down, right)")
def test_stride(submission, key: Key):
    rng = key.rng("q4 stride")
    cases = [
        case(rng, (2, 9, 8), (3, 2, 3, 2), (2, 3), whole=True),
        case(rng, (3, 10, 11), (2, 3, 3, 3), (3, 1)),
        case(rng, (1, 7, 12), (2, 1, 2, 4), (1, 4)),
        case(rng, (2, 8, 9), (2, 2, 3, 3), (2, 2)),
        case(rng, (3, 5, 13), (2, 3, 2, 3), (4, 2)),
    ]
    hint = "The last step that does not fit is left out: round down with `//`."
    require_conv2d(submission, cases, hint)


@pytest.fixture
def with_bias(key: Key):
    """Two of the outputs are as wide as there are filters, where a bias of the wrong shape raises nothing."""
    rng = key.rng("q4 bias")
    return [
        case(rng, (2, 6, 5), (4, 2, 3, 2), bias=True, whole=True),
        case(rng, (3, 5, 7), (5, 3, 2, 3), bias=True),
        case(rng, (2, 6, 6), (3, 2, 2, 2), bias=True),
    ]


@points(1, "Each filter's bias is added once")
def test_bias(submission, with_bias):
    hint = "`bias` has the shape (F,) and the output (F, H', W'): `bias[:, None, None]` has the shape (F, 1, 1)."
    require_conv2d(submission, with_bias, hint)
