"""What can be seen of a model without training it: the chain of shapes, and whether its layers work as they should."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch

from .causes import RANDOM_SCORES, Cause, cause_of
from .linear import layers_of

NO_SCORES, WRONG_SHAPE = "the model returns no scores", "the scores have the wrong shape"


@contextmanager
def evaluating(model: torch.nn.Module) -> Iterator[None]:
    """Evaluation mode without gradients; each module's own mode is put back afterwards."""
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        for module, mode in modes:
            module.training = mode


def chain_of_shapes(model: torch.nn.Module, images: torch.Tensor) -> list[tuple[str, tuple[int, ...]]]:
    """The input, and what each layer makes of it, in the order in which they run: name and shape."""
    chain: list[tuple[str, tuple[int, ...]]] = [("input", tuple(images.shape))]

    def note(name: str) -> Callable[..., None]:
        def hook(module: torch.nn.Module, _inputs: Any, output: Any) -> None:
            if isinstance(output, torch.Tensor):
                chain.append((f"{name} ({type(module).__name__})", tuple(output.shape)))

        return hook

    leaves = [(name, module) for name, module in model.named_modules() if name and not list(module.children())]
    handles = [module.register_forward_hook(note(name)) for name, module in leaves]
    try:
        with evaluating(model):
            output = model(images)
    finally:
        for handle in handles:
            handle.remove()
    if isinstance(output, torch.Tensor) and chain[-1][1] != tuple(output.shape):
        chain.append(("output", tuple(output.shape)))
    return chain


def mistakes_of(model: torch.nn.Module, images: torch.Tensor, classes: int) -> Iterator[Cause]:
    """What is wrong with a model as it is made, on images ``(N, C, H, W)``."""
    with evaluating(model):
        together = model(images)
        if together is None or together is ...:
            advice = "End `forward` with `return` and the scores."
            yield Cause(NO_SCORES, "`forward` returns nothing.", advice)
            return
        if not isinstance(together, torch.Tensor) or tuple(together.shape) != (len(images), classes):
            got = tuple(together.shape) if isinstance(together, torch.Tensor) else type(together).__name__
            yield Cause(
                WRONG_SHAPE,
                f"{len(images)} images give {got}, and should give {(len(images), classes)}.",
                "Look at the chain of shapes: where does it leave the way that you planned?",
            )
            return
        if not torch.equal(together, model(images)):
            yield RANDOM_SCORES
        elif not torch.allclose(model(images[:1])[0], together[0], rtol=1e-3, atol=1e-4):
            yield cause_of(
                "samples-mixed", "The first image gets other scores alone than among others, in evaluation mode."
            )
    yield from _layers_without_activation(model, images)
    yield from _without_gradient(model, images)


def _layers_without_activation(model: torch.nn.Module, images: torch.Tensor) -> Iterator[Cause]:
    with evaluating(model):
        found = layers_of(model, images[:4])
    if found is not None and found.bare:
        pairs = ", ".join(f"{one} -> {other}" for one, other in found.bare[:4])
        yield cause_of(
            "no-activation",
            f"{len(found.bare)} of the convolutions and linear layers pass straight on to the next: {pairs}. "
            "Two linear maps in a row are one linear map.",
        )


def _without_gradient(model: torch.nn.Module, images: torch.Tensor) -> Iterator[Cause]:
    parameters = dict(model.named_parameters())
    if not parameters:
        yield Cause(
            "the model has no parameters",
            "`model.parameters()` is empty.",
            "Make the layers in `__init__`, as attributes (`self.conv1 = ...`) or in an `nn.ModuleList`.",
        )
        return
    before = {name: value.grad for name, value in parameters.items()}
    model.zero_grad()
    scores = model(images)
    if scores.requires_grad:
        # Not the plain sum, which is constant where rows sum to 1.
        (scores * torch.linspace(-1, 1, scores.numel()).reshape(scores.shape)).sum().backward()
    missing = [name for name, value in parameters.items() if value.grad is None]
    for name, value in parameters.items():
        value.grad = before[name]
    if missing:
        yield cause_of(
            "gradient-cut", f"In one pass over {len(images)} images, no gradient arrives at {', '.join(missing)}."
        )
