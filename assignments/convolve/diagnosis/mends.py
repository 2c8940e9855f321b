"""What can be mended in a training from outside, one thing each, without a change to its text.

A :class:`Mend` is a wrapper round what the training calls: PyTorch's functions, the optimizer's step, the model's
forward pass. :class:`Mended` puts some of them round a training and takes them off again. Each counts how often it
changed something: one that never did was not needed.
"""

from __future__ import annotations

import functools
import math
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any

import torch
from torch.optim.optimizer import Optimizer, register_optimizer_step_post_hook, register_optimizer_step_pre_hook
from torch.overrides import TorchFunctionMode

from .inner import Known, badly_drawn, entering, is_activation, is_loss, spread

_Proceed = Callable[[Any, dict[str, Any]], Any]
_SMALLEST = 1e-12
MANY_ROWS = 128  # in a batch: what has more may be taken in parts
_PART = 32


class Stopped(BaseException):
    """A training was ended from outside. Not an ``Exception``: a training is not to catch it."""


class Mend:
    """One thing that is mended. Methods are called as a training goes on; each may change what happens."""

    changed = 0  # how often something was

    def called(self, training: Mended, name: str, proceed: _Proceed, args: Any, kwargs: dict[str, Any]) -> Any:
        """A function of PyTorch is called; ``proceed`` calls it."""
        return proceed(args, kwargs)

    def entered(self, training: Mended, inputs: torch.Tensor) -> torch.Tensor:
        """A batch enters the model with gradients; what is returned enters in its place."""
        return inputs

    def differentiated(self, training: Mended, loss: torch.Tensor) -> torch.Tensor:
        """``backward()`` is called; what is returned is differentiated."""
        return loss

    def has_gradients(self, training: Mended) -> None:
        """Gradients have arrived."""

    def before_step(self, training: Mended, optimizer: Any) -> None:
        """An optimizer is about to step."""

    def after_step(self, training: Mended, optimizer: Any) -> None:
        """It has."""

    def scored(self, scores: torch.Tensor) -> torch.Tensor:
        """The model's scores when it is asked after the training; what is returned counts."""
        return scores


