"""What one student is to see of a result, as a page and as Markdown, and a class's pages packed to be returned.

It holds the checks that are shown from when it is returned, with the messages that their authors wrote: no rule of a
verdict, no trouble of ours, no other submission. What comes from the submission is text in it and nothing else.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal, get_args

from jinja2 import Environment, PackageLoader
from markupsafe import Markup

from autograder.atomic import write_named
from autograder.report.explain import code_to_ask
from autograder.report.page import packaged
from autograder.report.platforms import canvas_user, moodle_folder
from autograder.report.policy import Marked
from autograder.results import Check, Result, Visibility, question_of
from autograder.sanitize import sanitize

FOLDER = "feedback"
_MAX_NAME = 200  # characters
Moment = Literal["visible", "after_due_date", "after_published"]  # from when on: Gradescope's words
_MOMENTS: tuple[Moment, ...] = get_args(Moment)


@dataclass(frozen=True)
class Shown:
    """What is shown of a result."""

    marked: Marked
    title: str  # of the assignment
    questions: dict[str, list[Check]]
    withheld: int  # checks that count, and are not shown

    @property
    def result(self) -> Result:
        """What the graders decided."""
        return self.marked.result

    @property
    def steps(self) -> list[str]:
        """From the points of the graders to those that count, in words that may hold what a person wrote."""
        return [sanitize(str(step)) for step in self.marked.steps]

    @property
    def name(self) -> str:
        """Of the submission."""
        return sanitize(self.result.submission, _MAX_NAME)

    @property
    def summary(self) -> str:
        """What there is to say about the submission as a whole."""
        return sanitize(self.result.summary)


def shown_to_student(marked: Marked, title: str, moment: Moment = "visible") -> Shown:
    """What a student may see at once, after the due date, or when grades are published; never what is hidden."""
    seen: tuple[Visibility, ...] = _MOMENTS[: _MOMENTS.index(moment) + 1]
    questions: dict[str, list[Check]] = {}
    for check in marked.result.checks:
        if check.visibility in seen:
            questions.setdefault(question_of(check.name), []).append(check)
    return Shown(marked, title, questions, len(marked.result.checks) - sum(map(len, questions.values())))


def as_html(shown: Shown) -> str:
    """The page."""
    environment = Environment(loader=PackageLoader(__package__), autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters |= {"plain": sanitize, "number": "{:g}".format, "code": code_to_ask}
    style = Markup(packaged("static", "report.css"))  # noqa: S704  # our own file
    return environment.get_template("feedback.html").render(shown=shown, style=style)


def as_markdown(shown: Shown) -> str:
    """The same for where pages can't go; what may come from a submission stands in blocks of code."""
    return "\n\n".join(_markdown(shown)) + "\n"


def _markdown(shown: Shown) -> Iterator[str]:
    yield f"# {_escaped(shown.title)}"
    yield f"{shown.marked.score:g} of {shown.marked.max_score:g} points for this submission:"
    yield _fenced(shown.name)
    if shown.steps:
        yield "From the points of the checks to these:"
        yield _fenced("\n".join(shown.steps))
    yield _fenced(shown.summary)
    for question, checks in shown.questions.items():
        got, most = sum(check.points for check in checks), sum(check.max_points for check in checks)
        yield f"## {_escaped(question)}: {got:g} of {most:g} points"
        for check in checks:
            yield (
                f"**{_escaped(sanitize(check.title))}**: {check.outcome}, {check.points:g} of {check.max_points:g} "
                "points"
            )
            if check.feedback:
                yield _fenced(sanitize(check.feedback))
            if code := code_to_ask(check):
                yield f"More about it: `autograder explain {code}`"
    if shown.withheld:
        yield f"{shown.withheld} more checks count, and are not shown."


def _escaped(text: str) -> str:
    return re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", " ".join(text.split()))


def _fenced(text: str) -> str:
    """A block of code that nothing in it ends."""
    fence = "`" * max(3, *(len(run) + 1 for run in re.findall(r"`+", text)), 3)
    return f"{fence}text\n{text}\n{fence}"


def write_feedback(
    results: Sequence[Marked], folder: Path, title: str, moment: Moment = "visible"
) -> dict[str, tuple[Path, Path]]:
    """Write ``feedback/<submission>.html`` and ``.md`` into a folder; returns where those of each submission are."""
    written = {}
    for marked in results:
        shown = shown_to_student(marked, title, moment)
        written[marked.submission] = (
            write_named(folder / FOLDER, marked.submission, ".html", as_html(shown)),
            write_named(folder / FOLDER, marked.submission, ".md", as_markdown(shown)),
        )
    return written


# --- to be returned --------------------------------------------------------------------------------------------------


def _canvas_name(submission: str) -> str | None:
    name = PurePosixPath(submission).name
    return f"{PurePosixPath(name).stem}.html" if canvas_user(submission) else None


def _moodle_name(submission: str) -> str | None:
    folder = moodle_folder(submission)
    return f"{folder}/feedback.html" if folder else None


PLATFORMS: dict[str, Callable[[str], str | None]] = {
    "canvas": _canvas_name,
    "moodle": _moodle_name,
    "files": lambda submission: f"{submission}.html",
}
"""How the feedback to a submission is called, for whom it is returned through; None if its file was not of them."""


@dataclass(frozen=True)
class Packed:
    """What came of packing."""

    path: Path
    count: int
    left_out: tuple[str, ...]  # submissions whose names are not the platform's
    doubled: tuple[str, ...]  # those whose place another one has taken: two files of one student


def pack(written: dict[str, tuple[Path, Path]], folder: Path, platform: str) -> Packed:
    """Pack pages into ``feedback-<platform>.zip``, by the names that the platform gave to the files.

    Raises:
        KeyError: there is no such platform.
    """
    name_of = PLATFORMS[platform]
    path = folder / f"feedback-{platform}.zip"
    packed: dict[str, str] = {}
    left_out, doubled = [], []
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for submission, (page, _) in written.items():
            name = name_of(submission)
            if name is None:
                left_out.append(submission)
            elif name in packed:
                doubled.append(submission)
            else:
                packed[name] = submission
                archive.write(page, name)
    return Packed(path, len(packed), tuple(left_out), tuple(doubled))
