"""Watches a training from within: what reaches the model, the loss, the gradients, the optimizer's steps.

Nothing that is watched is changed, and no random number is drawn. Needs only PyTorch.
"""

from __future__ import annotations

import contextlib
import functools
import math
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import torch
from torch.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook
from torch.overrides import TorchFunctionMode

from .inner import Known, badly_drawn, entering, is_activation, is_column_against_row, is_loss, spread
from .layers import evaluating

LOOKS = 32  # steps whose gradients are looked at
MOST_LOSSES = 5_000
MOST_MIXTURES = 100  # batches whose labels are looked at
MOST_OPTIMIZERS = 50
MOST_BYTES = 256 << 20  # of parameters that are kept
# Where no code of a training is: PyTorch, this folder, and the library that calls on behalf of either.
_NOT_THEIRS = (*torch.__path__, str(Path(__file__).parent), contextlib.__file__, functools.__file__)
_FLAT = 1e-3  # derivative of an activation below which its value is flat
# Functions that act otherwise in training mode, which their argument `training` tells.
_BY_MODE = ("dropout", "dropout1d", "dropout2d", "dropout3d", "alpha_dropout", "feature_alpha_dropout", "batch_norm")
# What compares predictions with targets, by the names of PyTorch's functions.
_COMPARES = frozenset(["sub", "subtract", "rsub", "__rsub__", "mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss"])
_State = dict[str, torch.Tensor]


@dataclass(frozen=True)
class Epochs:
    """Where to keep the parameters of a model: after each of so many epochs of so many images."""

    number: int
    images: int


@dataclass
class _Kept:
    """Parameters and buffers after training on ``images`` in all."""

    images: int
    model: _State | None  # None where that were too much to keep
    other: _State | None = None  # of another model of its kind that was asked then: of an average of weights


