"""What graders may ask of models, training and figures in the worker.

What a model does is computed where no student code ran, from what the worker hands over: see
:mod:`autograder.judged`. The rest is looked at in the worker (:mod:`autograder.worker.observe`), beside student code,
so each answer is a claim: it is held to its declared form here, and an answer of another form is a :class:`BadClaim`.
Where a claim alone decides, it is worth few points.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np
from pydantic import ConfigDict, InstanceOf, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass as validated

from autograder.diagnosis.causes import Observations, Seen
from autograder.diagnosis.drawn import Axes
from autograder.diagnosis.suspects import Mending
from autograder.diagnosis.trying import Again
from autograder.errors import BadClaim
from autograder.judged import COMPARED, Inputs, Judged, Kind, kinds_of, scores_of, sent, shape_of
from autograder.remote import Handle, RemoteSubmission
from autograder.worker.wire import Tensor

_TIMES_AS_LONG = 3  # as the training that did not go well, may one with something mended take,
_SECONDS_MORE = 2.0  # and so much more

_Form = TypeVar("_Form")
_Array = InstanceOf[np.ndarray]


@validated(config=ConfigDict(strict=True, extra="forbid"), frozen=True)
class Pass:
    """One forward and backward pass in training mode."""

    operations: list[str]  # the torch functions that were called, in order
    gradients: dict[str, float | None]  # parameter to its largest absolute gradient; None: none arrived
    unregistered: list[tuple[int, ...]]  # shapes of trainable tensors that are not among the parameters
    sizes: dict[str, int]  # parameter to how many numbers it is


@validated(config=ConfigDict(strict=True, extra="forbid"), frozen=True)
class Layers:
    """The layers that lead to a model's scores, by name."""

    names: list[str]
    convolutions: int
    bare: list[tuple[str, str]]  # a layer and the next, between which no activation stands


_Again: Any = validated(Again, config=ConfigDict(strict=True, extra="forbid"), frozen=True)
_Seen: Any = validated(Seen, config=ConfigDict(strict=True, extra="forbid"), frozen=True)


@dataclass(frozen=True)
class Recorded:
    """What a training function returned, and what was seen of the training meanwhile. Both are claims."""

    value: Any
    seen: Seen
    label: str = ""
    epochs: int = 0  # after how many the model can still be asked, see `Probes.answers_after_epochs`


