"""How a class did: the distribution of its scores, and what its checks are worth as questions."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from autograder.results import Check, Result

BINS = 10  # of the distribution, each of a tenth of the points
ENOUGH = 30  # submissions from which a discrimination says something
_SOME = 10  # and from which it is worked out at all
_Z = statistics.NormalDist().inv_cdf(0.975)  # of an interval of 95 %


@dataclass(frozen=True)
class Distribution:
    """Scores in percent of the points that could be had; of a class with at least one submission."""

    count: int
    mean: float
    quartiles: tuple[float, float, float]  # the second is the median
    lowest: float
    highest: float
    full: int  # submissions with all points
    none: int  # and with none
    bins: tuple[int, ...]  # submissions by tenths; who has all points is in the last


def distribution(results: Sequence[Result]) -> Distribution:
    """Of the submissions that were graded through no fault of ours; all zero where there is none."""
    percents = [result.percent for result in results if result.status != "error"] or [0.0]
    bins = [0] * BINS
    for percent in percents:
        bins[min(int(percent * BINS / 100), BINS - 1)] += 1
    first, second, third = statistics.quantiles(percents * (1 + (len(percents) == 1)), n=4, method="inclusive")
    return Distribution(
        len(percents),
        statistics.fmean(percents),
        (first, second, third),
        min(percents),
        max(percents),
        sum(percent >= 100 for percent in percents),
        sum(percent <= 0 for percent in percents),
        tuple(bins),
    )


@dataclass(frozen=True)
class Discrimination:
    """The corrected item-total correlation of a check, with its interval of 95 %.

    That is Pearson's, between the points of the check and all other points (Lord and Novick 1968, *Statistical Theories
    of Mental Test Scores*, 15.2); the interval is Fisher's.
    """

    value: float
    lowest: float
    highest: float


@dataclass(frozen=True)
class CheckStatistics:
    """What came of a check in a class."""

    name: str
    title: str
    max_points: float
    count: int  # submissions that it was run on to its end
    passed: int  # of them, with all of its points
    partly: int  # and with some
    lost: float  # points, of all together
    seconds: float  # median
    discrimination: Discrimination | None
    unknown: str  # why there is none, or why it says little

    @property
    def share_passed(self) -> float:
        """Of those that it was run on, from 0 to 1."""
        return self.passed / self.count if self.count else 0.0

    @property
    def may_be_wrong(self) -> bool:
        """Whether good submissions fail it and poor ones pass."""
        return self.discrimination is not None and self.discrimination.highest < 0


def check_statistics(results: Sequence[Result]) -> list[CheckStatistics]:
    """Of each check, in their order."""
    by_check: dict[str, list[tuple[Result, Check]]] = {}
    for result in results:
        for check in result.checks:
            by_check.setdefault(check.name, []).append((result, check))
    return [_of_check(name, pairs) for name, pairs in by_check.items()]


def _of_check(name: str, pairs: Sequence[tuple[Result, Check]]) -> CheckStatistics:
    run = [(result, check) for result, check in pairs if check.outcome not in ("not run", "broken")]
    found, unknown = _discrimination(run)
    return CheckStatistics(
        name=name,
        title=pairs[0][1].title,
        max_points=max(check.max_points for _, check in pairs),
        count=len(run),
        passed=sum(check.outcome == "passed" for _, check in run),
        partly=sum(check.outcome == "partial" for _, check in run),
        lost=round(sum(check.max_points - check.points for _, check in pairs), 6),
        seconds=statistics.median(check.seconds for _, check in run) if run else 0.0,
        discrimination=found,
        unknown=unknown,
    )


def _discrimination(run: Sequence[tuple[Result, Check]]) -> tuple[Discrimination | None, str]:
    n = len(run)
    if n < _SOME:
        return None, f"too few submissions to tell ({n})"
    points = [check.points for _, check in run]
    others = [result.score - check.points for result, check in run]
    try:
        value = statistics.correlation(points, others)
    except statistics.StatisticsError:  # no spread
        return None, "all alike"
    if math.isnan(value):
        return None, "all alike"
    z, margin = math.atanh(min(max(value, -0.999999), 0.999999)), _Z / math.sqrt(n - 3)
    found = Discrimination(value, math.tanh(z - margin), math.tanh(z + margin))
    return found, f"few submissions ({n}): a rough guess" if n < ENOUGH else ""
