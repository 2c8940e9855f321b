"""All answers in one file: typed, with a class that trains."""
import copy
import dataclasses
import itertools
from typing import Iterator

import numpy as np
import torch
from torch import nn, Tensor


def make_zebra(height: int, width: int) -> np.ndarray:
    return np.fromiter((i % width % 2 for i in range(height * width)), dtype=np.intp).reshape(height, width)


def make_checkerboard(height: int, width: int) -> np.ndarray:
    zebra = make_zebra(height, width)
    return np.where((np.arange(height) % 2 == 1)[:, None], 1 - zebra, zebra)


def flat_difference(a, b):
    return torch.tensor(np.asarray(a).ravel() != np.asarray(b).ravel()).double().mean().item()


def extract_patches(image, kernel_size, stride):
    kh, kw = kernel_size
    moved = [[image[i:, j:][::stride[0], ::stride[1]] for j in range(kw)] for i in range(kh)]
    rows = (image.shape[0] - kh) // stride[0] + 1
    columns = (image.shape[1] - kw) // stride[1] + 1
    stacked = np.array([[grid[:rows, :columns] for grid in row] for row in moved])  # (kh, kw, rows, columns)
    return np.moveaxis(stacked, (0, 1), (2, 3))


def image_to_tensor(image) -> Tensor:
    bands = image.convert("RGB").split()
    tensor = torch.stack([torch.tensor(list(band.tobytes()), dtype=torch.float) for band in bands])
    return tensor.reshape(1, 3, image.height, image.width).div_(255)


def convolve(image, weight, bias, stride):
    F, C = weight.shape[:2]
    channels = [extract_patches(image[c], weight.shape[2:], stride) for c in range(C)]
    result = np.zeros((F,) + channels[0].shape[:2])
    for f, c in itertools.product(range(F), range(C)):
        result[f] += np.vectorize(lambda r, s: np.vdot(channels[c][r, s], weight[f, c]))(*np.indices(result.shape[1:]))
    for f in range(F):
        result[f] += bias[f]
    return result


def pool(image, kernel_size, stride=None, how="max"):
    step = kernel_size if stride is None else stride
    reduce = dict(max=np.amax, avg=np.mean)[how]
    return np.array([np.apply_over_axes(reduce, extract_patches(c, kernel_size, step), (2, 3))[..., 0, 0] for c in image])


def trace_shapes(layers, input_shape):
    def shapes() -> Iterator[tuple]:
        shape = tuple(input_shape)
        for layer in layers:
            shape = next_shape(layer, shape)
            yield shape
    return list(shapes())


def next_shape(layer, shape):
    try:
        wanted = layer.in_channels
    except AttributeError:
        pass
    else:
        if shape[1] != wanted:
            raise ValueError(f"{layer} wants {wanted} channels, and gets {shape[1]}")
    if isinstance(layer, nn.Linear):
        if shape[-1] != layer.in_features:
            raise ValueError(f"{layer} wants {layer.in_features} features, and gets {shape[-1]}")
        return shape[:-1] + (layer.out_features,)
    if isinstance(layer, nn.Flatten):
        return (shape[0], int(torch.Size(shape[1:]).numel()))
    if not isinstance(layer, (nn.Conv2d, nn.MaxPool2d, nn.AvgPool2d)):
        return shape
    numbers = torch.tensor([list(v) if isinstance(v, tuple) else [v, v]
                            for v in (layer.kernel_size, layer.stride, layer.padding)])
    k, s, p = numbers
    room = torch.tensor(shape[2:]) + 2 * p - k
    if bool((room < 0).any()):
        raise ValueError(f"the window of {layer} is larger than {shape[2:]}")
    height, width = (torch.div(room, s, rounding_mode="floor") + 1).tolist()
    return (shape[0], getattr(layer, "out_channels", shape[1]), height, width)


@dataclasses.dataclass
class Config:
    epochs: int
    lr: float
    batch: int
    decay: float = 0.99


class Trainer:
    """Adam, and an exponential moving average of the weights, which is what is kept in the end."""

    def __init__(self, model: nn.Module, config: Config):
        self.model, self.config = model, config
        self.average = copy.deepcopy(model)
        self.optimizer = torch.optim.AdamW(model.parameters(), lr=config.lr, weight_decay=0.01)

    def step(self, loss: Tensor) -> None:
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.optimizer.step()
        with torch.no_grad():
            for kept, new in zip(self.average.parameters(), self.model.parameters()):
                kept.lerp_(new, 1 - self.config.decay)

    def finish(self) -> nn.Module:
        self.model.load_state_dict(self.average.state_dict())
        return self.model


class PatternNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(1, 8, 2), nn.PReLU(), nn.Conv2d(8, 4, 1), nn.SiLU())
        self.head = nn.Linear(4, 2)

    def forward(self, x: Tensor) -> Tensor:
        maps = self.body(x)
        return self.head(maps.flatten(2).mean(2))


def train_patterns(model, images, labels):
    trainer = Trainer(model, Config(epochs=12, lr=0.02, batch=4, decay=0.95))
    for _ in range(trainer.config.epochs):
        for batch in torch.randperm(len(images)).split(trainer.config.batch):
            scores = torch.cat([model(images[i].unsqueeze(0)) for i in batch])
            trainer.step(nn.functional.cross_entropy(scores, labels[batch]))
    return trainer.finish()


class TinyCNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.ModuleList([
            nn.Conv2d(3, 16, 3, bias=False), nn.GroupNorm(4, 16), nn.GELU(), nn.AvgPool2d(2),
            nn.Conv2d(16, 32, 3, bias=False), nn.GroupNorm(4, 32), nn.GELU(), nn.AvgPool2d(2),
            nn.Conv2d(32, 32, 3, groups=4), nn.GELU(), nn.AdaptiveMaxPool2d(3),
            nn.Flatten(), nn.Linear(288, 5),
        ])

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.net:
            x = layer(x)
        return x


def train_tiny(model, images, labels):
    trainer = Trainer(model, Config(epochs=12, lr=3e-3, batch=32, decay=0.97))
    for _ in range(trainer.config.epochs):
        for batch in torch.randperm(len(images)).split(trainer.config.batch):
            trainer.step(nn.functional.cross_entropy(model(images[batch]), labels[batch]))
    trainer.finish()
