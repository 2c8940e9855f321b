"""Why a training did not go well: what students were told at once, and what trainings with one thing mended say of it.

A check is decided before, and nothing here changes that: only the words to the student are made surer. So it is done
when all checks are, in time that is not the submission's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from autograder.diagnosis.causes import NO_CAUSE, Cause, Observations, cause_of, describe_curve
from autograder.diagnosis.suspects import Mending, suspects_of
from autograder.diagnosis.trying import Again, Found, search
from autograder.errors import StudentFault

Rerun = Callable[[Sequence[Mending]], Again]  # the first training of a kind once more; raises as that does


@dataclass(frozen=True)
class Reason:
    """What was told of a training that did not go well."""

    question: str
    said: str  # in the feedback of a check
    observed: Observations
    rerun: Rerun
    is_main: bool  # of the trials that all others are beside
    places: dict[str, str]  # in the submission's text, in words
    noun: str = "image"  # what an example is


def found_at_once(observed: Observations) -> Found:
    """What the first training says by itself."""
    return search(observed, suspects_of(observed), lambda _mendings: None, 0)


def in_words(found: Found, observed: Observations, places: Mapping[str, str], noun: str) -> str:
    """What was found and where, or the loss curve where nothing was; ``noun`` is what an example is called."""
    lines = found.in_words(places)
    if not found.named:
        lines = [*(lines or [NO_CAUSE]), describe_curve(observed.seen.losses, observed.classes)]
    return _of(" ".join(lines), noun)


def again_in_words(found: Found, noun: str) -> str:
    """The same, where it was told in full before."""
    return _of(f"Most likely, again: {found.named[0].cause.name}.", noun) if found.named else NO_CAUSE


def _of(text: str, noun: str) -> str:
    """What is known of causes is told of images: most lessons have some. Here, it is told of other examples."""
    if noun == "image":
        return text
    vowel = "an" if noun[0] in "aeiou" else "a"
    text = re.sub(r"\ban image\b", f"{vowel} {noun}", text)
    text = re.sub(r"\bimage(s?)\b", rf"{noun}\1", text)
    text = text.replace("pixels of 0 to 255 by 255", "large numbers by their size").replace("pixels", "numbers")
    return text.replace("Pixels", "Numbers")


def surer(reasons: Sequence[Reason]) -> dict[str, str]:
    """What was told to what is told in its place, after as many trainings as it takes, or as there may be.

    The words of the reason that is told first are the full ones.
    """
    if not reasons:
        return {}
    reason = next((reason for reason in reasons if reason.is_main), reasons[0])

    def again(mendings: Sequence[Mending]) -> Again | None:
        try:
            return reason.rerun(mendings)
        except (StudentFault, AssertionError):
            return None

    found = search(reason.observed, suspects_of(reason.observed), again)
    found = replace(found, named=tuple(replace(each, cause=_as_graded(each.cause, each.again)) for each in found.named))
    if not found.trainings:
        return {}
    told = {each.said: again_in_words(found, each.noun) for each in reasons[1:]} if found.named else {}
    return {**told, reasons[0].said: in_words(found, reason.observed, reason.places, reason.noun)}


def _as_graded(cause: Cause, again: Again | None) -> Cause:
    """Labels that are those of the public files, which grading renames, come of other data than were given."""
    if again is not None and again.came_by_other_names and cause.code == "wrong-labels":
        return cause_of("other-data", "The labels that it learned are those of the files, and not those that it got.")
    return cause
