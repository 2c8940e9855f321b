"""``report.html``: how a class did and why, on one page that loads nothing and is made of results alone.

What comes from submissions is text on it and nothing else: Jinja2 escapes what stands in the page, its script makes
text nodes of the rest, and the page's own content security policy lets no script run but those whose digests it names.
"""

from __future__ import annotations

import base64
import hashlib
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader
from markupsafe import Markup

from autograder.atomic import write_whole
from autograder.errors import UsageError
from autograder.report.applied import apply_policy, policy_of
from autograder.report.causes import Told, cause_told
from autograder.report.listener import Listener
from autograder.report.policy import Marked
from autograder.report.statistics import check_statistics, distribution
from autograder.results import Check, Result, Training, question_of
from autograder.sanitize import sanitize

FILE = "report.html"
EXAMPLES = 3  # submissions to open, of each cause
_SHOWN = 20  # causes at once; the rest on demand
_MAX_NAME = 200  # characters
_MAX_TROUBLE = 4000
_OUTCOMES = ("passed", "partial", "failed", "not run", "broken")
_LIBRARIES = ("d3.min.js", "plot.umd.min.js", "dataTables.min.js")


@dataclass(frozen=True)
class ClassPage(Listener):
    """Writes the page into the folder of the results when grading ends, also when it is interrupted."""

    folder: Path
    title: str
    not_applied: list[str] = field(default_factory=list)  # why the policy is not, if so: no reason to have no page
    doubts: list[str] = field(default_factory=list)  # what may be amiss with it

    def finished(self, results: Sequence[Result], *, is_complete: bool) -> None:
        """Write it, if there are results."""
        if results:
            try:
                page = class_page(results, self.title, marked=self._marked(results), is_complete=is_complete)
                write_whole(self.folder / FILE, page)
            except OSError:
                if is_complete:
                    raise
                # What is under way says it already, as of a full disk, and says more.

    def _marked(self, results: Sequence[Result]) -> list[Marked]:
        """The results by the policy, if there is one and it can be applied: it may name who is not graded yet."""
        policy = policy_of(self.folder, None)
        if policy is None:
            return []
        try:
            applied = apply_policy(results, policy, self.folder)
        except UsageError as error:
            self.not_applied.append(str(error))
            return []
        self.doubts.extend(applied.doubts)
        return applied.marked


