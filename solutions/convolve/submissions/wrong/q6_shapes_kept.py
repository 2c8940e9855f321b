import numpy as np

from torch import nn
def pair(v): return v if isinstance(v, tuple) else (v, v)

shapes = []
def trace_shapes(layers, input_shape):
    shape = tuple(input_shape)
    for l in layers:
        if isinstance(l, (nn.Conv2d, nn.MaxPool2d, nn.AvgPool2d)):
            if isinstance(l, nn.Conv2d) and shape[1] != l.in_channels:
                raise ValueError("channels")
            k, s, p = pair(l.kernel_size), pair(l.stride), pair(l.padding)
            sides = [(n + 2 * pp - kk) // ss + 1 for n, kk, ss, pp in zip(shape[2:], k, s, p)]
            if min(sides) < 1:
                raise ValueError("window")
            shape = (shape[0], getattr(l, "out_channels", shape[1]), *sides)
        elif isinstance(l, nn.Flatten):
            shape = (shape[0], int(np.prod(shape[1:])))
        elif isinstance(l, nn.Linear):
            if shape[-1] != l.in_features:
                raise ValueError("features")
            shape = (*shape[:-1], l.out_features)
        shapes.append(shape)
    return shapes
