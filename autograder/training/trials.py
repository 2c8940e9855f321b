"""Trials: a submission's training function, run on the grader's data with the grader's seeds.

Training is random, so one run below a threshold proves little. What a grader requires of trials is decided by the
cheapest rule that the assignment's calibration supports, with an error that the verdict states. Seeds are
fixed by the assignment's key. All checks of a submission share the runs, and none is run twice.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Literal, Protocol

import numpy as np

from autograder.assignment import Key
from autograder.diagnosis.causes import Observations, Seen
from autograder.diagnosis.measures import accuracy, compare_parameters, mean_nll, output_kind, rescaled_nll
from autograder.diagnosis.suspects import Mending
from autograder.diagnosis.trying import Again
from autograder.errors import StudentFault, TimedOut, WorkerGone
from autograder.judged import COMPARED, Images, Judged, shape_of, shapes_of
from autograder.probes import Probes, Recorded
from autograder.remote import Handle
from autograder.results import Direction, Training
from autograder.training.pictured import kernels_of, pictured
from autograder.training.reasons import Reason, again_in_words, found_at_once, in_words
from autograder.training.requirements import MAIN, Requirement, trainings
from autograder.training.rulings import Ruler, Verdict


@dataclass(frozen=True)
class Examples:
    """Images and their labels ``(N,)``, int64 from 0.

    The images are one array ``(N, C, H, W)``, float32, or N arrays ``(C, H, W)`` of any sizes.
    """

    images: Images
    labels: np.ndarray

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, chosen: slice | np.ndarray) -> Examples:
        if isinstance(self.images, np.ndarray):
            return Examples(self.images[chosen], self.labels[chosen])
        images = [self.images[n] for n in np.arange(len(self))[chosen]]
        return Examples(images, self.labels[chosen])


@dataclass(frozen=True)
class Trial:
    """One run of a submission's training, and what the grader measured before and after it, in evaluation mode."""

    value: Any  # what the training function returned, the history for instance: a claim
    seconds: float  # of wall time, of the training function alone
    observed: Observations
    predicts_as_before: bool  # on the training images
    answers: tuple[tuple[np.ndarray, ...], ...]  # to the validation images, see `Probes.answers_after_epochs`
    validation_outputs: np.ndarray  # (N, C); no rows where the validation images were not all of them
    validation_labels: np.ndarray  # (N,), renamed as in training
    accuracy: float  # on hidden images, which the submission had not been sent until then
    accuracy_as_renamed: float  # on those, by the names of the validation images; see `Experiment.run`
    unrecordable: str = ""  # why the model could not be judged as data, and was asked itself
    noted: Callable[[], None] = lambda: None  # called where a claim is looked at
    training: Training | None = None  # as numbers to be drawn

    @property
    def claims(self) -> Seen:
        """What was seen of the training in the worker, as :attr:`observed` has it: for a check that rests on it."""
        self.noted()
        return self.observed.seen

    @property
    def initial_loss(self) -> float:
        """Mean negative log-likelihood on the training images before training, in nats, as :attr:`final_loss`."""
        return self.observed.initial_loss

    @property
    def final_loss(self) -> float:
        """Mean negative log-likelihood on the training images after training, in nats.

        Under the best scale of the scores, where they are logits that were trained by no loss of likelihood.
        """
        return self.observed.final_loss

    @property
    def loss_ratio(self) -> float:
        """Final over initial training loss; NaN where that was 0."""
        return self.final_loss / self.initial_loss if self.initial_loss else math.nan

    @property
    def validation_accuracy(self) -> float:
        """Share of the validation images that the returned model classifies rightly."""
        return accuracy(self.validation_outputs, self.validation_labels)


@dataclass(frozen=True)
class Variation:
    """How images of trials differ from those on disk, as the key draws it: so a table of known images is worthless.

    Where all images of all trials are moved or mirrored alike, that makes no difference to who learns from them.
    """

    shift: int = 0  # pixels, at most, up or down and right or left, the same for all; zeros come in
    mirrored: bool = False  # by every other key, right and left are exchanged in all
    contrast: float = 0.0  # each image is multiplied by 1, this much more, or less, or what lies between
    noise: float = 0.0  # standard deviation of what is added to each pixel; all stays within the values that there are

    def of(self, examples: Examples, key: Key, label: str) -> Examples:
        """Varied examples. Each label gives another contrast and other noise."""
        alike, own = key.rng("variation"), key.rng(label)
        down, right = alike.integers(-self.shift, self.shift, 2, endpoint=True)
        step = -1 if self.mirrored and alike.random() < 0.5 else 1

        def vary(images: np.ndarray) -> np.ndarray:  # (N, C, H, W)
            height, width = images.shape[-2:]
            moved = np.zeros_like(images)
            moved[..., _overlap(down, height), _overlap(right, width)] = images[
                ..., _overlap(-down, height), _overlap(-right, width)
            ]
            factors = 1 + self.contrast * own.uniform(-1, 1, (len(images), 1, 1, 1))
            noise = self.noise * own.standard_normal(images.shape, np.float32)
            varied = np.clip(moved * factors + noise, images.min(initial=0), images.max(initial=0))
            return np.ascontiguousarray(varied[..., ::step], np.float32)

        images = examples.images
        varied = vary(images) if isinstance(images, np.ndarray) else [vary(image[None])[0] for image in images]
        return Examples(varied, examples.labels)


