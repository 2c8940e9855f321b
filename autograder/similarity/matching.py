"""Which answers are alike, and in which lines.

The matching is copydetect's (MIT): the fingerprints of winnowing (Schleimer, Wilkerson and Aiken, SIGMOD 2003), as in
Moss, with all of them kept (a window of 1), since answers are short. It is a Python library whose functions take
tokens, so that what a token is, what is taken out, and which part of a submission is compared can be said here. Dolos
needs Node and JPlag a Java machine; both compare whole files and bring pages of their own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from copydetect.utils import find_fingerprint_overlap, get_copied_slices, get_document_fingerprints

from autograder.similarity.answers import Answers, Piece

# Chosen on the right submissions of both lessons, and disguised copies of these: docs/similar.md has the figures.
TOKENS_IN_A_ROW = 10  # that are the least which is called alike
LEAST = 50  # tokens alike: below, two or three lines of two people are the same by chance
SHARE = 0.75  # of the shorter answer
COMMON = (
    5  # submissions: what more of them have in common is a habit, and is taken out; or a twentieth of a large class
)
# Where many answers are nearly the same, what is common is all of them.
GROUP_LEAST, GROUP_SHARE = 60, 0.8  # of the longer answer

_BETWEEN = "\0"  # pieces: nothing is alike across their ends


@dataclass(frozen=True)
class Line:
    """A line of an answer. It is what most of its tokens are; a comment has none, and is neither."""

    text: str
    is_alike: bool = False
    is_known: bool = False  # from the handout, the reference solution or many others
    is_own: bool = False  # what is left, alike or not


@dataclass(frozen=True)
class Part:
    """A statement of an answer, and the cell that it is in."""

    cell: str
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Alike:
    """Two answers to a question that are alike. The second's parts are in the order of those that they are like."""

    question: str
    share: float  # of the shorter answer, without what is known
    tokens: int
    first: tuple[Part, ...]
    second: tuple[Part, ...]

    @property
    def lines(self) -> tuple[int, int]:
        """How many lines of each are alike."""
        first, second = (sum(line.is_alike for part in side for line in part.lines) for side in self._sides)
        return first, second

    @property
    def of_lines(self) -> tuple[int, int]:
        """How many lines of each are compared: all but those that are known, or hold no code."""
        first, second = (sum(line.is_own for part in side for line in part.lines) for side in self._sides)
        return first, second

    @property
    def _sides(self) -> tuple[tuple[Part, ...], tuple[Part, ...]]:
        return self.first, self.second


@dataclass(frozen=True)
class Pair:
    """Two submissions, and their answers that are alike."""

    first: str
    second: str
    alike: tuple[Alike, ...]

    @property
    def weight(self) -> float:
        """By which pairs are put in order: lines alike, each as much as the share of its answer."""
        return sum(min(alike.lines) * alike.share for alike in self.alike)


@dataclass(frozen=True)
class Group:
    """Many submissions whose answers to a question are nearly the same, with two of them as an example."""

    question: str
    names: tuple[str, ...]
    example: Pair


@dataclass(frozen=True)
class Found:
    """Pairs and groups, most alike first."""

    pairs: tuple[Pair, ...]
    groups: tuple[Group, ...]


def find_alike(
    answers: Mapping[str, Answers],
    questions: Iterable[str],
    known: Sequence[Piece],
    may_be_alike: Callable[[str, str], bool],
) -> Found:
    """Compare the answers of all submissions to each question.

    Args:
        answers: of each submission, by its name.
        questions: those that are compared, in their order.
        known: what all were given, and the reference solution: it is taken out.
        may_be_alike: whether two submissions are of one student or group, and no pair.
    """
    alphabet = Alphabet()
    taken_out = frozenset(Fingerprints(known, alphabet).places)
    pairs: dict[tuple[str, str], list[Alike]] = {}
    groups: list[Group] = []
    for question in questions:
        prints = {
            name: Fingerprints(found.pieces[question], alphabet, taken_out)
            for name, found in sorted(answers.items())
            if question in found.pieces
        }
        compared = _Compared(question, {name: each for name, each in prints.items() if each.places}, may_be_alike)
        for first, second, alike in compared.pairs:
            pairs.setdefault((first, second), []).append(alike)
        groups += compared.groups
    ordered = [Pair(first, second, tuple(alike)) for (first, second), alike in pairs.items()]
    ordered.sort(key=lambda pair: (-pair.weight, pair.first, pair.second))
    groups.sort(key=lambda group: (-len(group.names), group.question))
    return Found(tuple(ordered), tuple(groups))


class Alphabet(dict[str, str]):
    """A character for each token, since copydetect compares text."""

    def __missing__(self, token: str) -> str:
        self[token] = chr(len(self) + 1 if len(self) < 0xD000 else len(self) + 0x1000)  # surrogates are no characters
        return self[token]


