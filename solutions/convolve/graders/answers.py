"""What a student's function answers: how it is asked for, read, compared and explained.

A mistake is recognised by its answers: they are those of a known mistaken formula in every case.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import pytest

from autograder import Handle, StudentError, coded, partial_credit, shown


@dataclass(frozen=True)
class Case:
    """Arguments for a function, and the words for them in messages."""

    words: str
    arguments: tuple[Any, ...]
    keywords: dict[str, Any] = field(default_factory=dict)

    def given_to(self, function):
        return function(*self.arguments, **self.keywords)


class Mistake(NamedTuple):
    """What to tell a student whose function gives what this formula gives."""

    code: str  # of the mistake, whatever the question: it stays when the text is worded anew
    text: str
    formula: Callable[..., Any]


def as_array(claim):
    """The claim as an array of numbers, or None. A torch tensor arrives as an array."""
    if claim is None or isinstance(claim, (str, bytes, dict, Handle, StudentError)):
        return None
    try:
        array = np.asarray(claim)
    except (ValueError, TypeError, OverflowError):
        return None
    return array if array.dtype.kind in "biuf" else None


def shape_of(claim):
    """The shape of an array, or None of anything else: a claim may hold what compares to nothing."""
    return claim.shape if isinstance(claim, np.ndarray) else None


def arrays_agree(array, expected):
    """Whether shapes are equal and values close; float32 and float64 are both fine."""
    if array.shape != np.shape(expected):
        return False
    return bool(np.allclose(array.astype(np.float64), expected, rtol=1e-4, atol=1e-5))


def show_array(array):
    """The shape, and all of a small array or the beginning of a large one."""
    if array.ndim == 0:
        return f"{array.item():.6g}"
    some = array if array.size <= 24 else array.reshape(-1)[:6]
    text = " ".join(np.array2string(some, precision=4, separator=", ", suppress_small=True).split())
    text = text.replace("[ ", "[")
    return f"{text} of shape {array.shape}" if array.size <= 24 else f"shape {array.shape}, values {text[:-1]}, ...]"


@dataclass(frozen=True)
class Form:
    """A kind of answer: how to read it (None if it is of another kind), compare it and show it."""

    words: str
    read: Callable[[Any], Any]
    agree: Callable[[Any, Any], bool]
    show: Callable[[Any], str]


ARRAY = Form("an array of numbers", as_array, arrays_agree, show_array)
NUMBER = Form("a number", as_array, arrays_agree, show_array)


LARGEST = 1 << 20  # numbers and characters in an answer; those of all cases are held at a time


def _size(claim):
    if isinstance(claim, np.ndarray):
        return claim.size
    if isinstance(claim, (list, tuple)):
        return sum(map(_size, claim))
    if isinstance(claim, dict):
        return sum(map(_size, claim.values()))
    return len(claim) if isinstance(claim, (str, bytes)) else 1


def claim_of(function, case):
    """What the student's function says of a case, be it an exception."""
    try:
        return case.given_to(function)
    except StudentError as error:
        return error


def require(function, cases, right, mistakes, form=ARRAY, hint=""):
    """Fail the check, with the reason, unless the function answers rightly in every case. Returns the answers.

    ``hint`` is what to look at where no known mistake explains the answers.
    """
    claims = []
    for case in cases:
        claims.append(claim_of(function, case))
        if _size(claims[-1]) > LARGEST:
            told = describe(claims[-1], form.read(claims[-1]), form)
            pytest.fail(f"Your function returns more than can be right. For {case.words}, it {told}.")
    answers = [form.read(claim) for claim in claims]
    expected = [case.given_to(right) for case in cases]
    pairs = list(zip(answers, expected, strict=True))
    wrong = [n for n, (answer, truth) in enumerate(pairs) if answer is None or not form.agree(answer, truth)]
    if wrong:
        first = wrong[0]
        code, cause = _cause(cases, claims, answers, wrong, mistakes, form, hint)
        told = describe(claims[first], answers[first], form)
        truth = form.show(expected[first])
        where = _where(answers[first], expected[first])
        words = f"{cause} For {cases[first].words}, your function {told}{where}. Right is {truth}.".strip()
        pytest.fail(coded(code, words) if code else words)
    if form is ARRAY and any(isinstance(claim, (list, tuple)) for claim in claims):
        partial_credit(
            0.5, "The values are right, but your function returns a list: make an array of it with `np.array(...)`."
        )
    return answers


def _cause(cases, claims, answers, wrong, mistakes, form, hint):
    """The code of the known mistake, if it is one, and the words for what is wrong."""
    if all(claim is None for claim in claims):
        return "nothing-returned", "Nothing comes back: end your function with `return` and the result."
    answered = [n for n, answer in enumerate(answers) if answer is not None]
    # What a mistaken formula can't compute may raise, so the other answers tell the mistake.
    if len(answered) > len(cases) // 2 and set(answered) & set(wrong):
        known = [cases[n] for n in answered]
        for mistake in mistakes:
            if all(_gives(mistake, case, answers[n], form) for n, case in zip(answered, known, strict=True)):
                return mistake.code, mistake.text
    if isinstance(claims[wrong[0]], StudentError):
        # A hint is about shapes and places, which errors of these kinds come of.
        is_about_shapes = any(claims[wrong[0]].is_a(kind) for kind in ("ValueError", "IndexError"))
        return "", f"{claims[wrong[0]]}. {hint if is_about_shapes else ''}".strip()
    if answers[wrong[0]] is None:
        return "another-kind", f"Your function is to return {form.words}."
    if len(cases) > 2 and len(answered) == len(cases) and len({form.show(a) for a in answers}) == 1:
        return "same-answer", "Your function gives the same answer for every input: compute it from the arguments."
    return "", f"Your function is right in {len(cases) - len(wrong)} of {len(cases)} cases. {hint}".strip()


def _gives(mistake, case, answer, form):
    """Whether the mistaken formula gives this answer; it may have none for what is beyond it."""
    try:
        truth = case.given_to(mistake.formula)
    except (ValueError, IndexError, RuntimeError):
        return False
    return form.agree(answer, truth)


def describe(claim, answer, form):
    """What the student's function did, after the words "your function"."""
    if isinstance(claim, StudentError):
        return f"raises {claim.kind}"
    if claim is None:
        return "returns None"
    if answer is not None:
        return f"returns {form.show(answer)}"
    if isinstance(claim, Handle):
        return f"returns an object of the type {claim.kind_}"
    return f"returns {shown(claim)} of the type {type(claim).__name__}"


def _where(answer, truth):
    """The first value that differs, where a large array has the right shape."""
    if not isinstance(answer, np.ndarray) or answer.shape != np.shape(truth) or answer.size <= 24:
        return ""
    off = ~np.isclose(answer.astype(np.float64), truth, rtol=1e-4, atol=1e-5)
    place = tuple(int(i) for i in np.argwhere(off)[0])
    return (
        f" ({off.sum()} of {off.size} values differ, the first at {list(place)}: "
        f"{answer[place].item():.6g} instead of {float(truth[place]):.6g})"
    )
