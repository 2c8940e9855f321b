# Lesson "Time to convolve"
from __future__ import annotations

from itertools import product

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from numpy.lib.stride_tricks import as_strided


# --- question 1
def make_zebra(height, width):
    pattern = np.ones((height, width), np.int8)
    pattern[:, ::2] = 0
    return pattern


def make_checkerboard(height, width):
    return np.add.outer(np.arange(height), np.arange(width)) & 1


def flat_difference(a, b):
    return np.not_equal(a.ravel(), b.ravel()).mean()


# --- question 2
def extract_patches(image, kernel_size, stride):
    image = np.ascontiguousarray(image)
    (H, W), (kh, kw), (sh, sw) = image.shape, kernel_size, stride
    dy, dx = image.strides
    shape = (1 + (H - kh) // sh, 1 + (W - kw) // sw, kh, kw)
    return as_strided(image, shape, (dy * sh, dx * sw, dy, dx)).copy()


# --- question 3
def image_to_tensor(image):
    rgb = np.asarray(image.convert("RGB"), dtype="float32")
    return torch.as_tensor(np.rollaxis(rgb, 2)[np.newaxis] / 255)


# --- question 4
def convolve(image, weight, bias, stride):
    n, c, kh, kw = weight.shape
    windows = np.array([extract_patches(plane, (kh, kw), stride) for plane in image])
    out = np.empty((n, *windows.shape[1:3]))
    for f in range(n):
        out[f] = (windows * weight[f][:, None, None]).sum(axis=(0, 3, 4)) + bias[f]
    return out


# --- question 5
def pool(image, kernel_size, stride=None, how="max"):
    if how not in ("max", "avg"):
        raise ValueError(f"unknown pooling {how!r}")
    windows = [extract_patches(plane, kernel_size, stride or kernel_size) for plane in image]
    squeeze = np.nanmax if how == "max" else np.nanmean
    return squeeze(np.array(windows), axis=(-2, -1))


# --- question 6
def _after(layer: nn.Module, shape: tuple[int, ...]) -> tuple[int, ...]:
    if isinstance(layer, nn.ReLU):
        return shape
    if isinstance(layer, nn.Flatten):
        return shape[0], int(np.prod(shape[1:], dtype=np.int64))
    if isinstance(layer, nn.Linear):
        if layer.in_features != shape[-1]:
            raise ValueError(f"in_features is {layer.in_features}, not {shape[-1]}")
        return *shape[:-1], layer.out_features
    n, c, *sides = shape
    if isinstance(layer, nn.Conv2d):
        if layer.in_channels != c:
            raise ValueError(f"in_channels is {layer.in_channels}, not {c}")
        c = layer.out_channels
    for axis in (0, 1):
        k, s, p = [v[axis] if isinstance(v, tuple) else v for v in (layer.kernel_size, layer.stride, layer.padding)]
        sides[axis], left = divmod(sides[axis] + 2 * p - k, s)
        sides[axis] += 1
        if sides[axis] <= 0:
            raise ValueError(f"{layer} doesn't fit")
    return n, c, *sides


def trace_shapes(layers, input_shape):
    """Recursive: the shape after the first layer, and then the rest."""
    if not layers:
        return []
    first, *rest = layers
    shape = _after(first, tuple(input_shape))
    return [shape] + trace_shapes(rest, shape)


# --- question 7
class PatternNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.LazyConv2d(6, 2)
        self.mix = nn.LazyConv2d(6, 1)
        self.head = nn.LazyLinear(2)

    def forward(self, x):
        x = F.relu(self.conv(x))
        x = F.relu(x + self.mix(x))
        return self.head(x.flatten(2).mean(-1))


def train_patterns(model, images, labels):
    model(images[0][None])  # lazy layers learn their shapes
    optimizer = torch.optim.NAdam(model.parameters(), lr=0.01)
    for epoch in range(6):
        for i in torch.randperm(len(images)):
            loss = F.cross_entropy(model(images[i][None]), labels[i][None])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()


# --- question 8
class Block(nn.Module):
    def __init__(self, channels, stride):
        super().__init__()
        self.a = nn.LazyConv2d(channels, 3, stride=stride, padding=1)
        self.b = nn.LazyConv2d(channels, 3, padding=1)
        self.shortcut = nn.LazyConv2d(channels, 1, stride=stride)

    def forward(self, x):
        return F.relu(self.shortcut(x) + self.b(F.relu(self.a(x))))


class TinyCNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.blocks = nn.Sequential(Block(12, 2), nn.MaxPool2d(2), Block(24, 1), nn.MaxPool2d(2))
        self.head = nn.LazyLinear(5)

    def forward(self, x):
        return self.head(self.blocks((x - 0.75) * 4).flatten(1))


def train_tiny(model, images, labels):
    model(images[:1])
    epochs = 8
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs)
    for _ in range(epochs):
        model.train()
        for batch in torch.randperm(len(images)).split(32):
            optimizer.zero_grad()
            F.cross_entropy(model(images[batch]), labels[batch], label_smoothing=0.05).backward()
            optimizer.step()
        scheduler.step()
