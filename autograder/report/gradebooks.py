"""What grade books import: a class's scores in the table that the platform itself exported.

Canvas (``lib/gradebook_importer.rb`` of canvas-lms) finds students by ``ID`` and the assignment by the number behind
its title, and wants the row of points possible as it was. Moodle (``mod/assign/feedback/offline/importgradeslib.php``)
finds participants by the number in the first column, and passes over who was graded since, by ``Last modified
(grade)``. So all that they wrote is written back as it was, but for the scores, and who has none here is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from autograder.errors import UsageError
from autograder.report.policy import Marked
from autograder.report.roster import Matched, Roster
from autograder.sanitize import spreadsheet_text


@dataclass(frozen=True)
class Book:
    """What is to be written, and what to know before it is imported."""

    text: str
    warnings: tuple[str, ...] = ()


Writer = Callable[[Roster, Matched, str, bool], Book]


def _for_canvas(roster: Roster, matched: Matched, column: str, is_scaled: bool) -> Book:
    if not roster.is_of_canvas:
        raise UsageError(f"{roster.path} is not the gradebook of Canvas: there, choose Export, Export Entire Gradebook")
    titles = [title.strip() for title in roster.header]
    who = titles.index("Section") + 1  # the columns that say who a student is
    place = _column(roster, column, range(who, len(titles)), lambda title: title.rpartition(" (")[0] or title)
    possible = next((row[place] for row in roster.above if "points possible" in row[0].lower()), "")
    scale, warnings = _scale(possible, matched, is_scaled)
    kept = [*range(who), place]
    rows = [[row[n] for n in kept] for row in roster.above]
    rows += [
        [*(roster.students[n][k] for k in range(who)), _number(result.score * scale)]
        for n, result in matched.of.items()
    ]
    return Book(roster.written([roster.header[n] for n in kept], rows), warnings)


def _for_moodle(roster: Roster, matched: Matched, column: str, is_scaled: bool) -> Book:
    if not roster.is_of_moodle:
        raise UsageError(
            f"{roster.path} is not a grading worksheet of Moodle: switch on 'Offline grading worksheet' in the "
            "assignment's settings, and choose 'Download grading worksheet'"
        )
    place = _column(roster, column or "Grade", range(1, len(roster.header)), lambda title: title)
    most = roster.place("maximum grade")
    possible = roster.students[0][most] if most is not None else ""
    scale, warnings = _scale(possible, matched, is_scaled)
    rows = [_replaced(roster.students[n], place, result.score * scale) for n, result in matched.of.items()]
    return Book(roster.written(roster.header, rows), warnings)


def _for_gradescope(roster: Roster, matched: Matched, _column_name: str, _is_scaled: bool) -> Book:
    """As Gradescope's own table of an assignment's grades, which other programs read; it imports none itself."""
    columns = [
        n for n in map(roster.place, ("first name", "last name", "name", "sid", "email", "sections")) if n is not None
    ]
    header = [*(roster.header[n] for n in columns), "Total Score", "Max Points", "Status"]
    rows = []
    for n, student in enumerate(roster.students):
        result = matched.of.get(n)
        scores = [_number(result.score), _number(result.max_score), "Graded"] if result else ["", "", "Missing"]
        rows.append([*(student[k] for k in columns), *scores])
    return Book(roster.written(header, rows))


def _as_csv(roster: Roster, matched: Matched, _column_name: str, _is_scaled: bool) -> Book:
    """All that the roster says, and what each student got."""
    rows = []
    for n, student in enumerate(roster.students):
        got = matched.of.get(n)
        rows.append([*student, *(_row_of(got) if got else ("", "", "", "missing", "", ""))])
    columns = ["submission", "score", "max_score", "status", "before_policy", "steps"]
    return Book(roster.written([*roster.header, *columns], rows))


WRITERS: dict[str, Writer] = {
    "canvas": _for_canvas, "moodle": _for_moodle, "gradescope": _for_gradescope, "csv": _as_csv,
}  # fmt: skip
"""By the names of the platforms: of the roster, whose submissions are whose, a column's name, and whether to scale.

Each raises a :class:`UsageError` where the roster is not the platform's, or lacks the column.
"""


def _column(roster: Roster, wanted: str, places: Sequence[int], title_of: Callable[[str], str]) -> int:
    """The place of the column whose whole name, or title, is the wanted one.

    Raises:
        UsageError: there is none, or two.
    """
    titles = {n: roster.header[n].strip() for n in places}
    found = [n for n, title in titles.items() if title == wanted]
    found = found or [n for n, title in titles.items() if title_of(title) == wanted]
    if len(found) != 1:
        why = f"{len(found)} columns of {roster.path} are called {wanted!r}" if wanted else "no column is named"
        raise UsageError(f"{why}: say which one with --column, of {', '.join(titles.values())}")
    return found[0]


def _scale(possible: str, matched: Matched, is_scaled: bool) -> tuple[float, tuple[str, ...]]:
    """By what scores are multiplied, and what to say of that."""
    most = max((result.max_score for result in matched.of.values()), default=0.0)
    try:
        there = float(possible.replace(",", "."))
    except ValueError:
        if is_scaled:
            raise UsageError(
                f"the roster does not say how many points there are ({possible!r}): leave out --scale"
            ) from None
        return 1.0, ()
    if not most or abs(there - most) < 1e-9:
        return 1.0, ()
    if is_scaled:
        return there / most, ()
    words = f"there are {there:g} points on the platform, and {most:g} here: scores are written as they are"
    return 1.0, (f"{words} (--scale multiplies them by {there / most:g})",)


def _replaced(row: Sequence[str], place: int, score: float) -> list[str]:
    return [*row[:place], _number(score), *row[place + 1 :]]


def _row_of(result: Marked) -> tuple[str, ...]:
    return (
        spreadsheet_text(result.submission),
        _number(result.score),
        _number(result.max_score),
        result.status,
        _number(result.result.score),
        spreadsheet_text("; ".join(map(str, result.steps))),
    )


def _number(value: float) -> str:
    return f"{round(value, 4):g}"