def class_page(
    results: Sequence[Result], title: str, *, marked: Sequence[Marked] = (), is_complete: bool = True
) -> str:
    """The page as HTML. There is at least one result; ``marked`` are the same by a policy, if there is one."""
    causes = _causes(results)
    checks = check_statistics(results)
    environment = Environment(loader=PackageLoader(__package__), autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters |= {"plain": sanitize, "number": "{:g}".format}
    scripts = [packaged("vendored", name) for name in _LIBRARIES] + [packaged("static", "report.js")]
    return environment.get_template("report.html").render(
        title=title,
        is_complete=is_complete,
        results=results,
        spread=distribution(results),
        statuses=Counter(result.status for result in results),
        not_graded=[(n, result, _reason(result)) for n, result in enumerate(results) if result.status != "graded"],
        causes=causes,
        shown=_SHOWN,
        examples=EXAMPLES,
        checks=checks,
        questions=list(dict.fromkeys(question_of(check.name) for check in checks)),
        data=_data(results, title, causes, marked),
        has_policy=bool(marked),
        style=Markup(packaged("static", "report.css")),  # noqa: S704  # our own files
        scripts=[(Markup(script), _digest(script)) for script in scripts],  # noqa: S704
    )


def packaged(folder: str, name: str) -> str:
    """The text of a file that pages are made with."""
    return files(__package__).joinpath(folder, name).read_text(encoding="utf-8")


def _digest(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


def _reason(result: Result) -> str:
    """Why a submission was not graded to its end, in a sentence or two."""
    words = [*result.trouble.strip().splitlines()[:1], *result.notes]
    words += [check.feedback for check in result.checks if check.outcome == "not run"]
    return sanitize(words[0], 400) if words else result.summary


@dataclass
class _Cause:
    told: Told
    of: dict[int, float]  # places of the submissions among the results, and the points that each lost by it
    feedback: str = ""  # that one of them was given

    @property
    def lost(self) -> float:
        return round(sum(self.of.values()), 6)

    @property
    def some(self) -> list[int]:
        return list(self.of)[:EXAMPLES]


def _causes(results: Sequence[Result]) -> list[_Cause]:
    """Why points were lost, what most submissions share first."""
    found: dict[str, _Cause] = {}
    for place, result in enumerate(results):
        for check in result.checks:
            if result.status != "error" and (told := cause_told(check)) is not None:
                cause = found.setdefault(told.code, _Cause(told, {}, sanitize(check.feedback)))
                cause.of[place] = cause.of.get(place, 0.0) + check.max_points - check.points
    return sorted(found.values(), key=lambda cause: (-len(cause.of), -cause.lost, cause.told.code))


# --- what the script shows on demand ---------------------------------------------------------------------------------


class _Texts:
    """Texts by number: what many were told is there once."""

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}

    def number(self, text: str) -> int:
        return self.numbers.setdefault(text, len(self.numbers))


def _data(results: Sequence[Result], title: str, causes: Sequence[_Cause], marked: Sequence[Marked]) -> dict[str, Any]:
    """All of it, small: what is said more than once goes by its number."""
    texts = _Texts()
    checks = list({check.name: check for result in results for check in result.checks}.values())
    places = {check.name: place for place, check in enumerate(checks)}
    codes = {cause.told.code: place for place, cause in enumerate(causes)}
    submissions = [_submission(result, places, codes, texts) for result in results]
    for submission, after in zip(submissions, marked, strict=False):
        steps = [texts.number(sanitize(str(step))) for step in after.steps]
        submission["policy"] = [after.score, after.max_score, steps]
    return {
        "title": title,
        "outcomes": _OUTCOMES,
        "checks": [[check.name, sanitize(check.title), question_of(check.name)] for check in checks],
        "causes": [[cause.told.code, cause.told.question, cause.told.words] for cause in causes],
        "submissions": submissions,
        "texts": list(texts.numbers),
    }


def _submission(result: Result, places: dict[str, int], codes: dict[str, int], texts: _Texts) -> dict[str, Any]:
    def told(check: Check) -> int:
        found = cause_told(check)
        return -1 if found is None else codes.get(found.code, -1)

    return {
        "name": sanitize(result.submission, _MAX_NAME),
        "score": result.score,
        "max": result.max_score,
        "status": result.status,
        "seconds": round(result.seconds, 1),
        "notes": [texts.number(sanitize(note)) for note in result.notes],
        "trouble": texts.number(sanitize(result.trouble, _MAX_TROUBLE)),
        "sandbox": texts.number(", ".join(result.confinement)),
        "board": [
            [sanitize(entry.name, 80), entry.value, entry.order]
            for entry in result.leaderboard
            if math.isfinite(entry.value)
        ],
        "trainings": [_training(training) for training in result.trainings],
        "checks": [
            [
                places[check.name],
                check.points,
                check.max_points,
                _OUTCOMES.index(check.outcome),
                texts.number(sanitize(check.feedback)),
                round(check.seconds, 2),
                [texts.number(sanitize(line)) for line in check.decided],
                told(check),
                texts.number(check.rests_on if check.rests_on != "claimed" else f"claimed: {check.claimed_since}"),
            ]
            for check in result.checks
        ],
    }


def _training(training: Training) -> list[Any]:
    """What is drawn; what is no number is null."""
    return [
        training.question,
        [_drawn(loss) for loss in training.losses],
        [[sanitize(name, 40), [_drawn(value) for value in values]] for name, values in training.history],
        training.confusion,
        training.kernels,
    ]


def _drawn(value: float) -> float | None:
    return value if math.isfinite(value) else None
