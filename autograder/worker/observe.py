"""Observes models, training and figures from within the worker: what the probes of graders ask for.

Everything here runs beside student code, so whatever it returns is a claim. It holds no expected value.
Torch and Matplotlib are imported on use, since an assignment need not have either.
"""

from __future__ import annotations

import random
from dataclasses import asdict
from typing import Any

import numpy as np


def seed(value: int) -> None:
    """Seed Python's, NumPy's and PyTorch's global generators."""
    import torch

    random.seed(value)
    np.random.seed(value % 2**32)  # students use the global generator
    torch.manual_seed(value)


def predict(model: Any, images: Any, batch_size: int = 250) -> Any:
    """Outputs of ``model`` in evaluation mode: ``(N, 1, 28, 28)`` to ``(N, 10)``, for instance.

    A list of images ``(C, H, W)`` of any sizes is predicted one by one.
    """
    import torch

    from autograder.diagnosis.layers import evaluating

    batches = [image[None] for image in images] if isinstance(images, list) else images.split(batch_size)
    with evaluating(model):
        return torch.cat([_scores(model(batch)) for batch in batches])


def _scores(output: Any) -> Any:
    """What a model returned, if that is a tensor."""
    import torch

    if not isinstance(output, torch.Tensor):
        what = "nothing" if output is None or output is ... else f"a {type(output).__name__}"
        raise TypeError(f"the model's forward returns {what}: it is to return a tensor of scores")
    return output


def parameters(model: Any) -> dict[str, Any]:
    """Every registered parameter by its name, as a copy."""
    return {name: value.detach().clone() for name, value in model.named_parameters()}


def forward(model: Any, inputs: Any, weights: Any) -> dict[str, Any]:
    """One forward and backward pass in training mode, watched.

    The scalar whose gradient is taken is ``(output * weights).sum()``, so that it is not constant where the
    rows of the output sum to 1.

    Returns ``operations`` (the torch functions called, in order), ``gradients`` (largest absolute gradient
    of each parameter; None where none arrived) and ``unregistered`` (shapes of trainable tensors that took
    part and that the model does not list among its parameters).
    """
    import torch
    from torch.overrides import TorchFunctionMode, resolve_name

    operations: list[str] = []
    leaves: dict[int, Any] = {}

    class Watch(TorchFunctionMode):  # type: ignore[misc]
        def __torch_function__(
            self, function: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
        ) -> Any:
            kwargs = kwargs or {}
            name = getattr(function, "__name__", "")
            if name not in ("__get__", "__set__"):
                operations.append(name or str(resolve_name(function)))
                for value in torch.utils._pytree.tree_leaves((args, kwargs)):
                    if isinstance(value, torch.Tensor) and value.requires_grad and value.is_leaf:
                        leaves[id(value)] = value
            return function(*args, **kwargs)

    model.zero_grad()
    with Watch():
        output = _scores(model(inputs))
    (output * weights).sum().backward()
    registered = {id(value) for value in model.parameters()}
    gradients = {
        name: None if value.grad is None else float(value.grad.abs().max())
        for name, value in model.named_parameters()
        if value.requires_grad
    }
    model.zero_grad()
    return {
        "operations": operations[:10_000],
        "gradients": gradients,
        "unregistered": [tuple(value.shape) for key, value in leaves.items() if key not in registered],
    }


def warm_up(model: Any, images: Any) -> None:
    """Show a model images ``(N, C, H, W)`` if it has lazy layers, which have no parameters before they saw some."""
    import torch

    from autograder.diagnosis.layers import evaluating

    if any(torch.nn.parameter.is_lazy(value) for value in (*model.parameters(), *model.buffers())):
        with evaluating(model):
            model(images)


def hand_over(model: Any, shapes: list[tuple[int, ...]], *, in_training: bool = False) -> dict[str, Any]:
    """A model as data: its ``state``, and its ``computations`` for images of these shapes ``(C, H, W)``.

    They are those of evaluation mode unless it is to be ``in_training``. See :mod:`.computation`. Where there are none,
    ``unrecordable`` says why.
    """
    import torch

    from autograder.diagnosis.layers import evaluating

    from .recording import Unrecordable, computation_of, state_of

    warm_up(model, torch.zeros(2, *shapes[0]))
    computations, reason = [], ""
    with evaluating(model):
        for module in model.modules():
            module.training = in_training
        try:
            computations = [computation_of(model, tuple(shape)) for shape in shapes]
        except Unrecordable as unrecordable:
            reason = str(unrecordable)
        except Exception as error:  # which it may raise for so few images, or so many
            reason = f"its forward fails while it is recorded ({type(error).__name__})"
    return {"state": state_of(model), "computations": computations, "unrecordable": reason}


def layers(model: Any, images: Any) -> dict[str, Any] | None:
    """Which layers lead to the scores, and which make one linear map; see :mod:`autograder.diagnosis.linear`."""
    from autograder.diagnosis.layers import evaluating
    from autograder.diagnosis.linear import layers_of

    with evaluating(model):
        found = layers_of(model, images)
    return None if found is None else asdict(found)


def kinds(value: Any) -> list[str]:
    """Names of the class of ``value`` and of the classes that it derives from."""
    return [kind.__name__ for kind in type(value).__mro__]


def shared_parameters(one: Any, other: Any) -> list[str]:
    """Names of the parameters of ``one`` that live in the same memory as a parameter of ``other``."""
    taken = {value.data_ptr() for value in other.parameters()}
    return [name for name, value in one.named_parameters() if value.data_ptr() in taken]


def record(function: Any, model: Any, *args: Any) -> dict[str, Any]:
    """Call a training function with ``model``, and note what can be seen of it.

    Returns ``value`` and ``seen``, see :class:`autograder.diagnosis.watch.Watch`.
    """
    from autograder.diagnosis.watch import Watch

    with Watch(model) as watch:
        value = function(model, *args)
    return {"value": value, "seen": watch.seen()}


def record_epochs(function: Any, model: Any, *args: Any, images: Any, epochs: int, length: int) -> dict[str, Any]:
    """As :func:`record`, and what the model would have answered to ``images`` after each of the ``epochs``.

    ``length`` is the number of images of an epoch. Adds ``answers``, see
    :meth:`autograder.diagnosis.watch.Watch.answers_after`.
    """
    from autograder.diagnosis.watch import Epochs, Watch

    with Watch(model, Epochs(epochs, length)) as watch:
        value = function(model, *args)
    return {"value": value, "seen": watch.seen(), "answers": watch.answers_after(images)}


def again(
    function: Any, model: Any, *args: Any, mendings: Any, images: Any, labels: Any, seconds: float
) -> dict[str, Any]:
    """Call a training function with a fresh ``model`` and something mended, see :mod:`autograder.diagnosis.again`.

    ``images`` and ``labels`` are those that it is given. It is ended after so many seconds of processor time.
    """
    from autograder.diagnosis.again import train_again
    from autograder.diagnosis.inner import Known

    return asdict(train_again(model, lambda model: function(model, *args), Known(images, labels), mendings, seconds))


def figure(drawn: Any) -> list[dict[str, Any]]:
    """What a Matplotlib figure shows: each of its axes; see :mod:`autograder.diagnosis.drawn`. Closes all figures."""
    import matplotlib.pyplot

    from autograder.diagnosis.drawn import read

    shown = [asdict(axes) for axes in read(drawn)]
    matplotlib.pyplot.close("all")
    return shown
