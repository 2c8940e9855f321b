import math

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as fn


def make_zebra(height: int, width: int) -> np.ndarray:
    return np.broadcast_to(np.arange(width) % 2, (height, width)).copy()


def make_checkerboard(height: int, width: int) -> np.ndarray:
    board = np.zeros(shape=(height, width), dtype=np.uint8)
    board[::2, 1::2] = 1
    board[1::2, ::2] = 1
    return board


def flat_difference(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.logical_xor(a, b).sum()) / np.prod(a.shape)


def starts(length: int, window: int, step: int) -> range:
    return range(0, length - window + 1, step)


def extract_patches(image, kernel_size, stride):
    return np.array([
        [image[y:y + kernel_size[0], x:x + kernel_size[1]]
         for x in starts(image.shape[1], kernel_size[1], stride[1])]
        for y in starts(image.shape[0], kernel_size[0], stride[0])
    ])


def image_to_tensor(image) -> Tensor:
    width, height = image.size
    raw = np.frombuffer(image.convert("RGB").tobytes(), dtype=np.uint8).copy()
    pixels = torch.from_numpy(raw).reshape(height, width, 3)
    return (pixels.movedim(-1, 0).unsqueeze(0) / 255).contiguous()


def convolve(image, weight, bias, stride):
    """One matrix product (im2col, by hand)."""
    filters, channels, kh, kw = weight.shape
    patches = np.stack([extract_patches(c, (kh, kw), stride) for c in image])  # C, R, S, kh, kw
    _, rows, cols, _, _ = patches.shape
    columns = patches.transpose(0, 3, 4, 1, 2).reshape(channels * kh * kw, rows * cols)
    return (weight.reshape(filters, -1) @ columns + bias[:, np.newaxis]).reshape(filters, rows, cols)


def pool(image, kernel_size, stride=None, how="max"):
    stride = kernel_size if stride is None else stride
    out = []
    for channel in image:
        grid = []
        for row in extract_patches(channel, kernel_size, stride):
            grid.append([max(p.ravel()) if how == "max" else sum(p.ravel()) / p.size for p in row])
        out.append(grid)
    return np.array(out)


def trace_shapes(layers, input_shape):
    def windowed(layer, h, w):
        k, s, p = layer.kernel_size, layer.stride, layer.padding
        k = (k,) * 2 if type(k) is int else k
        s = (s,) * 2 if type(s) is int else s
        p = (p,) * 2 if type(p) is int else p
        for side, window, pad in zip((h, w), k, p):
            if side + 2 * pad < window:
                raise ValueError(f"{layer}: {window} > {side} + 2 * {pad}")
        return ((h + 2 * p[0] - k[0]) // s[0]) + 1, ((w + 2 * p[1] - k[1]) // s[1]) + 1

    trace = [tuple(input_shape)]
    for layer in layers:
        shape = trace[-1]
        name = layer.__class__.__name__
        if name == "Conv2d":
            assert_equal(shape[1], layer.in_channels)
            shape = (shape[0], layer.out_channels) + windowed(layer, *shape[2:])
        elif name.endswith("Pool2d"):
            shape = shape[:2] + windowed(layer, *shape[2:])
        elif name == "Flatten":
            shape = (shape[0], math.prod(shape[1:]))
        elif name == "Linear":
            assert_equal(shape[-1], layer.in_features)
            shape = shape[:-1] + (layer.out_features,)
        trace.append(shape)
    return trace[1:]


def assert_equal(found, wanted):
    if found != wanted:
        raise ValueError(f"wanted {wanted}, found {found}")


class PatternNet(nn.Module):
    """Weights as parameters of its own, functions in place of layers."""

    def __init__(self):
        super().__init__()
        self.w1 = nn.Parameter(torch.randn(10, 1, 2, 2) / 2)
        self.b1 = nn.Parameter(torch.zeros(10))
        self.w2 = nn.Parameter(torch.randn(2, 10) / math.sqrt(10))
        self.b2 = nn.Parameter(torch.zeros(2))

    def forward(self, x):
        x = fn.conv2d(x, self.w1, self.b1).clamp(min=0)
        return fn.linear(x.mean(dim=[-1, -2]), self.w2, self.b2)


def log_loss(scores, labels):
    """Cross-entropy by its formula."""
    return (torch.logsumexp(scores, dim=1) - scores.gather(1, labels[:, None])[:, 0]).mean()


def step(parameters, velocity, rate):
    """SGD with momentum."""
    with torch.no_grad():
        for p, v in zip(parameters, velocity):
            v.mul_(0.9).add_(p.grad)
            p -= rate * v
            p.grad = None


def train_patterns(model, images, labels):
    parameters = list(model.parameters())
    velocity = [torch.zeros_like(p) for p in parameters]
    for _ in range(8):
        for i in np.random.permutation(len(images)):
            log_loss(model(images[i][None]), labels[i:i + 1]).backward()
            step(parameters, velocity, 0.01)


class TinyCNN(nn.Module):
    def __init__(self):
        super().__init__()
        def weights(*shape):
            return nn.Parameter(torch.randn(shape) * math.sqrt(2 / math.prod(shape[1:])))
        self.w = nn.ParameterList([weights(16, 3, 4, 4), weights(24, 16, 3, 3), weights(5, 24 * 36)])
        self.b = nn.ParameterList([torch.zeros(16), torch.zeros(24), torch.zeros(5)])

    def forward(self, x):
        x = fn.relu(fn.conv2d(4 * x - 3, self.w[0], self.b[0], stride=2))
        x = fn.relu(fn.conv2d(x, self.w[1], self.b[1]))
        x = fn.max_pool2d(x, 2).reshape(len(x), -1)
        return fn.linear(x, self.w[2], self.b[2])


def train_tiny(model, images, labels):
    parameters = list(model.parameters())
    velocity = [torch.zeros_like(p) for p in parameters]
    for epoch in range(12):
        order = torch.randperm(len(images))
        for start in range(0, len(order), 32):
            chosen = order[start:start + 32]
            log_loss(model(images[chosen]), labels[chosen]).backward()
            step(parameters, velocity, 0.005 if epoch < 8 else 0.001)
