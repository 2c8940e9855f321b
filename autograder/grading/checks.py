"""What a hidden grader marks its tests with: a test with points is a check.

Its name is the question, from the file, and the test's own name: ``test_agrees_with_pytorch`` in ``test_q1.py`` is
``q1.agrees_with_pytorch``. Parametrised cases share its points.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any, NoReturn, TypeVar

import pytest

from autograder.results import Visibility

_Test = TypeVar("_Test", bound=Callable[..., Any])

MARKER = "points(value, title, visibility, claimed): what a check is worth"  # as pytest declares one


def points(
    value: float, title: str, visibility: Visibility = "visible", *, claimed: bool = False
) -> Callable[[_Test], _Test]:
    """Declare what a check is worth, and the title that students and instructors see.

    ``visibility`` says from when on Gradescope shows students the check: ``"visible"`` (at once),
    ``"after_due_date"``, ``"after_published"`` (with the grades) or ``"hidden"`` (never). ``claimed`` says that the
    check rests on what a submission's process says of itself, which could be forged: ``autograder assign`` adds such
    points up.
    """

    def mark(test: _Test) -> _Test:
        marked: _Test = pytest.mark.points(value, title, visibility, claimed)(test)
        return marked

    return mark


class Coded(str):
    """A message about a mistake that has a name, under which all who made it are found together."""

    code: str

    __slots__ = ("code",)


def coded(code: str, message: str) -> Coded:
    """A message for a student, with the code of the known mistake that it is about: ``"padding-once"``.

    It goes wherever a message does: into ``assert``, ``pytest.fail`` and :func:`partial_credit`. The code stays when
    the message is worded anew. `autograder explain --all` lists those that have a page already.

    Raises:
        ValueError: the code is other than small letters, digits and single hyphens.
    """
    if not _CODE.fullmatch(code):
        raise ValueError(f"{code!r} is no code: small letters, digits and single hyphens, as in padding-once")
    told = Coded(message)
    told.code = code
    return told


_CODE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


def code_of(raised: BaseException) -> str:
    """The code that came with the message of what a check raised; nothing where none did."""
    message = raised.msg if isinstance(raised, pytest.fail.Exception) else next(iter(raised.args), None)
    return message.code if isinstance(message, Coded) else ""


class PartialCredit(Exception):
    """A check grants a part of its points."""

    def __init__(self, fraction: float, because: str) -> None:
        super().__init__(because)
        fraction = float(fraction)
        # NaN, as of what a submission returned, is no part of the points: a sum with it could not be written.
        self.fraction = 0.0 if math.isnan(fraction) else min(max(fraction, 0.0), 1.0)


def partial_credit(fraction: float, because: str) -> NoReturn:
    """End a check with a fraction of its points, between 0 and 1, and a message for the student.

    Raises:
        PartialCredit: always; the check's record reads it.
    """
    raise PartialCredit(fraction, because)
