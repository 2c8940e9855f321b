"""Written answers: what a notebook says to questions that are marked by hand (Otter's ``manual: true``).

Otter Assign encloses such a question in HTML comments, ``<!-- BEGIN QUESTION -->`` and ``<!-- END QUESTION -->``, each
at the top of a Markdown cell: the end of one is often in the first cell of the next. It locks the cells of the
question's text, and leaves those of the answer open.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from autograder.results import Answer, Parts
from autograder.sanitize import sanitize

MAX_QUESTIONS = 50
MAX_CHARACTERS = 200_000  # of a submission, so that one can't make the page too large for the others
_MAX_NAME = 100
_LEFT_OUT = "(The rest is left out: there is too much text in this submission.)"

_MARK = re.compile(r"<!--\s*(BEGIN|END) QUESTION\s*-->", re.IGNORECASE)
_PLACEHOLDER = "_Type your answer here, replacing this text._"
_STUB_LINE = re.compile(r"\s*([\w.]+ *= *)?\.\.\.\s*|\s*")
_PASTED_PICTURE = re.compile(r"(data:[\w/+.-]{1,80};base64,)[A-Za-z0-9+/=]{100,}")  # as Colab pastes it


@dataclass(frozen=True, slots=True)
class SourceCell:
    """Any cell of a submission, as it stands in the file."""

    kind: str  # "code", "markdown", "raw" or what the file says
    source: str
    is_locked: bool = False
    is_ignored: bool = False


@dataclass
class _Question:
    asked: list[tuple[str, str]] = field(default_factory=list)  # kind and text
    written: list[tuple[str, str]] = field(default_factory=list)


def written_answers(cells: Sequence[SourceCell]) -> tuple[Answer, ...]:
    """The questions of a submission that are marked by hand, with their answers, cut to a size that can be shown."""
    room = MAX_CHARACTERS
    names: Counter[str] = Counter()
    answers = []
    for number, question in enumerate(_questions(cells), 1):
        name = _take_name(question) or f"Written question {number}"
        names[name] += 1
        unique = name if names[name] == 1 else f"{name} ({names[name]})"
        asked, room = _cut(question.asked, room)
        written, room = _cut([part for part in question.written if not _is_blank(part[1])], room)
        answers.append(Answer(unique, asked, written))
    return tuple(answers)


def _questions(cells: Sequence[SourceCell]) -> list[_Question]:
    questions: list[_Question] = []
    is_open = False
    for cell in cells:
        texts = _MARK.split(cell.source) if cell.kind == "markdown" else [cell.source]  # text, mark, text, ...
        for place, text in enumerate(texts):
            if place % 2:
                is_open = text.upper() == "BEGIN"
                if is_open and len(questions) == MAX_QUESTIONS:
                    return questions
                if is_open:
                    questions.append(_Question())
            elif is_open and text.strip():
                is_asked = cell.is_locked or place > 0  # behind the mark, if the file keeps no locks
                (questions[-1].asked if is_asked else questions[-1].written).append((cell.kind, text))
    return questions


def _take_name(question: _Question) -> str:
    """Its heading, taken out of its text, or else its first line."""
    if not question.asked or question.asked[0][0] != "markdown":
        return ""
    kind, text = question.asked[0]
    first, _, rest = text.strip().partition("\n")
    if first.startswith("#"):
        question.asked[0] = kind, rest
    plain = "".join(c if c.isprintable() else " " for c in first[:1000].strip("#") if c not in "*`")
    return sanitize(" ".join(plain.split()), _MAX_NAME)


def _is_blank(text: str) -> bool:
    """Whether a cell is as it was given: empty, Otter's placeholder, or a stub with nothing but ``...``."""
    return all(_STUB_LINE.fullmatch(line) for line in text.replace(_PLACEHOLDER, "").splitlines())


def _cut(parts: Sequence[tuple[str, str]], room: int) -> tuple[Parts, int]:
    """As much of the parts as there is room for, and the room that is left for others."""
    kept: list[tuple[Literal["markdown", "code"], str]] = []
    for kind, source in parts:
        lines = _PASTED_PICTURE.sub(r"\1...", source).splitlines()
        text = sanitize("\n".join(lines).strip("\n"), longest=len(source))
        if text:
            kept.append(("markdown" if kind == "markdown" else "code", text[:room]))
        room -= len(text)
        if room < 0:
            kept.append(("markdown", _LEFT_OUT))
            break
    return tuple(kept), max(room, 0)
