"""What a clean worker is asked of models that were handed to it as data, see :mod:`.computation`.

It is forked from the same zygote as a student's worker, and no student code ever runs in it: so what it answers is no
claim. A model is known by the number that it was given.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import torch

from autograder.diagnosis.linear import layers_of

from .computation import Carried, Refused
from .outline import outline

_BATCH = 250  # images at a time
_COPIES = 16  # images that a parameter may resemble by chance, and no more
_ALIKE = 0.98  # cosine between a row of a parameter and an image; what is learned of images reaches .7
_PIXELS = 64  # of an image, at least: of fewer numbers any row resembles some
_models: dict[int, Carried] = {}


def carry(number: int, state: Any, computations: Any, most_parameters: int, most_others: int) -> dict[str, int]:
    """Take a model in. Returns of how many numbers its parameters are, and what else it holds.

    What could be trained and is ``unregistered``, since the model does not list it, is among the parameters.

    Raises:
        Refused: it is not of the form, or over a bound.
    """
    model = Carried(state, computations, most_parameters + most_others)
    trained = sum(value.numel() for value in model.parameters() if value.requires_grad) + model.unregistered
    others = model.numbers - trained
    if trained > most_parameters:
        raise Refused(f"it has {trained:,} parameters, and {most_parameters:,} are allowed")
    if others > most_others:
        raise Refused(
            f"it holds {others:,} numbers that are no parameters which training could move, where {most_others:,} are "
            "allowed (does its `forward` use stored images?)"
        )
    _models[number] = model
    return {"parameters": trained, "others": others, "unregistered": model.unregistered}


def forget(number: int) -> None:
    """A model is needed no more."""
    _models.pop(number, None)


def outlined(number: int, rows: int | None) -> list[list[str]]:
    """Its computation to be read, for the first of the shapes of its images; see :mod:`.outline`."""
    model = _models[number]
    return outline(model, model.computations[0], rows)


def predict(number: int, images: Any) -> torch.Tensor:
    """Scores ``(N, K)`` for images ``(N, C, H, W)``, or for a list of images ``(C, H, W)``, one by one.

    Raises:
        Refused: its computation can't be carried out.
    """
    return _predicted(_models[number], images)


def predict_each(number: int, epochs: Any, images: Any) -> list[tuple[torch.Tensor, ...]]:
    """Scores for images by the model's computation with each of the states that there were after each of its epochs.

    None for an epoch where one of its states can't be carried out.
    """
    model = _models[number]
    answers: list[tuple[torch.Tensor, ...]] = []
    for states in epochs:
        try:
            answers.append(tuple(_predicted(model.with_state(state), images) for state in states))
        except Refused:  # a look that fails must not end a grading
            answers.append(())
    return answers


def _predicted(model: Carried, images: Any) -> torch.Tensor:
    batches = [image[None] for image in images] if isinstance(images, list) else images.split(_BATCH)
    with torch.no_grad():
        scores = [model(batch) for batch in batches]
    try:
        return torch.cat(scores)
    except RuntimeError:
        raise Refused(f"it gives scores of shapes {sorted({tuple(some.shape) for some in scores})[:3]}") from None


def watched(number: int, images: Any, weights: Any) -> dict[str, Any]:
    """A forward pass, and a backward pass of ``(scores * weights).sum()``, as :func:`.observe.forward` watches one.

    Returns ``operations``, by the names of PyTorch's functions; ``gradients``, the largest absolute one of each
    parameter, None where none arrives; ``sizes`` of the parameters; and the shapes of what is ``unregistered``.

    Raises:
        Refused: its computation can't be carried out.
    """
    model = _models[number]
    model.zero_grad()
    scores = model(images)
    try:
        if scores.requires_grad:
            (scores * weights).sum().backward()
    except RuntimeError as error:
        words = str(error).partition("\n")[0][:200]
        raise Refused(f"no gradient can be taken of scores {tuple(scores.shape)} ({words})") from None
    gradients = {
        name: None if value.grad is None else float(value.grad.abs().max())
        for name, value in model.named_parameters()
        if value.requires_grad
    }
    model.zero_grad()
    computation = model.computation_for(images)
    return {
        "operations": [name for operation in computation.operations if (name := operation.called)],
        "gradients": gradients,
        "unregistered": [tuple(value.shape) for value in computation.constants if value.requires_grad],
        "sizes": {name: value.numel() for name, value in model.named_parameters()},
    }


def depends_on(number: int, images: Any, part: str) -> bool:
    """Whether the scores change with what operations give that go by a name with this part: ``"conv2d"``.

    Raises:
        Refused: its computation can't be carried out.
    """
    model = _models[number]
    with torch.no_grad():
        return not torch.equal(model(images), model(images, disturbed=part))


def layers(number: int, images: Any) -> dict[str, Any] | None:
    """The layers that lead to the scores, and which make one linear map; see :mod:`autograder.diagnosis.linear`.

    Raises:
        Refused: its computation can't be carried out.
    """
    found = layers_of(_models[number], images)
    return None if found is None else asdict(found)


def unlearned(trained: int, drawn: int, images: Any, most_others: int) -> str:
    """Why what a model knows can't have come of steps along gradients, in words for the student; or nothing.

    ``drawn`` is the model before training on ``images`` ``(N, C, H, W)`` or N of any sizes, ``trained`` that after it.
    """
    before, after = dict(_models[drawn].named_parameters()), _models[trained]
    new = sum(
        value.numel()
        for name, value in after.named_parameters()
        if name not in before or before[name].shape != value.shape
    )
    if new + after.unregistered > most_others:
        return f"it uses {new + after.unregistered:,} numbers that are no parameters which it had before training"
    for name, value in after.named_parameters():
        copies = _copies(value.detach(), images) if name in before else 0
        if copies >= _COPIES and copies > _copies(before[name].detach(), images):
            return f"`{name}` holds {copies} of the training images: copied, since no steps along gradients lead there"
    return ""


def _copies(parameter: torch.Tensor, images: Any) -> int:
    """How many rows of a parameter are images, brighter or darker or not."""
    most = 0
    by_size: dict[int, list[torch.Tensor]] = {}
    for image in images:
        by_size.setdefault(image.numel(), []).append(image.flatten())
    for size, some in by_size.items():
        if size < _PIXELS or parameter.numel() % size or parameter.numel() < _COPIES * size:
            continue
        known = _directions(torch.stack(some).float())
        for rows in (parameter.reshape(-1, size), parameter.reshape(size, -1).t()):
            alike = _directions(rows.float()) @ known.t()
            most = max(most, int((alike.abs().amax(dim=1) > _ALIKE).sum()))
    return most


def _directions(rows: torch.Tensor) -> torch.Tensor:
    return torch.nn.functional.normalize(rows - rows.mean(dim=1, keepdim=True), dim=1)
