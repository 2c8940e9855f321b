"""Gradescope's ``results.json``, which is also what is written for each submission of a class."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from autograder.results import Result


def to_gradescope(result: Result) -> dict[str, Any]:
    """A result in Gradescope's schema for ``results.json``.

    https://gradescope-autograders.readthedocs.io/en/latest/specs/#output-format
    """
    return {
        "score": result.score,
        "execution_time": round(result.seconds, 3),
        "output": result.summary,
        "output_format": "text",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "tests": [
            {
                "name": check.name,
                "name_format": "text",
                "score": check.points,
                "max_score": check.max_points,
                "status": "passed" if check.outcome == "passed" else "failed",
                "output": "\n".join(filter(None, [check.title, check.feedback])),
                "output_format": "text",
                "visibility": check.visibility,
                "extra_data": {
                    "outcome": check.outcome,
                    "seconds": round(check.seconds, 3),
                    "decided": list(check.decided),
                },
            }
            for check in result.checks
        ],
        "leaderboard": [asdict(entry) for entry in result.leaderboard],
        "extra_data": {
            "submission": result.submission,
            "status": result.status,
            "max_score": result.max_score,
            "confinement": list(result.confinement),
        },
    }
