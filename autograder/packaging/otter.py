"""The Otter plugin: the hidden graders inside Otter's own workflow.

``otter assign`` puts the graders into its package; ``otter run`` then executes student code only in our confined
worker. Otter's kernel gets an empty notebook and no tests, and every score comes from
:func:`autograder.grading.grade.grade`. Where nothing can be decided here, Otter ends with an error and writes no score.

Plugin events: https://otter-grader.readthedocs.io/en/latest/plugins/creating_plugins.html
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

import nbformat
from jinja2 import ChoiceLoader, PackageLoader
from otter import generate
from otter.plugins import AbstractOtterPlugin
from otter.test_files import GradingResults, TestCase
from otter.test_files.abstract_test import TestCaseResult
from otter.test_files.ottr_test import OttrTestFile  # a passive holder of results, though made for R

from autograder.assignment import PARTS, load_assignment
from autograder.batch.run import grade_alone
from autograder.errors import AutograderError
from autograder.packaging.bundle import FOLDER, copy, load_bundle, write_bundle
from autograder.packaging.framework import pinned_requirements
from autograder.results import Check, Result
from autograder.sandbox import choose
from autograder.temporary import TemporaryFolder, sweep


class HiddenGraders(AbstractOtterPlugin):  # type: ignore[misc]  # Otter has no types
    """Grades with the hidden pytest graders of torch-autograder. It has no settings."""

    # --- otter assign ------------------------------------------------------------------------------------------

    def during_assign(self, assignment: Any) -> None:
        """Add the bundle to the package, and make the student version the same each time.

        The master notebook lies in the assignment's folder, beside ``assignment.toml``. What that names of the
        framework comes from here, to students and beside the solved notebook.
        """
        make_repeatable(Path(assignment.get_stu_path(assignment.notebook_basename)))
        ours = load_assignment(Path.cwd())
        for part in (PARTS[name] for name in ours.settings.framework):
            for place in (assignment.get_stu_path(part.name), assignment.get_ag_path(part.name)):
                copy(part, Path(place))
        write_bundle(ours, Path(assignment.get_ag_path(FOLDER)))
        # Nothing for Otter's own kernel: a submission finds its files in our worker.
        assignment.files = [FOLDER]
        generate.JINJA_ENV.loader = ChoiceLoader([PackageLoader(__package__), generate.JINJA_ENV.loader])
        generate.JINJA_ENV.globals["requirements"] = [
            *pinned_requirements(ours.settings.packages),
            *_own_requirements(assignment),
        ]

    def during_generate(self, otter_config: dict[str, Any], assignment: Any) -> None:
        """Settle what Otter shows, and that a notebook is graded whatever its metadata say."""
        otter_config.pop("assignment_name", None)
        otter_config |= {"show_hidden": True, "show_all_public": True, "force_public_test_summary": False}

    # --- otter run ---------------------------------------------------------------------------------------------

    def before_grading(self, config: Any) -> None:
        """Leave nothing in the working folder but the submission: no log to unpickle, no module to import."""
        os.environ["PYTHONSAFEPATH"] = "1"  # Otter's kernel imports nothing from where it starts, either
        submission = Path(self.submission_path)
        for path in submission.parent.iterdir():
            if path == submission:
                continue
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()

    def before_execution(self, submission: Any) -> nbformat.NotebookNode:
        """Otter's kernel never sees student code, not even as a file that has the name of a module.

        It starts in this folder, where a submission called ``json.py`` or ``ipykernel_launcher.py`` would be run.
        """
        sweep()
        self.kept = TemporaryFolder()
        shutil.move(self.submission_path, self.kept.path)
        return nbformat.v4.new_notebook()

    def after_grading(self, results: GradingResults) -> None:
        """Grade, and put the outcome where Otter looks for it.

        Raises:
            AutograderError: a grader or this machine is at fault, so that nothing was decided and there is no score.
        """
        path = Path(self.submission_path)
        source = path.parent.parent / "source"
        assignment = load_bundle(source / "files" / FOLDER)
        with self.kept as folder:
            result = grade_alone(assignment, folder / path.name, choose(forbidden=(source,)))
        if result.is_nothing:
            raise AutograderError(f"{path.name} could not be graded: {result.trouble}")
        if result.trouble:
            print(result.trouble, file=sys.stderr)  # noqa: T201  (for the instructor: students see the notes)
        record(result, results)


def make_repeatable(notebook: Path) -> None:
    """Number the cells, whose ids are drawn at random, and drop what depends on the machine."""
    content = json.loads(notebook.read_text(encoding="utf-8"))
    for number, cell in enumerate(content["cells"], start=1):
        cell["id"] = f"cell-{number:03}"
    content["nbformat"], content["nbformat_minor"] = 4, 5
    content["metadata"].pop("jupytext", None)
    content["metadata"].pop("language_info", None)
    nbformat.validate(content)
    notebook.write_text(json.dumps(content, indent=1, ensure_ascii=False, sort_keys=True) + "\n", encoding="utf-8")


def _own_requirements(assignment: Any) -> list[str]:
    """Lines of the file, or of the list, that the master notebook's `requirements` names."""
    if not assignment.requirements:
        return []
    # By now Otter has copied the file here, or written the list to it.
    lines = Path(assignment.get_ag_path("requirements.txt")).read_text(encoding="utf-8").splitlines()
    return [line for line in map(str.strip, lines) if line and not line.startswith("#")]


def record(result: Result, results: GradingResults) -> None:
    """Put a result into Otter's own form: a test file for each check, since Otter gives points by the file.

    A check that could not be run through no fault of the submission's is named; the others count.
    """
    results.clear_results()
    for check in result.checks:
        results.results[check.name] = _test_file(check)
    broken = [check.name for check in result.checks if check.outcome == "broken"]
    notes = [f"Some checks could not be run, through no fault of yours: {', '.join(broken)}."] if broken else []
    results.set_output("\n\n".join([*result.notes, *notes]))


def _test_file(check: Check) -> OttrTestFile:
    test_case = TestCase(
        name=check.title,
        body="",
        hidden=check.visibility != "visible",
        points=check.max_points,
        success_message=None,
        failure_message=None,
    )
    test_file = OttrTestFile(check.name, check.name, [test_case], all_or_nothing=False)
    test_file.test_case_results = [TestCaseResult(test_case, check.feedback, check.outcome == "passed")]
    test_file.update_score(check.points)
    return test_file
