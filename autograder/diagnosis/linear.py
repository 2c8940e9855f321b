"""Which layers of a model make one linear map: those between which no activation stands.

The question is put to the graph of the computation that leads to the scores, as autograd keeps it. So it doesn't matter
how an activation is written (``nn.ReLU``, ``x.clamp(min=0)``, ``x * (x > 0)``, a class of one's own), in which order
layers stand in the code, or how branches part and meet; and what doesn't lead to the scores doesn't count.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch

_MOST_NODES = 20_000
_CONVOLUTION, _WINDOWS = "ConvolutionBackward", ("Im2ColBackward", "UnfoldBackward")
_MATRICES = ("AddmmBackward", "MmBackward", "BmmBackward", "BaddbmmBackward", "LinearBackward", "AddmvBackward")
# Whatever is in neither list counts as an activation: it may be one that nobody thought of.
_PASSED_THROUGH = (
    # linear
    *("Add", "Sub", "Rsub", "Neg", "Sum", "Mean", "Cumsum", "AvgPool", "AdaptiveAvgPool", "Upsample", "Lerp"),
    *("View", "Reshape", "UnsafeView", "Alias", "Expand", "Permute", "Transpose", "T", "Mt", "Movedim", "Unflatten"),
    *("Squeeze", "Unsqueeze", "Clone", "ToCopy", "Copy", "Contiguous", "Cat", "Stack", "Split", "SplitWithSizes"),
    *("UnsafeSplit", "Unbind", "Slice", "Select", "Index", "IndexSelect", "Gather", "AsStrided", "Unfold"),
    *("Repeat", "Roll", "Flip", "ConstantPadNd", "ReflectionPad", "ReplicationPad", "PixelShuffle", "PixelUnshuffle"),
    *("Im2Col", "Col2Im", "ChannelShuffle", "ReshapeAlias", "ViewAs", "Rot90", "NanToNum"),
    # batch norm is linear in evaluation mode; these follow suit, and none is an activation
    *("NativeBatchNorm", "CudnnBatchNorm", "MkldnnBatchNorm", "NativeGroupNorm", "NativeLayerNorm"),
    # max pooling chooses among numbers, and changes none
    *("MaxPool", "AdaptiveMaxPool", "FractionalMaxPool", "Max", "Amax"),
)


@dataclass(frozen=True)
class Layer:
    """A convolution or a matrix: what it is called, and how many numbers it takes and gives at one place."""

    name: str
    is_convolution: bool
    inputs: int
    outputs: int
    kernel: tuple[int, ...]  # of a convolution; () of a matrix
    groups: int = 1

    @property
    def is_pointwise(self) -> bool:
        """Whether it looks at one place at a time."""
        return all(side == 1 for side in self.kernel)


@dataclass(frozen=True)
class Layers:
    """The layers that lead to a model's scores, and the pairs of them that make one linear map."""

    names: list[str]
    convolutions: int
    bare: list[tuple[str, str]]  # the one, and the next, with no activation between


def layers_of(model: torch.nn.Module, images: torch.Tensor) -> Layers | None:
    """Look at one pass of ``images`` ``(N, C, H, W)``, which should differ. The model is to be in evaluation mode.

    Two layers in a row are passed over where they are meant to make one: a depthwise convolution with the pointwise
    one after it, ``k x 1`` with ``1 x k``, and a pointwise one with fewer outputs than inputs (a linear bottleneck).

    Returns None where nothing can be told: the scores have no graph, or a huge one.
    """
    with torch.enable_grad():
        leaf = images.detach().clone().requires_grad_()
        scores = model(leaf * 1)  # not the leaf, which could not be changed in place
    if not isinstance(scores, torch.Tensor) or scores.grad_fn is None:
        return None
    return _Graph(scores.grad_fn, leaf, model).layers()


