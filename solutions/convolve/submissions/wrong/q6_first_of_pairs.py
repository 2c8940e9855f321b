import numpy as np
from torch import nn


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


# Question 6
def pair(value):
    return (value[0], value[0]) if isinstance(value, tuple) else (value, value)
