"""Chains of layers for q6, the shapes that PyTorch makes of them, and those that known mistakes make."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import torch
from answers import Mistake
from torch import nn

Layer = tuple[str, dict[str, Any]]  # the name of a class, and its settings

WINDOWED = ("Conv2d", "MaxPool2d", "AvgPool2d")


@dataclass(frozen=True)
class Chain:
    """Layers, as pairs of a class's name and its settings, and the shape of what they get."""

    input_shape: tuple[int, ...]
    layers: tuple[Layer, ...]

    def as_plain(self):
        return [[kind, dict(settings)] for kind, settings in self.layers]

    def shapes(self):
        """What PyTorch makes of it. The meta device computes shapes only."""
        x, shapes = torch.empty(self.input_shape, device="meta"), []
        for kind, settings in self.layers:
            extra = {"device": "meta"} if kind in ("Conv2d", "Linear") else {}
            x = getattr(nn, kind)(**settings, **extra)(x)
            shapes.append(tuple(x.shape))
        return shapes

    def __str__(self):
        layers = (f"{kind}({', '.join(f'{k}={v}' for k, v in settings.items())})" for kind, settings in self.layers)
        return f"{self.input_shape} -> {' -> '.join(layers)}"


def conv(in_channels, out_channels, kernel_size, **settings):
    return "Conv2d", {"in_channels": in_channels, "out_channels": out_channels, "kernel_size": kernel_size, **settings}


def max_pool(kernel_size, **settings):
    return "MaxPool2d", {"kernel_size": kernel_size, **settings}


def avg_pool(kernel_size, **settings):
    return "AvgPool2d", {"kernel_size": kernel_size, **settings}


def linear(in_features, out_features):
    return "Linear", {"in_features": in_features, "out_features": out_features}


RELU: Layer = ("ReLU", {})
FLATTEN: Layer = ("Flatten", {})

FIXED = [
    Chain(
        (2, 1, 28, 28), (conv(1, 8, 5), RELU, max_pool(2), conv(8, 4, 3), RELU, avg_pool(2), FLATTEN, linear(100, 10))
    ),
    Chain((1, 3, 10, 7), (conv(3, 4, (3, 2), stride=(2, 3), padding=(1, 0)), RELU)),  # asymmetric, with a remainder
    Chain((4, 2, 9, 13), (max_pool(2), avg_pool((1, 3)))),  # default strides, with remainders
    Chain((1, 1, 3, 4), (conv(1, 2, 5, stride=2, padding=1),)),  # fits only because of the padding
    Chain((3, 2, 12, 9), (max_pool((4, 3), stride=(1, 2), padding=(2, 1)), avg_pool(3, padding=1))),
    Chain((5, 2, 3, 4), (FLATTEN, linear(24, 6), RELU, linear(6, 1))),
]


def random_chains(rng, count):
    """Possible chains of all kinds."""
    return [_random_chain(rng) for _ in range(count)]


