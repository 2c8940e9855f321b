"""What the tests of several questions share. A folder, since Otter refuses a `.py` submission beside `.py` files."""

import functools
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
import torchvision_compat
from torch.overrides import TorchFunctionMode

torchvision_compat.install()  # for submissions that import torchvision where its build does not match torch's

FOLDER = Path.cwd()  # Otter puts the files beside the submission and starts the kernel there


class Slice(NamedTuple):
    """Images (N, 1, 28, 28), float32 in [0, 1], and labels (N,), int64."""

    images: torch.Tensor
    labels: torch.Tensor


@functools.cache
def read_slice(folder, name):
    """Read a slice of Fashion-MNIST from IDX files, which are a header and the bytes of the array."""
    raw = FOLDER / folder / "FashionMNIST" / "raw"
    pixels = np.fromfile(raw / f"{name}-images-idx3-ubyte", np.uint8, offset=16).reshape(-1, 1, 28, 28)
    labels = np.fromfile(raw / f"{name}-labels-idx1-ubyte", np.uint8, offset=8)
    return Slice(torch.from_numpy(pixels).float() / 255, torch.from_numpy(labels).long())


class Recorder(TorchFunctionMode):
    """Notes the torch functions that are called, the leaves that take part, and the loss functions."""

    def __init__(self):
        super().__init__()
        self.operations = []
        self.leaves = {}
        self.losses = set()  # (name, whether it had neither class weights nor label smoothing)

    def __torch_function__(self, function, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        name = getattr(function, "__name__", "")
        if name not in ("__get__", "__set__"):
            self.operations.append(name)
            for value in torch.utils._pytree.tree_leaves((args, kwargs)):
                if isinstance(value, torch.Tensor) and value.requires_grad and value.is_leaf:
                    self.leaves[id(value)] = value
        if name.endswith("_loss") or name.startswith(("cross_entropy", "binary_cross_entropy")):
            plain = kwargs.get("weight") is None and not kwargs.get("label_smoothing") and len(args) == 2
            self.losses.add((name, plain))
        return function(*args, **kwargs)
