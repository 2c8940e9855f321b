"""What may be wrong with a training that did not go well, in the order in which it is worth trying.

A suspect is a cause and what to mend to know. Some are proved by what was seen; of the others only a training in which
they are mended tells. Plain Python over plain numbers.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .causes import RANDOM_SCORES, Cause, Observations, cause_of, likely_causes, with_optimizer
from .known import KNOWN

Mending = tuple[str, tuple[float, ...]]  # a mend by its name in :data:`.mends.MENDS`, and its settings
GOOD = 0.8  # of what can be learned above guessing: who has that is not asked about the learning rate
_STRANGE_RATE = 0.1  # of the rate that a scheduler was made for
_MANY_ROWS = 128  # in a batch
_FEW_STEPS = 100
_LARGE = 20.0  # for what enters the first layer
_MOST_TIMES = 40
_MANY_OPTIMIZERS = 50  # more are not counted
STRONG_DECAY = 0.05
_LITTLE = 0.05  # of their size that the parameters moved in the whole training

PROVED = frozenset(
    [
        *("optimizer-other-model", "no-backward", "loss-cut-off", "no-step", "gradients-cleared", "gradient-cut"),
        *("optimizer-incomplete", "no-zero-grad", "random-scores", "samples-mixed", "validated-in-train-mode"),
        *("softmax-before-cross-entropy", "sigmoid-before-cross-entropy", "nll-without-log", "weights-zero"),
        *("not-mixed", "wrong-labels", "loss-sign", "overfits", "validates-on-training-data", "wrong-metric"),
        *("accuracy-is-error-rate", "accuracy-in-percent", "accuracy-of-last-batch", "accuracy-divisor"),
        *("loss-divisor", "loss-of-last-batch", "weights-set-back", "targets-broadcast"),
    ]
)
"""Causes that what is seen of them proves."""

MENDINGS: dict[str, Mending] = {
    "no-zero-grad": ("zero_grad", ()),
    "gradients-cleared": ("step_each", ()),
    "no-step": ("step_each", ()),
    "step-outside-loop": ("step_each", ()),
    "gradient-cut": ("let_through", ()),
    "loss-cut-off": ("let_through", ()),
    "optimizer-incomplete": ("hold_all", ()),
    "optimizer-renewed": ("same_optimizer", ()),
    "model-renewed": ("same_weights", ()),
    "too-few-steps": ("small_batches", ()),
    "loss-sign": ("sign", ()),
    "weight-decay-too-strong": ("no_decay", ()),
    "dropout-too-strong": ("no_dropout", ()),
    "clipping-too-tight": ("no_clipping", ()),
    "softmax-before-cross-entropy": ("to_logits", ()),
    "sigmoid-before-cross-entropy": ("to_logits", ()),
    "activation-after-last-layer": ("last_activation", ()),
    "nll-without-log": ("to_log_probabilities", ()),
    "scores-too-large": ("small_scores", ()),
    "wrong-loss": ("cross_entropy", ()),
    "initialisation": ("drawn", ()),
    "weights-zero": ("drawn", ()),
    "no-activation": ("activations", ()),
    "saturating-activation": ("unsaturated", ()),
    "dead-units": ("leaky", ()),
    "unscaled-inputs": ("scaled", ()),
    "scaled-twice": ("scaled", ()),
    "wrong-labels": ("labels", ()),
    "other-data": ("examples", ()),
    "not-mixed": ("examples", ()),
    "too-little-training": ("longer", (5.0,)),
}
"""What to mend where a cause is suspected; no settings that depend on what was seen."""


@dataclass(frozen=True)
class Suspect:
    """A cause that fits, and how to try it."""

    cause: Cause
    mending: Mending | None  # None where nothing can be mended from outside
    is_proved: bool = False  # what was seen is enough to name it
    is_likely: bool = True  # and enough to call it a candidate, where no training tells


def skill(observed: Observations) -> float:
    """The accuracy on the training examples, from 0 for guessing to 1."""
    return (observed.train_accuracy - observed.chance) / (1 - observed.chance)


def suspects_of(observed: Observations, mistakes: Sequence[Cause] = ()) -> list[Suspect]:
    """What fits, the first to be tried first; ``mistakes`` were found by looking at the model alone.

    Empty for a training that went well and in which nothing is wrong.
    """
    found: dict[str, Suspect] = {}
    causes = [*mistakes, *_from_within(observed), *_from_settings(observed), *likely_causes(observed)]
    causes += _from_the_course(observed)
    for cause in causes:
        found.setdefault(cause.name, _suspect(cause, observed))
    if RANDOM_SCORES.name in found:  # of which dropout is the reason
        found.pop(KNOWN["dropout-too-strong"].name, None)
    for suspect in (*_labels(observed), *_rates(observed)):
        found[f"{suspect.cause.name} {suspect.mending}"] = suspect
    # Labels that nobody looked at are asked about early where something was learned, and it was not this.
    losses = observed.seen.losses
    is_other = bool(losses) and losses[-1] < 0.7 * losses[0] and observed.final_loss > 0.9 * observed.initial_loss
    ordered = sorted(found.values(), key=lambda suspect: _order(suspect, is_other))
    # A rate is tried where the way says it is wrong; that alone proves nothing.
    return [s for s in ordered if not (s.mending is None and s.cause.code.startswith("learning-rate"))]


def _suspect(cause: Cause, observed: Observations) -> Suspect:
    mending = MENDINGS.get(cause.code)
    if cause.code == "schedule" and observed.seen.rate_meant is not None:
        mending = "constant_rate", (observed.seen.rate_meant,)
    if cause.code == "weight-decay-too-strong" and observed.seen.decay < STRONG_DECAY:
        mending = "no_penalty", ()
    if cause.code == "too-little-training" and observed.seen.rows:
        times = 5 * (observed.images or 0) / observed.seen.rows
        mending = "longer", (float(min(_MOST_TIMES, max(5, round(times)))),)
    is_proved = cause.code in PROVED or not cause.code
    if cause.code == "too-little-training":
        is_proved = observed.epochs is not None  # the images that it should have seen are known
    if cause.code == "no-activation":  # a model without any; of one that has some, only a training tells
        is_proved = all("softmax" in name for name, _ in observed.seen.activations)
    if cause.code == "unscaled-inputs" and observed.seen.entering:
        is_proved = max(map(abs, observed.seen.entering)) > _LARGE
    if cause.code == "optimizer-renewed":
        is_proved = len(observed.seen.optimizers) >= min(_MANY_OPTIMIZERS, 0.5 * observed.seen.steps)
    return Suspect(cause, mending, is_proved)


_ORDER = (
    *(
        "weights-set-back",
        "optimizer-other-model",
        "no-backward",
        "loss-cut-off",
        "no-step",
        "gradients-cleared",
        "samples-mixed",
    ),
    *("wrong-labels", "loss-sign", "weights-zero", "gradient-cut", "optimizer-incomplete", "model-renewed"),
    *(
        "targets-broadcast",
        "no-zero-grad",
        "softmax-before-cross-entropy",
        "sigmoid-before-cross-entropy",
        "nll-without-log",
    ),
    *("unscaled-inputs", "scaled-twice", "dropout-too-strong", "weight-decay-too-strong", "clipping-too-tight"),
    *("activation-after-last-layer", "initialisation", "dead-units", "not-mixed", "step-outside-loop"),
    *(
        "too-few-steps",
        "too-little-training",
        "schedule",
        "optimizer-renewed",
        "scores-too-large",
        "saturating-activation",
    ),
    *("no-activation", "learning-rate-too-large", "learning-rate-too-small", "other-data", "wrong-loss"),
    *("validates-on-training-data", "accuracy-is-error-rate", "accuracy-in-percent", "accuracy-of-last-batch"),
    *("accuracy-divisor", "loss-divisor", "loss-of-last-batch", "wrong-metric"),
    *("random-scores", "validated-in-train-mode", "overfits"),
)
"""What is earlier explains what is later, or is surer."""


def _order(suspect: Suspect, is_other: bool) -> int:
    code = suspect.cause.code
    if code == "wrong-labels" and not (suspect.is_proved or is_other):
        return len(_ORDER)
    return _ORDER.index(code) if code in _ORDER else -1 if not code else len(_ORDER)


def _from_within(o: Observations) -> Iterator[Cause]:
    """What was seen in the training that is odd in itself, whatever came of it."""
    seen = o.seen
    if seen.rows and seen.labelled > 0.9 * seen.rows and seen.rightly_labelled < 0.95 * seen.labelled:
        yield cause_of(
            "wrong-labels",
            f"Of {seen.labelled} images that were trained on, {seen.labelled - seen.rightly_labelled} came "
            "with another label than the one that you gave with it.",
        )
    if reason := _sign(o):
        yield cause_of("loss-sign", reason)
    if seen.redrawn >= 2:
        yield cause_of(
            "model-renewed", f"{seen.redrawn} times, the weights were others than those that the last step had left."
        )
    if seen.entering and not math.isnan(skill(o)) and skill(o) < 0.97:
        mean, size = seen.entering
        if max(abs(mean), size) > 4:
            yield cause_of(
                "unscaled-inputs", f"What enters the first layer has a mean of {mean:.3g} and a spread of {size:.3g}."
            )
        elif size < 0.03 and seen.first_input:  # what tokens are turned into may be as small as one likes
            yield cause_of("scaled-twice", f"What enters the first layer has a spread of {size:.2g} only.")
    if seen.badly_drawn and not o.zero_at_start:
        name, size, usual = seen.badly_drawn[0]
        yield cause_of(
            "initialisation",
            f"Those of {name} have a spread of {size:.2g} before training, where {usual:.2g} is usual.",
        )
    if seen.last_activation.removesuffix("_") not in ("", "softmax", "log_softmax", "sigmoid", "logsigmoid"):
        yield cause_of(
            "activation-after-last-layer", f"The scores that reach the loss come from `{seen.last_activation}`."
        )


def _from_settings(o: Observations) -> Iterator[Cause]:
    """Settings that are odd in themselves."""
    seen = o.seen
    if seen.dropped >= 0.7:
        yield cause_of("dropout-too-strong", f"Dropout takes {seen.dropped:.0%} of the values away.")
    if seen.decay >= STRONG_DECAY:
        yield cause_of("weight-decay-too-strong", f"The optimizer's weight decay is {seen.decay:g}.")
    elif _penalty(o) > 0.2:
        yield cause_of(
            "weight-decay-too-strong",
            f"What is differentiated in the first step is {seen.batches[0][1]:.2f}, of which the loss function gave "
            f"{sum(seen.batches[0][2]):.2f}.",
        )
    if seen.clipped is not None and seen.clipped < 0.1:
        yield cause_of("clipping-too-tight", f"Half of the steps used less than {seen.clipped:.1%} of the gradients.")
    if (meant := seen.rate_meant) and seen.rates:
        low = sum(rate < _STRANGE_RATE * meant for rate in seen.rates) / len(seen.rates)
        if low > 0.6:
            middle = sorted(seen.rates)[len(seen.rates) // 2]
            yield cause_of(
                "schedule",
                f"The scheduler was made for a learning rate of {meant:g}, and half of the steps were made with less "
                f"than {max(middle, 1e-30):.1g}.",
            )


def _sign(o: Observations) -> str:
    if o.seen.maximises:
        return "The optimizer was made with `maximize=True`."
    signs = [(value, sum(called)) for _, value, called in o.seen.batches[:20] if called]
    if signs and all(abs(value + given) < 1e-3 * abs(given) for value, given in signs):
        value, given = signs[0]
        return f"The loss function gave {given:.2f} in the first step, and {value:.2f} was differentiated."
    return ""


def _penalty(o: Observations) -> float:
    """The share of the first loss that no loss function gave."""
    first = next(((value, sum(called)) for _, value, called in o.seen.batches if called), None)
    return (first[0] - first[1]) / abs(first[0]) if first and first[0] and first[1] > 0 else 0.0


def _from_the_course(o: Observations) -> Iterator[Cause]:
    """What may be the reason where a training did not go well."""
    seen, reached = o.seen, skill(o)
    if not reached < 0.97:
        return
    if seen.steps and seen.backwards >= 8 * seen.steps:
        yield cause_of("step-outside-loop", f"For {seen.backwards} gradients, {seen.steps} steps were made.")
    rows = seen.batches[0][0] if seen.batches else 0
    if rows >= _MANY_ROWS and seen.steps < _FEW_STEPS:
        yield cause_of("too-few-steps", f"In batches of {rows} images, there were {seen.steps} steps in all.")
    given = o.images or 0
    if given and seen.recognised > 0 and seen.rows <= 1.3 * max(seen.different, 0.2 * given) and reached < 0.9:
        words = f"It was trained on {seen.rows} images in all, {seen.different} of the {given} that there are."
        yield cause_of("too-little-training", words)
    if any(share > 0.95 for name, share in seen.activations if name.startswith("relu")) and not o.zero_at_start:
        yield cause_of("dead-units", "In the first batch, a ReLU gave nothing but zeros.")
    if not reached < 0.5:
        return
    squashed = [(name, share) for name, share in seen.activations if name.rstrip("_") in ("sigmoid", "tanh")]
    if len(squashed) > 1 or any(share > 0.5 for _, share in squashed):
        name, share = max(squashed, key=lambda pair: pair[1])
        yield cause_of(
            "saturating-activation", f"The hidden layers use {name}, which is flat for {share:.0%} of the values."
        )
    if seen.rows and seen.recognised < 0.05 * seen.rows:
        yield cause_of("other-data", "None of the images that it learned from is among those that you gave.")
    used = [name for name, _ in seen.losses_used]
    if o.classes and used and not any(name.startswith(("cross", "nll", "binary")) for name in used):
        yield cause_of("wrong-loss", f"The loss is {used[0]}.")


def _labels(o: Observations) -> Iterator[Suspect]:
    """Labels that are not theirs, where nobody looked; trying it ends at once if they are."""
    losses = o.seen.losses
    if o.classes and not o.seen.rows and losses and skill(o) < 0.3:
        words = (
            f"The loss in training ended at {losses[-1]:.2f}; on the images that were given it is {o.final_loss:.2f}."
        )
        # Where its own loss did not fall below guessing either, nothing speaks for it: then it is only tried.
        is_likely = losses[-1] < min(0.9 * o.of_chance, 0.7 * o.final_loss)
        yield Suspect(cause_of("wrong-labels", words), ("labels", ()), is_likely=is_likely)


def _rates(o: Observations) -> Iterator[Suspect]:
    """Other learning rates, where how far the parameters moved says that this one is wrong."""
    seen, reached = o.seen, skill(o)
    if not reached < GOOD or not seen.backwards:
        return
    by_hand = not seen.steps
    mend = "rate_by_hand" if by_hand else "rate"
    is_broken = bool(o.not_finite) or o.moved > 3 or any(not math.isfinite(loss) for loss in seen.losses)
    rose = len(seen.losses) > 1 and _most(seen.losses) > 3 * max(seen.losses[0], o.of_chance)
    if by_hand and (is_broken or rose) and _most(seen.losses[:4]) < 2 * seen.losses[0]:  # it rose step by step
        yield Suspect(
            cause_of("loss-sign", f"The loss went from {seen.losses[0]:.2f} to {seen.losses[-1]:.3g}."), ("sign", ())
        )
    if is_broken or rose:
        words = f"The loss began at {seen.losses[0]:.2f} and ended at {seen.losses[-1]:.3g}{with_optimizer(o)}."
        cause = cause_of("learning-rate-too-large", words)
        first = 0.1 if o.moved < 30 and not math.isnan(o.moved) else 0.01
        yield Suspect(cause, (mend, (first,)))
        yield Suspect(cause, (mend, (first / 10,)))
    elif o.moved < _LITTLE or (o.moved < 0.3 and reached < 0.3):
        words = (
            f"In {seen.steps or seen.backwards} steps the parameters moved by {o.moved:.2%} of their size"
            f"{with_optimizer(o)}."
        )
        wanted = 10.0 ** min(5, max(1, round(math.log10(0.5 / max(o.moved, 1e-9)))))
        cause = cause_of("learning-rate-too-small", words)
        yield Suspect(cause, (mend, (wanted,)))
        yield Suspect(cause, (mend, (10 * wanted,)))


def _most(losses: Sequence[float]) -> float:
    return max((loss for loss in losses if math.isfinite(loss)), default=0.0)
