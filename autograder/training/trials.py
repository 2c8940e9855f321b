"""Trials: a submission's training function, run on the grader's data with the grader's seeds.

Training is random, so one run below a threshold proves little. What a grader requires of trials is decided by the
cheapest rule that the assignment's calibration supports, with an error that the verdict states. Seeds are
fixed by the assignment's key. All checks of a submission share the runs, and none is run twice.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Literal, Protocol

import numpy as np

from autograder.assignment import Key
from autograder.diagnosis.causes import Observations, Seen
from autograder.diagnosis.measures import accuracy, compare_parameters
from autograder.diagnosis.suspects import Mending
from autograder.diagnosis.trying import Again
from autograder.errors import StudentFault, TimedOut, WorkerGone
from autograder.judged import COMPARED, Judged, Kind, kinds_of, shape_of
from autograder.probes import Probes, Recorded
from autograder.remote import Handle
from autograder.results import Direction, Training
from autograder.training.examples import Examples, Varied, unannounced
from autograder.training.pictured import kernels_of, pictured
from autograder.training.reasons import Reason, again_in_words, found_at_once, in_words
from autograder.training.requirements import MAIN, Requirement, trainings
from autograder.training.rulings import Ruler, Verdict
from autograder.training.tasks import Disguise, Renamed, Task


@dataclass(frozen=True)
class Trial:
    """One run of a submission's training, and what the grader measured before and after it, in evaluation mode."""

    value: Any  # what the training function returned, the history for instance: a claim
    seconds: float  # of wall time, of the training function alone
    observed: Observations
    predicts_as_before: bool  # on the training examples
    answers: tuple[tuple[np.ndarray, ...], ...]  # to the validation inputs, see `Probes.answers_after_epochs`
    validation_outputs: np.ndarray  # (N, ...); no rows where the validation examples were not all of them
    validation_labels: np.ndarray  # (N, ...), disguised as in training
    # On hidden examples, which the submission had not been sent until then: the measures of the task, by name, and with
    # "_as_renamed" those by the disguise of the validation examples, see `Experiment.run`.
    measured: Mapping[str, float]
    unrecordable: str = ""  # why the model could not be judged as data, and was asked itself
    noted: Callable[[], None] = lambda: None  # called where a claim is looked at
    training: Training | None = None  # as numbers to be drawn

    @property
    def claims(self) -> Seen:
        """What was seen of the training in the worker, as :attr:`observed` has it: for a check that rests on it."""
        self.noted()
        return self.observed.seen

    @property
    def accuracy(self) -> float:
        """On hidden examples, where a task measures it."""
        return self.measured["accuracy"]

    def measure(self, name: str) -> float:
        """A measure of the task on hidden examples, or else an attribute that is a number: ``"loss_ratio"``."""
        return float(self.measured[name] if name in self.measured else getattr(self, name))

    @property
    def initial_loss(self) -> float:
        """The task's loss on the training examples before training, as :attr:`final_loss`."""
        return self.observed.initial_loss

    @property
    def final_loss(self) -> float:
        """The task's loss on the training examples after training: in nats for classes, see :mod:`.tasks`."""
        return self.observed.final_loss

    @property
    def loss_ratio(self) -> float:
        """Final over initial training loss; NaN where that was 0."""
        return self.final_loss / self.initial_loss if self.initial_loss else math.nan

    @property
    def validation_accuracy(self) -> float:
        """Share of the validation examples that the returned model classifies rightly."""
        return accuracy(self.validation_outputs, self.validation_labels)


