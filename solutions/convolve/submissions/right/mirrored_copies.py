# %%
import numpy as np
import torch
from PIL import Image
from torch import nn


# %%
def make_zebra(height, width):
    return np.resize([0, 1], width)[None].repeat(height, axis=0)


def make_checkerboard(height, width):
    return np.bitwise_xor(np.arange(height)[:, None] % 2, np.arange(width)[None] % 2)


def flat_difference(a, b):
    return 1 - np.count_nonzero(np.asarray(a).flat == np.asarray(b).ravel()) / np.asarray(a).size


# %%
def extract_patches(image, kernel_size, stride):
    tops = np.arange(0, len(image) - kernel_size[0] + 1, stride[0])
    lefts = np.arange(0, len(image[0]) - kernel_size[1] + 1, stride[1])
    rows = tops[:, None, None, None] + np.arange(kernel_size[0])[:, None]
    columns = lefts[:, None, None] + np.arange(kernel_size[1])
    return np.asarray(image)[rows, columns]


# %%
def image_to_tensor(image):
    if image.mode != "RGB":
        image = image.convert("RGB")
    channels = [torch.tensor(np.array(channel)) for channel in image.split()]
    return torch.stack(channels).unsqueeze(0) / 255.0


# %%
def convolve(image, weight, bias, stride):
    n_filters, _, kh, kw = weight.shape
    columns = np.stack([extract_patches(channel, (kh, kw), stride) for channel in image], axis=2)
    n_rows, n_columns = columns.shape[:2]
    answer = columns.reshape(n_rows * n_columns, -1) @ weight.reshape(n_filters, -1).T + bias
    return answer.T.reshape(n_filters, n_rows, n_columns)


# %%
def pool(image, kernel_size, stride=None, how="max"):
    down, right = kernel_size if stride is None else stride
    kh, kw = kernel_size
    n_rows, n_columns = (image.shape[1] - kh) // down + 1, (image.shape[2] - kw) // right + 1
    shifted = [
        image[:, i : i + down * (n_rows - 1) + 1 : down, j : j + right * (n_columns - 1) + 1 : right]
        for i in range(kh)
        for j in range(kw)
    ]
    return np.maximum.reduce(shifted) if how == "max" else sum(shifted) / len(shifted)


# %%
def trace_shapes(layers, input_shape):
    out = []
    for layer in layers:
        shape = out[-1] if out else tuple(input_shape)
        if isinstance(layer, nn.Linear):
            if layer.in_features != shape[-1]:
                raise ValueError(f"{layer} after {shape}")
            shape = shape[:-1] + (layer.out_features,)
        elif isinstance(layer, nn.Flatten):
            shape = (shape[0], int(np.prod(shape[1:])))
        elif isinstance(layer, (nn.Conv2d, nn.MaxPool2d, nn.AvgPool2d)):
            if isinstance(layer, nn.Conv2d) and layer.in_channels != shape[1]:
                raise ValueError(f"{layer} after {shape}")
            k, s, p = (np.broadcast_to(v, 2) for v in (layer.kernel_size, layer.stride, layer.padding))
            sides = (np.array(shape[2:]) + 2 * p - k) // s + 1
            if (sides < 1).any():
                raise ValueError(f"{layer} after {shape}")
            channels = getattr(layer, "out_channels", shape[1])
            shape = (shape[0], channels, int(sides[0]), int(sides[1]))
        out.append(shape)
    return out


# %%
class PatternNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.look = nn.Conv2d(1, 4, kernel_size=2)
        self.hidden = nn.Linear(4, 8)
        self.out = nn.Linear(8, 2)

    def forward(self, x):
        x = nn.functional.gelu(self.look(x))
        x = nn.functional.adaptive_avg_pool2d(x, 1).flatten(1)
        return self.out(torch.tanh(self.hidden(x)))


def train_patterns(model, images, labels):
    optimizer = torch.optim.RMSprop(model.parameters(), lr=0.005)
    for _ in range(6):
        for i in np.random.permutation(len(images)):
            optimizer.zero_grad()
            scores = model(images[i].unsqueeze(0))
            nn.functional.cross_entropy(scores, labels[i].view(1)).backward()
            optimizer.step()


# %%
class TinyCNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Sequential(
            nn.Conv2d(3, 24, 5, stride=2), nn.Tanh(),  # (N, 24, 14, 14)
            nn.Conv2d(24, 24, 3), nn.Tanh(),  # (N, 24, 12, 12)
            nn.MaxPool2d(2),  # (N, 24, 6, 6)
        )
        self.dense = nn.Linear(24 * 6 * 6, 5)

    def forward(self, x):
        return self.dense(self.conv((x - 0.7) * 3).flatten(1))


def train_tiny(model, images, labels):
    optimizer = torch.optim.Adam(model.parameters(), lr=0.002, weight_decay=1e-4)
    for epoch in range(12):
        for batch in torch.randperm(len(images)).split(40):
            x = images[batch]
            if torch.rand(1) < 0.5:
                x = x.flip(3)
            loss = nn.functional.cross_entropy(model(x), labels[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
