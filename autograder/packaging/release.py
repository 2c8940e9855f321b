"""``autograder assign``: from the master notebook to what students get and the package that grades them.

Otter Assign does the work. What it lets through is caught here, before anything is released: tests that were lost,
a reference that does not get all the points, a blank notebook that gets some, and secrets in the student version.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import jupytext
import nbclient
import nbformat
from otter.test_files import create_test_file

from autograder.assignment import SETTINGS, Assignment
from autograder.batch.collect import SubmissionFile
from autograder.batch.local import LocalEngine
from autograder.batch.run import grade_all
from autograder.errors import AssignmentError, UsageError
from autograder.grading.claimed import share_claimed
from autograder.grading.session import declared_checks
from autograder.packaging.bundle import copy, open_assignment, parts_of
from autograder.packaging.leaks import find_leaks
from autograder.packaging.master import Master, read_master
from autograder.quality.audited import outdated
from autograder.quality.calibrate import check_calibration
from autograder.results import Result
from autograder.sandbox import Sandbox, choose
from autograder.temporary import TemporaryFolder

CELL_SECONDS = 600  # for a cell of the solved notebook, which may train for long


@dataclass(frozen=True)
class Release:
    """What was written, what the reference gets, on what that rests, and why no audit says anything of it, if so."""

    student: Path
    package: Path
    max_score: float
    claimed: float  # the share of the points that rests on what a submission's process says of itself
    not_audited: tuple[str, ...]


def release(
    assignment: Assignment,
    student: Path,
    package: Path,
    sandbox: str = "auto",
    step: Callable[[str], None] = lambda _what: None,
) -> Release:
    """Write the student version to the folder ``student``, replacing it, and the package to ``package``.

    Nothing is written unless all is well. ``step`` is told what is being done.

    Raises:
        UsageError: ``student`` holds something else.
        AssignmentError: the master notebook, the graders or what Otter made of them is not right.
    """
    _check_place(student, assignment)
    step("Reading the master notebook")
    master = read_master(assignment)
    check_calibration(assignment, choose(sandbox, forbidden=(assignment.folder,)))
    with TemporaryFolder() as folder:
        step("Running Otter Assign")
        built = otter_assign(assignment, master, folder)
        step("Looking for leaks")
        check_leaks(assignment, master, built.student)
        step("Running the solved notebook with its public tests")
        check_solved_notebook(built.solved)
        step("Grading the reference and the blank notebook")
        max_score = check_scores(assignment, built, sandbox)
        claimed = share_claimed(declared_checks(assignment).checks)
        shutil.rmtree(student, ignore_errors=True)
        copy(built.student, student)
        copy(built.package, package)
    return Release(student, package, max_score, claimed, _why_not_audited(assignment))


def _why_not_audited(assignment: Assignment) -> tuple[str, ...]:
    """In words; a release is not refused for it, since a class may be waiting."""
    try:
        return tuple(outdated(assignment))
    except AssignmentError as error:
        return (str(error),)


def _check_place(student: Path, assignment: Assignment) -> None:
    """Raise unless the folder is free, or holds an earlier release: it will be replaced whole."""
    place = student.resolve()
    is_release = (place / f"{assignment.name}.ipynb").is_file() and (place / "tests").is_dir()
    is_source = place == assignment.folder or place in assignment.folder.parents or (place / SETTINGS).exists()
    if is_source or (place.exists() and not is_release and (not place.is_dir() or any(place.iterdir()))):
        raise UsageError(f"{student} holds something else than an earlier release: choose another folder with -o")


@dataclass(frozen=True)
class Built:
    """What Otter Assign made: a folder for students, the solved notebook in its folder, and the package."""

    student: Path
    solved: Path
    package: Path
    blank: Path


def otter_assign(assignment: Assignment, master: Master, workshop: Path) -> Built:
    """Run Otter Assign on a copy of the assignment in the empty folder ``workshop``."""
    home = workshop / assignment.name
    for name in (*parts_of(assignment), *_otter_files(master)):
        copy(assignment.folder / name, home / name)
    notebook = home / f"{assignment.name}.ipynb"
    jupytext.write(master.notebook, notebook)

    # Without Otter's own run of the tests, which would grade the reference as we do below.
    command = [sys.executable, "-m", "otter", "assign", "--no-run-tests", notebook.name, "dist"]
    finished = subprocess.run(command, cwd=home, capture_output=True, text=True, check=False)
    student, solved = home / "dist" / "student", home / "dist" / "autograder"
    packages = list(solved.glob(f"{assignment.name}-autograder_*.zip"))
    if finished.returncode or len(packages) != 1:
        last = (finished.stderr.strip() or finished.stdout.strip() or "it wrote no package").splitlines()[-1]
        raise AssignmentError(f"Otter Assign failed on {master.path.name}: {last}")
    _check_public_tests(master, student / "tests")
    return Built(student, solved / notebook.name, packages[0], student / notebook.name)


def _otter_files(master: Master) -> list[str]:
    """Files that Otter itself reads at the build."""
    names = [master.settings.get("requirements"), master.settings.get("environment")]
    return [name for name in names if isinstance(name, str)]


def _check_public_tests(master: Master, tests: Path) -> None:
    """Raise unless every test of the master is in the built files: Otter loses some without a word."""
    try:
        files = [create_test_file(str(path), None) for path in sorted(tests.glob("*.py"))]
    except Exception as error:  # whatever a test file that Otter broke raises when it is read
        raise AssignmentError(f"a public test that Otter Assign wrote can't be read: {error}") from None
    built = sum(len(file.test_cases) for file in files)
    if built != master.public_tests:
        raise AssignmentError(
            f"the master notebook has {master.public_tests} public tests, but the student version {built}: "
            "do two of a question have the same name?"
        )


def check_leaks(assignment: Assignment, master: Master, student: Path) -> None:
    """Raise for anything hidden in what students would get."""
    leaks = find_leaks(assignment, master, student)
    if leaks:
        others = f" (and {len(leaks) - 1} more)" if len(leaks) > 1 else ""
        raise AssignmentError(f"the student version would give away what is hidden: {leaks[0]}{others}")


def check_solved_notebook(path: Path) -> None:
    """Raise unless the solved notebook runs from top to bottom in a kernel, and passes its own public tests."""
    notebook = nbformat.read(path, as_version=4)
    client = nbclient.NotebookClient(
        notebook,
        timeout=CELL_SECONDS,
        kernel_name="python3",
        extra_arguments=["--IPKernelApp.log_level=40"],  # errors only: warnings would reach the terminal
        resources={"metadata": {"path": str(path.parent)}},
    )
    # As a student's kernel: it imports helper files from the folder where it starts.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONSAFEPATH"}
    try:
        client.execute(env={**environment, "OMP_NUM_THREADS": "1"})
    except nbclient.exceptions.CellExecutionError as error:
        raise AssignmentError(f"the solved notebook does not run: {error.ename}: {error.evalue}") from None
    except (nbclient.exceptions.CellTimeoutError, nbclient.exceptions.DeadKernelError) as error:
        raise AssignmentError(f"the solved notebook does not run: {error}") from None
    for cell in notebook.cells:
        if cell.cell_type == "code" and "grader.check" in cell.source:
            said = "\n".join(output.data["text/plain"] for output in cell.outputs if "data" in output)
            if "All test cases passed!" not in said:
                raise AssignmentError(
                    f"the solved notebook does not pass a public test: {' '.join(said.split()) or cell.source}"
                )


def check_scores(assignment: Assignment, built: Built, sandbox: str) -> float:
    """Grade from the package itself; raise unless the reference gets all the points there are, and the blank none.

    Returns the points that can be had.
    """
    declared = declared_checks(assignment)
    possible = sum(check.max_points for check in declared.checks)
    if declared.trouble:
        raise AssignmentError(f"the hidden graders can't be read: {declared.trouble}")
    if possible <= 0:
        raise AssignmentError("the hidden graders have no points to give")
    with open_assignment(str(built.package)) as packed:
        confinement: Sandbox = choose(sandbox, forbidden=(assignment.folder, packed.folder))
        files = [SubmissionFile("the reference", built.solved), SubmissionFile("the blank notebook", built.blank)]
        results = {result.submission: result for result in grade_all(packed, files, confinement, LocalEngine(2))}
    for result in results.values():
        if result.trouble:
            raise AssignmentError(f"grading {result.submission} failed: {result.trouble}")
    reference, blank = results["the reference"], results["the blank notebook"]
    if reference.score != possible:
        raise AssignmentError(f"the reference gets {reference.score:g} of {possible:g} points: {_lost(reference)}")
    if blank.score:
        won = ", ".join(check.name for check in blank.checks if check.points)
        raise AssignmentError(f"the blank notebook gets {blank.score:g} points: {won}")
    return possible


def _lost(result: Result) -> str:
    lost = next((check for check in result.checks if check.points < check.max_points), None)
    return f"{lost.name}: {lost.feedback}" if lost else "its checks are not those that the graders declare"
