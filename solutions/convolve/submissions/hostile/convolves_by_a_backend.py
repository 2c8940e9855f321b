"""Asks for the operation of one of PyTorch's backends."""

import numpy as np
import torch


def convolve(image, weight, bias, stride):
    x, w, b = (torch.from_numpy(np.array(a, np.float64)) for a in (image, weight, bias))
    s = [int(n) for n in stride]
    return torch.ops.aten._slow_conv2d_forward(x[None], w, list(w.shape[2:]), b, s, [0, 0])[0].numpy()
