"""What graders are held to: the submissions that are declared, and the notebooks of the release, each with its outcome.

A difference between what a submission got and what it declares is a defect of a grader, or of the declaration.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import jupytext

from autograder.assignment import Assignment
from autograder.errors import AssignmentError
from autograder.grading.session import declared_checks
from autograder.quality.declared import DECLARATIONS, FOLDER, Declaration, DeclaredSubmission, declared_submissions
from autograder.results import Check, Result, question_of

BLANK = "notebooks/blank.ipynb"
REFERENCE = "notebooks/reference.ipynb"
_FEWEST_WORDS = 10  # characters of a reason


@dataclass(frozen=True)
class Difference:
    """What is not as declared, of a check, or where ``check`` is empty of the submission as a whole."""

    check: str
    words: str


def checks_of(assignment: Assignment) -> tuple[Check, ...]:
    """The checks of an assignment, none of which was run.

    Raises:
        AssignmentError: the graders can't be read.
    """
    declared = declared_checks(assignment)
    if declared.trouble:
        raise AssignmentError(f"the hidden graders can't be read: {declared.trouble}")
    return declared.checks


def cases(assignment: Assignment, checks: Sequence[Check]) -> dict[str, DeclaredSubmission]:
    """The declared submissions of an assignment, and its notebooks, by their names.

    The blank notebook is that of the release, if there is one; it has to lose every check.

    Raises:
        AssignmentError: ``outcomes.toml`` is not right, or there is nothing to hold the graders to.
    """
    folder, name = assignment.folder, assignment.name
    found = declared_submissions(folder) if (folder / FOLDER / DECLARATIONS).is_file() else {}
    masters = [path for path in (folder / f"{name}.py", folder / f"{name}.ipynb") if path.is_file()]
    if masters:
        declaration = Declaration(style="the master notebook with its solutions")
        found[REFERENCE] = DeclaredSubmission(REFERENCE, declaration, _as_notebook(masters[0]))
    blank = folder.parent.parent / "assignments" / name / f"{name}.ipynb"
    if folder.parent.name == "solutions" and blank.is_file():
        nothing = Declaration(mistake="nothing is filled in", fails=frozenset(check.name for check in checks))
        found[BLANK] = DeclaredSubmission(BLANK, nothing, _as_notebook(blank))
    if not found:
        raise AssignmentError(
            f"{folder} has nothing to hold its graders to: declare right and wrong submissions in "
            f"{FOLDER}/{DECLARATIONS}"
        )
    return found


def _as_notebook(path: Path) -> bytes:
    notebook = jupytext.read(path)
    for number, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{number}"  # not one by chance, so that the same text makes the same notebook
    text: str = jupytext.writes(notebook, fmt="ipynb")
    return text.encode()


def asked_of(declaration: Declaration, questions: Collection[str]) -> frozenset[str]:
    """The questions to ask of a submission where these are to be judged.

    What it is told is judged by all that it loses, which is more than these where it loses some of each.
    """
    at_stake, asked = _at_stake(declaration), frozenset(questions)
    is_told = declaration.says or declaration.cause or declaration.status == "partial"
    return asked | at_stake if is_told and at_stake & asked else asked


def _at_stake(declaration: Declaration) -> frozenset[str]:
    checks = {*declaration.fails, *declaration.partial, *declaration.may_fail}
    return frozenset(question_of(check) for check in checks if not declaration.leaves_out(check))


def differences(
    case: DeclaredSubmission,
    checks: Sequence[Check],
    result: Result,
    questions: Collection[str],
    secrets: Collection[str],
) -> list[Difference]:
    """What of a result is not as the submission declares.

    ``checks`` are all that the assignment has. ``result`` is of ``questions``, as :func:`asked_of` completed them. What
    students are shown must hold none of the ``secrets``, such as the assignment's folder.
    """
    if result.trouble:
        return [Difference("", f"could not be graded: {result.trouble.strip()}")]
    found = differing_points(case.declaration, checks, result, questions)
    answered = [check for check in result.checks if not case.declaration.leaves_out(check.name)]
    lost = [check for check in answered if check.points < check.max_points]
    if (at_stake := _at_stake(case.declaration)).intersection(questions) or not at_stake:
        found += [*_feedback(case.declaration, lost), *_cause(case.declaration, result.checks, lost)]
    if case.name.startswith("right/") or case.name == REFERENCE:
        told = [check for check in answered if check.feedback]
        found += [Difference(check.name, f"it is right, but is told: {check.feedback}") for check in told]
    if case.name == REFERENCE:
        found += [Difference("", f"it is right, but is told: {note}") for note in result.notes]
    return [*found, *_reasons(result, secrets)]


def differing_points(
    declaration: Declaration, checks: Sequence[Check], result: Result, questions: Collection[str]
) -> list[Difference]:
    """What of the points of a result of ``questions``, and of its status, is not as declared."""
    return [*_points(declaration, checks, result, questions), *_status(declaration, result, questions)]


def _expected(declaration: Declaration, check: Check) -> float:
    """The points that a submission declares to get for a check, or the most that it may get."""
    if declaration.leaves_out(check.name) or check.name in declaration.fails:
        return 0.0
    return declaration.partial.get(check.name, check.max_points)


def _points(
    declaration: Declaration, checks: Sequence[Check], result: Result, questions: Collection[str]
) -> Iterator[Difference]:
    named = {*declaration.fails, *declaration.partial, *declaration.may_fail}
    for unknown in sorted(named - {check.name for check in checks}):
        yield Difference(unknown, "it is declared, but no grader has this check")
    got = {check.name: check for check in result.checks}
    for check in checks:
        if question_of(check.name) not in questions:
            continue
        most = _expected(declaration, check)
        if check.name not in got:
            yield Difference(check.name, "it was not run")
            continue
        points, feedback = got[check.name].points, got[check.name].feedback
        is_fine = 0 <= points <= most if check.name in declaration.may_fail else points == most
        if not is_fine:
            told = f"; it is told: {feedback}" if feedback else ""
            yield Difference(check.name, f"gets {points:g} of {check.max_points:g}, and declares {most:g}{told}")


def _status(declaration: Declaration, result: Result, questions: Collection[str]) -> Iterator[Difference]:
    is_partial = declaration.status == "partial" and not _at_stake(declaration).intersection(questions)
    wanted = "graded" if is_partial else declaration.status
    if result.status != wanted:
        yield Difference("", f"its status is {result.status!r}, and is declared as {wanted!r}")


def _feedback(declaration: Declaration, lost: Sequence[Check]) -> Iterator[Difference]:
    """The feedback of the first check that it lost is to name the mistake."""
    if declaration.says is None:
        return
    if not lost:
        yield Difference("", f"it loses nothing, and is to be told {declaration.says!r}")
    elif declaration.says.lower() not in lost[0].feedback.lower():
        yield Difference(lost[0].name, f"does not say {declaration.says!r}, but: {lost[0].feedback}")


def _cause(declaration: Declaration, checks: Sequence[Check], lost: Sequence[Check]) -> Iterator[Difference]:
    """The diagnosis is to name the cause first."""
    if declaration.cause is None:
        return
    lines = [(check.name, line) for check in checks for line in check.feedback.split("\n") if "Most likely: " in line]
    name, told = lines[0] if lines else (lost[0].name if lost else "", "")
    if not told.startswith(f"Most likely: {declaration.cause}. "):
        yield Difference(name, f"the diagnosis does not name {declaration.cause!r}, but: {told or 'nothing'}")


def _reasons(result: Result, secrets: Collection[str]) -> Iterator[Difference]:
    """What is lost has to have a reason, and nothing that is shown may show what is hidden."""
    for check in result.checks:
        if check.outcome != "passed" and len(check.feedback) <= _FEWEST_WORDS:
            yield Difference(check.name, "it is lost, and no reason is given")
        yield from _leaks(check.name, [check.title, check.feedback, *check.decided], secrets)
    yield from _leaks("", [result.summary, *result.notes], secrets)


def _leaks(check: str, shown: Sequence[str], secrets: Collection[str]) -> Iterator[Difference]:
    text = "\n".join(shown)
    yield from (Difference(check, f"what is shown holds {secret!r}") for secret in secrets if secret in text)
