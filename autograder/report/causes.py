"""What a check says is wrong, under a name that stays: so that those who were told the same can be found together.

A cause that a diagnosis names goes by its code (:data:`autograder.diagnosis.known.KNOWN`), what the framework itself
says by one of ours, and a mistake that its grader knows by the code that the grader declares. Anything else is what the
grader's author wrote: the first sentence, without the numbers and places of a single submission.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from autograder.diagnosis.known import CODES
from autograder.report.mistakes import MISTAKES
from autograder.results import Check, question_of
from autograder.sanitize import sanitize


@dataclass(frozen=True)
class Told:
    """What is wrong, in a question."""

    code: str  # "q4.no-zero-grad": letters, digits, points, underscores and hyphens alone
    question: str
    words: str


_LONGEST = 160  # characters of the words
_LONGEST_SLUG = 60
_DIAGNOSED = re.compile(r"^(?:Most likely|Most likely, again|It is also this): (?P<name>.+?)(?:\. |\.?$)", re.MULTILINE)
# What the framework says whatever the exercise: code, name, and how it is told in a feedback.
NO_CODE = "no-code"
_FILE = "file"  # in place of a question
OURS = (
    (NO_CODE, "no code could be read from the file", r"^There is no code to check\."),
    ("not-answered", "it is left as it was handed out", r"(is|are) still the stubs?\b|returns nothing yet\b"),
    ("not-defined", "what is asked for is not defined", r"^`[^`]+` is not defined\b"),
)
_RAISED = re.compile(r"^`[^`]{1,200}` raised (?P<kind>[A-Za-z_]\w{0,40})\b")
_IN_BRACKETS = re.compile(r"\s*(\([^()]*\d[^()]*\)|\[[^\[\]]*\d[^\[\]]*\])")
# Numbers, and names of a submission's own, as parameters have: `c1.weight, c1.bias` are another's `conv.weight`.
_DOTTED = r"[A-Za-z_]\w*(?:\.\w+)+"
_OWN = re.compile(rf"(?<![\w`])(?:{_DOTTED}|-?\d[\d.]*(?:x\d+)*(?:e-?\d+)?\b)")
_SEVERAL = re.compile(r"…(?:,? (?:and )?…)+")


def cause_told(check: Check) -> Told | None:
    """What a check says is wrong; None if it gave all of its points."""
    if check.points >= check.max_points and check.outcome == "passed":
        return None
    code, words = _cause_of(sanitize(check.feedback).strip() or f"{check.title}: {check.outcome}")
    if check.code:
        code, words = check.code, MISTAKES[check.code].name if check.code in MISTAKES else words
    # One file that can't be read is one cause, and none for each question.
    question = _FILE if code == NO_CODE else question_of(check.name)
    return Told(f"{_slug(question)}.{code}", question, words)


def _cause_of(feedback: str) -> tuple[str, str]:
    if found := _DIAGNOSED.search(feedback):
        name = found["name"]
        return CODES.get(name) or _slug(name), name
    for code, name, pattern in OURS:
        if re.search(pattern, feedback):
            return code, name
    if found := _RAISED.match(feedback):
        return f"raises-{_slug(found['kind'])}", f"the code raises {found['kind']}"
    words = _alike(feedback)
    return _slug(words), words


def _alike(feedback: str) -> str:
    """The first sentence, as it is for all who were told the same."""
    text = _IN_BRACKETS.sub("", " ".join(feedback.split()))
    first = re.split(r"(?<=[.!?])\s+(?=[A-Z`])", text, maxsplit=1)[0]
    quoted = re.split(r"(`[^`]*`)", first)  # what is quoted stays: `2 * padding`
    words = "".join(part if n % 2 else _SEVERAL.sub("…", _OWN.sub("…", part)) for n, part in enumerate(quoted))
    return words if len(words) <= _LONGEST else words[: _LONGEST - 1] + "…"


def _slug(words: str) -> str:
    """Words as a part of an address: letters, digits, underscores and hyphens."""
    slug = re.sub(r"[^a-z0-9_]+", "-", words.lower()).strip("-")
    if len(slug) > _LONGEST_SLUG:
        slug = slug[:_LONGEST_SLUG].rpartition("-")[0] or slug[:_LONGEST_SLUG]
    return slug or "something"