class _Graph:
    def __init__(self, last: Any, leaf: torch.Tensor, model: torch.nn.Module) -> None:
        self._names = {id(value): name for name, value in model.named_parameters()}
        self._rows = len(leaf)
        self._nodes = _upstream_first(last)
        self._depends: dict[Any, bool] = {}  # whether a node's output depends on the images
        for node in self._nodes:
            inputs = [other for other, _ in node.next_functions if other is not None]
            is_leaf = getattr(node, "variable", None) is leaf
            self._depends[node] = is_leaf or any(self._depends.get(other, False) for other in inputs)

    def layers(self) -> Layers | None:
        if len(self._nodes) >= _MOST_NODES:
            return None
        found: dict[Any, Layer] = {}
        for node in self._nodes:
            if self._is_layer(node):
                found[node] = self._describe(node, len(found) + 1)
        activations = [node for node in self._nodes if self._depends[node] and self._is_activation(node)]
        activated = {before for node in activations for before in self._feeding(node)[0]}
        bare = []
        for node, layer in found.items():
            before, is_mixed = self._feeding(node)
            # A shortcut passes an activation by, and a layer that feeds another one bare may feed that one, too.
            together = [] if is_mixed else [b for b in before if b not in activated]
            bare += [(found[b].name, layer.name) for b in together if not _make_one(found[b], layer)]
        names = [layer.name for layer in found.values()]
        convolutions = sum(layer.is_convolution for layer in found.values())
        # What is cut into windows and multiplied by a matrix is a convolution written by hand.
        convolutions += sum(node.name().startswith(_WINDOWS) and self._depends[node] for node in self._nodes)
        return Layers(names, convolutions, bare)

    def _is_layer(self, node: Any) -> bool:
        """Whether it maps what depends on the images by what does not."""
        kind = node.name()
        if not kind.startswith((_CONVOLUTION, *_MATRICES)):
            return False
        # of a matrix product, the addend is no factor
        factors = node.next_functions[1:] if kind.startswith(("Addm", "Baddbmm")) else node.next_functions[:2]
        return sum(self._depends_on_images(other) for other, _ in factors) == 1

    def _depends_on_images(self, node: Any) -> bool:
        return node is not None and self._depends[node]

    def _feeding(self, layer: Any) -> tuple[list[Any], bool]:
        """The layers whose output reaches this one through no activation, and whether something else does, too."""
        before: list[Any] = []
        is_mixed = False
        seen, waiting = set(), self._inputs(layer)
        while waiting:
            node = waiting.pop()
            if node in seen:
                continue
            seen.add(node)
            if self._is_layer(node):
                before.append(node)
            elif self._is_activation(node):
                is_mixed = True
            else:
                waiting += self._inputs(node)
        return before, is_mixed

    def _inputs(self, node: Any) -> list[Any]:
        return [other for other, _ in node.next_functions if self._depends_on_images(other)]

    def _is_activation(self, node: Any) -> bool:
        kind = re.sub(r"[123]?D?(WithIndices)?Backward\d*$", "", node.name())  # "MaxPool2DWithIndicesBackward0"
        if kind in ("Mul", "Div"):
            return len(self._inputs(node)) > 1 or self._has_varying_factor(node)
        is_first = not self._inputs(node)  # the images themselves
        return not is_first and not self._is_layer(node) and kind not in _PASSED_THROUGH

    def _has_varying_factor(self, node: Any) -> bool:
        """Whether it multiplies by something that differs from image to image, such as ``x > 0``."""
        first = node.next_functions[0][0]
        try:
            factor: Any = getattr(node, "_saved_other" if self._depends_on_images(first) else "_saved_self", None)
        except RuntimeError:  # it was changed in place since
            return True
        if not isinstance(factor, torch.Tensor) or factor.ndim < 2 or len(factor) != self._rows:
            return False
        return not bool((factor == factor[:1]).all())

    def _describe(self, node: Any, number: int) -> Layer:
        is_convolution = node.name().startswith(_CONVOLUTION)
        weight = self._weight(node)
        name = self._names.get(id(weight), "").rpartition(".")[0]
        name = name or f"{'convolution' if is_convolution else 'linear layer'}, number {number} of the layers"
        if weight is None or weight.ndim < 2:
            return Layer(name, is_convolution, 0, 0, ())
        outputs, inputs, *kernel = weight.shape
        if not is_convolution:
            return Layer(name, False, inputs, outputs, ())
        groups = int(getattr(node, "_saved_groups", 1))
        return Layer(name, True, inputs * groups, outputs, tuple(kernel), groups)

    def _weight(self, node: Any) -> torch.Tensor | None:
        """The parameter by which a layer maps; of several (weight normalisation), the largest."""
        skipped = 1 if node.name().startswith(("Addm", "Baddbmm")) else 0
        found: list[torch.Tensor] = []
        factors = node.next_functions[skipped : skipped + 2]
        waiting = [other for other, _ in factors if other is not None and not self._depends[other]]
        while waiting:
            other = waiting.pop()
            if isinstance(variable := getattr(other, "variable", None), torch.Tensor):
                found.append(variable)
            waiting += [deeper for deeper, _ in other.next_functions if deeper is not None]
        return max(found, key=torch.Tensor.numel, default=None)


def _upstream_first(last: Any) -> list[Any]:
    """The nodes that lead to ``last``, each after those that lead to it."""
    ordered: list[Any] = []
    entered = {last}
    path: list[tuple[Any, Iterator[Any]]] = [(last, iter(last.next_functions))]
    while path:
        node, others = path[-1]
        other = next((o for o, _ in others if o is not None and o not in entered), None)
        if other is None:
            ordered.append(node)
            path.pop()
        elif len(entered) < _MOST_NODES:
            entered.add(other)
            path.append((other, iter(other.next_functions)))
        else:
            return [None] * _MOST_NODES
    return ordered


def _make_one(one: Layer, other: Layer) -> bool:
    """Whether two layers in a row are meant to be one map, made cheaper by two steps."""
    if not one.is_convolution:
        return False
    is_depthwise = one.groups == one.inputs > 1
    if is_depthwise and other.is_convolution and other.is_pointwise:
        return True
    if other.is_convolution and len(one.kernel) == len(other.kernel) == 2:
        (a, b), (c, d) = one.kernel, other.kernel
        if (a == 1 < b and d == 1 < c) or (b == 1 < a and c == 1 < d):
            return True
    return one.is_pointwise and one.outputs < min(one.inputs, other.outputs)