class Probes:
    """The probes, with their answers in a declared form. ``label`` is what messages to the student call it."""

    def __init__(self, remote: RemoteSubmission) -> None:
        self._remote = remote
        self._mended: tuple[dict[str, Any], list[Again]] | None = None

    def public_inputs(self) -> AbstractContextManager[None]:
        """Declare that students may know what is given within the block: see the method of the submission."""
        return self._remote.public_inputs()

    @property
    def fingerprint(self) -> str:
        """See :attr:`autograder.remote.RemoteSubmission.fingerprint`."""
        return self._remote.fingerprint

    def note_claim(self, since: str = "") -> None:
        """See :meth:`autograder.remote.RemoteSubmission.note_claim`."""
        self._remote.note_claim(since)

    def seed(self, value: int) -> None:
        """Seed the worker's global generators: Python's, NumPy's and PyTorch's."""
        with self.public_inputs():
            self._ask("seed", None, "seed", value)

    def predict(self, model: Handle, inputs: Inputs, label: str) -> np.ndarray:
        """Scores in evaluation mode, without gradients, as float64: ``(N, ...)`` to ``(N, C)``.

        Inputs of differing sizes, as images may be, are predicted one by one, each in a batch of its own.
        """
        judged = self.hand_over(model, kinds_of(inputs), label)
        if judged.unrecordable:
            return _rows(self.ask_itself(model, inputs, label), inputs, label)
        judged.compare(inputs[:COMPARED], lambda some: self.ask_itself(model, some, label))
        outputs = judged.predict(inputs)
        judged.forget()
        return _rows(outputs, inputs, label)

    def ask_itself(self, model: Handle, inputs: Inputs, label: str) -> np.ndarray:
        """What the model in the worker answers, as float64 ``(N, ...)``: a claim."""
        outputs: np.ndarray = self._ask("predict", _ARRAY, label, model, sent(inputs))
        return scores_of(outputs, inputs, label)

    def hand_over(self, model: Handle, kinds: Sequence[Kind], label: str, before: Judged | None = None) -> Judged:
        """The model as data, to be judged where no student code ran, for inputs of these kinds.

        ``before`` is the same before it was trained.
        """
        return Judged(self._remote, model, kinds, label, before=before)

    def _hand_over_for(self, model: Handle, images: np.ndarray, label: str, *, in_training: bool = False) -> Judged:
        """The same for these images alone."""
        return Judged(self._remote, model, kinds_of(images), label, in_training=in_training, rows=len(images))

    def parameters(self, model: Handle, label: str) -> dict[str, np.ndarray]:
        """Every registered parameter by its name."""
        with self._remote.large_replies():
            found: dict[str, np.ndarray] = self._ask("parameters", _PARAMETERS, label, model)
        return found

    def reduce(self, name: str, compute: Callable[[], _Form]) -> _Form:
        """See :meth:`autograder.remote.RemoteSubmission.reduce`."""
        return self._remote.reduce(name, compute)

    def watched_pass(self, model: Handle, images: np.ndarray, weights: np.ndarray, label: str) -> Pass:
        """A forward pass, and a backward pass of ``(output * weights).sum()``.

        It is computed from the model as data. What the worker says against its model is believed; where
        it sees a gradient that is not there, as with an ``autograd.Function`` of the student's, that is a claim.
        """
        seen = self._built(Pass, self._ask("forward", None, label, model, Tensor(images), Tensor(weights)), label)
        if seen.unregistered:
            return seen
        judged = self._hand_over_for(model, images, label, in_training=True)
        if judged.unrecordable:
            return seen
        found = self._built(Pass, judged.ask("watched", images, weights), label)
        judged.forget()
        computed = found.gradients
        if any(size and not computed.get(name) for name, size in seen.gradients.items()):
            self._remote.note_claim("the worker sees gradients that do not follow from the operations of its forward")
        gradients = {name: size and (computed.get(name) or size) for name, size in seen.gradients.items()}
        return replace(found, gradients={**computed, **gradients})

    def depends_on(self, model: Handle, images: np.ndarray, part: str, label: str) -> bool:
        """Whether the scores for images ``(N, C, H, W)`` depend on what layers give that a name has a part of.

        The name is that of PyTorch's function: ``"conv2d"``, ``"pool"``, ``"linear"``. In evaluation mode.
        """
        judged = self._hand_over_for(model, images, label)
        if judged.unrecordable:
            return self._ask("depends_on", None, label, model, Tensor(images), part) is not False
        self._compare(judged, model, images, label)
        depends = judged.ask("depends_on", images, part)
        judged.forget()
        return bool(depends)

    def _compare(self, judged: Judged, model: Handle, images: np.ndarray, label: str) -> None:
        """Hold what was recorded to what the model answers to as many images as it is judged by, of any shape."""
        judged.compare(images, lambda some: self._ask("predict", _ARRAY, label, model, sent(some)))

    def warm_up(self, model: Handle, inputs: np.ndarray, label: str) -> None:
        """Give lazy layers their parameters, by one pass of ``inputs`` ``(N, ...)`` in evaluation mode."""
        self._ask("warm_up", None, label, model, Tensor(inputs))

    def layers(self, model: Handle, images: np.ndarray, label: str) -> Layers | None:
        """The layers that lead to the scores, seen in one pass of images that differ; None if nothing can be told."""
        judged = self._hand_over_for(model, images, label)
        if judged.unrecordable:
            answer = self._ask("layers", None, label, model, Tensor(images))
        else:
            self._compare(judged, model, images, label)
            answer = judged.ask("layers", images)
            judged.forget()
        return None if answer is None else self._built(Layers, answer, label)

    def kinds(self, value: Any, label: str) -> list[str]:
        """Names of the class of something in the worker, and of the classes that it derives from: a claim."""
        self.note_claim()
        names: list[str] = self._ask("kinds", _NAMES, label, value)
        return names

    def shared_parameters(self, one: Handle, other: Handle, label: str) -> list[str]:
        """Names of the parameters of ``one`` that live in the memory of a parameter of ``other``: a claim."""
        self.note_claim()
        names: list[str] = self._ask("shared_parameters", _NAMES, label, one, other)
        return names

    def record(
        self, function: Handle, model: Handle, *arguments: Any, label: str, epochs: int = 0, length: int = 0
    ) -> Recorded:
        """Call a training function with a model, and note what can be seen of the training.

        With ``epochs`` of ``length`` examples, :meth:`answers_after_epochs` can be asked until the next is recorded.
        """
        if self._mended is not None:
            return self._again(function, model, *arguments, label=label)
        if epochs:
            settings = {"epochs": epochs, "length": length}
            reply = self._ask("record_epochs", None, label, function, model, *arguments, **settings)
        else:
            reply = self._ask("record", None, label, function, model, *arguments)
        if type(reply) is not dict or reply.keys() != {"value", "seen"}:
            raise BadClaim(f"`{label}` could not be recorded.")
        seen: Seen = self._built(_Seen, reply["seen"], label)
        return Recorded(reply["value"], seen, label, epochs)

    def answers_after_epochs(
        self, recorded: Recorded, trained: Judged, inputs: np.ndarray
    ) -> tuple[tuple[np.ndarray, ...], ...]:
        """What a model would have answered to ``inputs`` ``(N, ...)`` after each epoch that was recorded.

        ``trained`` is that model after the training. Each answer is an array ``(N, K)``, float64. There are two where
        another model of its kind was asked then, and none where it can't be told.
        """
        answer = None if trained.unrecordable else trained.after_epochs(inputs)
        if answer is None:
            answer = self._ask("answers_after_epochs", None, recorded.label, Tensor(inputs))
        answers: list[tuple[np.ndarray, ...]] = self._form(_ANSWERS, answer, recorded.label)
        sizes = {len(array) for some in answers for array in some}
        if len(answers) != recorded.epochs or sizes - {len(inputs)}:
            raise BadClaim(_ODD_ANSWER.format(recorded.label))
        return tuple(tuple(array.astype(np.float64) for array in some) for some in answers)

    def line_at(self, file: str, number: int) -> str:
        """A line of the submission in words: "cell 3, line 7, `loss.backward()`"; empty where there is none."""
        label = file.strip("<>")
        text = self._remote.line_of(label, number)
        return f"{label}, line {number}, `{text}`" if text else ""

    @contextmanager
    def mending(
        self, mendings: Sequence[Mending], inputs: Inputs, targets: np.ndarray, observed: Observations
    ) -> Iterator[list[Again]]:
        """Let :meth:`record` within the block mend something in the training that it calls.

        See :mod:`autograder.diagnosis.mends`. ``inputs`` and ``targets`` are those that it is given, and
        ``observed`` is what was seen of it before. What comes of it is put into the list that is yielded.
        """
        came: list[Again] = []
        seconds = _TIMES_AS_LONG * observed.seen.cpu_seconds + _SECONDS_MORE
        examples = {"images": sent(inputs), "labels": Tensor(targets)}
        given = {"mendings": list(mendings), **examples, "seconds": seconds}
        self._mended = given, came
        try:
            yield came
        finally:
            self._mended = None

    def _again(self, function: Handle, model: Handle, *arguments: Any, label: str) -> Recorded:
        assert self._mended is not None
        given, came = self._mended
        came.append(self._built(_Again, self._ask("again", None, label, function, model, *arguments, **given), label))
        return Recorded(None, Seen())

    def axes(self, figure: Handle, label: str) -> list[Axes]:
        """What a Matplotlib figure shows. Closes all figures."""
        shown: list[Axes] = self._ask("figure", _AXES, label, figure)
        return shown

    def _ask(self, probe: str, form: TypeAdapter[_Form] | None, label: str, *arguments: Any, **settings: Any) -> Any:
        answer = self._remote.probe(probe, label, *arguments, **settings)
        return answer if form is None else self._form(form, answer, label)

    @staticmethod
    def _built(kind: type[_Form], answer: Any, label: str) -> _Form:
        try:
            return kind(**answer)
        except (TypeError, ValidationError):
            raise BadClaim(_ODD_ANSWER.format(label)) from None

    @staticmethod
    def _form(form: TypeAdapter[_Form], answer: Any, label: str) -> _Form:
        try:
            return form.validate_python(answer)
        except ValidationError:
            raise BadClaim(_ODD_ANSWER.format(label)) from None


def _rows(outputs: np.ndarray, inputs: Inputs, label: str) -> np.ndarray:
    if outputs.ndim != 2:
        raise BadClaim(f"`{label}` turns {shape_of(inputs)} into {outputs.shape}: one row of scores each is needed.")
    return outputs


_ODD_ANSWER = "`{}` was looked at, and the answer is not of the form that it should have."
_STRICT = ConfigDict(strict=True, arbitrary_types_allowed=True)
_ARRAY = TypeAdapter(_Array)
_PARAMETERS = TypeAdapter(dict[str, _Array], config=_STRICT)
_ANSWERS = TypeAdapter(list[tuple[_Array, ...]], config=_STRICT)
_AXES = TypeAdapter(list[Axes])
_NAMES = TypeAdapter(list[str], config=_STRICT)
