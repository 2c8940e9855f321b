import numpy as np
import torch
import torch.nn as nn
from numpy.lib.stride_tricks import sliding_window_view


def make_zebra(height, width):
    zebra = np.zeros((height, width), dtype=int)
    zebra[:, 1::2] = 1
    return zebra


def make_checkerboard(height, width):
    board = make_zebra(height, width)
    board[1::2] = 1 - board[1::2]
    return board


def flat_difference(a, b):
    return np.abs(np.ravel(a) - np.ravel(b)).mean()


def extract_patches(image, kernel_size, stride):
    return sliding_window_view(image, kernel_size)[:: stride[0], :: stride[1]]


def image_to_tensor(image):
    array = np.asarray(image.convert("RGB"), dtype=np.float32) / 255
    return torch.tensor(array.transpose(2, 0, 1))[None]


def convolve(image, weight, bias, stride):
    windows = sliding_window_view(image, weight.shape[2:], axis=(1, 2))[:, :: stride[0], :: stride[1]]
    return np.tensordot(weight, windows, axes=([1, 2, 3], [0, 3, 4])) + bias.reshape(-1, 1, 1)


def pool(image, kernel_size, stride=None, how="max"):
    if stride is None:
        stride = kernel_size
    windows = sliding_window_view(image, kernel_size, axis=(1, 2))[:, :: stride[0], :: stride[1]]
    return {"max": np.max, "avg": np.mean}[how](windows, axis=(-2, -1))


def as_pair(x):
    return (x, x) if isinstance(x, int) else tuple(x)


def window(layer, hw):
    k, s, p = as_pair(layer.kernel_size), as_pair(layer.stride), as_pair(layer.padding)
    out = [(hw[i] + 2 * p[i] - k[i]) // s[i] + 1 for i in range(2)]
    if min(out) < 1:
        raise ValueError("window too large")
    return out


def trace_shapes(layers, input_shape):
    shapes = [torch.Size(input_shape)]
    for layer in layers:
        last = shapes[-1]
        match layer:
            case nn.Conv2d():
                if last[1] != layer.in_channels:
                    raise ValueError("channels")
                new = [last[0], layer.out_channels, *window(layer, last[2:])]
            case nn.MaxPool2d() | nn.AvgPool2d():
                new = [last[0], last[1], *window(layer, last[2:])]
            case nn.Flatten():
                new = [last[0], last[1:].numel()]
            case nn.Linear():
                if last[-1] != layer.in_features:
                    raise ValueError("features")
                new = [*last[:-1], layer.out_features]
            case _:
                new = last
        shapes.append(torch.Size(new))
    return shapes[1:]


class PatternNet(nn.Sequential):
    def __init__(self):
        super().__init__(
            nn.Conv2d(1, 6, 3), nn.ReLU(), nn.Conv2d(6, 2, 2), nn.Tanh(), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
            nn.Linear(2, 2),
        )


def train_patterns(model, images, labels):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.03, momentum=0.9)
    criterion = nn.CrossEntropyLoss()
    for epoch in range(10):
        order = np.random.permutation(len(images))
        for start in range(0, len(order), 4):
            optimizer.zero_grad()
            chosen = order[start : start + 4]
            loss = sum(criterion(model(images[i][None]), labels[i][None]) for i in chosen) / len(chosen)
            loss.backward()
            optimizer.step()


class TinyCNN(nn.Sequential):
    def __init__(self):
        super().__init__(
            nn.Conv2d(3, 16, 5, stride=2, padding=2), nn.BatchNorm2d(16), nn.ReLU(),
            nn.Conv2d(16, 24, 3, padding=1), nn.BatchNorm2d(24), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(24, 32, 3, padding=1), nn.BatchNorm2d(32), nn.ReLU(), nn.MaxPool2d(2),
            nn.Flatten(), nn.Linear(32 * 4 * 4, 5),
        )


def train_tiny(model, images, labels):
    model.train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)
    data = torch.utils.data.TensorDataset(images, labels)
    for epoch in range(8):
        for x, y in torch.utils.data.DataLoader(data, batch_size=50, shuffle=True):
            loss = nn.functional.cross_entropy(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
