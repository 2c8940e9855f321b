# %% [markdown]
# My solution. *Note to self:* ask about question 6.

# %%
%load_ext autoreload
%autoreload 2

# %%
from collections import defaultdict
from math import prod, floor

import matplotlib.pyplot as plt
import numpy as np
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, Dataset

# %%
def make_zebra(height, width):
    return np.repeat([np.arange(width) % 2], height, axis=0)

def make_checkerboard(height, width):
    return np.vstack([np.roll(np.arange(width + 1) % 2, -(r % 2))[:width] if r % 2 else np.arange(width) % 2 for r in range(height)])

def flat_difference(a, b):
    return np.count_nonzero(a.flatten() - b.flatten()) / len(a.flatten())

make_checkerboard(4, 5)

# %%
def extract_patches(image, kernel_size, stride):
    n_rows = len(range(0, image.shape[0] - kernel_size[0] + 1, stride[0]))
    n_cols = len(range(0, image.shape[1] - kernel_size[1] + 1, stride[1]))
    def patch(r, c, i, j):
        return image[r.astype(int) * stride[0] + i.astype(int), c.astype(int) * stride[1] + j.astype(int)]
    return np.fromfunction(patch, (n_rows, n_cols, *kernel_size))

# %%
def image_to_tensor(image):
    rgb = image.convert("RGB")
    w, h = rgb.size
    t = torch.empty(1, 3, h, w)
    px = rgb.load()
    for y in range(h):
        for x in range(w):
            for c in range(3):
                t[0, c, y, x] = px[x, y][c] / 255
    return t

# %%
def convolve(image, weight, bias, stride):
    answer = []
    for kernels, b in zip(weight, bias):
        patches = np.stack([extract_patches(channel, kernels.shape[1:], stride) for channel in image], axis=-3)
        answer.append(np.einsum("rscij,cij->rs", patches, kernels) + b)
    return np.asarray(answer, dtype=np.float32)

# %%
def pool(image, kernel_size, stride=None, how="max"):
    assert how in {"max", "avg"}
    patches = np.stack([extract_patches(c, kernel_size, stride or kernel_size) for c in image])
    flat = patches.reshape(patches.shape[:3] + (-1,))
    return np.sort(flat, axis=-1)[..., -1] if how == "max" else flat.sum(-1) / flat.shape[-1]

# %%
class Tracer:
    def __init__(self, shape):
        self.shape = shape

    def pair(self, v):
        return tuple(v) if hasattr(v, "__len__") else (v, v)

    def Conv2d(self, l):
        if self.shape[1] != l.in_channels:
            raise ValueError(f"channels: {self.shape[1]} and {l.in_channels}")
        self.MaxPool2d(l)
        self.shape = (self.shape[0], l.out_channels) + self.shape[2:]

    def MaxPool2d(self, l):
        sides = []
        for n, k, s, p in zip(self.shape[2:], self.pair(l.kernel_size), self.pair(l.stride), self.pair(l.padding)):
            places = len(range(0, n + 2 * p - k + 1, s))
            if places == 0:
                raise ValueError("too large a window")
            sides.append(places)
        self.shape = self.shape[:2] + tuple(sides)

    AvgPool2d = MaxPool2d

    def ReLU(self, l):
        pass

    def Flatten(self, l):
        self.shape = (self.shape[0], prod(self.shape[1:]))

    def Linear(self, l):
        *before, n = self.shape
        if n != l.in_features:
            raise ValueError(f"features: {n} and {l.in_features}")
        self.shape = (*before, l.out_features)

def trace_shapes(layers, input_shape):
    tracer = Tracer(tuple(input_shape))
    shapes = []
    for layer in layers:
        getattr(tracer, type(layer).__name__)(layer)
        shapes.append(tracer.shape)
    return tuple(shapes)

# %%
class PatternNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.vertical = nn.Conv2d(1, 4, (2, 1))
        self.horizontal = nn.Conv2d(1, 4, (1, 2))
        self.out = nn.Linear(8, 2)

    def forward(self, x):
        v = F.softplus(self.vertical(x)).mean((-2, -1))
        h = F.softplus(self.horizontal(x)).mean((-2, -1))
        return self.out(torch.cat((v, h), 1))

class Patterns(Dataset):
    def __init__(self, images, labels):
        self.images, self.labels = images, labels
    def __len__(self):
        return len(self.images)
    def __getitem__(self, i):
        return self.images[i], self.labels[i]

def train_patterns(model, images, labels):
    loader = DataLoader(Patterns(images, labels), batch_size=1, shuffle=True)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    loss_fn = nn.MSELoss()
    for epoch in range(15):
        for x, y in loader:
            optimizer.zero_grad()
            loss = loss_fn(model(x), F.one_hot(y, 2).float())
            loss.backward()
            optimizer.step()

# %%
class Branches(nn.Module):
    def __init__(self, n, m):
        super().__init__()
        self.a = nn.Conv2d(n, m, 1)
        self.b = nn.Conv2d(n, m, 3, padding=1)
        self.c = nn.Conv2d(n, m, 5, padding=2)
    def forward(self, x):
        return F.relu(torch.cat([self.a(x), self.b(x), self.c(x)], dim=1))

class TinyCNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.one, self.two = Branches(3, 6), Branches(18, 10)
        self.fc1, self.fc2 = nn.Linear(30 * 64, 32), nn.Linear(32, 5)
    def forward(self, x):
        x = F.max_pool2d(self.one((x - 0.75) * 4), 2)
        x = F.max_pool2d(self.two(x), 2)
        return self.fc2(F.relu(self.fc1(x.view(x.size(0), -1))))

def train_tiny(model, images, labels):
    target = torch.eye(5)[labels]
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    for epoch in range(10):
        for batch in torch.randperm(len(images)).split(32):
            optimizer.zero_grad()
            loss = ((model(images[batch]) - target[batch]) ** 2).mean()
            loss.backward()
            optimizer.step()
        # print(epoch, loss.item())

# %%
model = TinyCNN()
%timeit -n1 -r1 model(torch.rand(4, 3, 32, 32))
