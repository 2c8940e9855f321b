"""Classes of any size, with invented names, put together from results of declared submissions that were graded once.

For each student, each question's checks are those of one of the stored results. `tests/stored/` has them as they were
written by :meth:`autograder.results.Result.to_json`; later versions of the format read them.
"""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

from autograder.results import Result, question_of

STORED = Path(__file__).parent / "stored"
_FIRST = [
    "Ada",
    "Bo",
    "Chidi",
    "Dana",
    "Emeka",
    "Farah",
    "Goran",
    "Hana",
    "Ines",
    "Jun",
    "Kofi",
    "Lena",
    "Mira",
    "Nils",
    "Olu",
    "Petra",
    "Qadir",
    "Rosa",
    "Sven",
    "Tala",
]
_LAST = [
    "Adler",
    "Brandt",
    "Castillo",
    "Diallo",
    "Eriksen",
    "Fontaine",
    "Grau",
    "Haddad",
    "Ito",
    "Jansen",
    "Kowal",
    "Lindt",
    "Moreau",
    "Novak",
    "Okafor",
]
RIGHT = 0.65  # of the questions, answered as in a right submission


def stored(lesson: str = "cnn") -> list[Result]:
    """The stored results of a lesson, by name."""
    lines = (STORED / f"{lesson}.jsonl").read_text().splitlines()
    return sorted(map(Result.from_json, lines), key=lambda result: result.submission)


def student(number: int) -> str:
    """An invented name, of which there are as many as there are numbers."""
    first, last = _FIRST[number % len(_FIRST)], _LAST[number // len(_FIRST) % len(_LAST)]
    again = number // (len(_FIRST) * len(_LAST))
    return f"{first} {last}{f' {again + 1}' if again else ''}"


def class_of(size: int, lesson: str = "cnn", seed: int = 0) -> list[Result]:
    """As many results: most of a bit of everything, some that no code could be read from, some left blank."""
    rng, known = random.Random(seed), stored(lesson)
    whole = [result for result in known if result.status in ("graded", "partial")]
    right = [result for result in whole if result.score == result.max_score]
    questions = list(dict.fromkeys(question_of(check.name) for check in whole[0].checks))
    return sorted((_one(rng, known, whole, right, questions, n) for n in range(size)), key=lambda r: r.submission)


def _one(rng, known, whole, right, questions, number) -> Result:
    name = f"{student(number)}/notebook.ipynb"
    if rng.random() < 0.06:
        return replace(rng.choice([result for result in known if result.score == 0]), submission=name)
    base = rng.choice(right)
    ability = rng.uniform(RIGHT - 0.45, RIGHT + 0.45)
    checks = []
    for question in questions:
        source = rng.choice(right) if rng.random() < ability else _wrong_in(rng, whole, question)
        checks += [check for check in source.checks if question_of(check.name) == question]
    status = "partial" if any(check.outcome == "not run" for check in checks) else "graded"
    board = tuple(replace(entry, value=round(rng.gauss(0.77, 0.03), 4)) for entry in base.leaderboard)
    return replace(base, submission=name, checks=tuple(checks), status=status, leaderboard=board)


def _wrong_in(rng, whole, question) -> Result:
    """One that says more of its mistake than that nothing is there, if there is any."""

    def feedbacks(result):
        return [c.feedback for c in result.checks if question_of(c.name) == question and c.outcome != "passed"]

    wrong = [result for result in whole if feedbacks(result)]
    nothing = ("is not defined", "still the stub", "returns nothing", "has no parameters", "raised TypeError")
    telling = [result for result in wrong if not any(words in " ".join(feedbacks(result)) for words in nothing)]
    return rng.choice(telling or wrong)
