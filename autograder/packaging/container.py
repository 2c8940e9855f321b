"""Grading inside a container that holds one submission, as Gradescope and ``otter grade`` do it.

::

    /autograder/source/       the package, unzipped
    /autograder/submission/   what the student handed in
    /autograder/results/      results.json for Gradescope, results.pkl for `otter grade`

https://gradescope-autograders.readthedocs.io/en/latest/specs/
"""

from __future__ import annotations

import json
import traceback
from pathlib import Path
from typing import Any

import dill
from otter.test_files import GradingResults
from rich.console import Console

from autograder.assignment import Assignment
from autograder.batch.run import grade_alone
from autograder.errors import AutograderError, UnreadableSubmission
from autograder.grading.grade import ungradable
from autograder.grading.session import Graders
from autograder.packaging.bundle import FOLDER, load_bundle
from autograder.packaging.otter import record
from autograder.report.gradescope import to_gradescope
from autograder.report.terminal import details
from autograder.results import Result
from autograder.sandbox import choose
from autograder.submission import SUFFIXES


def main(root: Path) -> int:
    """Grade what is in ``root/submission``; return 0, or 1 if nothing could be decided.

    What failed on our side is in ``results.json`` with 0 points, its reason visible to the instructor only.
    """
    results = root / "results"
    try:
        result = _grade(root)
    except AutograderError as error:
        result = Result("submission", "error", (), trouble=str(error))
    except Exception:  # a defect of ours must be reported like any other failure
        result = Result("submission", "error", (), trouble=traceback.format_exc())
    results.mkdir(exist_ok=True)
    (results / "results.json").write_text(json.dumps(_report(result), indent=2, allow_nan=False), encoding="utf-8")
    if result.trouble:
        print(result.trouble)  # noqa: T201  (Gradescope keeps it for the instructor)
    if result.is_nothing:
        return 1
    otter_results = GradingResults([])
    record(result, otter_results)
    (results / "results.pkl").write_bytes(dill.dumps(otter_results))
    Console().print(details(result))
    return 0


def _grade(root: Path) -> Result:
    source = root / "source"
    assignment = load_bundle(source / "files" / FOLDER)
    sandbox = choose(forbidden=(source, root / "results", root / "submission"))
    try:
        path = _submitted(root / "submission", assignment)
    except UnreadableSubmission as reason:
        with Graders(assignment) as graders:
            return ungradable(graders, "submission", str(reason))
    return grade_alone(assignment, path, sandbox)


def _submitted(folder: Path, assignment: Assignment) -> Path:
    """The submission among what was handed in: Gradescope unpacks archives, and students add helper files.

    Raises:
        UnreadableSubmission: there is none, or several; the message says what to hand in.
    """
    given = set(map(Path, assignment.student_files))
    files = [path for path in sorted(folder.rglob("*")) if path.is_file() and not _is_given(path, folder, given)]
    for suffix in SUFFIXES:
        found = [path for path in files if path.suffix.lower() == suffix]
        named = [path for path in found if path.stem == assignment.name]
        if len(named) == 1 or len(found) == 1:
            return (named or found)[0]
        if found:
            names = ", ".join(path.relative_to(folder).as_posix() for path in found[:5])
            raise UnreadableSubmission(f"There are several {suffix} files ({names}): hand in one.")
    raise UnreadableSubmission(f"There is no {', '.join(SUFFIXES)} file in what was handed in.")


def _is_given(path: Path, folder: Path, given: set[Path]) -> bool:
    """Whether a file is one of the assignment's own, Otter's tests, or hidden."""
    parts = path.relative_to(folder).parts
    is_ours = any(Path(*parts[: len(name.parts)]) == name for name in given) or parts[0] == "tests"
    return is_ours or any(part.startswith((".", "__")) for part in parts)


def _report(result: Result) -> dict[str, Any]:
    report = to_gradescope(result)
    if result.trouble:
        report["tests"].append(
            {"name": "For the instructor", "status": "failed", "output": result.trouble, "visibility": "hidden"}
        )
    return report
