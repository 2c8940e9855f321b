"""``diagnose``: look at a model, watch one training of it, and say what is likely wrong."""

from __future__ import annotations

import base64
import html
import io
import linecache
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from . import figures
from .again import Generators, train_again
from .causes import Cause, Observations, Seen, describe_curve, validated_in_train_mode
from .inner import Known
from .layers import NO_SCORES, WRONG_SHAPE, chain_of_shapes, evaluating, mistakes_of
from .measures import accuracy, compare_parameters, mean_nll, output_kind
from .progress import Count, counting
from .reports import mistakes_in_reports
from .suspects import Mending, suspects_of
from .trying import MOST, Again, Found, Named, search
from .watch import Watch

_SHOWN = 32  # images that the model is looked at with
_TIMES_AS_LONG = 3  # as the first training, may one take that is mended


@dataclass(frozen=True)
class Diagnosis:
    """What was found. In a notebook it shows itself, with figures; ``print`` gives the words alone."""

    found: Found
    shapes: tuple[tuple[str, tuple[int, ...]], ...]
    observed: Observations
    kernels: np.ndarray | None  # (F, C, kh, kw), of the first convolution, after training
    kernels_of: str

    @property
    def causes(self) -> tuple[Cause, ...]:
        """Those that are named: they are proved, or mending them made the difference. The likeliest first."""
        return tuple(named.cause for named in self.found.named)

    def __str__(self) -> str:
        """The words."""
        o = self.observed
        lines = self.found.in_words(_in_words(o.seen.places)) or ["Nothing that usually goes wrong was found."]
        if not math.isnan(o.final_loss):
            lines += [
                describe_curve(o.seen.losses, o.classes),
                f"On the images that you gave, in evaluation mode, the loss went from {o.initial_loss:.2f} to "
                f"{o.final_loss:.2f}, and {o.train_accuracy:.0%} of them are classified rightly.",
            ]
        return "\n".join(lines)

    def figure(self) -> Any:
        """A Matplotlib figure: the loss curve, the gradients, the chain of shapes and the kernels."""
        return figures.draw(self)

    def _repr_html_(self) -> str:
        picture = io.BytesIO()
        self.figure().savefig(picture, format="png", dpi=80)
        encoded = base64.b64encode(picture.getvalue()).decode()
        words = "".join(f"<p>{html.escape(line)}</p>" for line in str(self).splitlines())
        return f'{words}<img src="data:image/png;base64,{encoded}" alt="Loss, gradients, shapes and kernels">'


def diagnose(
    make_model: Callable[[], torch.nn.Module],
    train: Callable[[torch.nn.Module], Any],
    images: torch.Tensor,
    labels: torch.Tensor,
    trainings: int = MOST,
) -> Diagnosis:
    """Look at a fresh model, watch one training of it, and say what is likely wrong.

    Where the training did not go well and what was seen leaves several causes, it trains again, from the same random
    numbers, with one of them mended from outside, ``trainings`` times at most: what is named made the difference.

    ``make_model`` is the model's class, or a function that makes one. ``train`` trains the model that it is given,
    as you would: ``lambda model: train(model, train_data, val_data, epochs=3)``. ``images`` ``(N, C, H, W)`` and
    ``labels`` ``(N,)``, of which the largest is the number of classes less one, are those that it learns from. Where
    tqdm is installed, a bar counts the trainings as long as it takes.

    Raises:
        ValueError: there are no images, or not as many labels.
        Exception: whatever the model or the training raises.
    """
    if len(images) != len(labels) or not len(images):
        raise ValueError(f"every image needs a label: {len(images)} images, {len(labels)} labels")
    with counting() as count:
        return _diagnosis(make_model, train, images, labels, trainings, count)


def _diagnosis(
    make_model: Callable[[], torch.nn.Module],
    train: Callable[[torch.nn.Module], Any],
    images: torch.Tensor,
    labels: torch.Tensor,
    trainings: int,
    count: Count,
) -> Diagnosis:
    classes = int(labels.max()) + 1
    generators = Generators.now()
    known = Known(images, labels)
    model = make_model()
    shown = images[:_SHOWN]
    shapes = chain_of_shapes(model, shown)
    mistakes = tuple(mistakes_of(model, shown, classes))
    if any(cause.name in (NO_SCORES, WRONG_SHAPE) for cause in mistakes):
        named = Found(tuple(map(Named, mistakes)), (), (), 0)
        return Diagnosis(named, tuple(shapes), _not_trained(model, classes), *_kernels(model))
    before = _parameters(model)
    initial_loss, _ = _measure(model, images, labels)
    count(1, "a training, watched")
    with Watch(model, known=known) as watch:
        returned = train(model)
    final_loss, train_accuracy = _measure(model, images, labels)
    observed = Observations(
        seen=Seen(**watch.seen()),
        classes=classes,
        initial_loss=initial_loss,
        final_loss=final_loss,
        train_accuracy=train_accuracy,
        held_out_accuracy=math.nan,
        images=len(images),
        **compare_parameters(before, _parameters(model)),
    )
    mistakes += tuple(_validated_in_train_mode(model, observed))
    mistakes += tuple(mistakes_in_reports(returned, observed.seen, len(images)))

    suspects = suspects_of(observed, mistakes)
    names = {suspect.mending: suspect.cause.name for suspect in suspects}

    def again(mendings: Sequence[Mending]) -> Again | None:
        count(1 + trainings, f"tried: {names[mendings[-1]]}")
        generators.set()
        try:
            return train_again(
                make_model(), train, images, labels, mendings, _TIMES_AS_LONG * observed.seen.cpu_seconds + 1
            )
        except Exception:  # which what is mended may have brought about
            return None

    found = search(observed, suspects, again, trainings)
    return Diagnosis(found, tuple(shapes), observed, *_kernels(model))


def _in_words(places: dict[str, tuple[str, int]]) -> dict[str, str]:
    """Lines of a notebook or a file, with their text."""
    lines = {what: (number, linecache.getline(file, number).strip()) for what, (file, number) in places.items()}
    return {what: f"line {number}, `{text}`" for what, (number, text) in lines.items() if text}


def _measure(model: torch.nn.Module, images: torch.Tensor, labels: torch.Tensor) -> tuple[float, float]:
    """Loss in nats and accuracy in evaluation mode, of logits, log-probabilities or probabilities."""
    with evaluating(model):
        scores = torch.cat([model(batch) for batch in images.split(250)]).double().cpu().numpy()
    expected = labels.long().cpu().numpy()
    return mean_nll(scores, expected, output_kind(scores)), accuracy(scores, expected)


def _parameters(model: torch.nn.Module) -> dict[str, np.ndarray]:
    return {name: value.detach().double().cpu().clone().numpy() for name, value in model.named_parameters()}


def _not_trained(model: torch.nn.Module, classes: int) -> Observations:
    names = tuple(name for name, _ in model.named_parameters())
    return Observations(Seen(), classes, math.nan, math.nan, math.nan, math.nan, names)


def _validated_in_train_mode(model: torch.nn.Module, observed: Observations) -> Iterator[Cause]:
    kinds = dict.fromkeys(type(module).__name__ for module in model.modules())
    if layers := [kind for kind in kinds if "Dropout" in kind or "Norm" in kind]:
        yield from validated_in_train_mode(observed, f"layers such as {layers[0]}")


def _kernels(model: torch.nn.Module) -> tuple[np.ndarray | None, str]:
    for name, module in model.named_modules():
        if isinstance(module, torch.nn.Conv2d):
            return module.weight.detach().cpu().numpy().copy(), name or "the model"
    return None, ""
