"""The graders of an assignment, graded: what each submission declares, and what it gets, in real workers."""

from __future__ import annotations

import os
import shutil
import tempfile
from dataclasses import replace
from functools import cached_property
from pathlib import Path

import jupytext

from autograder.assignment import Assignment, TimeLimits, load_assignment
from autograder.batch.collect import collect
from autograder.batch.local import LocalEngine
from autograder.batch.run import grade_all
from autograder.grading.grade import grade
from autograder.quality.declared import declared_submissions
from autograder.report.gradescope import to_gradescope
from autograder.results import Result
from autograder.sandbox import Sandbox, choose

ROOT = Path(__file__).resolve().parent.parent


class Outcomes:
    """The submissions of an assignment: declared in ``outcomes.toml``, and graded once, with its own key."""

    def __init__(self, name: str) -> None:
        self.folder = ROOT / "solutions" / name
        self._given = tempfile.TemporaryDirectory()
        self.submissions = Path(self._given.name)
        declared = declared_submissions(self.folder)
        for submission in declared.values():
            submission.write(self.submissions)
        self.declared = {name: submission.declaration for name, submission in declared.items()}

    @property
    def sandbox(self) -> Sandbox:
        return choose("bubblewrap", forbidden=(self.folder,))

    @cached_property
    def results(self) -> dict[str, Result]:
        return self._graded(self.submissions)

    def _graded(self, folder: Path) -> dict[str, Result]:
        engine = LocalEngine(len(os.sched_getaffinity(0)))
        files = collect([folder]).submissions
        endless = set(self.with_key("endless"))
        return {
            result.submission: result
            for impatient in (False, True)
            for result in grade_all(
                self._assignment(impatient),
                [f for f in files if (f.name in endless) == impatient],
                self.sandbox,
                engine,
            )
        }

    def _assignment(self, impatient: bool) -> Assignment:
        """With ``impatient``, limits of time are short: what never ends takes as long as it may."""
        assignment = load_assignment(self.folder)
        times = TimeLimits(cell=15, call=5, training=15, total=200)
        settings = assignment.settings.model_copy(update={"seconds": times} if impatient else {})
        return replace(assignment, settings=settings)

    def grade(self, name: str) -> Result:
        """Grade a submission once more."""
        return grade(load_assignment(self.folder), self.submissions / name, self.sandbox)

    def notebooks(self, folder: Path) -> dict[str, Result]:
        """The blank student version as it is handed out, and the master with its solutions as a notebook."""
        name = self.folder.name
        shutil.copy(ROOT / "assignments" / name / f"{name}.ipynb", folder / "blank.ipynb")
        jupytext.write(jupytext.read(self.folder / f"{name}.py"), folder / "reference.ipynb")
        return self._graded(folder)

    def kind(self, name: str) -> list[str]:
        """The submissions in a folder: "right", "wrong", ..."""
        return [submission for submission in self.declared if submission.startswith(f"{name}/")]

    def with_key(self, key: str) -> list[str]:
        """The submissions whose declaration has this key."""
        return [name for name, declared in self.declared.items() if key in declared.model_fields_set]

    # --- what holds of every assignment ------------------------------------------------------------------------

    def check_points(self, name: str) -> None:
        """It gets what it declares, check by check."""
        declared, result = self.declared[name], self.results[name]
        assert result.trouble == ""
        expected = {check.name: check.max_points for check in result.checks}
        expected |= dict.fromkeys(declared.fails, 0.0) | declared.partial
        expected |= {check: 0.0 for check in expected if declared.leaves_out(check)}
        feedback = {check.name: check.feedback for check in result.checks}
        got = {check.name: check.points for check in result.checks}
        for check in declared.may_fail:  # chance, or the processor, decides
            assert 0 <= got[check] <= expected[check]
            expected[check] = got[check]
        assert got == expected, {name: feedback[name] for name in got if got[name] != expected.get(name)}
        assert result.status == declared.status

    def check_feedback(self, name: str) -> None:
        """The feedback of the first check that it lost names the mistake."""
        declared = self.declared[name]
        checks = [check for check in self.results[name].checks if not declared.leaves_out(check.name)]
        lost = [check for check in checks if check.points < check.max_points]
        assert declared.says.lower() in lost[0].feedback.lower()

    def check_cause(self, name: str) -> None:
        """The diagnosis names the cause first."""
        told = [line for check in self.results[name].checks for line in check.feedback.split("\n")]
        told = [line for line in told if "Most likely: " in line]
        assert told and told[0].startswith(f"Most likely: {self.declared[name].cause}. "), told

    def check_every_check_is_lost(self) -> None:
        """By some wrong submission: a check that nothing fails checks nothing."""
        lost = {check for name in self.kind("wrong") for check in self.declared[name].fails}
        lost |= {check for name in self.kind("wrong") for check in self.declared[name].partial}
        assert {check.name for check in self.results["right/reference.py"].checks} == lost

    def check_reasons(self) -> None:
        """What is lost has a reason, and no feedback shows what is hidden."""
        for name, result in self.results.items():
            for check in result.checks:
                assert check.outcome == "passed" or len(check.feedback) > 10, (name, check)
            shown = str(to_gradescope(result))
            for secret in (str(self.folder), "Traceback", "graders/", "AssertionError"):
                assert secret not in shown, name
