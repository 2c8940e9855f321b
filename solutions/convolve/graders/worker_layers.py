"""Runs beside the submission: builds PyTorch's layers from their settings."""

from torch import nn

runs: list[int] = []


def build(layers):
    """The layers for a list of pairs: the name of the class, and its settings."""
    return [getattr(nn, kind)(**settings) for kind, settings in layers]


def build_sealed(layers):
    """The same, of layers that note when they are run, and raise then."""
    runs.clear()
    built = build(layers)
    for layer in built:
        layer.forward = _refuse
    return built


def was_run():
    return bool(runs)


def _refuse(*_args, **_kwargs):
    runs.append(1)
    raise RuntimeError("a layer was run: compute the shape from the layer's settings")
