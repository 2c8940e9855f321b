"""From what was observed of a training to what is wrong with it: one named cause, its evidence, what to look at next.

Plain Python over plain numbers, so that a grader can use it on what a worker claims, and a student on what
:mod:`.watch` saw.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from .known import CODES, KNOWN

NO_CAUSE = "No usual cause fits what was seen."


@dataclass(frozen=True)
class Seen:
    """What :meth:`.watch.Watch.seen` gives of one training, as plain data.

    Losses are as the submission's own code computed them: nats a label where that is a cross-entropy with its usual
    mean, and else whatever it is. Lists of losses and batches end after the first 5,000 (:data:`.watch.MOST_LOSSES`).
    """

    # PyTorch's loss functions that were called, each by its name ("cross_entropy"), and whether nothing but the
    # reduction was set: no class weights, no label smoothing.
    losses_used: list[tuple[str, bool]] = field(default_factory=list)
    # The loss at each backward pass, in order; at each call of a loss function where there was no backward pass.
    losses: list[float] = field(default_factory=list)
    backwards: int = 0  # backward passes, up to those 5,000
    arrivals: int = 0  # gradients that came to a parameter, one for each parameter and backward pass
    # Of the first scores (N, C) that entered a loss function and the first images (N, ...) that entered the model:
    # "count" of the values, their "lowest" and "highest", and where there are two dimensions "lowest_sum" and
    # "highest_sum" of a row, "lowest_exp_sum" and "highest_exp_sum" of the exponentials of a row.
    first_scores: dict[str, float] | None = None
    first_input: dict[str, float] | None = None
    # Forward passes, by the model's mode and whether gradients were on: "train_mode", "eval_mode",
    # "train_mode_no_grad", "eval_mode_no_grad".
    passes: dict[str, int] = field(default_factory=dict)
    images: int = 0  # in all forward passes with gradients; one that was shown twice counts twice
    # Mean Shannon entropy of the labels of a batch over that of all labels, about 1 where images are mixed and 0 where
    # each batch holds one class; of the first 100 batches. None where no labels were seen.
    mixture: float | None = None
    optimizers: list[tuple[str, float]] = field(default_factory=list)  # type ("Adam") and its first learning rate
    not_held: list[str] = field(default_factory=list)  # the model's parameters that no optimizer which stepped holds
    steps: int = 0  # of all optimizers
    # Name of a parameter to its largest absolute gradient at each of the first `looks` steps: NaN where there was none,
    # infinity where one was NaN.
    gradients: dict[str, list[float]] = field(default_factory=dict)
    stale: int = 0  # of these steps, after how many the next gradients were added to the old ones
    looks: int = 0  # steps whose gradients were looked at, up to 32 (:data:`.watch.LOOKS`)
    cpu_seconds: float = 0.0  # processor time of the training, in seconds
    # For each backward pass: the images of the forward pass before it, its loss, and the means over the labels that
    # loss functions gave in between (four at most).
    batches: list[tuple[int, float, list[float]]] = field(default_factory=list)
    # What loss functions gave without gradients, as in validation: backward passes before, mean over the labels, rows.
    quiet: list[tuple[int, float, int]] = field(default_factory=list)
    # Backward passes through dropout or batch norm, by the mode in which all of these ran: "train_mode"; else
    # "eval_mode".
    steps_by_mode: dict[str, int] = field(default_factory=dict)
    # The learning rate of the first optimizer that stepped, at each step, up to those 5,000; and the largest that its
    # scheduler was made for, where it says so.
    rates: list[float] = field(default_factory=list)
    rate_meant: float | None = None
    decay: float = 0.0  # the largest weight decay of an optimizer
    dropped: float = 0.0  # the largest share that dropout takes away
    # Norm of all gradients at a step, as a share of that after the backward pass: median of the first `looks` steps.
    clipped: float | None = None
    redrawn: int = 0  # between a step and the next pass with gradients, how often the weights were changed by much
    others: int = 0  # other models of the same kind that ran with gradients, up to 50
    # In the first pass with gradients: mean and standard deviation of what enters the first layer, the activations in
    # order, and the share of values where they are flat.
    entering: tuple[float, float] | None = None
    activations: list[tuple[str, float]] = field(default_factory=list)
    last_activation: str = ""  # what gave the first scores that entered a loss function, if that was an activation
    maximises: bool = False  # whether an optimizer was told to make the loss larger
    # Weights that are far from how PyTorch draws them, at the first pass: name, what they are, and what is usual.
    badly_drawn: list[tuple[str, float, float]] = field(default_factory=list)
    # Each loss function without gradients, of rows of scores and labels: backward passes before, rows, how many of them
    # are right, and the mean over them.
    answered: list[tuple[int, int, int, float]] = field(default_factory=list)
    # Where in the training's own text these were called first, by file and line: "model", "loss", "backward", "step",
    # "activation" (the last of the first pass), "dropout", and "validation" (the model without gradients).
    places: dict[str, tuple[str, int]] = field(default_factory=dict)
    # Where it was told which examples there are: rows that it was run on without gradients, and those recognised.
    quiet_rows: int = 0
    quiet_recognised: int = 0
    # And rows that were trained on, those recognised, those of them whose labels are theirs, and how many different
    # examples they were. Of the first 5,000 batches.
    rows: int = 0
    recognised: int = 0
    rightly_labelled: int = 0
    labelled: int = 0
    broadcast: int = 0  # times that (B, 1) and (B,) were subtracted or given to a loss function, with gradients
    different: int = 0


@dataclass(frozen=True)
class Observations:
    """One training, from within and from without.

    Losses are in nats a label, and accuracies are shares; where no classes are learned, the loss is the mean squared
    error, and what is called an accuracy is R2.
    """

    seen: Seen
    classes: int  # 0 where none are learned
    initial_loss: float  # on the training examples, in evaluation mode, before
    final_loss: float  # and after
    train_accuracy: float
    held_out_accuracy: float  # on examples that it was not trained on
    parameters: tuple[str, ...]  # their names
    unchanged: tuple[str, ...] = ()
    not_finite: tuple[str, ...] = ()  # after training
    zero_at_start: tuple[str, ...] = ()  # weights (not biases) that hold nothing but zeros
    is_repeatable: bool = True  # whether two passes over the same images in evaluation mode agree
    moved: float = math.nan  # norm of the change of all parameters, over their norm before
    images: int | None = None  # examples that there are to train on in an epoch
    epochs: int | None = None  # that were asked for
    guessing: float | None = None  # the loss of guessing, where no classes are learned
    measure: str = "accuracy"  # what is called an accuracy here

    @property
    def of_chance(self) -> float:
        """The loss of guessing: ln C for classes."""
        return math.log(self.classes) if self.classes else math.nan if self.guessing is None else self.guessing

    @property
    def chance(self) -> float:
        """The accuracy of guessing."""
        return 1 / self.classes if self.classes else 0.0

    @property
    def learned(self) -> bool:
        """Whether the loss on the training images fell well below where it began."""
        return self.final_loss < 0.6 * self.initial_loss


@dataclass(frozen=True)
class Cause:
    """What is likely wrong, the numbers that say so, and what to look at next."""

    name: str
    evidence: str
    advice: str

    @property
    def code(self) -> str:
        """A stable name, see :data:`.known.KNOWN`; empty where it is of a grader's own."""
        return CODES.get(self.name, "")

    def __str__(self) -> str:
        return f"Most likely: {self.name}. {self.evidence} {self.advice}"


