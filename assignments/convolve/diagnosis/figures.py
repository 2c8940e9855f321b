"""Pictures of a diagnosis: the loss curve, the gradients, the chain of shapes, the kernels."""

from __future__ import annotations

import math
import textwrap
from typing import TYPE_CHECKING, Any

import numpy as np

from .causes import softmax_floor

if TYPE_CHECKING:
    from .examine import Diagnosis

_MOST_KERNELS = 16
_MENDED = ("C1", "C2", "C4")  # colours of as many curves as there are trainings more


def draw(diagnosis: Diagnosis) -> Any:
    """A Matplotlib figure with all four."""
    from matplotlib.figure import Figure  # not pyplot: a figure that is only shown once, and by whoever asked

    figure = Figure(figsize=(11, 8), layout="constrained")
    (losses, gradients), (shapes, kernels) = figure.subplots(2, 2)
    draw_losses(losses, diagnosis)
    draw_gradients(gradients, diagnosis)
    draw_shapes(shapes, diagnosis)
    draw_kernels(figure, kernels, diagnosis)
    return figure


def draw_losses(axes: Any, diagnosis: Diagnosis) -> None:
    """The training loss from batch to batch, and once more with each cause mended that made the difference.

    With the loss of guessing and the floor that softmax sets.
    """
    axes.set(title="Training loss", xlabel="batch", ylabel="loss")
    losses, classes = np.array(diagnosis.observed.seen.losses, float), diagnosis.observed.classes
    if not len(losses):
        _say(axes, "no loss was seen")
        return
    axes.plot(losses, color="C0", alpha=0.35, linewidth=1, label="each batch")
    width = max(1, len(losses) // 20)
    if width > 1:
        axes.plot(*_smooth(losses, width), color="C0", linewidth=2, label=f"mean of {width}")
    mended = [named for named in diagnosis.found.named if named.again is not None]
    for named, color in zip(mended, _MENDED, strict=False):
        assert named.again is not None
        label = f"with that mended: {textwrap.shorten(named.cause.name, 44, placeholder=' ...')}"
        axes.plot(*_smooth(np.array(named.again.losses), width), color=color, linewidth=2, label=label)
    axes.axhline(
        math.log(classes), color="C7", linestyle="--", label=f"guessing: ln {classes} = {math.log(classes):.2f}"
    )
    floor = softmax_floor(classes)
    axes.axhline(floor, color="C3", linestyle=":", label=f"softmax before cross-entropy: not below {floor:.2f}")
    finite = losses[np.isfinite(losses)]
    lowest = min(0, finite.min(initial=0))
    if mended:  # a loss that falls without end would hide how the others went
        lowest = max(lowest, -math.log(classes))
    highest = 1.1 * max(math.log(classes) * 1.1, np.quantile(finite, 0.98)) if len(finite) else 1
    axes.set_ylim(lowest, highest)
    axes.legend(fontsize=8, loc="upper right")


def _smooth(losses: Any, width: int) -> tuple[Any, Any]:
    """Batches, and the means of so many losses around each."""
    smooth = np.convolve(losses, np.ones(width) / width, mode="valid") if len(losses) >= width else losses
    return np.arange(len(smooth)) + width // 2, smooth


def draw_gradients(axes: Any, diagnosis: Diagnosis) -> None:
    """The largest gradient of each layer's weights at the first steps; a layer without any is named."""
    axes.set(title="Largest gradient of each layer's weights", xlabel="step", ylabel="gradient")
    gradients = diagnosis.observed.seen.gradients
    drawn = 0
    for name, values in gradients.items():
        if not name.endswith("weight") or not values:
            continue
        sizes = np.array(values, float)
        is_dead = not np.any(np.nan_to_num(sizes) > 0)
        shown = np.where(sizes > 0, sizes, np.nan)
        axes.plot(
            range(1, len(values) + 1),
            shown,
            marker=".",
            label=f"{name}: {'zero in all steps' if is_dead else f'{np.nanmedian(shown):.1e}'}",
        )
        drawn += 1
    if not drawn:
        _say(axes, "no step was made")
        return
    axes.set_yscale("log")
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8)


def draw_shapes(axes: Any, diagnosis: Diagnosis) -> None:
    """What each layer makes of the images: numbers per image, as bars, with the shapes written beside them."""
    axes.set(title="The chain of shapes", xlabel="numbers for each image")
    chain = diagnosis.shapes
    sizes = [max(1, math.prod(shape[1:])) for _, shape in chain]
    rows = range(len(chain))
    axes.barh(rows, sizes, color="C0", alpha=0.6)
    axes.set_yticks(rows, [name for name, _ in chain], fontsize=8)
    for row, (_, shape) in enumerate(chain):
        text = "N" + "".join(f", {side}" for side in shape[1:])
        axes.text(sizes[row] * 1.1, row, f"({text})", va="center", fontsize=8)
    axes.set_xscale("log")
    axes.set_xlim(0.7, max(sizes) * 30)
    axes.invert_yaxis()


def draw_kernels(figure: Any, axes: Any, diagnosis: Diagnosis) -> None:
    """The kernels of the first convolution after training, all on one scale: red is positive, blue negative."""
    axes.set_axis_off()
    kernels = diagnosis.kernels
    if kernels is None:
        axes.set_title("Kernels")
        _say(axes, "the model has no 2-d convolution")
        return
    axes.set_title(f"Kernels of {diagnosis.kernels_of} after training, first input channel")
    shown = kernels[:_MOST_KERNELS, 0]
    scale = float(np.abs(shown[np.isfinite(shown)]).max(initial=1e-12))
    columns = math.ceil(math.sqrt(len(shown)))
    rows = math.ceil(len(shown) / columns)
    height, width = shown.shape[1:]
    sheet = np.full((rows * (height + 1) - 1, columns * (width + 1) - 1), np.nan)
    for n, kernel in enumerate(shown):
        top, left = n // columns * (height + 1), n % columns * (width + 1)
        sheet[top : top + height, left : left + width] = kernel
    picture = axes.imshow(sheet, cmap="RdBu_r", vmin=-scale, vmax=scale)
    figure.colorbar(picture, ax=axes, shrink=0.8, label="weight")


def _say(axes: Any, words: str) -> None:
    axes.text(0.5, 0.5, words, ha="center", va="center", transform=axes.transAxes)