REPEATED = 250  # validation examples that are predicted twice; the batches in which the worker predicts
LOWER_IS_BETTER = ("final_loss", "loss_ratio")
IN_WORDS = {
    "final_loss": "the loss on the training examples after training",
    "loss_ratio": "the loss on the training examples after training, as a share of that before",
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
    task: Task
    variation: Varied | None = None

    @property
    def noun(self) -> str:
        """What an example is called in words to students."""
        one = self.training.inputs[0]
        return "sequence" if np.issubdtype(one.dtype, np.integer) else "image" if one.ndim > 1 else "row"

    def run(
        self,
        label: str,
        *,
        examples: int | None = None,
        copies: int = 1,
        repeated: int = 1,
        validation_renamed: bool = False,
        validation: int | Literal["the training examples"] | None = None,
        hidden: int | None = None,
        **settings: Any,
    ) -> Trial:
        """One training. Its seed, the order of its data and the disguise of its targets derive from the key.

        ``examples``, ``validation`` and ``hidden`` say how many of each set are used: all of them unless given.
        Few training examples hold as many of each class as of any other, or one less. There are so many ``copies`` of
        each, and each copy is varied in its own way. ``repeated`` is how often all of them are among the training
        examples, so that an epoch of few has many steps: schedules go by epochs, and those of students by the number
        that they were told of. ``validation_renamed`` gives targets another disguise in the validation examples than in
        the training examples, each class another name for instance: who knows it by that name learned it from them.
        ``settings`` are those that ``train`` takes: ``epochs``, for instance, which also tells how often each example
        should be seen.

        Raises:
            StudentFault: the submission failed.
        """
        disguise, other, given, seen = self._sets(label, examples, copies, repeated, validation_renamed, validation)
        unseen = self._varied(label, "hidden", self.hidden[:hidden])
        kinds = kinds_of(given.inputs, seen.inputs)
        new_kinds = [kind for kind in kinds_of(unseen.inputs) if kind not in kinds]
        # Students have all these, or may: what their code raises over them is told in full.
        with self.probes.public_inputs():
            # Before anything is drawn, so that handing in again is no new lottery.
            self.probes.seed(self.key.seed(label))
            model = self.make_model()
            drawn = self._handed_over(model, kinds, given, label)  # first: lazy layers have no parameters until then
            once = given[:examples]  # of each, as the rest are its copies
            before = self._predict(model, drawn, once)
            began = time.monotonic()
            recorded = self.train(model, given, seen, **settings)
            seconds = time.monotonic() - began
        with self.probes.public_inputs() if not new_kinds else nullcontext():  # sizes may be hidden, too
            trained = self._handed_over(model, kinds + new_kinds, given, label, drawn)
        if not (drawn.unrecordable or trained.unrecordable):
            trained.require_learned(drawn, given.inputs)
        with self.probes.public_inputs():
            changes = self.probes.reduce(
                "changes", lambda: compare_parameters(drawn.parameters(), trained.parameters())
            )
            kernels = self.probes.reduce("kernels", lambda: kernels_of(trained.parameters()))
            after = self._predict(model, trained, once)
            judged = seen if validation is None else seen[:0]
            validation_outputs = self._predict(model, trained, judged)
            again = self._predict(model, trained, judged[:REPEATED])
        # Hidden examples are sent after training, without their targets, and to the student's worker only if need be.
        scores = self._predict(model, trained, unseen)
        # Not where classes have other names, which no history is held to. By then, it is too late to tell trials apart.
        answers: tuple[tuple[np.ndarray, ...], ...] = ()
        if recorded.epochs and not validation_renamed:
            with self.probes.public_inputs():
                answers = self.probes.answers_after_epochs(recorded, trained, np.asarray(seen.inputs))
        for judged_model in (drawn, trained):
            judged_model.forget()
        task, functions = self.task, [name for name, _ in recorded.seen.losses_used]
        losses = task.losses(before, after, once.targets, functions)
        hidden_outputs = disguise.decode(scores)
        measured = task.measures(hidden_outputs, unseen.targets)
        as_renamed = task.measures(other.decode(scores), unseen.targets)
        observed = Observations(
            seen=recorded.seen,
            classes=task.classes or 0,
            guessing=losses.guessing,
            measure=task.measure,
            initial_loss=losses.initial,
            final_loss=losses.final,
            train_accuracy=task.measures(after, once.targets)[task.measure],
            held_out_accuracy=measured[task.measure],
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
            validation_labels=judged.targets,
            measured=measured | {f"{name}_as_renamed": value for name, value in as_renamed.items()},
            unrecordable=drawn.unrecordable or trained.unrecordable,
            noted=self.probes.note_claim,
            training=pictured(
                recorded.seen.losses,
                recorded.value,
                hidden_outputs,
                unseen.targets,
                task.classes or 0,
                kernels,
            ),
        )

    def _sets(
        self,
        label: str,
        examples: int | None,
        copies: int,
        repeated: int,
        validation_renamed: bool,
        validation: int | Literal["the training examples"] | None,
    ) -> tuple[Disguise, Disguise, Examples, Examples]:
        """The disguise, another one, and what there is to train on and to validate on; see :meth:`run`."""
        rng = self.key.rng(label)
        # Targets are disguised, so that stored weights and answers are worthless.
        disguise = self.task.disguise(rng)
        order = self.task.order(self.training.targets, rng)
        chosen = np.tile(rng.permutation(order[:examples]), copies)
        given = _disguised(self._varied(label, "training", self.training[chosen]), disguise)
        given = given[np.tile(np.arange(len(given)), repeated)]
        other = self.task.disguise(rng, disguise)
        if isinstance(validation, str):
            return disguise, other, given, given
        seen = self._varied(label, "validation", self.validation[:validation])
        return disguise, other, given, _disguised(seen, other if validation_renamed else disguise)

    def _varied(self, label: str, part: str, examples: Examples) -> Examples:
        return self.variation.of(examples, self.key, f"{label} {part} varied") if self.variation else examples

    def again(
        self,
        label: str,
        observed: Observations,
        mendings: Sequence[Mending],
        *,
        examples: int | None = None,
        copies: int = 1,
        repeated: int = 1,
        validation_renamed: bool = False,
        validation: int | Literal["the training examples"] | None = None,
        hidden: int | None = None,
        **settings: Any,
    ) -> Again:
        """The training of :meth:`run` once more, with something mended; nothing of it counts.

        Raises:
            StudentFault: the submission failed.
        """
        disguise, _, given, seen = self._sets(label, examples, copies, repeated, validation_renamed, validation)
        with self.probes.public_inputs(), self.probes.mending(mendings, given.inputs, given.targets, observed) as came:
            self.probes.seed(self.key.seed(label))
            model = self.make_model()
            self.probes.warm_up(model, np.asarray(given.inputs[0])[None], "model")
            self.train(model, given, seen, **settings)
        if not came:
            raise StudentFault("the training was not recorded")
        return replace(came[0], came_by_other_names=_is_undone(disguise, came[0].came_as))

    def _handed_over(
        self,
        model: Handle,
        kinds: Sequence[Kind],
        given: Examples,
        label: str,
        before: Judged | None = None,
    ) -> Judged:
        """The model as data, which was compared with the model itself on inputs that are in no set."""
        judged = self.probes.hand_over(model, kinds, "model", before)
        if not judged.unrecordable:
            rng = self.key.rng(f"{label} compared")
            made = unannounced(given[rng.permutation(len(given))[:COMPARED]], rng)
            inputs = np.stack(made) if isinstance(given.inputs, np.ndarray) else made
            judged.compare(inputs, lambda some: self.probes.ask_itself(model, some, "model"))
        return judged

    def _predict(self, model: Handle, judged: Judged, examples: Examples) -> np.ndarray:
        shapes = self.task.shapes(examples.targets)
        if not len(examples):
            return np.empty(shapes[0])
        if judged.unrecordable:
            outputs = self.probes.ask_itself(model, examples.inputs, "model")
        else:
            outputs = judged.predict(examples.inputs)
        if outputs.shape not in shapes:  # no `assert`, to which pytest adds words where an author tries graders
            raise AssertionError(f"Your model turns {shape_of(examples.inputs)} into {outputs.shape}, not {shapes[0]}.")
        return outputs.reshape(shapes[0])


def _disguised(examples: Examples, disguise: Disguise) -> Examples:
    return Examples(examples.inputs, disguise.encode(examples.targets))


def _is_undone(disguise: Disguise, came_as: Sequence[int]) -> bool:
    """Whether the label that each class came with is the one that it has on disk."""
    return isinstance(disguise, Renamed) and list(came_as) == np.argsort(disguise.names).tolist()


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
        conditions = {**settings, "task": experiment.task}
        conditions |= {"variation": experiment.variation} if experiment.variation else {}
        ruler.enter(self._kind, {name: str(value) for name, value in conditions.items()})

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

        ``measure`` is one of the task's, or of :class:`Trial`. ``false_fail`` is the probability, at most, with which a
        right submission may fail this. ``called`` names the measure in the message to the student, and ``hint`` ends
        it.

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
        verdict = self._ruler.rule(requirement, lambda number: self[number].measure(measure))
        if verdict is None:
            return
        self._log.verdicts.append(verdict)
        if verdict.passed:
            return
        if verdict.fault is not None:
            raise verdict.fault
        values = ", ".join(f"{value:.3f}" for value in verdict.observations)
        wanted = f"{'at least' if direction == 'at least' else 'no more than'} {threshold:g}"
        task = self._experiment.task
        called = called or IN_WORDS.get(measure) or task.called.get(measure, measure)
        said = f"{called[:1].upper()}{called[1:]}: {values} in {trainings(len(verdict.observations))}; "
        said = f"{said}{wanted} is needed. {hint}".rstrip()
        is_about_learning = (direction == "at most") == (measure in (*LOWER_IS_BETTER, *task.lower_is_better))
        raise AssertionError(self.because(said) if is_about_learning else said)

    def because(self, message: str) -> str:
        """The message, with what is likely wrong with the training: in full where it was not told before.

        Raises:
            StudentFault: the submission failed in the first trial.
        """
        observed = self[0].observed
        probes, noun = self._experiment.probes, self._experiment.noun
        try:
            found = found_at_once(observed)
            places = {what: line for what, at in observed.seen.places.items() if (line := probes.line_at(*at))}
            explained = in_words(found, observed, places, noun)
        except (LookupError, ValueError, ArithmeticError):  # a worker can claim what makes no sense
            return message
        told = found.named[0].cause.name if found.named else ""
        if told in self._log.told:
            explained = again_in_words(found, noun)
        self._log.told.add(told)
        rerun = partial(self._experiment.again, f"{self._name} trial 0".strip(), observed, **self._settings)
        self._log.reasons.append(
            Reason(self._log.question, explained, observed, rerun, self._kind == MAIN, places, noun)
        )
        return f"{message}\n{explained}"


class MakeTrials(Protocol):
    """Gives trials of an experiment, which the calibration decides: ``make_trials(experiment, epochs=10)``."""

    def __call__(self, experiment: Experiment, name: str = "", alike: Trials | None = None, **settings: Any) -> Trials:
        """``name`` tells kinds of trials apart, and ``settings`` are those of :meth:`Experiment.run`.

        ``alike`` are trials that a submission is not to tell from these: which come first, it can't foresee.
        """
