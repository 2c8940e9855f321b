import torch
import numpy as np
from torch import nn


def make_zebra(height, width):
    return (np.indices((height, width))[1] % 2).astype(np.int64)


def make_checkerboard(height, width):
    return np.indices((height, width)).sum(axis=0) % 2


def flat_difference(a, b):
    return (a != b).sum() / a.size


def extract_patches(image, kernel_size, stride):
    t = torch.as_tensor(np.ascontiguousarray(image))
    return t.unfold(0, kernel_size[0], stride[0]).unfold(1, kernel_size[1], stride[1]).numpy()


def image_to_tensor(image):
    rgb = image.convert("RGB")
    flat = torch.frombuffer(bytearray(rgb.tobytes()), dtype=torch.uint8)
    return flat.view(rgb.height, rgb.width, 3).permute(2, 0, 1)[None].to(torch.float32).div(255)


def convolve(image, weight, bias, stride):
    maps = []
    for w, b in zip(weight, bias):
        total = b
        for channel, kernel in zip(image, w):
            total = total + (extract_patches(channel, kernel.shape, stride) * kernel).sum((2, 3))
        maps.append(total)
    return np.stack(maps)


def pool(image, kernel_size, stride=None, how="max"):
    reduce = np.max if how == "max" else np.mean
    return np.stack([reduce(extract_patches(c, kernel_size, stride or kernel_size), (2, 3)) for c in image])


def trace_shapes(layers, input_shape):
    def two(v):
        return [v, v] if isinstance(v, int) else list(v)

    def step(shape, layer):
        if isinstance(layer, nn.Flatten):
            n = 1
            for side in shape[1:]:
                n *= side
            return (shape[0], n)
        if isinstance(layer, nn.Linear):
            if shape[-1] != layer.in_features:
                raise ValueError("in_features")
            return shape[:-1] + (layer.out_features,)
        if not hasattr(layer, "kernel_size"):
            return shape
        channels = shape[1]
        if isinstance(layer, nn.Conv2d):
            if channels != layer.in_channels:
                raise ValueError("in_channels")
            channels = layer.out_channels
        sides = ()
        for n, k, s, p in zip(shape[2:], two(layer.kernel_size), two(layer.stride), two(layer.padding)):
            if n + 2 * p < k:
                raise ValueError("kernel_size")
            sides += ((n + 2 * p - k + s) // s,)
        return (shape[0], channels) + sides

    shapes, shape = [], tuple(input_shape)
    for layer in layers:
        shape = step(shape, layer)
        shapes.append(shape)
    return shapes


class PatternNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(1, 8, 2), nn.ELU(), nn.Conv2d(8, 4, 1), nn.ELU())
        self.scores = nn.Linear(8, 2)

    def forward(self, x):
        x = self.features(x)
        x = torch.cat([x.mean((2, 3)), x.amax((2, 3))], dim=1)
        return self.scores(x).log_softmax(dim=1)


def train_patterns(model, images, labels):
    # Patterns of one size go into one batch.
    by_size = {}
    for image, label in zip(images, labels):
        by_size.setdefault(image.shape, []).append((image, label))
    batches = []
    for group in by_size.values():
        for start in range(0, len(group), 8):
            xs, ys = zip(*group[start : start + 8])
            batches.append((torch.stack(xs), torch.stack(ys)))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    loss_function = nn.NLLLoss()
    for _ in range(25):
        for n in torch.randperm(len(batches)):
            x, y = batches[n]
            optimizer.zero_grad()
            loss_function(model(x), y).backward()
            optimizer.step()


class TinyCNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.stack = nn.Sequential(
            nn.Conv2d(3, 24, 3, stride=2), nn.SiLU(),  # 15
            nn.MaxPool2d(3, stride=2),  # 7
            nn.Conv2d(24, 32, 3), nn.SiLU(),  # 5
        )
        self.head = nn.Sequential(nn.Linear(32 * 25, 32), nn.SiLU(), nn.Linear(32, 5))

    def forward(self, x):
        return self.head(self.stack(4 * x - 3).reshape(x.shape[0], -1)).log_softmax(dim=-1)


def train_tiny(model, images, labels):
    steps = 12 * (len(images) // 32 + 1)
    optimizer = torch.optim.AdamW(model.parameters(), weight_decay=0.05)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=5e-3, total_steps=steps)
    for step in range(steps):
        batch = torch.randint(len(images), (32,))
        loss = nn.functional.nll_loss(model(images[batch]), labels[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