def _overlap(move: int, size: int) -> slice:
    """The rows or columns that have one in their place when all are moved."""
    return slice(max(move, 0), size + min(move, 0))


REPEATED = 250  # validation images that are predicted twice; the batches in which the worker predicts
LIKELIHOODS = ("cross_entropy", "nll_loss", "binary_cross_entropy", "kl_div")  # how names of such losses begin
LOWER_IS_BETTER = ("final_loss", "loss_ratio")
IN_WORDS = {
    "accuracy": "accuracy on images that your model has not seen",
    "final_loss": "the loss on the training images after training",
    "loss_ratio": "the loss on the training images after training, as a share of that before",
}


@dataclass(frozen=True)
class Experiment:
    """How trials are run: by a submission's own training function, on the grader's data, with the grader's seeds.

    ``make_model()`` gives a model, and ``train(model, training, validation, **settings)`` has the submission train it.
    Both happen in the worker; :meth:`Probes.record` is how ``train`` is to call the submission.
    """

    probes: Probes
    key: Key
    make_model: Callable[[], Handle]
    train: Callable[..., Recorded]
    training: Examples
    validation: Examples
    hidden: Examples
    classes: int
    variation: Variation | None = None

    def run(
        self,
        label: str,
        *,
        images: int | None = None,
        copies: int = 1,
        repeated: int = 1,
        validation_renamed: bool = False,
        validation: int | Literal["the training images"] | None = None,
        hidden: int | None = None,
        **settings: Any,
    ) -> Trial:
        """One training. Its seed, the order of its data and the names of its classes derive from the key.

        ``images``, ``validation`` and ``hidden`` say how many images of each set are used: all of them unless given.
        Few training images hold as many of each class as of any other, or one less. There are so many ``copies`` of
        each, and each copy is varied in its own way. ``repeated`` is how often all of them are among the training
        images, so that an epoch of few has many steps: schedules go by epochs, and those of students by the number that
        they were told of. ``validation_renamed`` gives each class another name in the
        validation images than in the training images: who knows it by that name learned it from them. ``settings``
        are those that ``train`` takes: ``epochs``, for instance, which also tells how often each image should be seen.

        Raises:
            StudentFault: the submission failed.
        """
        rename, renamed, given, seen = self._sets(label, images, copies, repeated, validation_renamed, validation)
        unseen = self._varied(label, "hidden", _renamed(self.hidden[:hidden], rename))
        shapes = shapes_of(given.images, seen.images)
        new_shapes = [shape for shape in shapes_of(unseen.images) if shape not in shapes]
        # Students have all these, or may: what their code raises over them is told in full.
        with self.probes.public_inputs():
            # Before anything is drawn, so that handing in again is no new lottery.
            self.probes.seed(self.key.seed(label))
            model = self.make_model()
            drawn = self._handed_over(model, shapes, given, label)  # first: lazy layers have no parameters until then
            once = given[:images]  # of each, as the rest are its copies
            before = self._predict(model, drawn, once)
            began = time.monotonic()
            recorded = self.train(model, given, seen, **settings)
            seconds = time.monotonic() - began
        with self.probes.public_inputs() if not new_shapes else nullcontext():  # sizes may be hidden, too
            trained = self._handed_over(model, shapes + new_shapes, given, label, drawn)
        if not (drawn.unrecordable or trained.unrecordable):
            trained.require_learned(drawn, given.images)
        with self.probes.public_inputs():
            changes = self.probes.reduce(
                "changes", lambda: compare_parameters(drawn.parameters(), trained.parameters())
            )
            kernels = self.probes.reduce("kernels", lambda: kernels_of(trained.parameters()))
            after = self._predict(model, trained, once)
            judged = seen if validation is None else seen[:0]
            validation_outputs = self._predict(model, trained, judged)
            again = self._predict(model, trained, judged[:REPEATED])
        kinds = output_kind(before), output_kind(after)
        kind = kinds[1] if kinds[0] == kinds[1] else "invalid" if "invalid" in kinds else "logits"
        # Hidden images are sent after training, without their labels, and to the student's worker only if need be.
        hidden_outputs = self._predict(model, trained, unseen)
        # Not where classes have other names, which no history is held to. By then, it is too late to tell trials apart.
        answers: tuple[tuple[np.ndarray, ...], ...] = ()
        if recorded.epochs and not validation_renamed:
            with self.probes.public_inputs():
                answers = self.probes.answers_after_epochs(recorded, trained, np.asarray(seen.images))
        for judged_model in (drawn, trained):
            judged_model.forget()
        hidden_accuracy = accuracy(hidden_outputs, unseen.labels)

        def loss(outputs: np.ndarray) -> float:
            by_likelihood = any(name.startswith(LIKELIHOODS) for name, _ in recorded.seen.losses_used)
            if kind == "logits" and not by_likelihood:
                return rescaled_nll(outputs, once.labels)
            return mean_nll(outputs, once.labels, kind)

        observed = Observations(
            seen=recorded.seen,
            classes=self.classes,
            initial_loss=loss(before),
            final_loss=loss(after),
            train_accuracy=accuracy(after, once.labels),
            held_out_accuracy=hidden_accuracy,
            images=len(given),
            epochs=settings.get("epochs"),
            is_repeatable=bool(np.array_equal(validation_outputs[:REPEATED], again, equal_nan=True)),
            **changes,
        )
        return Trial(
            value=recorded.value,
            seconds=seconds,
            observed=observed,
            predicts_as_before=bool(np.array_equal(before, after)),
            answers=answers,
            validation_outputs=validation_outputs,
            validation_labels=judged.labels,
            accuracy=hidden_accuracy,
            accuracy_as_renamed=accuracy(hidden_outputs, renamed[self.hidden[:hidden].labels]),
            unrecordable=drawn.unrecordable or trained.unrecordable,
            noted=self.probes.note_claim,
            training=pictured(
                recorded.seen.losses,
                recorded.value,
                hidden_outputs[:, rename] if hidden_outputs.shape[1:] == (self.classes,) else hidden_outputs,
                self.hidden[:hidden].labels,
                self.classes,
                kernels,
            ),
        )

    def _sets(
        self,
        label: str,
        images: int | None,
        copies: int,
        repeated: int,
        validation_renamed: bool,
        validation: int | Literal["the training images"] | None,
    ) -> tuple[np.ndarray, np.ndarray, Examples, Examples]:
        """The names of classes, other names, and what there is to train on and to validate on; see :meth:`run`."""
        rng = self.key.rng(label)
        # Classes are renamed, so that stored weights and answers are worthless.
        rename = rng.permutation(self.classes)
        chosen = np.tile(rng.permutation(self._balanced(rng)[:images]), copies)
        given = self._varied(label, "training", _renamed(self.training[chosen], rename))
        given = given[np.tile(np.arange(len(given)), repeated)]
        order = rng.permutation(self.classes)
        renamed = np.empty_like(rename)  # each class has the name of the one before it, so that none keeps its own
        renamed[order] = rename[np.roll(order, 1)]
        named = renamed if validation_renamed else rename
        if isinstance(validation, str):
            return rename, renamed, given, given
        seen = self._varied(label, "validation", _renamed(self.validation[:validation], named))
        return rename, renamed, given, seen

    def _varied(self, label: str, part: str, examples: Examples) -> Examples:
        return self.variation.of(examples, self.key, f"{label} {part} varied") if self.variation else examples

    def again(
        self,
        label: str,
        observed: Observations,
        mendings: Sequence[Mending],
        *,
        images: int | None = None,
        copies: int = 1,
        repeated: int = 1,
        validation_renamed: bool = False,
        validation: int | Literal["the training images"] | None = None,
        hidden: int | None = None,
        **settings: Any,
    ) -> Again:
        """The training of :meth:`run` once more, with something mended; nothing of it counts.

        Raises:
            StudentFault: the submission failed.
        """
        rename, _, given, seen = self._sets(label, images, copies, repeated, validation_renamed, validation)
        with self.probes.public_inputs(), self.probes.mending(mendings, given.images, given.labels, observed) as came:
            self.probes.seed(self.key.seed(label))
            model = self.make_model()
            self.probes.warm_up(model, np.asarray(given.images[0])[None], "model")
            self.train(model, given, seen, **settings)
        if not came:
            raise StudentFault("the training was not recorded")
        own = came[0].came_as
        return replace(came[0], came_by_other_names=own == np.argsort(rename).tolist())

    def _balanced(self, rng: np.random.Generator) -> np.ndarray:
        """A random order of the training images ``(N,)`` in which classes take turns as long as they last."""
        order = rng.permutation(len(self.training))
        labels = self.training.labels[order]
        turn = np.zeros(len(order), int)
        for c in range(self.classes):
            turn[labels == c] = np.arange(np.sum(labels == c))
        result: np.ndarray = order[np.argsort(turn, kind="stable")]
        return result

    def _handed_over(
        self,
        model: Handle,
        shapes: Sequence[tuple[int, ...]],
        given: Examples,
        label: str,
        before: Judged | None = None,
    ) -> Judged:
        """The model as data, which was compared with the model itself on images that are in no set."""
        judged = self.probes.hand_over(model, shapes, "model", before)
        if not judged.unrecordable:
            rng = self.key.rng(f"{label} compared")
            chosen = rng.permutation(len(given))[:COMPARED]
            shares = rng.uniform(0.3, 0.9, len(chosen)).astype(np.float32)
            pairs = zip(shares, given[chosen].images, strict=True)
            mixed = [np.ascontiguousarray(a * image + (1 - a) * image[..., ::-1]) for a, image in pairs]
            images = np.stack(mixed) if isinstance(given.images, np.ndarray) else mixed
            judged.compare(images, lambda some: self.probes.ask_itself(model, some, "model"))
        return judged

    def _predict(self, model: Handle, judged: Judged, examples: Examples) -> np.ndarray:
        if not len(examples):
            return np.empty((0, self.classes))
        if judged.unrecordable:
            outputs = self.probes.ask_itself(model, examples.images, "model")
        else:
            outputs = judged.predict(examples.images)
        expected = (len(examples), self.classes)
        if outputs.shape != expected:  # no `assert`, to which pytest adds words where an author tries graders
            raise AssertionError(f"Your model turns {shape_of(examples.images)} into {outputs.shape}, not {expected}.")
        return outputs