class Mended(TorchFunctionMode):  # type: ignore[misc]
    """Use as a context manager around a training of ``model``.

    ``known`` are the examples that it is given. The training is ended by :class:`Stopped` after so many ``seconds`` of
    processor time, or when the mends have changed nothing in so many batches as ``idle``.
    """

    def __init__(
        self,
        model: torch.nn.Module,
        mends: Sequence[Mend],
        known: Known | None = None,
        seconds: float = math.inf,
        idle: int | None = None,
    ) -> None:
        super().__init__()
        self.model = model
        self.known = known
        self.losses: list[float] = []  # those on which backward() was called
        self.is_inside = False  # a forward pass of the model
        self.passes = 0  # of the model, in all
        self.inputs: torch.Tensor | None = None  # of the last pass with gradients
        self.found: torch.Tensor | None = None  # which examples those are
        self.loss: tuple[Callable[..., Any], Any, dict[str, Any]] | None = None  # the last call of a loss function
        self.results: list[torch.Tensor] = []  # of loss functions with gradients, since that pass
        self.optimizers: dict[int, Any] = {}
        self._mends = mends
        self._until = seconds
        self._idle = idle
        self._is_stepping = False
        self._began = 0.0
        self._undo: list[Callable[[], None]] = []

    def __enter__(self) -> Mended:
        self._wrap_forward()
        self._wrap_optimizers()
        self._undo += [
            register_optimizer_step_pre_hook(self._before_step).remove,
            register_optimizer_step_post_hook(self._after_step).remove,
        ]
        self._began = time.process_time()
        super().__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        super().__exit__(kind, error, trace)
        for undo in reversed(self._undo):
            undo()

    def scores(self, images: torch.Tensor) -> torch.Tensor:
        """What the model answers to ``images`` with what is mended, whatever mode it is in."""
        scores: torch.Tensor = self.model(images)
        for mend in self._mends:
            scores = mend.scored(scores)
        return scores

    def _wrap_forward(self) -> None:
        kind: Any = type(self.model)
        original, own = kind.forward, "forward" in vars(kind)

        @functools.wraps(original)
        def forward(module: torch.nn.Module, *args: Any, **kwargs: Any) -> Any:
            if self.is_inside:
                return original(module, *args, **kwargs)
            if torch.is_grad_enabled() and args and isinstance(args[0], torch.Tensor):
                args = (self._on_inputs(args[0]), *args[1:])
            self.is_inside = True
            self.passes += 1
            try:
                return original(module, *args, **kwargs)
            finally:
                self.is_inside = False

        kind.forward = forward
        self._undo.append(lambda: setattr(kind, "forward", original) if own else delattr(kind, "forward"))

    def _wrap_optimizers(self) -> None:
        original: Any = Optimizer.__init__

        @functools.wraps(original)
        def init(optimizer: Any, *args: Any, **kwargs: Any) -> None:
            original(optimizer, *args, **kwargs)
            self.optimizers[id(optimizer)] = optimizer

        Optimizer.__init__ = init
        self._undo.append(lambda: setattr(Optimizer, "__init__", original))

    def _on_inputs(self, inputs: torch.Tensor) -> torch.Tensor:
        if time.process_time() - self._began > self._until:
            raise Stopped
        if self._idle is not None and len(self.losses) >= self._idle and not all(m.changed for m in self._mends):
            raise Stopped
        self.results, self.loss = [], None
        self.found = self.known.find(inputs) if self.known is not None else None
        for mend in self._mends:
            inputs = mend.entered(self, inputs)
        self.inputs = inputs
        return inputs

    def __torch_function__(
        self, function: Callable[..., Any], types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Called for every function of PyTorch."""
        kwargs = kwargs or {}
        if self._is_stepping:
            return function(*args, **kwargs)
        name = getattr(function, "__name__", "")
        if name == "backward" and args and isinstance(args[0], torch.Tensor):
            return self._on_backward(function, args, kwargs)

        def proceed_from(number: int) -> _Proceed:
            if number == len(self._mends):
                return lambda args, kwargs: function(*args, **kwargs)
            mend = self._mends[number]
            return lambda args, kwargs: mend.called(self, name, proceed_from(number + 1), args, kwargs)

        result = proceed_from(0)(args, kwargs)
        if is_loss(name) and isinstance(result, torch.Tensor) and result.requires_grad:
            self.loss = function, args, kwargs
            self.results.append(result)
        return result

    def _on_backward(self, function: Callable[..., Any], args: Any, kwargs: dict[str, Any]) -> Any:
        loss = args[0]
        for mend in self._mends:
            loss = mend.differentiated(self, loss)
        self.losses.append(float(loss.detach().float().mean()))
        result = function(loss, *args[1:], **kwargs)
        for mend in self._mends:
            mend.has_gradients(self)
        return result

    def _before_step(self, optimizer: Any, _args: Any, _kwargs: Any) -> None:
        self.optimizers[id(optimizer)] = optimizer
        for mend in self._mends:
            mend.before_step(self, optimizer)
        self._is_stepping = True

    def _after_step(self, optimizer: Any, _args: Any, _kwargs: Any) -> None:
        self._is_stepping = False
        for mend in self._mends:
            mend.after_step(self, optimizer)

    def versions(self) -> int:
        """Another number when a parameter was written to, or put elsewhere; nearly always."""
        return hash(tuple((value._version, value.data_ptr()) for value in self.model.parameters()))

    def true_labels(self) -> torch.Tensor | None:
        """The labels ``(B,)`` of the last batch with gradients, where most of its rows were recognised."""
        if self.known is None or self.found is None or float((self.found >= 0).float().mean()) < 0.9:
            return None
        return self.known.labels[self.found.clamp(min=0)]


# --- the loop -------------------------------------------------------------------------------------------------------


class ZeroGrad(Mend):
    """Gradients are set to zero once they were used."""

    _used: int | None = None

    def differentiated(self, training: Mended, loss: torch.Tensor) -> torch.Tensor:
        if self._used is not None and self._used != training.versions():
            for value in training.model.parameters():
                self.changed += value.grad is not None and bool(value.grad.any())
                value.grad = None
        return loss

    def has_gradients(self, training: Mended) -> None:
        self._used = training.versions()


class StepEach(Mend):
    """One step after each backward pass, with its gradients, and no other."""

    _is_mine = False

    def differentiated(self, training: Mended, loss: torch.Tensor) -> torch.Tensor:
        training.model.zero_grad()
        return loss

    def has_gradients(self, training: Mended) -> None:
        mine = {id(value) for value in training.model.parameters()}
        for optimizer in training.optimizers.values():
            if any(id(value) in mine for group in optimizer.param_groups for value in group["params"]):
                self._is_mine = True
                optimizer.step()
                self._is_mine = False
                self.changed += 1
        training.model.zero_grad()

    def before_step(self, training: Mended, optimizer: Any) -> None:
        if not self._is_mine:
            training.model.zero_grad()  # so that it changes nothing


class Sign(Mend):
    """The loss is made smaller, not larger."""

    def differentiated(self, training: Mended, loss: torch.Tensor) -> torch.Tensor:
        self.changed += 1
        return -loss


class HoldAll(Mend):
    """The optimizer gets all parameters."""

    def before_step(self, training: Mended, optimizer: Any) -> None:
        held = {
            id(value) for o in training.optimizers.values() for group in o.param_groups for value in group["params"]
        }
        missing = [v for v in training.model.parameters() if v.requires_grad and id(v) not in held]
        if missing:
            self.changed += 1
            optimizer.param_groups[0]["params"].extend(missing)


class SameOptimizer(Mend):
    """A new optimizer goes on with what the one before it had learned of the gradients."""

    _last: Any = None

    def before_step(self, training: Mended, optimizer: Any) -> None:
        if self._last is not None and self._last is not optimizer:
            self.changed += 1
            optimizer.state = self._last.state
        self._last = optimizer


class SameWeights(Mend):
    """Each epoch goes on with the weights that the last step left."""

    _left: tuple[int, list[torch.Tensor]] | None = None

    def entered(self, training: Mended, inputs: torch.Tensor) -> torch.Tensor:
        if self._left is not None and self._left[0] != training.versions():
            self.changed += 1
            with torch.no_grad():
                for value, kept in zip(training.model.parameters(), self._left[1], strict=True):
                    value.copy_(kept)
        self._left = None
        return inputs

    def after_step(self, training: Mended, optimizer: Any) -> None:
        kept = [value.detach().clone() for value in training.model.parameters()]
        self._left = training.versions(), kept


class SmallBatches(Mend):
    """Large batches are learned from in parts of 32, with a step for each."""

    _is_mine = False

    def before_step(self, training: Mended, optimizer: Any) -> None:
        if self._is_mine or training.inputs is None or training.loss is None or len(training.inputs) < MANY_ROWS:
            return
        self._is_mine = True
        inputs, (function, args, kwargs) = training.inputs, training.loss
        with torch.enable_grad():
            for rows in torch.randperm(len(inputs)).split(_PART):
                training.model.zero_grad()
                function(training.model(inputs[rows]), args[1][rows], *args[2:], **kwargs).backward()
                optimizer.step()
        training.model.zero_grad()
        self.changed += 1
        self._is_mine = False


# --- its settings ---------------------------------------------------------------------------------------------------


class Rate(Mend):
    """The learning rate times ``factor``; where steps are made by hand, the gradients are."""

    def __init__(self, factor: float, by_hand: bool = False) -> None:
        self.factor = factor
        self._by_hand = by_hand
        self._before: list[Any] = []

    def has_gradients(self, training: Mended) -> None:
        if self._by_hand:
            self.changed += 1
            for value in training.model.parameters():
                if value.grad is not None:
                    value.grad *= self.factor

    def before_step(self, training: Mended, optimizer: Any) -> None:
        self.changed += 1
        self._before = [group["lr"] for group in optimizer.param_groups]
        for group in optimizer.param_groups:
            group["lr"] = group["lr"] * self.factor

    def after_step(self, training: Mended, optimizer: Any) -> None:
        for group, rate in zip(optimizer.param_groups, self._before, strict=True):
            group["lr"] = rate


class ConstantRate(Mend):
    """Whatever a scheduler does, the learning rate stays at ``rate``, that for which the scheduler was made."""

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._before: list[Any] = []

    def before_step(self, training: Mended, optimizer: Any) -> None:
        self._before = [group["lr"] for group in optimizer.param_groups]
        for group in optimizer.param_groups:
            self.changed += not 0.3 < float(group["lr"]) / self._rate < 3
            group["lr"] = self._rate

    def after_step(self, training: Mended, optimizer: Any) -> None:
        for group, rate in zip(optimizer.param_groups, self._before, strict=True):
            group["lr"] = rate


class NoDecay(Mend):
    """Weight decay is off."""

    def __init__(self) -> None:
        self._before: list[Any] = []

    def before_step(self, training: Mended, optimizer: Any) -> None:
        self._before = [group.get("weight_decay", 0) for group in optimizer.param_groups]
        for group in optimizer.param_groups:
            self.changed += bool(group.get("weight_decay", 0))
            group["weight_decay"] = 0

    def after_step(self, training: Mended, optimizer: Any) -> None:
        for group, decay in zip(optimizer.param_groups, self._before, strict=True):
            group["weight_decay"] = decay


class NoPenalty(Mend):
    """The loss is what the loss functions give, without what is added to that."""

    def differentiated(self, training: Mended, loss: torch.Tensor) -> torch.Tensor:
        if not training.results:
            return loss
        given = sum(result.mean() for result in training.results)
        if not isinstance(given, torch.Tensor) or torch.allclose(given, loss.mean(), rtol=0.02):
            return loss
        self.changed += 1
        return given


class NoDropout(Mend):
    """Dropout is off."""

    def called(self, training: Mended, name: str, proceed: _Proceed, args: Any, kwargs: dict[str, Any]) -> Any:
        if "dropout" not in name or not args or not isinstance(args[0], torch.Tensor):
            return proceed(args, kwargs)
        self.changed += bool(kwargs.get("training", True))
        return args[0]


class NoClipping(Mend):
    """The optimizer gets the gradients as they came."""

    def __init__(self) -> None:
        self._came: list[torch.Tensor | None] = []

    def has_gradients(self, training: Mended) -> None:
        self._came = [None if p.grad is None else p.grad.clone() for p in training.model.parameters()]

    def before_step(self, training: Mended, optimizer: Any) -> None:
        for value, came in zip(training.model.parameters(), self._came, strict=False):
            if value.grad is not None and came is not None:
                self.changed += not torch.equal(value.grad, came)
                value.grad.copy_(came)


# --- scores and loss ------------------------------------------------------------------------------------------------


class ToLogits(Mend):
    """Probabilities become logits before a loss that takes logits."""

    def called(self, training: Mended, name: str, proceed: _Proceed, args: Any, kwargs: dict[str, Any]) -> Any:
        if name in ("cross_entropy", "binary_cross_entropy_with_logits") and args:
            given = args[0]
            if given.ndim == 2 and bool((given >= 0).all()) and bool((given <= 1).all()):
                self.changed += 1
                if torch.allclose(given.sum(dim=1), torch.ones(len(given)), atol=1e-3) and name == "cross_entropy":
                    given = given.clamp(min=_SMALLEST).log()
                else:
                    given = torch.logit(given, eps=1e-6)
                args = (given, *args[1:])
        return proceed(args, kwargs)


class ToLogProbabilities(Mend):
    """Scores become log-probabilities before ``nll_loss``."""

    def called(self, training: Mended, name: str, proceed: _Proceed, args: Any, kwargs: dict[str, Any]) -> Any:
        if name == "nll_loss" and args and args[0].ndim == 2:
            given = args[0]
            sums = given.exp().sum(dim=1)
            if not torch.allclose(sums, torch.ones_like(sums), atol=1e-2):
                self.changed += 1
                is_probability = bool((given >= 0).all()) and torch.allclose(
                    given.sum(dim=1), torch.ones_like(sums), atol=1e-3
                )
                given = given.clamp(min=_SMALLEST).log() if is_probability else given.log_softmax(dim=1)
                args = (given, *args[1:])
        return proceed(args, kwargs)


class LastActivation(Mend):
    """The loss gets what entered the last activation."""

    def called(self, training: Mended, name: str, proceed: _Proceed, args: Any, kwargs: dict[str, Any]) -> Any:
        if is_activation(name) and args and isinstance(args[0], torch.Tensor) and args[0].ndim == 2:
            entered = args[0].clone() if name.endswith("_") or kwargs.get("inplace") else args[0]
            result = proceed(args, kwargs)
            result.entered_ = entered
            return result
        if is_loss(name) and args and (entered := getattr(args[0], "entered_", None)) is not None:
            self.changed += bool((entered != args[0]).any())
            args = (entered, *args[1:])
        return proceed(args, kwargs)

    def scored(self, scores: torch.Tensor) -> torch.Tensor:
        entered: torch.Tensor | None = getattr(scores, "entered_", None)
        return scores if entered is None else entered


class SmallScores(Mend):
    """Scores are divided by their spread in the first batch, if that is large."""

    _by: float | None = None

    def called(self, training: Mended, name: str, proceed: _Proceed, args: Any, kwargs: dict[str, Any]) -> Any:
        if is_loss(name) and args and isinstance(args[0], torch.Tensor):
            if self._by is None and torch.is_grad_enabled():
                size = spread(args[0] - args[0].mean(dim=-1, keepdim=True))[1]
                self._by = size if size > 3 else 1.0
            if self._by is not None and self._by != 1:
                self.changed += 1
                args = (args[0] / self._by, *args[1:])
        return proceed(args, kwargs)


class CrossEntropy(Mend):
    """The loss is the cross-entropy of the scores and the labels."""

    def called(self, training: Mended, name: str, proceed: _Proceed, args: Any, kwargs: dict[str, Any]) -> Any:
        result = proceed(args, kwargs)
        labels = training.true_labels()
        if is_loss(name) and torch.is_grad_enabled() and labels is not None and args[0].ndim == 2:
            self.changed += 1
            return torch.nn.functional.cross_entropy(args[0], labels)
        return result


# --- the model ------------------------------------------------------------------------------------------------------


class LetThrough(Mend):
    """Gradients go through where the graph is cut: ``detach``, ``data`` and ``no_grad`` between inputs and loss."""

    def called(self, training: Mended, name: str, proceed: _Proceed, args: Any, kwargs: dict[str, Any]) -> Any:
        if name == "_set_grad_enabled" and training.is_inside and training.model.training and args[0] is False:
            self.changed += 1
            return proceed((True,), kwargs)
        if name in ("detach", "__get__") and args and isinstance(args[0], torch.Tensor):
            tensor = args[0]
            is_between = tensor.grad_fn is not None and tensor.ndim > 1 and torch.is_grad_enabled()
            if is_between:
                result = proceed(args, kwargs)
                if isinstance(result, torch.Tensor) and not result.requires_grad and result.shape == tensor.shape:
                    self.changed += 1
                    return tensor
                return result
        return proceed(args, kwargs)


class Drawn(Mend):
    """Weights and biases that are far from how PyTorch draws them are drawn so, before the first batch."""

    _is_done = False

    def entered(self, training: Mended, inputs: torch.Tensor) -> torch.Tensor:
        if not self._is_done:
            self._is_done = True
            odd = badly_drawn(training.model)
            for place, module in training.model.named_modules():
                mine = [name for name, _ in module.named_parameters(place, recurse=False) if name in odd]
                self.changed += len(mine)
                if mine and hasattr(module, "reset_parameters"):
                    module.reset_parameters()
                else:
                    self._draw([value for name, value in module.named_parameters(place, recurse=False) if name in mine])
        return inputs

    @staticmethod
    def _draw(values: list[torch.nn.Parameter]) -> None:
        with torch.no_grad():
            for value in values:
                value.normal_(0, 1 / math.sqrt(value.shape[0]))


class Scaled(Mend):
    """What enters the first layer is moved and scaled to mean 0 and spread 1, by the first batch in each mode.

    Where columns of a table differ much in their spread, each is for itself.
    """

    def __init__(self) -> None:
        self._by: dict[bool, tuple[torch.Tensor, torch.Tensor]] = {}  # while training and not: they may differ
        self._at = 0  # the pass whose first layer was seen

    def called(self, training: Mended, name: str, proceed: _Proceed, args: Any, kwargs: dict[str, Any]) -> Any:
        if training.is_inside and (entered := entering(name, args)) is not None and self._at != training.passes:
            self._at = training.passes
            mode = training.model.training
            if mode not in self._by:
                self._by[mode] = self._measured(entered.detach().float())
                mean, scale = (float(value.abs().mean()) for value in self._by[mode])
                self.changed += not (0.1 < scale < 4 and mean < 4)
            if self.changed:
                args = ((entered - self._by[mode][0]) / self._by[mode][1], *args[1:])
        return proceed(args, kwargs)

    @staticmethod
    def _measured(first: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        if first.ndim == 2 and len(first) > 4:
            mean, scale = first.mean(dim=0), first.std(dim=0)
            if float(scale.max()) > 30 * float(scale.median()) > 0:
                return mean, scale.clamp(min=1e-6)
        return first.mean(), first.std().clamp(min=1e-12)


class Activations(Mend):
    """ReLU before each layer but the first: where one is there already, nothing changes."""

    def called(self, training: Mended, name: str, proceed: _Proceed, args: Any, kwargs: dict[str, Any]) -> Any:
        entered = entering(name, args) if training.is_inside else None
        if entered is not None and entered.grad_fn is not None and not name.startswith("batch_norm"):
            self.changed += bool((entered < 0).any())
            args = (torch.relu(entered), *args[1:])
        return proceed(args, kwargs)


class Unsaturated(Mend):
    """ReLU in place of sigmoid and tanh, but for one at the end."""

    def called(self, training: Mended, name: str, proceed: _Proceed, args: Any, kwargs: dict[str, Any]) -> Any:
        if training.is_inside and name.removesuffix("_") in ("sigmoid", "tanh", "hardsigmoid", "hardtanh", "softsign"):
            self.changed += 1
            return torch.relu(args[0])
        return proceed(args, kwargs)


class Leaky(Mend):
    """Leaky ReLU in place of ReLU, so that no unit is dead."""

    def called(self, training: Mended, name: str, proceed: _Proceed, args: Any, kwargs: dict[str, Any]) -> Any:
        if training.is_inside and name.removesuffix("_") == "relu":
            self.changed += bool((args[0] < 0).any())
            return torch.nn.functional.leaky_relu(args[0], 0.1)
        return proceed(args, kwargs)


# --- the data -------------------------------------------------------------------------------------------------------


class Labels(Mend):
    """Each row gets the label that it was given with."""

    def __init__(self) -> None:
        self._pairs: dict[tuple[int, int], int] = {}  # a label as it is and as it came: how often

    def came_as(self) -> list[int]:
        """For each class, the label that its images came with most often; -1 where none came."""
        classes = 1 + max((true for true, _ in self._pairs), default=-1)
        found = [-1] * classes
        for (true, came), _ in sorted(self._pairs.items(), key=lambda pair: pair[1]):
            found[true] = came
        return found

    def called(self, training: Mended, name: str, proceed: _Proceed, args: Any, kwargs: dict[str, Any]) -> Any:
        labels = training.true_labels() if is_loss(name) and torch.is_grad_enabled() else None
        if labels is not None and len(args) > 1 and isinstance(args[1], torch.Tensor) and len(args[1]) == len(labels):
            args = (args[0], self._in_form_of(args[1], labels), *args[2:])
        return proceed(args, kwargs)

    def _in_form_of(self, given: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        if labels.is_floating_point() or labels.ndim > 1:  # numbers, or a label for each token
            if labels.numel() != given.numel():
                return given
            true = labels.reshape(given.shape).to(given.dtype)
            self.changed += not torch.equal(true, given)
            return true
        if given.ndim == 1:
            true = labels.to(given.dtype)
        elif given.ndim == 2 and given.shape[1] > int(labels.max()):
            true = torch.nn.functional.one_hot(labels, given.shape[1]).to(given.dtype)
        else:
            return given
        self.changed += not torch.equal(true, given)
        came = given.argmax(dim=1) if given.ndim == 2 else given.long()
        for pair in zip(labels.tolist(), came.tolist(), strict=True):
            self._pairs[pair] = self._pairs.get(pair, 0) + 1
        return true


class Examples(Labels):
    """Each batch is drawn at random from all examples that were given, with their labels."""

    _scale: tuple[float, float] | None = None

    def entered(self, training: Mended, inputs: torch.Tensor) -> torch.Tensor:
        known, found = training.known, training.found
        if known is None or found is None:
            return inputs
        if self._scale is None:
            scale = known.scale_of(inputs, found) if bool((found >= 0).any()) else (1.0, 0.0)
            self._scale = (1.0, 0.0) if max(abs(scale[0] - 1), abs(scale[1])) < 1e-3 else scale
        rows = torch.randint(len(known.labels), (len(inputs),))
        training.found = rows
        self.changed += 1
        drawn = known.images[rows].reshape(inputs.shape).to(inputs.dtype)
        return drawn if self._scale == (1.0, 0.0) else drawn * self._scale[0] + self._scale[1]


MENDS: dict[str, Callable[..., Mend]] = {
    "zero_grad": ZeroGrad,
    "step_each": StepEach,
    "sign": Sign,
    "hold_all": HoldAll,
    "same_optimizer": SameOptimizer,
    "same_weights": SameWeights,
    "small_batches": SmallBatches,
    "rate": Rate,
    "rate_by_hand": lambda factor: Rate(factor, by_hand=True),
    "constant_rate": ConstantRate,
    "no_decay": NoDecay,
    "no_penalty": NoPenalty,
    "no_dropout": NoDropout,
    "no_clipping": NoClipping,
    "to_logits": ToLogits,
    "to_log_probabilities": ToLogProbabilities,
    "last_activation": LastActivation,
    "small_scores": SmallScores,
    "cross_entropy": CrossEntropy,
    "let_through": LetThrough,
    "drawn": Drawn,
    "scaled": Scaled,
    "activations": Activations,
    "unsaturated": Unsaturated,
    "leaky": Leaky,
    "labels": Labels,
    "examples": Examples,
}
"""Each mend by the name under which it is asked for."""