class Fingerprints:
    """Where each run of tokens of an answer is that is not taken out."""

    def __init__(self, pieces: Sequence[Piece], alphabet: Alphabet, taken_out: Collection[int] = frozenset()) -> None:
        self.pieces = pieces
        text = _BETWEEN.join("".join(alphabet[token] for token, _ in piece.tokens) for piece in pieces)
        self.lines: list[tuple[int, int] | None] = []  # of each character: its piece and its line in that
        for n, piece in enumerate(pieces):
            self.lines += [(n, line) for _, line in piece.tokens]
            self.lines.append(None)
        _, places = get_document_fingerprints(text, TOKENS_IN_A_ROW, 1) if len(text) >= TOKENS_IN_A_ROW else ((), {})
        # copydetect can take out itself, but leaves out what is in an answer twice as it does.
        self.places: dict[int, list[int]] = {
            key: at
            for key, at in places.items()
            if key not in taken_out and _BETWEEN not in text[at[0] : at[0] + TOKENS_IN_A_ROW]
        }
        self.own = self.covered(self.places)

    def covered(self, keys: Iterable[int]) -> int:
        """How many tokens are in these runs."""
        return _length(get_copied_slices(self._starts(keys), TOKENS_IN_A_ROW))

    def _starts(self, keys: Iterable[int]) -> Any:
        return np.array([at for key in keys for at in self.places[key]], dtype=int)

    def without(self, keys: Collection[int]) -> Fingerprints:
        """The same, with more taken out."""
        other = object.__new__(Fingerprints)
        other.pieces, other.lines = self.pieces, self.lines
        other.places = {key: at for key, at in self.places.items() if key not in keys}
        other.own = other.covered(other.places)
        return other

    def parts(self, slices: Any) -> list[tuple[Part, int]]:
        """The pieces, and where the first token that is alike stands in each."""
        own_slices = get_copied_slices(self._starts(self.places), TOKENS_IN_A_ROW)
        alike, own = (
            Counter(place for at in _inside(each) if (place := self.lines[at])) for each in (slices, own_slices)
        )
        tokens = Counter(place for place in self.lines if place)
        begins = {place[0]: at for at in reversed(_inside(slices)) if (place := self.lines[at])}

        def line(place: tuple[int, int], text: str) -> Line:
            is_alike = 2 * alike[place] > tokens[place]
            is_own = is_alike or 2 * own[place] > tokens[place]
            return Line(text, is_alike, bool(tokens[place]) and not is_own, is_own)

        return [
            (Part(piece.cell, tuple(line((n, k), text) for k, text in enumerate(piece.lines))), begins.get(n, -1))
            for n, piece in enumerate(self.pieces)
        ]


def _length(slices: Any) -> int:
    return int((slices[1] - slices[0]).sum())


def _inside(slices: Any) -> list[int]:
    return [at for start, end in slices.T for at in range(int(start), int(end))]


class _Compared:
    """The answers to one question."""

    def __init__(
        self, question: str, prints: Mapping[str, Fingerprints], may_be_alike: Callable[[str, str], bool]
    ) -> None:
        self._question, self._prints = question, prints
        many = max(COMMON, len(prints) // 20)
        count = Counter(key for each in prints.values() for key in each.places)
        common = frozenset(key for key, submissions in count.items() if submissions > many)
        self._rare = {name: each.without(common) for name, each in prints.items()}
        self.pairs: list[tuple[str, str, Alike]] = []
        close: list[tuple[str, str]] = []
        for first, second in combinations(prints, 2):
            if not may_be_alike(first, second):
                continue
            if _are_alike(self._rare[first], self._rare[second], LEAST, SHARE, min):
                self.pairs.append((first, second, self._alike(self._rare, first, second)))
            if common and _are_alike(prints[first], prints[second], GROUP_LEAST, GROUP_SHARE, max):
                close.append((first, second))
        self.groups = [
            Group(question, tuple(sorted(names)), self._example(names, close))
            for names in _connected(close)
            if len(names) > many
        ]

    def _example(self, names: Collection[str], close: Sequence[tuple[str, str]]) -> Pair:
        first, second = next(pair for pair in close if pair[0] in names)
        return Pair(first, second, (self._alike(self._prints, first, second),))

    def _alike(self, prints: Mapping[str, Fingerprints], first: str, second: str) -> Alike:
        one, other = prints[first], prints[second]
        slices = _shared(one, other)
        tokens = [_length(each) for each in slices]
        share = max(tokens[0] / one.own, tokens[1] / other.own)
        left, right = one.parts(slices[0]), other.parts(slices[1])
        order = self._counterparts(one, other)
        right.sort(key=lambda part: order.get(part[1], len(one.lines)))
        return Alike(
            self._question, share, min(tokens), tuple(part for part, _ in left), tuple(part for part, _ in right)
        )

    @staticmethod
    def _counterparts(one: Fingerprints, other: Fingerprints) -> dict[int, int]:
        """From where a run is in the second answer to where it is in the first."""
        return {at: one.places[key][0] for key in one.places.keys() & other.places.keys() for at in other.places[key]}


def _shared(one: Fingerprints, other: Fingerprints) -> tuple[Any, Any]:
    """The slices of tokens that are in both."""
    first, second = find_fingerprint_overlap(set(one.places), set(other.places), one.places, other.places)
    return get_copied_slices(first, TOKENS_IN_A_ROW), get_copied_slices(second, TOKENS_IN_A_ROW)


def _are_alike(
    one: Fingerprints, other: Fingerprints, least: int, share: float, shorter: Callable[[float, float], float]
) -> bool:
    """Whether so many tokens are alike, and such a share of the shorter answer, or the longer one."""
    wanted = max(least, share * shorter(one.own, other.own))
    if min(one.own, other.own) < least:
        return False
    keys = one.places.keys() & other.places.keys()
    if TOKENS_IN_A_ROW * sum(len(one.places[key]) for key in keys) < wanted:  # they can't cover more than that
        return False
    first, second = _shared(one, other)
    tokens = _length(first), _length(second)
    shares = tokens[0] / one.own, tokens[1] / other.own
    return min(tokens) >= least and (max if shorter is min else min)(shares) >= share


def _connected(pairs: Iterable[tuple[str, str]]) -> list[set[str]]:
    """Those who are in pairs with each other, by one or more steps."""
    of: dict[str, set[str]] = {}
    for first, second in pairs:
        merged = of.get(first, {first}) | of.get(second, {second})
        for name in merged:
            of[name] = merged
    return list({id(names): names for names in of.values()}.values())