class Watch(TorchFunctionMode):  # type: ignore[misc]
    """Use as a context manager around a training of ``model``; :meth:`seen` is what was seen.

    With ``epochs``, :meth:`answers_after` tells what the model would have answered after each of them. ``known`` are
    the examples that there are to learn from, if those are to be recognised.
    """

    def __init__(self, model: torch.nn.Module, epochs: Epochs | None = None, known: Known | None = None) -> None:
        super().__init__()
        self._known = known
        self._begin_details()
        self._model = model
        self._parts = {id(module) for module in model.modules()}
        self._forward: Any = None
        self._epochs = epochs
        self._kept_states: dict[int, _Kept] = {}  # number of the epoch, from 1, to what is nearest to its end
        self._trained = 0  # images whose loss went backward
        self._batch = 0  # images of the last pass with gradients
        self._called_since: list[float] = []  # loss functions since that pass
        self._by_mode_since: list[bool] = []  # functions that act by the mode, since that pass: in training mode?
        self._batches: list[tuple[int, float, list[float]]] = []
        self._quiet: list[tuple[int, float, int]] = []
        self._steps_by_mode = {"train_mode": 0, "eval_mode": 0}
        self._names = {id(value): name for name, value in model.named_parameters()}
        self._losses_used: dict[tuple[str, bool], None] = {}
        self._called: list[float] = []  # loss functions, where gradients are kept
        self._backward: list[float] = []  # the losses on which backward() was called
        self._first_scores: dict[str, float] | None = None
        self._first_input: dict[str, float] | None = None
        self._passes = {"train_mode": 0, "eval_mode": 0, "train_mode_no_grad": 0, "eval_mode_no_grad": 0}
        self._images = 0
        self._entropies: list[float] = []
        self._labels: dict[int, int] = {}
        self._optimizers: dict[int, tuple[str, float]] = {}
        self._kept: list[Any] = []  # optimizers and models, so that no other gets the id of one that is gone
        self._first_optimizer: Any = None
        self._held: set[int] = set()
        self._steps = 0
        self._arrivals = 0
        self._gradients: dict[str, list[float]] = {name: [] for name in self._names.values()}
        self._has_stepped = False  # and no gradient has arrived since
        self._stale = 0
        self._handles: list[Any] = []
        self._is_listening = False
        self._began = self._ended = 0.0

    def _begin_details(self) -> None:
        """What is seen of settings, scales and examples."""
        self._found: torch.Tensor | None = None  # which examples are the rows of the last pass with gradients
        self._answered: list[tuple[int, int, int, float]] = []
        self._places: dict[str, tuple[str, int]] = {}
        self._counts = {
            "quiet_rows": 0,
            "quiet_recognised": 0,
            "rows": 0,
            "recognised": 0,
            "rightly_labelled": 0,
            "labelled": 0,
            "broadcast": 0,
        }
        self._different: set[int] = set()
        self._rates: list[float] = []
        self._rate_meant: float | None = None
        self._decay = self._dropped = 0.0
        self._norm = 0.0  # of all gradients, after the last backward pass
        self._clipped: list[float] = []
        self._left: tuple[int, float] | None = None  # versions and size of the weights that the last step left
        self._redrawn = 0
        self._others: dict[int, None] = {}
        self._is_looking = False  # what is called is our own
        self._is_inside = False  # the first pass with gradients
        self._entering: tuple[float, float] | None = None
        self._activations: list[tuple[str, float]] = []
        self._last_activation: tuple[str, Any] = "", None
        self._maximises = False
        self._badly_drawn: list[tuple[str, float, float]] = []

    def __enter__(self) -> Watch:
        self._watch_forward()
        self._handles = [
            register_optimizer_step_pre_hook(self._on_step),
            register_optimizer_step_post_hook(lambda *_: self._after_step()),
            *(p.register_hook(self._on_gradient(p)) for p in self._model.parameters() if p.requires_grad),
        ]
        self._listen(True)
        self._began = time.process_time()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._ended = time.process_time()
        self._listen(False)
        self._forward()
        for handle in self._handles:
            handle.remove()
        self._keep(self._model)

    def _watch_forward(self) -> None:
        """Be told of every pass, of those that call ``model.forward(x)``, too: they run no hook of the model's."""
        kind: Any = type(self._model)
        original, own = kind.forward, "forward" in vars(kind)

        @functools.wraps(original)
        def forward(module: torch.nn.Module, *args: Any, **kwargs: Any) -> Any:
            with suppress(Exception), self._looking():
                self._on_forward(module, [*args, *kwargs.values()])
            try:
                return original(module, *args, **kwargs)
            finally:
                if module is self._model:
                    self._is_inside = False

        def restore() -> None:
            if own:
                kind.forward = original
            else:
                del kind.forward

        kind.forward, self._forward = forward, restore

    def _note_place(self, what: str) -> None:
        """Keep where in the training's own text this is called first."""
        if what in self._places:
            return
        frame = sys._getframe(1)
        while frame is not None and frame.f_code.co_filename.startswith(_NOT_THEIRS):
            frame = frame.f_back  # type: ignore[assignment]
        if frame is not None:
            self._places[what] = frame.f_code.co_filename, frame.f_lineno

    @contextmanager
    def _looking(self) -> Iterator[None]:
        """What is called within is our own, and nothing to learn from."""
        self._is_looking = True
        try:
            yield
        finally:
            self._is_looking = False

    def _listen(self, yes: bool) -> None:
        """Be called for PyTorch's functions, or not: within a step there are many, and nothing to learn from them."""
        if yes and not self._is_listening:
            super().__enter__()
        elif self._is_listening and not yes:
            super().__exit__(None, None, None)
        self._is_listening = yes

    def seen(self) -> dict[str, Any]:
        """What was seen, as plain data: the fields of :class:`.causes.Seen`, which says what each is."""
        return {
            "losses_used": list(self._losses_used),
            "losses": self._backward or self._called,
            "backwards": len(self._backward),
            "arrivals": self._arrivals,
            "first_scores": self._first_scores,
            "first_input": self._first_input,
            "passes": dict(self._passes),
            "images": self._images,
            "mixture": self._mixture(),
            "optimizers": list(self._optimizers.values()),
            "not_held": [name for key, name in self._names.items() if key not in self._held],
            "steps": self._steps,
            "gradients": self._gradients,
            "stale": self._stale,
            "looks": min(self._steps, LOOKS),
            "cpu_seconds": self._ended - self._began,
            "batches": self._batches,
            "quiet": self._quiet,
            "steps_by_mode": self._steps_by_mode,
            "rates": self._rates,
            "rate_meant": self._rate_meant,
            "decay": self._decay,
            "dropped": self._dropped,
            "clipped": sorted(self._clipped)[len(self._clipped) // 2] if self._clipped else None,
            "redrawn": self._redrawn,
            "others": len(self._others),
            "entering": self._entering,
            "activations": self._activations,
            "last_activation": self._last_activation[0] if self._last_activation[1] is None else "",
            "maximises": self._maximises,
            "badly_drawn": self._badly_drawn,
            "answered": self._answered,
            "places": self._places,
            **self._counts,
            "different": len(self._different),
        }

    def answers_after(self, images: torch.Tensor) -> list[tuple[torch.Tensor, ...]]:
        """What the model would have answered to ``images`` ``(N, C, H, W)``, after each epoch: one tensor ``(N, K)``.

        And another where another model of its kind was asked then, as who averages weights does. None where it could
        not be told which the epoch's last step was: where epochs differ in length.
        """
        answers: list[tuple[torch.Tensor, ...]] = []
        for states in self.states_after():
            try:
                answers.append(tuple(self._answer(state, images) for state in states))
            except Exception:  # a look that fails must not end a training
                answers.append(())
        return answers

    def states_after(self) -> list[list[_State]]:
        """Parameters and buffers after each epoch, of the model and of the other one: see :meth:`answers_after`."""
        assert self._epochs is not None
        found = []
        for epoch in range(1, self._epochs.number + 1):
            kept = [k for k in self._kept_states.values() if k.images * self._epochs.number == self._trained * epoch]
            found.append([state for k in kept for state in (k.model, k.other) if state is not None])
        return found

    def _answer(self, state: _State, images: torch.Tensor) -> torch.Tensor:
        with evaluating(self._model), torch.random.fork_rng():
            return torch.cat(
                [
                    torch.func.functional_call(self._model, state, (batch,), tie_weights=False)
                    for batch in images.split(250)
                ]
            )

    # --- what is called meanwhile ------------------------------------------------------------------------------

    def __torch_function__(
        self, function: Callable[..., Any], types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Called for every function of PyTorch."""
        kwargs = kwargs or {}
        if self._is_looking:
            return function(*args, **kwargs)
        name = getattr(function, "__name__", "")
        if (name == "backward" or function is torch.autograd.grad) and args:
            self._note_place("backward")
            with suppress(Exception):
                self._on_backward(args[0] if isinstance(args[0], torch.Tensor) else args[0][0])
        if name in _BY_MODE and torch.is_grad_enabled():
            self._by_mode_since.append(bool(kwargs.get("training", True)))
            if "dropout" in name and kwargs.get("training", True):
                self._note_place("dropout")
                with suppress(Exception):
                    self._dropped = max(self._dropped, float(kwargs.get("p", args[1] if len(args) > 1 else 0.5)))
        if self._is_inside and self._entering is None:
            entered = entering(name, args)
            if entered is not None:
                self._entering = spread(entered)
        if name in _COMPARES and torch.is_grad_enabled() and is_column_against_row(args):
            self._counts["broadcast"] += 1
            self._note_place("loss")
        result = function(*args, **kwargs)
        if is_activation(name) and self._first_scores is None:
            self._last_activation = name, result
            self._places.pop("activation", None)
            self._note_place("activation")
            if self._is_inside:
                with suppress(Exception):
                    self._activations.append((name, _flat_share(function, args, kwargs)))
        if is_loss(name):
            with suppress(Exception):  # a look that fails must not end a training
                self._on_loss(name, args, kwargs, result)
        if name == "backward" and len(self._clipped) < LOOKS:
            with suppress(Exception):
                self._norm = _norm_of_gradients(self._model)
        return result

    def _on_backward(self, loss: torch.Tensor) -> None:
        value = float(loss.detach().float().mean())
        if len(self._backward) < MOST_LOSSES:
            self._backward.append(value)
            self._batches.append((self._batch, value, self._called_since[:4]))
        self._trained += self._batch
        if self._by_mode_since:
            self._steps_by_mode["train_mode" if all(self._by_mode_since) else "eval_mode"] += 1

    def _on_loss(self, name: str, args: Any, kwargs: dict[str, Any], result: Any) -> None:
        plain = kwargs.get("weight") is None and not kwargs.get("label_smoothing") and len(args) == 2
        self._losses_used[(name, plain)] = None
        if not isinstance(result, torch.Tensor):
            return
        rows = len(args[0]) if args else len(kwargs["input"])
        mean = float(result.detach().float().mean()) / (rows if kwargs.get("reduction") == "sum" else 1)
        if not result.requires_grad:
            if len(self._quiet) < MOST_LOSSES:
                self._quiet.append((len(self._batches), mean, rows))
                labels = args[1] if len(args) > 1 else kwargs.get("target")
                if isinstance(labels, torch.Tensor) and args and args[0].ndim == 2:
                    labels = labels.argmax(dim=1) if labels.ndim == 2 and labels.shape[1] > 1 else labels.flatten()
                    right = int((args[0].argmax(dim=1) == labels).sum())
                    self._answered.append((len(self._batches), rows, right, mean))
            return
        self._called_since.append(mean)
        self._note_place("loss")
        if len(self._called) < MOST_LOSSES:
            self._called.append(float(result.detach().float().mean()))
        given = [value for value in (*args, *kwargs.values()) if isinstance(value, torch.Tensor)]
        if self._first_scores is None and given:
            self._first_scores = _statistics(given[0])
            name, result = self._last_activation
            self._last_activation = name if result is given[0] else "", None
        if len(given) > 1 and len(self._entropies) < MOST_MIXTURES:
            self._on_labels(given[1])
        if len(given) > 1 and self._known is not None and self._found is not None and len(self._called_since) == 1:
            self._compare_labels(self._known, self._found, given[1])

    def _compare_labels(self, known: Known, found: torch.Tensor, labels: torch.Tensor) -> None:
        labels = labels.detach().cpu()
        if labels.ndim == 2 and labels.shape[1] > 1:
            labels = labels.argmax(dim=1)
        if labels.numel() != len(found):
            return
        if known.labels.ndim != 1 or known.labels.is_floating_point():
            return  # numbers may be scaled, and what was given for each token comes in many forms
        there = found >= 0
        self._counts["labelled"] += int(there.sum())
        self._counts["rightly_labelled"] += int((known.labels[found[there]] == labels.reshape(-1)[there]).sum())

    def _on_labels(self, labels: torch.Tensor) -> None:
        labels = labels.detach()
        if labels.ndim == 2 and labels.shape[1] > 1:
            labels = labels.argmax(dim=1)
        if labels.ndim != 1 or len(labels) < 8:
            return
        counts = torch.unique(labels.long(), return_counts=True)
        found = dict(zip(counts[0].tolist(), counts[1].tolist(), strict=True))
        self._entropies.append(_entropy(list(found.values())))
        for label, count in found.items():
            self._labels[label] = self._labels.get(label, 0) + count

    def _mixture(self) -> float | None:
        of_all = _entropy(list(self._labels.values()))
        return sum(self._entropies) / len(self._entropies) / of_all if self._entropies and of_all else None

    def _on_forward(self, model: torch.nn.Module, given: list[Any]) -> None:
        if id(model) not in self._parts and not torch.is_grad_enabled():
            self._keep(model)
        if model is not self._model:
            if id(model) not in self._parts and torch.is_grad_enabled() and len(self._others) < MOST_OPTIMIZERS:
                self._others[id(model)] = None
                self._kept.append(model)
            return  # a copy, or a part of the same kind
        self._keep(model)
        self._listen(True)  # if a step raised, it did not say that it ended
        self._note_place("model" if torch.is_grad_enabled() else "validation")
        mode = "train_mode" if self._model.training else "eval_mode"
        self._passes[mode if torch.is_grad_enabled() else f"{mode}_no_grad"] += 1
        inputs = next((value for value in given if isinstance(value, torch.Tensor)), None)
        if self._known is not None and not torch.is_grad_enabled() and inputs is not None:
            found = self._known.find(inputs)
            self._counts["quiet_rows"] += len(inputs)
            self._counts["quiet_recognised"] += 0 if found is None else int((found >= 0).sum())
        if not torch.is_grad_enabled() or inputs is None:
            return
        is_first = not self._images
        self._images += len(inputs)
        self._batch = len(inputs)
        self._called_since, self._by_mode_since = [], []
        if is_first:
            self._first_input = _statistics(inputs) if inputs.is_floating_point() else None  # a token is no size
            self._is_inside = True
            self._badly_drawn = [(name, *sizes) for name, sizes in badly_drawn(self._model).items()]
        if self._left is not None and self._left[0] != _versions(self._model):
            before, now = self._left[1], _size(self._model)
            self._redrawn += abs(now - before) > 1e-3 * abs(before)
        self._left = None
        if self._known is not None and len(self._batches) < MOST_LOSSES:
            self._found = found = self._known.find(inputs)
            self._counts["rows"] += len(inputs)
            if found is not None:
                self._counts["recognised"] += int((found >= 0).sum())
                self._different.update(found[found >= 0].tolist())

    def _keep(self, model: torch.nn.Module) -> None:
        """Keep the parameters that the last step left, if no others are nearer to the end of the epoch."""
        if self._epochs is None or not self._trained:
            return
        epoch = max(1, round(self._trained / self._epochs.images))
        end = epoch * self._epochs.images
        kept = self._kept_states.get(epoch)
        if kept is not None and kept.images == self._trained:
            if model is self._model or kept.other is not None:
                return
        elif kept is not None and abs(kept.images - end) < abs(self._trained - end):
            return
        else:
            state = self._state_of(self._model)
            kept = self._kept_states[epoch] = _Kept(self._trained, state)
        if model is not self._model and kept is not None:
            kept.other = self._state_of(model)

    def _state_of(self, model: torch.nn.Module) -> _State | None:
        values = {name: value for name, value in model.state_dict().items() if isinstance(value, torch.Tensor)}
        if len(self._kept_states) * sum(value.nbytes for value in values.values()) > MOST_BYTES:
            return None
        return {name: value.detach().clone() for name, value in values.items()}

    def _on_gradient(self, parameter: torch.Tensor) -> Callable[[torch.Tensor], None]:
        def arrived(_gradient: torch.Tensor) -> None:
            self._arrivals += 1
            if self._has_stepped and self._steps <= LOOKS:
                # Called before this gradient is added to what is there: was that cleared since the last step?
                self._has_stepped = False
                self._stale += parameter.grad is not None and bool(parameter.grad.any())

        return arrived

    def _on_step(self, optimizer: Any, _args: Any, _kwargs: Any) -> None:
        held = {id(value) for group in optimizer.param_groups for value in group["params"]}
        self._held |= held
        if self._first_optimizer is None:
            self._first_optimizer = optimizer
            self._note_place("step")
        if id(optimizer) not in self._optimizers and len(self._optimizers) < MOST_OPTIMIZERS:
            self._optimizers[id(optimizer)] = type(optimizer).__name__, float(optimizer.param_groups[0]["lr"])
            self._kept.append(optimizer)
        self._steps += 1
        if self._steps <= LOOKS:
            received = {name: value.grad for name, value in self._model.named_parameters()}
            for name, gradient in received.items():
                if name in self._gradients:
                    self._gradients[name].append(math.nan if gradient is None else _largest(gradient))
            if self._norm > 0 and math.isfinite(self._norm):
                self._clipped.append(_norm_of_gradients(self._model) / self._norm)
        with suppress(Exception):
            self._on_settings(optimizer)
        self._has_stepped = True
        self._listen(False)

    def _on_settings(self, optimizer: Any) -> None:
        self._decay = max(self._decay, *(float(group.get("weight_decay", 0)) for group in optimizer.param_groups))
        group = optimizer.param_groups[0]
        self._maximises |= bool(group.get("maximize", False))
        if optimizer is self._first_optimizer and len(self._rates) < MOST_LOSSES:
            self._rates.append(float(group["lr"]))
            if "initial_lr" in group:  # which schedulers put there
                self._rate_meant = float(group.get("max_lr", group["initial_lr"]))

    def _after_step(self) -> None:
        self._left = _versions(self._model), _size(self._model)
        self._listen(True)


def _versions(model: torch.nn.Module) -> int:
    """Another number when a parameter was written to, or put elsewhere; nearly always."""
    return hash(tuple((value._version, value.data_ptr()) for value in model.parameters()))


def _size(model: torch.nn.Module) -> float:
    """One number of the first weight that another draw would change."""
    weight = next((value for value in model.parameters() if value.ndim > 1), None)
    return 0.0 if weight is None else float(weight.detach().flatten()[:256].abs().sum())


def _norm_of_gradients(model: torch.nn.Module) -> float:
    norms = [float(value.grad.norm()) for value in model.parameters() if value.grad is not None]
    return math.hypot(*norms)


def _flat_share(function: Callable[..., Any], args: Any, kwargs: dict[str, Any]) -> float:
    """The share of values where an activation's derivative is nearly zero."""
    if "softmax" in function.__name__ or function.__name__.startswith("rrelu"):  # which draws
        return 0.0
    with torch.enable_grad():
        entered = args[0].detach().float().clone().requires_grad_()
        came = function(entered * 1, *args[1:], **kwargs)
        came.sum().backward()
    return float((entered.grad.abs() < _FLAT).float().mean())


def _largest(gradient: torch.Tensor) -> float:
    """Largest absolute value; infinity where one is NaN."""
    largest = float(gradient.abs().max())
    return math.inf if math.isnan(largest) else largest


def _statistics(values: torch.Tensor) -> dict[str, float]:
    """Count and extremes, and for rows ``(N, C)`` the extremes of their sums and of the sums of their exponentials."""
    values = values.detach().float()
    found = {"count": float(values.numel())}
    if values.numel():
        found |= {"lowest": float(values.min()), "highest": float(values.max())}
    if values.ndim == 2 and values.numel():
        sums, exponentials = values.sum(dim=1), values.exp().sum(dim=1)
        found |= {"lowest_sum": float(sums.min()), "highest_sum": float(sums.max())}
        found |= {"lowest_exp_sum": float(exponentials.min()), "highest_exp_sum": float(exponentials.max())}
    return found


def _entropy(counts: list[int]) -> float:
    """Shannon entropy, in nats, of how often each label comes."""
    total = sum(counts)
    return -sum(count / total * math.log(count / total) for count in counts if count)
