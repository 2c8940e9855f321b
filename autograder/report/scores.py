"""``scores.csv``: a row for each submission, a column for each check."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from autograder.results import Result
from autograder.sanitize import spreadsheet_text


def scores(results: Sequence[Result]) -> str:
    """The table as CSV, whose names no spreadsheet takes for formulas."""
    columns = list(dict.fromkeys(check.name for result in results for check in result.checks))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["submission", "score", "max_score", "status", *columns])
    for result in results:
        points = {check.name: check.points for check in result.checks}
        cells = [_number(points[name]) if name in points else "" for name in columns]
        writer.writerow(
            [
                spreadsheet_text(result.submission),
                _number(result.score),
                _number(result.max_score),
                result.status,
                *cells,
            ]
        )
    return text.getvalue()


def _number(value: float) -> str:
    return f"{value:g}"
