# %%
import math

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

# %%
def make_zebra(height, width):
    return np.array([[column % 2 for column in range(width)] for row in range(height)])


def make_checkerboard(height, width):
    return np.array([[(row + column) % 2 for column in range(width)] for row in range(height)])


def flat_difference(a, b):
    different = 0
    for x, y in zip(a.reshape(-1), b.reshape(-1)):
        if x != y:
            different += 1
    return different / a.size


# %%
def extract_patches(image, kernel_size, stride):
    rows = []
    for top in range(0, image.shape[0] - kernel_size[0] + 1, stride[0]):
        row = []
        for left in range(0, image.shape[1] - kernel_size[1] + 1, stride[1]):
            row.append(image[top:top + kernel_size[0], left:left + kernel_size[1]])
        rows.append(row)
    return np.array(rows)


# %%
def image_to_tensor(image):
    image = image.convert("RGBA")
    arr = np.array(image)[:, :, :3]
    arr = np.moveaxis(arr, 2, 0) / 255
    return torch.tensor(arr).float().unsqueeze(0)


# %%
def convolve(image, weight, bias, stride):
    F_, C, kh, kw = weight.shape
    H = (image.shape[1] - kh) // stride[0] + 1
    W = (image.shape[2] - kw) // stride[1] + 1
    out = np.zeros((F_, H, W))
    for f in range(F_):
        for i in range(H):
            for j in range(W):
                y, x = i * stride[0], j * stride[1]
                out[f, i, j] = np.sum(image[:, y:y + kh, x:x + kw] * weight[f]) + bias[f]
    return out


# %%
def pool(image, kernel_size, stride=None, how="max"):
    stride = stride or kernel_size
    channels = []
    for channel in image:
        patches = extract_patches(channel, kernel_size, stride)
        flat = patches.reshape(*patches.shape[:2], -1)
        channels.append(flat.max(-1) if how == "max" else flat.mean(-1))
    return np.array(channels)


# %%
def trace_shapes(layers, input_shape):
    result = []
    shape = list(input_shape)
    for layer in layers:
        kind = type(layer).__name__
        if kind in ("Conv2d", "MaxPool2d", "AvgPool2d"):
            if kind == "Conv2d":
                if layer.in_channels != shape[1]:
                    raise ValueError(f"expected {layer.in_channels} channels, got {shape[1]}")
                shape[1] = layer.out_channels
            for axis in (0, 1):
                k, s, p = (v if isinstance(v, int) else v[axis]
                           for v in (layer.kernel_size, layer.stride, layer.padding))
                if k > shape[2 + axis] + 2 * p:
                    raise ValueError("the window does not fit")
                shape[2 + axis] = math.floor((shape[2 + axis] + 2 * p - k) / s) + 1
        elif kind == "Flatten":
            shape = [shape[0], math.prod(shape[1:])]
        elif kind == "Linear":
            if layer.in_features != shape[-1]:
                raise ValueError(f"expected {layer.in_features} features, got {shape[-1]}")
            shape[-1] = layer.out_features
        result.append(tuple(shape))
    return result


# %%
class PatternNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.c = nn.Conv2d(1, 10, (2, 3))
        self.l = nn.Linear(10, 2)

    def forward(self, x):
        return self.l(self.c(x).square().mean((2, 3)))


def train_patterns(model, images, labels):
    opt = torch.optim.Adam(model.parameters(), lr=0.02)
    for epoch in range(12):
        losses = []
        for n, i in enumerate(torch.randperm(len(images))):
            losses.append(F.cross_entropy(model(images[i].unsqueeze(0)), labels[i].unsqueeze(0)))
            if len(losses) == 10 or n == len(images) - 1:
                opt.zero_grad()
                torch.stack(losses).mean().backward()
                opt.step()
                losses = []


# %%
class TinyCNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 12, 5, stride=2)
        self.conv2 = nn.Conv2d(12, 32, 3)
        self.drop = nn.Dropout(0.2)
        self.fc1 = nn.Linear(32 * 36, 64)
        self.fc2 = nn.Linear(64, 5)

    def forward(self, x):
        x = F.leaky_relu(self.conv1((x - 0.75) * 3))
        x = F.avg_pool2d(F.leaky_relu(self.conv2(x)), 2)
        x = self.drop(F.leaky_relu(self.fc1(x.flatten(1))))
        return self.fc2(x)


def train_tiny(model, images, labels, epochs=10, batch_size=20):
    model.train()
    opt = torch.optim.Adam(model.parameters(), lr=0.001)
    for epoch in range(epochs):
        order = torch.randperm(len(images))
        for start in range(0, len(images), batch_size):
            batch = order[start:start + batch_size]
            opt.zero_grad()
            F.cross_entropy(model(images[batch]), labels[batch]).backward()
            opt.step()
    return model
