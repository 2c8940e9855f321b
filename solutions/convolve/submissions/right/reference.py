"""The reference's answers as a plain file."""

import numpy as np
import torch
from torch import nn


def make_zebra(height, width):
    return np.tile(np.arange(width) % 2, (height, 1))


def make_checkerboard(height, width):
    rows, columns = np.indices((height, width))
    return (rows + columns) % 2


def flat_difference(a, b):
    return float(np.mean(a.flatten() != b.flatten()))


def extract_patches(image, kernel_size, stride):
    (height, width), (kh, kw), (down, right) = image.shape, kernel_size, stride
    n_rows = (height - kh) // down + 1
    n_cols = (width - kw) // right + 1
    patches = np.empty((n_rows, n_cols, kh, kw), dtype=image.dtype)
    for row in range(n_rows):
        for column in range(n_cols):
            top, left = row * down, column * right
            patches[row, column] = image[top : top + kh, left : left + kw]
    return patches


def image_to_tensor(image):
    pixels = np.array(image.convert("RGBA"))[:, :, :3]  # (H, W, 3), bytes
    return torch.from_numpy(pixels).permute(2, 0, 1).unsqueeze(0).float() / 255


def convolve(image, weight, bias, stride):
    filters, channels, kh, kw = weight.shape
    patches = np.stack([extract_patches(channel, (kh, kw), stride) for channel in image])  # (C, H', W', kh, kw)
    return np.einsum("crsij,fcij->frs", patches, weight) + bias[:, None, None]


def pool(image, kernel_size, stride=None, how="max"):
    stride = kernel_size if stride is None else stride
    patches = np.stack([extract_patches(channel, kernel_size, stride) for channel in image])
    return patches.max(axis=(3, 4)) if how == "max" else patches.mean(axis=(3, 4))


def pair(value):
    return value if isinstance(value, tuple) else (value, value)


def trace_shapes(layers, input_shape):
    shape, shapes = tuple(input_shape), []
    for layer in layers:
        if isinstance(layer, (nn.Conv2d, nn.MaxPool2d, nn.AvgPool2d)):
            n, channels, *sides = shape
            if isinstance(layer, nn.Conv2d):
                if channels != layer.in_channels:
                    raise ValueError(f"{layer} can't take {channels} channels")
                channels = layer.out_channels
            out = []
            for side, kernel, step, padding in zip(
                sides, pair(layer.kernel_size), pair(layer.stride), pair(layer.padding), strict=True
            ):
                if side + 2 * padding < kernel:
                    raise ValueError(f"{layer} doesn't fit into {shape}")
                out.append((side + 2 * padding - kernel) // step + 1)
            shape = (n, channels, *out)
        elif isinstance(layer, nn.Flatten):
            shape = (shape[0], int(np.prod(shape[1:])))
        elif isinstance(layer, nn.Linear):
            if shape[-1] != layer.in_features:
                raise ValueError(f"{layer} can't take {shape}")
            shape = (*shape[:-1], layer.out_features)
        shapes.append(shape)
    return shapes


class PatternNet(nn.Module):
    """Maps patterns (N, 1, H, W), of any size, to scores (N, 2)."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 8, kernel_size=2)
        self.linear = nn.Linear(8, 2)

    def forward(self, images):
        x = torch.relu(self.conv(images))  # (N, 8, H - 1, W - 1)
        return self.linear(x.mean(dim=(2, 3)))  # (N, 8) -> (N, 2), logits


def train_patterns(model, images, labels):
    """Train the model in place on a list of patterns (1, H, W) and their labels (n,)."""
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(6):
        for i in torch.randperm(len(images)).tolist():
            loss = nn.functional.cross_entropy(model(images[i].unsqueeze(0)), labels[i : i + 1])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()


class TinyCNN(nn.Module):
    """Maps images (N, 3, 32, 32) to scores (N, 5)."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 16, kernel_size=4, stride=2)
        self.conv2 = nn.Conv2d(16, 32, kernel_size=3)
        self.pool = nn.MaxPool2d(2)
        self.linear1 = nn.Linear(32 * 6 * 6, 32)
        self.linear2 = nn.Linear(32, 5)

    def forward(self, images):
        x = torch.relu(self.conv1((images - 0.75) * 4))  # (N, 16, 15, 15)
        x = torch.relu(self.conv2(x))  # (N, 32, 13, 13)
        x = self.pool(x).flatten(start_dim=1)  # (N, 32, 6, 6) -> (N, 1152)
        x = torch.relu(self.linear1(x))  # (N, 32)
        return self.linear2(x)  # (N, 5), logits


def train_tiny(model, images, labels):
    """Train the model in place on images (n, 3, 32, 32) and labels (n,)."""
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    model.train()
    for _ in range(10):
        for indices in torch.randperm(len(images)).split(32):
            loss = nn.functional.cross_entropy(model(images[indices]), labels[indices])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
