"""Claims are worth a share of the points: what a submission's process says of itself could be forged."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from autograder.results import Check, Outcome


def share_claimed(checks: Iterable[Check]) -> float:
    """The share of the points that rests on claims."""
    checks = tuple(checks)
    most = sum(check.max_points for check in checks)
    return sum(check.max_points for check in checks if check.rests_on == "claimed") / most if most else 0.0


def bounded(checks: tuple[Check, ...], share: float) -> tuple[Check, ...]:
    """The checks, of which those that are usually computed, and were not, give no more than this share of all points.

    Those that rest on claims for every submission were weighed by who wrote them.
    """
    left = share * sum(check.max_points for check in checks)
    found = []
    for check in checks:
        if check.claimed_since and check.points > 0:
            granted = round(min(check.points, left), 6)
            left -= granted
            if granted < check.points:
                outcome: Outcome = "partial" if granted else "failed"
                check = replace(check, points=granted, outcome=outcome, feedback=_words(check, share))  # noqa: PLW2901
        found.append(check)
    return tuple(found)


def _words(check: Check, share: float) -> str:
    said = (
        f"This could not be computed from your model, since {check.claimed_since}. It rests on what the process "
        f"says in which your code runs, and for that no more than {share:.0%} of all points are given."
    )
    return f"{check.feedback}\n{said}".strip()
