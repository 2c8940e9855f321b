"""What can be told of one call of a PyTorch function: an activation, a layer, a loss; and whose rows a batch holds."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import torch

LOSS_FUNCTIONS = ("cross_entropy", "binary_cross_entropy", "kl_div", "nll_loss", "multi_margin")
# Functions from one tensor to another of its shape, that are no linear map; what ends in "_" works in place.
ACTIVATIONS = frozenset(
    [
        *("relu", "relu6", "leaky_relu", "elu", "selu", "celu", "gelu", "silu", "mish", "softplus", "prelu", "rrelu"),
        *("hardswish", "log_softmax", "logsigmoid", "clamp", "clamp_min", "clip", "abs"),
        *("sigmoid", "tanh", "softmax", "hardsigmoid", "hardtanh", "softsign"),
    ]
)
_LAYERS = (  # how their names begin
    *("conv", "linear", "matmul", "__matmul__", "mm", "addmm", "bmm", "gru", "lstm", "rnn_", "batch_norm", "einsum"),
)
_PROJECTED = 8  # numbers by which a row is known
_ENOUGH = 8  # values of a row, to know it by their course
_SAME = 2e-3  # of rows of length 1, as numbers of 16 or 32 bits tell them apart


def is_loss(name: str) -> bool:
    """Whether a function of PyTorch by this name is a loss."""
    return name.startswith(LOSS_FUNCTIONS) or name.endswith("_loss")


def is_activation(name: str) -> bool:
    """Whether a function of PyTorch by this name is an activation."""
    return name.removesuffix("_") in ACTIVATIONS


def entering(name: str, args: Any) -> torch.Tensor | None:
    """What enters a layer, of a call of one: the first tensor, where parameters come with it."""
    if not name.startswith(_LAYERS) or len(args) < 2 or not isinstance(args[0], torch.Tensor):
        return None
    is_layer = any(isinstance(value, torch.nn.Parameter) for value in _tensors(args[1:]))
    return args[0] if is_layer else None


def is_column_against_row(args: Any) -> bool:
    """Whether a function is called with (B, 1) and (B,), which broadcast to (B, B)."""
    shapes = [value.shape for value in args[:2] if isinstance(value, torch.Tensor)]
    if len(shapes) != 2 or {len(shape) for shape in shapes} != {1, 2}:
        return False
    row, column = sorted(shapes, key=len)
    return bool(column == (row[0], 1) and row[0] > 1)


def _tensors(values: Any) -> Iterator[torch.Tensor]:
    for value in values:
        if isinstance(value, torch.Tensor):
            yield value
        elif isinstance(value, (list, tuple)):
            yield from _tensors(value)


def spread(values: torch.Tensor) -> tuple[float, float]:
    """Mean and standard deviation."""
    values = values.detach().float()
    return float(values.mean()), float(values.std()) if values.numel() > 1 else 0.0


def expected_spread(weight: torch.Tensor, is_module: bool) -> float:
    """The standard deviation with which PyTorch draws a weight: uniform within one over the root of what enters."""
    inputs = math.prod(weight.shape[1:]) if is_module else weight.shape[0]
    return 1 / math.sqrt(3 * max(1, inputs))


def badly_drawn(model: torch.nn.Module) -> dict[str, tuple[float, float]]:
    """Weights and biases of layers that are far from how PyTorch draws them: name to spread, and the usual spread.

    A weight that is nearly constant, or whose spread is more than six times the usual one or less than a sixth;
    a bias beyond eight times what is usual, and above 1.
    """
    found = {}
    for place, module in model.named_modules():
        is_layer = hasattr(module, "reset_parameters")
        for name, value in module.named_parameters(place, recurse=False):
            if torch.nn.parameter.is_lazy(value) or not value.numel() or "norm" in type(module).__name__.lower():
                continue
            if isinstance(module, (torch.nn.Embedding, torch.nn.EmbeddingBag)):
                continue  # what it looks up may have any size
            if value.ndim >= 2:
                usual = expected_spread(value, is_layer)
                actual = spread(value)[1]
                if not usual / 6 < actual < usual * 6:
                    found[name] = actual, usual
            elif value.ndim == 1 and is_layer:
                weight = getattr(module, "weight", None)
                usual = expected_spread(weight, True) if isinstance(weight, torch.Tensor) else 1.0
                largest = float(value.detach().abs().max())
                if not largest < max(8 * usual, 1.0):
                    found[name] = largest, usual
    return found


class Known:
    """The examples that a training was given, by which rows of its batches are recognised.

    A row of eight values or more is recognised whatever it was scaled by and shifted by. ``images`` are ``(N, ...)``
    and ``labels`` ``(N,)``.
    """

    def __init__(self, images: torch.Tensor, labels: torch.Tensor) -> None:
        self.images, self.labels = images, labels
        size = images[0].numel()
        generator = torch.Generator().manual_seed(1)  # of its own, so that none of the training's numbers is drawn
        self._directions = torch.randn(size, _PROJECTED, generator=generator)
        self._keys = torch.cat([self._project(some) for some in images.split(1000)])

    def _project(self, rows: torch.Tensor) -> torch.Tensor:
        flat = rows.detach().cpu().flatten(1).float()
        if flat.shape[1] < _ENOUGH:
            return flat
        flat = flat - flat.mean(dim=1, keepdim=True)
        return (flat / flat.norm(dim=1, keepdim=True).clamp(min=1e-12)) @ self._directions

    def find(self, rows: torch.Tensor) -> torch.Tensor | None:
        """For each row of a batch ``(B, ...)``, which example it is, or -1; None where they are of another size."""
        if rows.ndim < 2 or rows[0].numel() != len(self._directions):
            return None
        if not bool(torch.isfinite(rows).all()):
            return None
        far, nearest = torch.cdist(self._project(rows), self._keys).min(dim=1)
        return torch.where(far < _SAME * math.sqrt(_PROJECTED), nearest, -1)

    def scale_of(self, rows: torch.Tensor, found: torch.Tensor) -> tuple[float, float]:
        """By what the examples were multiplied, and what was added then, to become these rows."""
        original = self.images[found[found >= 0]].double()
        given = rows.detach().cpu()[found >= 0].double().reshape(original.shape)
        x, y = original - original.mean(), given - given.mean()
        factor = float((x * y).sum() / (x * x).sum().clamp(min=1e-12))
        return factor, float(given.mean() - factor * original.mean())