def _renamed(examples: Examples, rename: np.ndarray) -> Examples:
    return Examples(examples.images, rename[examples.labels])


@dataclass
class TrialLog:
    """What all trials of a submission share: how long they took, what was decided, and what the student was told."""

    seconds: dict[str, list[float]] = field(default_factory=dict)  # kind of trial to the processor time of each
    verdicts: list[Verdict] = field(default_factory=list)
    told: set[str] = field(default_factory=set)  # likely causes, by their names
    question: str = ""  # that is being asked
    reasons: list[Reason] = field(default_factory=list)  # that were told
    timed_out: TimedOut | None = None  # in a trial; others would take as long
    trainings: dict[str, Training] = field(default_factory=dict)  # the first for each question


class Trials:
    """Trials that are run when they are asked for, and kept: what one gave, or how the submission failed in it.

    ``settings`` are those of :meth:`Experiment.run`. ``name`` tells the measures of several kinds of trials apart.
    ``alike`` are others that a submission is not to tell from these: which first one comes first, it can't foresee.
    """

    def __init__(
        self,
        experiment: Experiment,
        ruler: Ruler,
        log: TrialLog,
        name: str = "",
        alike: Trials | None = None,
        **settings: Any,
    ) -> None:
        self._experiment = experiment
        self._ruler = ruler
        self._log = log
        self._name = name
        self._kind = name or MAIN
        self._settings = settings
        self._alike = alike
        self._kept: list[Trial | StudentFault | AssertionError] = []
        conditions = {setting: str(value) for setting, value in settings.items()}
        ruler.enter(self._kind, conditions | ({"variation": str(varied)} if (varied := experiment.variation) else {}))

    def __getitem__(self, number: int) -> Trial:
        """The trial of this number, from 0.

        Raises:
            StudentFault: the submission failed in it, now or when it was first asked for.
        """
        if not self._ruler.wants(self._kind):
            raise StudentFault("no trial of this kind is run while requirements are listed, or others are measured")
        if not self._kept and self._alike is not None and self._alike.come_first():
            with suppress(StudentFault, AssertionError):  # who asks for that one is told
                _ = self._alike[0]
        while len(self._kept) <= number:
            self._kept.append(self._run(f"{self._name} trial {len(self._kept)}".strip()))
        kept = self._kept[number]
        if isinstance(kept, (StudentFault, AssertionError)):
            raise kept
        if kept.unrecordable:
            self._experiment.probes.note_claim(kept.unrecordable)
        return kept

    def come_first(self) -> bool:
        """Whether the first of these is to be run before those that are alike: not the same for each submission."""
        return self._experiment.key.rng(f"order {self._experiment.probes.fingerprint}").random() < 0.5

    def _run(self, label: str) -> Trial | StudentFault | AssertionError:
        # What ends a worker once does so again, after as long: by its time in any kind of trial, else in this one.
        ended = self._log.timed_out or next((kept for kept in self._kept if isinstance(kept, WorkerGone)), None)
        if ended is not None:
            return ended
        try:
            trial = self._experiment.run(label, **self._settings)
        except (StudentFault, AssertionError) as fault:
            if isinstance(fault, TimedOut):
                self._log.timed_out = fault
            return fault
        self._log.seconds.setdefault(self._kind, []).append(trial.observed.seen.cpu_seconds)
        gives_way = self._alike is not None and not self._kept  # what is there may be of a control that came first
        if trial.training is not None and (gives_way or self._log.question not in self._log.trainings):
            self._log.trainings[self._log.question] = replace(trial.training, question=self._log.question)
        return trial

    def reaches(self, measure: str, threshold: float, *, false_fail: float, called: str = "", hint: str = "") -> None:
        """Require that a right submission's trainings measure at least ``threshold``.

        ``measure`` is an attribute of :class:`Trial`. ``false_fail`` is the probability, at most, with which a right
        submission may fail this. ``called`` names the measure in the message to the student, and ``hint`` ends it.

        Raises:
            AssertionError: the requirement is not met; the message is for the student.
            StudentFault: a training failed.
            AssignmentError: the calibration supports no rule for this.
        """
        self._require("at least", measure, threshold, false_fail, called, hint)

    def stays_below(
        self, measure: str, threshold: float, *, false_fail: float, called: str = "", hint: str = ""
    ) -> None:
        """Require that a right submission's trainings measure at most ``threshold``; otherwise as :meth:`reaches`."""
        self._require("at most", measure, threshold, false_fail, called, hint)

    def _require(
        self, direction: Direction, measure: str, threshold: float, false_fail: float, called: str, hint: str
    ) -> None:
        requirement = Requirement(self._kind, f"{self._name} {measure}".strip(), direction, threshold, false_fail)
        verdict = self._ruler.rule(requirement, lambda number: float(getattr(self[number], measure)))
        if verdict is None:
            return
        self._log.verdicts.append(verdict)
        if verdict.passed:
            return
        if verdict.fault is not None:
            raise verdict.fault
        values = ", ".join(f"{value:.3f}" for value in verdict.observations)
        wanted = f"{'at least' if direction == 'at least' else 'no more than'} {threshold:g}"
        called = called or IN_WORDS.get(measure, measure)
        said = f"{called[:1].upper()}{called[1:]}: {values} in {trainings(len(verdict.observations))}; "
        said = f"{said}{wanted} is needed. {hint}".rstrip()
        is_about_learning = (direction == "at most") == (measure in LOWER_IS_BETTER)
        raise AssertionError(self.because(said) if is_about_learning else said)

    def because(self, message: str) -> str:
        """The message, with what is likely wrong with the training: in full where it was not told before.

        Raises:
            StudentFault: the submission failed in the first trial.
        """
        observed = self[0].observed
        probes = self._experiment.probes
        try:
            found = found_at_once(observed)
            places = {what: line for what, at in observed.seen.places.items() if (line := probes.line_at(*at))}
            explained = in_words(found, observed, places)
        except (LookupError, ValueError, ArithmeticError):  # a worker can claim what makes no sense
            return message
        told = found.named[0].cause.name if found.named else ""
        if told in self._log.told:
            explained = again_in_words(found)
        self._log.told.add(told)
        rerun = partial(self._experiment.again, f"{self._name} trial 0".strip(), observed, **self._settings)
        self._log.reasons.append(Reason(self._log.question, explained, observed, rerun, self._kind == MAIN, places))
        return f"{message}\n{explained}"


class MakeTrials(Protocol):
    """Gives trials of an experiment, which the calibration decides: ``make_trials(experiment, epochs=10)``."""

    def __call__(self, experiment: Experiment, name: str = "", alike: Trials | None = None, **settings: Any) -> Trials:
        """``name`` tells kinds of trials apart, and ``settings`` are those of :meth:`Experiment.run`.

        ``alike`` are trials that a submission is not to tell from these: which come first, it can't foresee.
        """
