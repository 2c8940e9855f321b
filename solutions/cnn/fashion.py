"""Fashion-MNIST for the CNN notebook: the names of the classes, and a loader that serves batches."""

import math
from collections.abc import Iterator

import torch
import torchvision_compat
from torch.utils.data import TensorDataset

torchvision_compat.install()  # a CUDA build of torchvision can't be imported beside a CPU build of torch

# CLASS_NAMES[label] is the name of a class
CLASS_NAMES = [
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
]


class CustomDataloader:
    """Serves images and labels in batches, in either of two ways.

        for x_batch, y_batch in loader:     # one epoch, that is, every image once
            ...

        batch = loader.fetch_batch()        # one batch; after the last one it starts over
        batch["x_batch"], batch["y_batch"], batch["batch_idx"]

    The two don't disturb each other. `len(loader)` is the number of batches in an epoch, and
    `len(loader.dataset)` the number of images.

    Parameters
    ----------
    x : tensor (N, 1, 28, 28), float32. The images.
    y : tensor (N,), int64. The labels, as class indices.
    batch_size : the number of images in a batch. The last batch of an epoch holds what is left over,
        so it may be shorter.
    randomize : whether each epoch has a new random order (`torch.manual_seed` makes it repeatable).
        Batches are copies; x and y themselves are never reordered or changed.
    """

    def __init__(self, x: torch.Tensor, y: torch.Tensor, batch_size: int = 1, randomize: bool = False):
        if len(x) != len(y) or len(x) == 0:
            raise ValueError(f"Every image needs a label: {len(x)} images, {len(y)} labels.")
        if batch_size < 1:
            raise ValueError(f"batch_size must be 1 or more, not {batch_size}.")
        self.x = x  # (N, 1, 28, 28)
        self.y = y  # (N,)
        self.dataset = TensorDataset(x, y)
        self.batch_size = batch_size
        self.randomize = randomize
        self.num_batches_per_epoch = math.ceil(len(x) / batch_size)
        self.batch_idx = 0  # which batch fetch_batch() serves next
        self._fetch_order = self._new_order()

    def _new_order(self) -> tuple[torch.Tensor, ...]:
        """Return the indices of each batch of one epoch: tensors (B,)."""
        n = len(self.x)
        order = torch.randperm(n) if self.randomize else torch.arange(n)  # (N,)
        return order.split(self.batch_size)

    def __len__(self) -> int:
        return self.num_batches_per_epoch

    def __iter__(self) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """Yield each batch of one epoch: images (B, 1, 28, 28) and labels (B,)."""
        for indices in self._new_order():
            yield self.x[indices], self.y[indices]

    def fetch_batch(self) -> dict:
        """Return x_batch (B, 1, 28, 28), y_batch (B,), and batch_idx, the batch's number in the epoch."""
        if self.batch_idx == self.num_batches_per_epoch:
            self.batch_idx = 0
            self._fetch_order = self._new_order()
        indices = self._fetch_order[self.batch_idx]
        batch = {"x_batch": self.x[indices], "y_batch": self.y[indices], "batch_idx": self.batch_idx}
        self.batch_idx += 1
        return batch
