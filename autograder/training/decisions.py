"""The cheapest rule by which a random training decides whether a requirement is met, and the error that the rule makes.

A right submission fails a single training now and then. How often, at most, a calibration tells: so many failures
in so many trainings of right submissions, of each style apart, since styles differ more than seeds do. The worst
style counts. No normal distribution is assumed: accuracies are skewed, with a tail of bad runs.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

CONFIDENCE = 0.95
MOST_FOR_ONE = 4  # trainings of a rule that asks for one success
MOST = 40  # trainings of a sequential test
FALSE_PASS = 0.05  # of a sequential test, for a submission that succeeds half as often as the worst right one


class Unsupported(ValueError):
    """No rule keeps the error that was asked for, as far as the calibration can tell."""


@dataclass(frozen=True)
class Rule:
    """After ``n`` trainings, ``passes_at[n - 1]`` successes or more pass, and ``fails_at[n - 1]`` or fewer fail.

    Between the two it asks for another training; after the last, nothing is between them.
    """

    passes_at: tuple[int, ...]
    fails_at: tuple[int, ...]
    false_fail: float  # the probability, at most, that a right submission fails
    covers: str  # "8 styles, 100 trainings each"
    is_provisional: bool = False  # it does not keep the error that was asked for

    def __str__(self) -> str:
        what = "one success" if self.is_one_success else "a sequential test"
        if self.is_provisional:
            return (
                f"{what} in at most {len(self.passes_at)} trainings, provisionally: a right solution may fail this in "
                f"up to {self.false_fail:.0%} of gradings, as far as a quick calibration tells (on {self.covers})"
            )
        return (
            f"{what} in at most {len(self.passes_at)} trainings; a right solution fails this in less than one of "
            f"{1 / self.false_fail:,.0f} gradings (calibrated on {self.covers})"
        )

    @property
    def is_one_success(self) -> bool:
        """Whether any one success is enough."""
        return set(self.passes_at) == {1}

    def decide(self, run: Callable[[int], bool]) -> bool:
        """Ask for the outcomes of the trainings 0, 1, ... until it is decided."""
        successes = 0
        for number, (passing, failing) in enumerate(zip(self.passes_at, self.fails_at, strict=True)):
            successes += run(number)
            if successes >= passing:
                return True
            if successes <= failing:
                return False
        raise AssertionError("a rule decides at its last training")


def upper_bound(failures: int, trainings: int) -> float:
    """The one-sided 95 % upper bound on the probability of a failure.

    Clopper & Pearson, Biometrika 26 (1934), 404-413: exact for any probability, and never too small.
    """
    if failures >= trainings:
        return 1.0
    from scipy.special import betaincinv  # which nobody needs who grades functions, nor a command outside its lanes

    return float(betaincinv(failures + 1, trainings - failures, CONFIDENCE))


def find_rule(outcomes: Mapping[str, Sequence[bool]], false_fail: float) -> Rule:
    """The cheapest rule, given right submissions of these styles and whether each of their trainings succeeded.

    One success in at most four where that keeps the error, and a sequential probability ratio test otherwise.

    Raises:
        Unsupported: neither keeps ``false_fail``; the message says what would help.
    """
    fails, covers = _bounds(outcomes)
    worst = max(fails, key=lambda style: fails[style])
    for most in range(1, MOST_FOR_ONE + 1):
        if fails[worst] ** most <= false_fail:
            return Rule((1,) * most, (-1,) * (most - 1) + (0,), fails[worst] ** most, covers)
    test = _sequential_test(1 - fails[worst], false_fail, covers)
    if test is None:
        seen = outcomes[worst]
        raise Unsupported(
            f"{worst} failed {len(seen) - sum(seen)} of {len(seen)} trainings, so that a right submission may fail "
            f"{fails[worst]:.1%} of them, and no rule with up to {MOST} trainings errs in less than {false_fail:g} of "
            "all gradings: lower the threshold, or calibrate with more trainings"
        )
    return test


def provisional_rule(outcomes: Mapping[str, Sequence[bool]]) -> Rule:
    """One success in at most four, whatever error that makes as far as the calibration can tell.

    Raises:
        Unsupported: there is no calibration.
    """
    fails, covers = _bounds(outcomes)
    error = max(fails.values()) ** MOST_FOR_ONE
    return Rule((1,) * MOST_FOR_ONE, (-1,) * (MOST_FOR_ONE - 1) + (0,), error, covers, is_provisional=True)


def _bounds(outcomes: Mapping[str, Sequence[bool]]) -> tuple[dict[str, float], str]:
    """How often a training of each style fails, at most, and what is covered, in words."""
    if not outcomes or not all(outcomes.values()):
        raise Unsupported("there is no calibration for this")
    fails = {style: upper_bound(len(seen) - sum(seen), len(seen)) for style, seen in outcomes.items()}
    numbers = sorted({len(seen) for seen in outcomes.values()})
    each = " to ".join(str(n) for n in {numbers[0]: 0, numbers[-1]: 0})
    return fails, f"{len(outcomes)} styles, {each} trainings each"


def _sequential_test(succeeds: float, false_fail: float, covers: str) -> Rule | None:
    """Wald's test of ``succeeds`` against half of it, cut off after ``MOST`` trainings; its errors are exact.

    Wald, The Annals of Mathematical Statistics 16 (1945), 117-186.
    """
    if succeeds <= 0:
        return None
    half = succeeds / 2
    for_success, for_failure = math.log(succeeds / half), math.log((1 - succeeds) / (1 - half))
    passing, failing = math.log((1 - false_fail) / FALSE_PASS), math.log(false_fail / 2)
    numbers = range(1, MOST + 1)
    # The ratio grows with each success: n trainings, s of them successes, give s * for_success + (n - s) * for_failure.
    step = for_success - for_failure
    passes_at = [math.ceil((passing - n * for_failure) / step) for n in numbers]
    fails_at = [math.floor((failing - n * for_failure) / step) for n in numbers]
    for last in range(passes_at[-1], 0, -1):  # where it is cut off, so many successes pass
        rule = Rule((*passes_at[:-1], last), (*fails_at[:-1], last - 1), false_fail, covers)
        error = 1 - chance_to_pass(rule, succeeds)
        if error <= false_fail:
            if chance_to_pass(rule, half) > FALSE_PASS:
                return None
            return Rule(rule.passes_at, rule.fails_at, max(error, 1e-12), covers)
    return None


def chance_to_pass(rule: Rule, succeeds: float) -> float:
    """The probability that a submission passes whose trainings succeed with the probability ``succeeds``."""
    return sum(probability for _, probability, is_pass in _endings(rule, succeeds) if is_pass)


def expected_trainings(rule: Rule, succeeds: float) -> float:
    """How many trainings the rule takes on average, where they succeed with the probability ``succeeds``."""
    return sum(trainings * probability for trainings, probability, _ in _endings(rule, succeeds))


def _endings(rule: Rule, succeeds: float) -> Iterator[tuple[int, float, bool]]:
    """Every way to an end: how many trainings it took, its probability, and whether it is a pass."""
    undecided = {0: 1.0}  # number of successes so far to its probability
    for trainings, (passing, failing) in enumerate(zip(rule.passes_at, rule.fails_at, strict=True), 1):
        after: dict[int, float] = defaultdict(float)
        for successes, probability in undecided.items():
            after[successes + 1] += probability * succeeds
            after[successes] += probability * (1 - succeeds)
        undecided = {}
        for successes, probability in after.items():
            if failing < successes < passing:
                undecided[successes] = probability
            else:
                yield trainings, probability, successes >= passing


def propose_threshold(values: Mapping[str, Iterable[float]], false_fail: float, most: int = MOST_FOR_ONE) -> float:
    """The highest threshold, to two digits, for which one success in at most ``most`` trainings keeps ``false_fail``.

    Raises:
        Unsupported: there is none: the trainings are too few.
    """
    seen = {style: list(found) for style, found in values.items()}
    candidates = {math.floor(value * 100) / 100 for found in seen.values() for value in found}
    for threshold in sorted(candidates, reverse=True):
        bounds = [upper_bound(sum(value < threshold for value in found), len(found)) for found in seen.values()]
        if max(bounds) ** most <= false_fail:
            return threshold
    raise Unsupported(f"too few trainings to keep {false_fail:g} with {most} of them: calibrate with more")
