"""Has TorchScript convolve."""

import numpy as np
import torch
from typing import List


@torch.jit.script
def scripted(x, w, b, s: List[int]):
    return torch.conv2d(x, w, b, s)


def convolve(image, weight, bias, stride):
    x, w, b = (torch.from_numpy(np.array(a, np.float64)) for a in (image, weight, bias))
    s = [int(n) for n in stride]
    return scripted(x[None], w, b, s)[0].numpy()
