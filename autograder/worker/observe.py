"""Observes models, training and figures from within the worker: what the probes of graders ask for.

Everything here runs beside student code, so whatever it returns is a claim. It holds no expected value.
Torch and Matplotlib are imported on use, since an assignment need not have either.
"""

from __future__ import annotations

import random
from dataclasses import asdict
from typing import Any

import numpy as np

_MOST_BYTES = 100 << 20  # of the models after all epochs


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
    of each parameter; None where none arrived), ``unregistered`` (shapes of trainable tensors that took
    part and that the model does not list among its parameters) and ``sizes`` of the parameters.
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
        "sizes": {name: value.numel() for name, value in model.named_parameters()},
    }


def depends_on(model: Any, images: Any, part: str) -> bool:
    """Whether the scores change with what torch functions give whose names have this part, in evaluation mode."""
    import torch
    from torch.overrides import TorchFunctionMode

    from autograder.diagnosis.layers import evaluating

    class Disturbed(TorchFunctionMode):  # type: ignore[misc]
        def __torch_function__(
            self, function: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
        ) -> Any:
            given = function(*args, **(kwargs or {}))
            if part not in getattr(function, "__name__", ""):
                return given
            if isinstance(given, tuple):  # max pooling that returns indices, too
                return (given[0] + torch.rand_like(given[0]), *given[1:])
            return given + torch.rand_like(given)

    with evaluating(model):
        before = model(images)
        with Disturbed():
            return not torch.equal(before, model(images))


def warm_up(model: Any, images: Any) -> None:
    """Show a model images ``(N, C, H, W)`` if it has lazy layers, which have no parameters before they saw some."""
    import torch

    from autograder.diagnosis.layers import evaluating

    if any(torch.nn.parameter.is_lazy(value) for value in (*model.parameters(), *model.buffers())):
        with evaluating(model):
            model(images)


def hand_over(
    model: Any, kinds: list[tuple[list[int], int]], *, in_training: bool = False, rows: int | None = None
) -> dict[str, Any]:
    """A model as data: its ``state``, and its ``computations`` for inputs of these shapes, ``(C, H, W)`` for instance.

    With each shape comes what its numbers are below, where these are integers; else 0. The computations are those of
    evaluation mode unless it is to be ``in_training``. See :mod:`.computation`. Where there are none, ``unrecordable``
    says why. A model that fails for other numbers of inputs is handed over for so many ``rows`` alone.
    """
    from autograder.diagnosis.layers import evaluating

    from .recording import Unrecordable, as_state, computation_of, made_up, state_of

    each = [(tuple(shape), below) for shape, below in kinds]
    warm_up(model, made_up(2, *each[0]))
    with evaluating(model):
        for module in model.modules():
            module.training = in_training
        try:
            try:
                computations = [computation_of(model, shape, below=below) for shape, below in each]
            except Exception as error:
                if rows is None or isinstance(error, Unrecordable):
                    raise
                computations = [computation_of(model, shape, (rows, rows), below) for shape, below in each]
            return {"state": state_of(model), "computations": computations, "unrecordable": ""}
        except Unrecordable as unrecordable:
            reason = str(unrecordable)
        except Exception as error:  # which it may raise for so few images, or so many
            reason = f"its forward fails while it is recorded ({type(error).__name__})"
    return {"state": as_state(dict(model.named_parameters())), "computations": [], "unrecordable": reason}


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


_last_watch: Any = None  # of the training that was recorded by its epochs


def record_epochs(function: Any, model: Any, *args: Any, epochs: int, length: int) -> dict[str, Any]:
    """As :func:`record`, with an eye on the model after each of the ``epochs`` of ``length`` images.

    See :func:`states_after_epochs` and :func:`answers_after_epochs`.
    """
    global _last_watch  # noqa: PLW0603  (until the next one)
    from autograder.diagnosis.watch import Epochs, Watch

    with Watch(model, Epochs(epochs, length)) as watch:
        value = function(model, *args)
    _last_watch = watch
    return {"value": value, "seen": watch.seen()}


def states_after_epochs() -> list[list[dict[str, Any]]] | None:
    """Parameters and buffers after each epoch, as :mod:`.computation` has them; None where they are too many to send.

    See :meth:`autograder.diagnosis.watch.Watch.states_after`.
    """
    from .recording import as_state

    states = _last_watch.states_after()
    size = sum(value.nbytes for of_epoch in states for state in of_epoch for value in state.values())
    return [[as_state(state) for state in of_epoch] for of_epoch in states] if size <= _MOST_BYTES else None


def answers_after_epochs(images: Any) -> list[tuple[Any, ...]]:
    """What the model would have answered to ``images`` after each epoch.

    See :meth:`autograder.diagnosis.watch.Watch.answers_after`.
    """
    answers: list[tuple[Any, ...]] = _last_watch.answers_after(images)
    return answers


def again(
    function: Any, model: Any, *args: Any, mendings: Any, images: Any, labels: Any, seconds: float
) -> dict[str, Any]:
    """Call a training function with a fresh ``model`` and something mended, see :mod:`autograder.diagnosis.again`.

    ``images`` and ``labels`` are those that it is given. It is ended after so many seconds of processor time.
    """
    from autograder.diagnosis.again import train_again

    return asdict(train_again(model, lambda model: function(model, *args), images, labels, mendings, seconds))


def figure(drawn: Any) -> list[dict[str, Any]]:
    """What a Matplotlib figure shows: each of its axes; see :mod:`autograder.diagnosis.drawn`. Closes all figures."""
    import matplotlib.pyplot

    from autograder.diagnosis.drawn import read

    shown = [asdict(axes) for axes in read(drawn)]
    matplotlib.pyplot.close("all")
    return shown