def cause_of(code: str, evidence: str) -> Cause:
    """A cause that is known, with its evidence."""
    return Cause(KNOWN[code].name, evidence, KNOWN[code].advice)


RANDOM_SCORES = cause_of("random-scores", "Two passes over the same images in evaluation mode gave different scores.")


def softmax_floor(classes: int) -> float:
    """The least cross-entropy that scores in [0, 1] can reach, in nats: of a one among zeros, ln(e + C - 1) - 1."""
    return math.log(math.e + classes - 1) - 1


def likely_causes(observed: Observations) -> list[Cause]:
    """What fits the observations, the likeliest first; empty where nothing does, as for a training that went well."""
    mistakes = [cause for rule in _MISTAKES for cause in rule(observed)]
    # A mistake explains the course of the training; without one, the course itself may tell.
    return unique(mistakes or [cause for rule in _COURSES for cause in rule(observed)])


def unique(causes: Iterable[Cause]) -> list[Cause]:
    """The first of each name, in their order."""
    found: dict[str, Cause] = {}
    for cause in causes:
        found.setdefault(cause.name, cause)
    return list(found.values())


def describe_curve(losses: Sequence[float], classes: int) -> str:
    """The training loss from batch to batch, in words; ``classes`` is 0 where none are learned."""
    if not losses:
        return "No loss was seen: neither a loss function of PyTorch nor `backward()` was called."
    broken = next((n for n, loss in enumerate(losses) if not math.isfinite(loss)), None)
    if broken is not None:
        return f"The training loss began at {losses[0]:.2f} and was no finite number from batch {broken + 1} on."
    tenth = max(1, len(losses) // 10)
    begin, end = _mean(losses[:tenth]), _mean(losses[-tenth:])
    middle = _mean(losses[len(losses) // 2 - tenth // 2 :][:tenth])
    lowest = min(losses)
    if end > 1.2 * begin:
        course = f"rose from {begin:.2f} to {end:.2f}"
    elif end > 0.95 * begin:
        course = f"stayed between {lowest:.2f} and {max(losses):.2f}"
    elif middle - end > 0.25 * (begin - end):
        course = f"fell from {begin:.2f} to {end:.2f} and was still falling at the end"
    else:
        course = f"fell from {begin:.2f} to {middle:.2f} half-way and to {end:.2f} at the end"
    guessing = f"; guessing gives ln {classes} = {math.log(classes):.2f}" if classes else ""
    return f"Over {len(losses)} batches the training loss {course}{guessing}."


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


_MANY = 32  # scores


# --- the rules, in the order of the way from the data to the step: what is earlier explains what is later ------------


def _trains_another_model(o: Observations) -> Iterator[Cause]:
    if o.seen.steps and o.parameters and len(o.seen.not_held) == len(o.parameters):
        yield cause_of(
            "optimizer-other-model",
            f"It made {o.seen.steps} steps, and none of the model's {len(o.parameters)} parameters was among those "
            "that it changes.",
        )


def _no_backward(o: Observations) -> Iterator[Cause]:
    if not o.seen.arrivals and not o.seen.backwards and any(o.seen.passes.values()):
        yield cause_of(
            "no-backward", f"The model was run {sum(o.seen.passes.values())} times, and no gradient was computed."
        )
    elif not o.seen.arrivals and o.seen.backwards and len(o.seen.not_held) < len(o.parameters):
        yield cause_of(
            "loss-cut-off", f"`backward()` ran {o.seen.backwards} times, and no gradient arrived at any parameter."
        )


def _no_step(o: Observations) -> Iterator[Cause]:
    if o.seen.arrivals and not o.seen.steps and len(o.unchanged) == len(o.parameters):  # no step by hand either
        yield cause_of("no-step", f"`backward()` ran {o.seen.backwards} times, and no optimizer made a step.")


def _set_back(o: Observations) -> Iterator[Cause]:
    losses = o.seen.losses
    eighth = max(1, len(losses) // 8)
    begin, end = (_mean(some) if some else math.nan for some in (losses[:eighth], losses[-eighth:]))
    all_held = o.seen.steps and not o.seen.not_held
    if end < 0.8 * begin and all_held and o.parameters and len(o.unchanged) == len(o.parameters):
        yield cause_of(
            "weights-set-back",
            f"In {o.seen.steps} steps the loss fell from {begin:.2f} to {end:.2f}; yet all parameters are in the end "
            "what they were before.",
        )


def _gradients_cleared(o: Observations) -> Iterator[Cause]:
    # Those that came as zeros were never cleared, but then there is no share of their norm.
    is_gone = not any(_is_alive(values) for values in o.seen.gradients.values())
    if o.seen.arrivals and o.seen.looks and is_gone and o.seen.clipped is not None:
        yield cause_of(
            "gradients-cleared",
            f"Gradients arrived, but at each of the first {o.seen.looks} steps all of them were zero or gone.",
        )


def _starts_at_zero(o: Observations) -> Iterator[Cause]:
    if o.zero_at_start and not o.learned:
        yield cause_of(
            "weights-zero",
            f"{_listed(o.zero_at_start)} held nothing but zeros before training, so that all units of a layer get "
            "the same gradient, or none.",
        )


def _dead_parameters(o: Observations) -> Iterator[Cause]:
    # Zeros arrive from units that are dead and activations that are flat; where the graph is cut, nothing does.
    dead = [name for name, values in o.seen.gradients.items() if values and all(map(math.isnan, values))]
    if dead and len(dead) < len(o.seen.gradients):
        yield cause_of("gradient-cut", f"No gradient arrived at {_listed(dead)} in the first {o.seen.looks} steps.")


def _not_held(o: Observations) -> Iterator[Cause]:
    if o.seen.steps and 0 < len(o.seen.not_held) < len(o.parameters):
        yield cause_of("optimizer-incomplete", f"Those of {_listed(o.seen.not_held)} are missing.")


def _unscaled_input(o: Observations) -> Iterator[Cause]:
    highest = max((abs(v) for k, v in (o.seen.first_input or {}).items() if k in ("lowest", "highest")), default=0)
    mean, spread = o.seen.entering or (math.inf, math.inf)  # of what the first layer gets, after all scaling
    if highest > 20 and max(abs(mean), spread) > 5:
        first = f" The first loss was {o.seen.losses[0]:.1f}, where guessing gives {o.of_chance:.2f}." * (
            bool(o.seen.losses) and o.seen.losses[0] > 2 * o.of_chance
        )
        yield cause_of("unscaled-inputs", f"The model got pixels as large as {highest:.0f}.{first}")


def _wild_start(o: Observations) -> Iterator[Cause]:
    if not o.classes:
        return  # a model that has learned nothing is as far from numbers as they are from zero
    is_seen = ("cross_entropy", True) in o.seen.losses_used and bool(o.seen.losses)
    first = o.seen.losses[0] if is_seen else o.initial_loss
    if first > 2 * o.of_chance and not any(_unscaled_input(o)):
        yield cause_of(
            "scores-too-large",
            f"The first loss was {first:.1f}, where guessing gives {o.of_chance:.2f}: the model is sure, and wrong.",
        )


def _wrong_scores(o: Observations) -> Iterator[Cause]:
    scores = o.seen.first_scores or {}
    used = {name for name, _ in o.seen.losses_used}
    if "lowest_sum" not in scores or not o.classes:
        return  # no rows of scores
    sums_to_one = abs(scores["lowest_sum"] - 1) < 1e-3 and abs(scores["highest_sum"] - 1) < 1e-3
    if "cross_entropy" in used and 0 <= scores["lowest"] < scores["highest"]:
        if sums_to_one:
            yield cause_of(
                "softmax-before-cross-entropy",
                "The rows that reach the loss lie in [0, 1] and sum to 1: they are probabilities, and "
                "cross-entropy applies log-softmax to them again, so that the loss can't fall below "
                f"{softmax_floor(o.classes):.2f} and gradients are small.",
            )
        elif _is_sigmoid(o):
            yield cause_of(
                "sigmoid-before-cross-entropy",
                "The scores that reach the loss all lie in [0, 1], so that no class can stand out: the loss can't fall "
                f"below {softmax_floor(o.classes):.2f}.",
            )
        elif scores["lowest"] == 0 and not o.learned:
            yield cause_of(
                "activation-after-last-layer",
                "No score that reaches the loss is below 0, and many are exactly 0, where a ReLU has no gradient.",
            )
    if "binary_cross_entropy_with_logits" in used and o.seen.last_activation.startswith("sigmoid"):
        yield cause_of(
            "sigmoid-before-cross-entropy",
            "The scores come from a sigmoid, and the loss applies another one, so that they say little.",
        )
    if "nll_loss" in used and abs(scores["highest_exp_sum"] - 1) > 1e-2:
        yield cause_of(
            "nll-without-log",
            f"The exponentials of a row should sum to 1; they sum to up to {scores['highest_exp_sum']:.2f}.",
        )


def _is_sigmoid(o: Observations) -> bool:
    """Whether the first scores are a sigmoid's: told by the function, or else by values about one half."""
    scores, last = o.seen.first_scores or {}, o.seen.last_activation.removesuffix("_")
    if last:
        return last in ("sigmoid", "hardsigmoid")
    if scores["highest"] > 1 or scores.get("count", 0) < _MANY:  # of a few, all may lie there by chance
        return False
    return 0.3 * o.classes < scores["lowest_sum"] and scores["highest_sum"] < 0.7 * o.classes


def _broadcast(o: Observations) -> Iterator[Cause]:
    if o.seen.broadcast > 0.5 * o.seen.backwards > 0:
        yield cause_of(
            "targets-broadcast",
            f"In {o.seen.broadcast} of the loss's computations, predictions (B, 1) met targets (B,): that gives "
            "(B, B), all pairs, and the loss is least where every prediction is the mean.",
        )


def _stale_gradients(o: Observations) -> Iterator[Cause]:
    if o.seen.looks > 2 and o.seen.stale > 0.5 * o.seen.looks and len(o.seen.not_held) < len(o.parameters):
        yield cause_of(
            "no-zero-grad",
            f"After {o.seen.stale} of the first {o.seen.looks} steps, the next gradients were added to the old ones.",
        )


def random_scores(o: Observations) -> Iterator[Cause]:
    """Dropout, or another kind of chance, that evaluation mode does not end."""
    if not o.is_repeatable:
        yield RANDOM_SCORES


def validated_in_train_mode(o: Observations, layers: str = "dropout and batch norm") -> Iterator[Cause]:
    """Where the model has ``layers`` that act otherwise in training mode, what is measured is another model."""
    if number := o.seen.passes.get("train_mode_no_grad", 0):
        yield cause_of(
            "validated-in-train-mode",
            f"{number} passes without gradients ran in training mode, where {layers} act otherwise.",
        )


def _diverges(o: Observations) -> Iterator[Cause]:
    losses = o.seen.losses
    broken = next((n for n, loss in enumerate(losses) if not math.isfinite(loss)), None)
    highest = max((loss for loss in losses if math.isfinite(loss)), default=0.0)
    if o.learned or not (broken is not None or o.not_finite or (losses and highest > 3 * max(losses[0], o.of_chance))):
        return
    how = (
        f"The loss began at {losses[0]:.2f} and was no finite number from batch {broken + 1} on"
        if broken is not None
        else f"The loss began at {losses[0]:.2f} and rose to {highest:.3g}"
        if losses
        else f"After training, {_listed(o.not_finite)} hold NaN or infinity"
    )
    yield cause_of("learning-rate-too-large", f"{how}{with_optimizer(o)}.")


def _new_optimizers(o: Observations) -> Iterator[Cause]:
    if len(o.seen.optimizers) > 2 and not o.learned:
        yield cause_of(
            "optimizer-renewed",
            f"{len(o.seen.optimizers)} optimizers made {o.seen.steps} steps, so that each forgot what the one before "
            "had learned of the gradients.",
        )


def _too_few_images(o: Observations) -> Iterator[Cause]:
    if o.epochs and o.images and o.seen.steps and o.seen.images < 0.95 * o.epochs * o.images:
        yield cause_of(
            "too-little-training",
            f"The model was trained on {o.seen.images} images in all; {o.epochs} epochs of {o.images} are "
            f"{o.epochs * o.images}.",
        )


def _sorted_data(o: Observations) -> Iterator[Cause]:
    if o.classes and o.seen.mixture is not None and o.seen.mixture < 0.6:
        yield cause_of(
            "not-mixed",
            f"The labels of a batch vary {o.seen.mixture:.2f} times as much as all labels do; in mixed order that is "
            "above .9.",
        )


def _stuck(o: Observations) -> Iterator[Cause]:
    """Nothing was learned although steps were made: the rate is too small, or so large that units died at once."""
    if o.final_loss < 0.9 * o.initial_loss or not o.seen.steps or math.isnan(o.moved):
        return
    if o.moved < 0.02:
        yield cause_of(
            "learning-rate-too-small",
            f"In {o.seen.steps} steps the parameters moved by {o.moved:.2%} of their size, and the loss went from "
            f"{o.initial_loss:.2f} to {o.final_loss:.2f}{with_optimizer(o)}.",
        )
    elif o.moved > 2:
        yield cause_of(
            "learning-rate-too-large",
            f"The parameters moved by {o.moved:.1f} times their size, and the loss went from {o.initial_loss:.2f} to "
            f"{o.final_loss:.2f}{with_optimizer(o)}.",
        )


def _other_data(o: Observations) -> Iterator[Cause]:
    losses = o.seen.losses
    if len(losses) >= 20 and _mean(losses[-10:]) < 0.6 * losses[0] and o.final_loss > 0.9 * o.initial_loss:
        yield cause_of(
            "other-data",
            f"Its own loss fell from {losses[0]:.2f} to {_mean(losses[-10:]):.2f}; on the images that it was given "
            f"the model's loss is {o.final_loss:.2f}, and {o.initial_loss:.2f} before.",
        )


def _slow(o: Observations) -> Iterator[Cause]:
    if 0.6 * o.initial_loss <= o.final_loss < 0.9 * o.initial_loss and len(o.seen.losses) >= 40:
        fifth = len(o.seen.losses) // 5
        before, last = _mean(o.seen.losses[-2 * fifth : -fifth]), _mean(o.seen.losses[-fifth:])
        if last < before - 0.02 * o.initial_loss:
            yield cause_of(
                "learning-rate-too-small",
                f"The loss was still falling at the end, from {before:.2f} to {last:.2f} in the last fifth of the "
                f"steps{with_optimizer(o)}.",
            )


def _overfits(o: Observations) -> Iterator[Cause]:
    if o.learned and o.train_accuracy > 0.9 and o.held_out_accuracy < o.train_accuracy - 0.3:
        yield cause_of(
            "overfits", f"It is right for {o.train_accuracy:.2f} of them, and for {o.held_out_accuracy:.2f} of others."
        )


_Rule = Callable[[Observations], Iterator[Cause]]
_MISTAKES: tuple[_Rule, ...] = (
    _trains_another_model,
    _no_backward,
    _no_step,
    _set_back,
    _gradients_cleared,
    _starts_at_zero,
    _dead_parameters,
    _not_held,
    _unscaled_input,
    _wild_start,
    _wrong_scores,
    _broadcast,
    _stale_gradients,
    random_scores,
    _new_optimizers,
    _too_few_images,
    _sorted_data,
)
_COURSES: tuple[_Rule, ...] = (
    _diverges,
    _other_data,
    _stuck,
    _slow,
    _overfits,
)


def _is_alive(gradients: Sequence[float]) -> bool:
    """Whether any of them is a number other than zero; infinity is."""
    return any(not math.isnan(value) and value != 0 for value in gradients)


def with_optimizer(o: Observations) -> str:
    """The optimizer and its learning rate, in words that follow others; nothing where none stepped."""
    if not o.seen.optimizers:
        return ""
    name, rate = o.seen.optimizers[0]
    return f", with {name} and a learning rate of {rate:g}"


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:4])
    return f"{shown} and {len(names) - 4} more" if len(names) > 4 else shown
