"""Which of the suspects it is: trainings in which one is mended, and nothing else, say so."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from .causes import Cause, Observations
from .known import KNOWN
from .suspects import GOOD, Mending, Suspect, skill

MOST = 3  # trainings more
_BETTER = 0.04  # of the accuracy, at least, that a mend has to gain,
_OF_ERRORS = 0.75  # and of the errors no more than these may be left
_BLOCKS = "▁▂▃▄▅▆▇█"


@dataclass(frozen=True)
class Again:
    """What came of a training that was mended, as plain data."""

    changed: bool  # whether each of the mends changed something
    accuracy: float  # on the examples that it was given, in evaluation mode; a share, or R2
    losses: list[float]  # those on which backward() was called, in order, up to 5,000
    # Where labels were mended: for each class, the label that its images came with most often; -1 where none came.
    came_as: list[int] = field(default_factory=list)
    came_by_other_names: bool = False  # these are those of a set that a grader has renamed


TryAgain = Callable[[Sequence[Mending]], Again | None]  # None where that training failed


@dataclass(frozen=True)
class Named:
    """A cause that is named: it is proved, or mending it made the difference."""

    cause: Cause
    before: float = 0.0  # accuracy without the mend
    again: Again | None = None  # the training with it, where that made the difference
    measure: str = "accuracy"  # what is called so, see `.causes.Observations`

    def in_words(self, places: Mapping[str, str]) -> str:
        """All of it, with where to look; ``places`` are those of :attr:`.causes.Seen.places`, in words."""
        entry = KNOWN.get(self.cause.code)
        place = places.get(entry.place, "") if entry else ""
        where = f" Look at {place}." if place else ""
        read = f" To read: {entry.read}" if entry else ""
        return f"{self.cause.name}. {self.cause.evidence}{self.tried}{where} {self.cause.advice}{read}"

    @property
    def tried(self) -> str:
        """What came of mending it, in words that begin with a blank; nothing where it was not tried."""
        if self.again is None:
            return ""
        reached = (
            f"{self.again.accuracy:.2f} of the training images are classified rightly"
            if self.measure == "accuracy"
            else f"{self.measure} on the training images is {self.again.accuracy:.2f}"
        )
        return (
            f" With that mended and nothing else changed, {reached} instead of {self.before:.2f} (training loss "
            f"{curve(self.again.losses)})."
        )


@dataclass(frozen=True)
class Found:
    """What came of the search."""

    named: tuple[Named, ...]  # the likeliest first
    candidates: tuple[Cause, ...]  # they fit what was seen, and nothing shows that they are it
    tried: tuple[Cause, ...]  # that were mended, and made no difference
    trainings: int
    is_explained: bool = False  # with what is mended, the training goes well

    def in_words(self, places: Mapping[str, str]) -> list[str]:
        """A line for each of what is named, and one for what else may be; empty where nothing fits."""
        begins = ("Most likely", "It is also this", "It is also this")
        lines = [f"{begin}: {named.in_words(places)}" for begin, named in zip(begins, self.named, strict=False)]
        if self.named:
            return lines
        if self.candidates or self.tried:
            lines.append("What is wrong is not known for sure.")
        if self.candidates:
            lines.append(f"It may be this: {'; '.join(cause.name for cause in self.candidates[:2])}.")
            lines += [f"{cause.evidence} {cause.advice}" for cause in self.candidates[:1]]
        if self.tried:
            names = "; ".join(dict.fromkeys(cause.name for cause in self.tried))
            lines.append(f"Tried, and it made no difference when mended: {names}.")
        return lines


@dataclass
class _Search:
    again: TryAgain
    most: int
    best: float  # accuracy so far
    kept: list[Mending] = field(default_factory=list)  # mends that made a difference, each beside those before
    trainings: int = 0

    def tries(self, suspect: Suspect) -> Again | None:
        """A training with it mended, if that made the difference."""
        if suspect.mending is None or self.trainings >= self.most:
            return None
        came = self.again([*self.kept, suspect.mending])
        if came is None or not came.changed:
            return None  # it soon ended, and cost next to nothing
        self.trainings += 1
        if came.accuracy < self.best + _BETTER or 1 - came.accuracy > _OF_ERRORS * (1 - self.best):
            return None
        self.kept.append(suspect.mending)
        self.best = came.accuracy
        return came


def search(observed: Observations, suspects: Sequence[Suspect], again: TryAgain, most: int = MOST) -> Found:
    """Try the suspects one after the other, with ``most`` trainings more, until the training goes well.

    One is named if it is proved, or if mending it made the difference. What is found stays mended while others are
    tried, so that two causes at once are found one after the other.
    """
    search = _Search(again, most, observed.train_accuracy)
    named: list[Named] = []
    candidates: list[Cause] = []
    tried: list[Cause] = []
    is_barred = False  # by what is proved and can't be mended: nothing else would make a difference
    is_open = skill(observed) < GOOD  # whether something is left to be explained
    for suspect in suspects:
        before, count = search.best, search.trainings
        if is_barred and not suspect.is_proved:
            continue
        worth = is_open or not (named or suspect.is_proved)
        came = search.tries(suspect) if worth else None
        if came is not None:
            named.append(Named(suspect.cause, before, came, observed.measure))
            is_open = _skill(came.accuracy, observed) < GOOD
        elif suspect.is_proved:
            named.append(Named(suspect.cause))
            is_barred |= is_open and suspect.mending is None
        elif search.trainings > count:
            tried.append(suspect.cause)
        elif is_open and suspect.is_likely:
            candidates.append(suspect.cause)
    # What made the difference, before what is wrong and may matter less.
    named.sort(key=lambda each: each.again is None)
    return Found(tuple(_once(named)), tuple(candidates), tuple(tried), search.trainings, not is_open)


def _once(named: Sequence[Named]) -> list[Named]:
    found: dict[str, Named] = {}
    for each in named:
        found.setdefault(each.cause.name, each)
    return list(found.values())


def _skill(accuracy: float, observed: Observations) -> float:
    return (accuracy - observed.chance) / (1 - observed.chance)


def curve(losses: Sequence[float], width: int = 12) -> str:
    """A curve in one line: where it began, its course, where it ended."""
    if not losses:
        return "not seen"
    size = max(1, len(losses) // width)
    means = [sum(losses[n : n + size]) / len(losses[n : n + size]) for n in range(0, len(losses), size)][:width]
    finite = [mean for mean in means if mean - mean == 0]
    low, high = min(finite, default=0.0), max(finite, default=0.0)
    step = (high - low) / (len(_BLOCKS) - 1) or 1.0
    blocks = "".join(_BLOCKS[round((mean - low) / step)] if mean - mean == 0 else "?" for mean in means)
    return f"{losses[0]:.2f} {blocks} {losses[-1]:.2f}"