def _random_chain(rng):
    def number(low, high):
        return int(rng.integers(low, high + 1))

    def number_or_pair(low, high):
        return number(low, high) if rng.random() < 0.5 else (number(low, high), number(low, high))

    input_shape = (number(1, 4), number(1, 4), number(12, 40), number(12, 40))
    layers, shape = [], input_shape
    for _ in range(number(1, 4)):
        kind = WINDOWED[number(0, 2)]
        kernel = number_or_pair(1, 5)
        settings = {"kernel_size": kernel}
        if rng.random() < 0.6:
            settings["stride"] = number_or_pair(1, 3)
        if rng.random() < 0.6:  # PyTorch pads by at most half of a pooling window
            settings["padding"] = number_or_pair(0, 2 if kind == "Conv2d" else min(_pair(kernel)) // 2)
        if kind == "Conv2d":
            settings = {"in_channels": shape[1], "out_channels": number(1, 6), **settings}
        if any(side < 5 for side in shape[2:]):
            break
        layers.append((kind, settings))
        if rng.random() < 0.4:
            layers.append(RELU)
        shape = Chain(input_shape, tuple(layers)).shapes()[-1]
    if rng.random() < 0.6:
        layers += [FLATTEN, linear(math.prod(shape[1:]), number(2, 12))]
    return Chain(input_shape, tuple(layers))


def _pair(value):
    return value if isinstance(value, tuple) else (value, value)


# --- known mistakes -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Rules:
    """How shapes are followed. The defaults are right; a mistake changes one."""

    size: Callable[..., Any] = lambda side, k, s, p: (side + 2 * p - k) // s + 1
    pairs: Callable[..., Any] = lambda k, s, p: (k, s, p)
    pool_stride: Callable[..., Any] = lambda s, k: k if s is None else s  # of setting and kernel
    pool_padding: bool = True
    turned: bool = False  # height and width swapped in the result
    channels: Callable[..., Any] = lambda before, after: after
    flat: Callable[..., Any] = lambda shape: (shape[0], math.prod(shape[1:]))
    linear: Callable[..., Any] = lambda shape, out: (*shape[:-1], out)
    without_relu: bool = False
    with_input: bool = False

    def follow(self, chain):
        shape, shapes = chain.input_shape, [chain.input_shape] if self.with_input else []
        for kind, settings in chain.layers:
            if kind in WINDOWED:
                shape = self._window(kind, settings, shape)
            elif kind == "Flatten":
                shape = self.flat(shape)
            elif kind == "Linear":
                shape = self.linear(shape, settings["out_features"])
            elif self.without_relu:
                continue
            shapes.append(shape)
        return shapes

    def _window(self, kind, settings, shape):
        kernel = _pair(settings["kernel_size"])
        stride = settings.get("stride")
        stride = (stride or 1) if kind == "Conv2d" else self.pool_stride(stride, kernel)
        padding = _pair(settings.get("padding", 0)) if kind == "Conv2d" or self.pool_padding else (0, 0)
        axes = self.pairs(kernel, _pair(stride), padding)
        sides = [self.size(*numbers) for numbers in zip(shape[2:], *axes, strict=True)]
        channels = self.channels(shape[1], settings["out_channels"]) if kind == "Conv2d" else shape[1]
        return (shape[0], channels, *(sides[::-1] if self.turned else sides))


def _both(pair, index=0):
    return (pair[index], pair[index])


def _mistake(code, text, **changed):
    return Mistake(code, text, replace(Rules(), **changed).follow)


LINEAR_AXES = "`nn.Linear` changes the last number of the shape only: (N, in_features) becomes (N, out_features)."
FIRST_OF_BOTH = "You use the first number of a {} for both directions: it may be a pair (height, width)."
MISTAKES = [
    _mistake(
        "input-shape-listed",
        "Your list begins with the input's shape: it is to hold the shapes after the layers, one for each.",
        with_input=True,
    ),
    _mistake(
        "relu-left-out",
        "A layer that leaves the shape as it is, such as ReLU, has an entry in the list, too.",
        without_relu=True,
    ),
    _mistake(
        "pool-default-stride",
        "Without a stride, you let pooling go on by 1. PyTorch's default for pooling is the kernel's size (look at "
        "`nn.MaxPool2d(4).stride`).",
        pool_stride=lambda s, k: s or 1,
    ),
    _mistake(
        "pool-default-stride",
        "Without a stride, your pooling goes on by 2: the default is the kernel's size.",
        pool_stride=lambda s, k: s or 2,
    ),
    _mistake(
        "pool-stride-ignored",
        "You let pooling go on by 1 always. It has a stride, whose default is the kernel's size (look at "
        "`nn.MaxPool2d(4).stride`).",
        pool_stride=lambda s, k: 1,
    ),
    _mistake(
        "pool-stride-ignored",
        "You let pooling go on by the kernel's size always. That is the default only: look at `layer.stride`.",
        pool_stride=lambda s, k: k,
    ),
    _mistake(
        "padding-ignored", "The padding plays no part in your shapes.", size=lambda side, k, s, p: (side - k) // s + 1
    ),
    _mistake("padding-ignored", "The padding of pooling layers plays no part in your shapes.", pool_padding=False),
    _mistake(
        "padding-once",
        "The padding is counted once. It is added on both sides of the image, so it counts twice: `2 * padding`.",
        size=lambda side, k, s, p: (side + p - k) // s + 1,
    ),
    _mistake(
        "stride-ignored", "The stride plays no part in your shapes.", size=lambda side, k, s, p: side + 2 * p - k + 1
    ),
    _mistake(
        "plus-one-missing",
        "The `+ 1` is missing: besides the steps, the kernel's first position gives a value.",
        size=lambda side, k, s, p: (side + 2 * p - k) // s,
    ),
    _mistake(
        "rounds-up",
        "You round up. Where the last step does not fit, the kernel stops short of the edge: round down.",
        size=lambda side, k, s, p: -(-(side + 2 * p - k) // s) + 1,
    ),
    _mistake(
        "true-division",
        "You divide with `/`, so that the sizes are fractions. A kernel takes whole steps: round down with `//`.",
        size=lambda side, k, s, p: (side + 2 * p - k) / s + 1,
    ),
    _mistake(
        "kernel-as-divisor",
        "The kernel's size is divided out: what counts is how many steps of the stride fit.",
        size=lambda side, k, s, p: (side + 2 * p) // k,
    ),
    _mistake("axes-swapped", "Height and width are swapped: a shape is (N, C, height, width).", turned=True),
    _mistake("one-side-for-both", FIRST_OF_BOTH.format("kernel size"), pairs=lambda k, s, p: (_both(k), s, p)),
    _mistake("one-stride-for-both", FIRST_OF_BOTH.format("stride"), pairs=lambda k, s, p: (k, _both(s), p)),
    _mistake("one-padding-for-both", FIRST_OF_BOTH.format("padding"), pairs=lambda k, s, p: (k, s, _both(p))),
    _mistake(
        "one-axis-for-both", FIRST_OF_BOTH.format("setting"), pairs=lambda k, s, p: (_both(k), _both(s), _both(p))
    ),
    _mistake(
        "pair-swapped",
        "The two numbers of a pair are swapped: kernel sizes, strides and paddings are (height, width).",
        pairs=lambda k, s, p: (k[::-1], s[::-1], p[::-1]),
    ),
    _mistake(
        "channels-kept",
        "The number of channels stays what it was: a convolution gives `out_channels` of them.",
        channels=lambda before, after: before,
    ),
    _mistake(
        "flatten-loses-batch",
        "Flatten keeps the batch: (N, C, H, W) becomes (N, C * H * W).",
        flat=lambda shape: (math.prod(shape),),
    ),
    _mistake(
        "flatten-loses-batch",
        "Flatten keeps the batch: (N, C, H, W) becomes (N, C * H * W).",
        flat=lambda shape: (math.prod(shape[1:]),),
    ),
    _mistake(
        "flatten-loses-batch",
        "Flatten gives (N, C * H * W), with the number of images as it was.",
        flat=lambda shape: (1, math.prod(shape)),
    ),
    _mistake(
        "flatten-loses-batch",
        "Flatten gives (N, C * H * W), with the number of images as it was.",
        flat=lambda shape: (1, math.prod(shape[1:])),
    ),
    _mistake(
        "flatten-keeps-channels",
        "Flatten takes the channels along: (N, C, H, W) becomes (N, C * H * W).",
        flat=lambda shape: (*shape[:2], math.prod(shape[2:])),
    ),
    _mistake("linear-axes", LINEAR_AXES, linear=lambda shape, out: (out,)),
    _mistake("linear-axes", LINEAR_AXES, linear=lambda shape, out: (1, out)),
    _mistake("linear-axes", LINEAR_AXES, linear=lambda shape, out: shape),
]
