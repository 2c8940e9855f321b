"""The master notebook: what it says, which of its text is given to students, and whether Otter will understand it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jupytext
import nbformat
import yaml
from otter.assign.assignment import Assignment as OtterSettings
from otter.assign.question_config import QuestionConfig
from otter.run import AutograderConfig

from autograder.assignment import Assignment
from autograder.errors import AssignmentError

PLUGIN = "autograder.packaging.otter.HiddenGraders"


@dataclass(frozen=True)
class Master:
    """A master notebook, and its text apart: what students are given, its public tests, and its solutions."""

    path: Path
    notebook: nbformat.NotebookNode
    settings: dict[str, Any]  # of the cell # ASSIGNMENT CONFIG
    given: list[str] = field(default_factory=list)
    tests: list[str] = field(default_factory=list)
    solutions: list[str] = field(default_factory=list)  # the lines of solutions
    solved: list[str] = field(default_factory=list)  # the whole cells in which they are
    answers: dict[str, list[str]] = field(default_factory=dict)  # of these the code, by the question

    @property
    def public_tests(self) -> int:
        """How many public tests it defines."""
        names = [function.name for source in self.tests for function in functions_of(source)]
        return sum(name.startswith("test_") for name in names)


def read_master(assignment: Assignment) -> Master:
    """Read and check the master notebook of an assignment, ``NAME.py`` (jupytext) or ``NAME.ipynb``.

    Raises:
        AssignmentError: there is none, or Otter Assign would make something else of it than was meant.
    """
    paths = [assignment.folder / f"{assignment.name}{suffix}" for suffix in (".py", ".ipynb")]
    path = next((path for path in paths if path.is_file()), None)
    if path is None:
        raise AssignmentError(f"{assignment.folder} has no master notebook: {paths[0].name} or {paths[1].name}")
    try:
        notebook = jupytext.read(path)
    except Exception as error:  # whatever a broken notebook makes of jupytext
        raise AssignmentError(f"{path} can't be read as a notebook: {error}") from None
    notebook.metadata.setdefault("kernelspec", {"display_name": "Python 3", "language": "python", "name": "python3"})
    master = Master(path, notebook, _assignment_settings(path, notebook))
    _sort_text(master)
    _check_settings(master, assignment)
    return master


def _assignment_settings(path: Path, notebook: nbformat.NotebookNode) -> dict[str, Any]:
    for kind, settings in _directives(notebook):
        if kind == "ASSIGNMENT CONFIG":
            return settings
    raise AssignmentError(f"{path} has no raw cell that begins with # ASSIGNMENT CONFIG")


def _directives(notebook: nbformat.NotebookNode) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each raw cell of Otter's: what it begins with, and the settings below it."""
    for cell in notebook.cells:
        if cell.cell_type == "raw" and cell.source.lstrip().startswith("#"):
            yield _directive(cell.source)


def _directive(source: str) -> tuple[str, dict[str, Any]]:
    head, _, body = source.strip().partition("\n")
    try:
        settings = yaml.safe_load(body)
    except yaml.YAMLError as error:
        raise AssignmentError(f"the cell {head!r} of the master notebook is not YAML: {error}") from None
    return head.strip("# ").upper(), settings if isinstance(settings, dict) else {}


def _sort_text(master: Master) -> None:
    """Divide the cells' text into what is given, public tests and solutions, by Otter's directives."""
    block: list[str] = []  # of BEGIN and END cells
    question = ""
    for cell in master.notebook.cells:
        if cell.cell_type == "raw":
            verb, _, what = cell.source.strip().partition("\n")[0].strip("# ").upper().partition(" ")
            if verb == "BEGIN":
                block.append(what)
                if what == "QUESTION":
                    question = str(_directive(cell.source)[1].get("name", ""))
            elif verb == "END" and what in block:
                block.remove(what)
            else:
                master.given.append(cell.source)
        elif "TESTS" in block:
            master.tests.append(cell.source)
        elif "SOLUTION" in block and (cell.cell_type != "code" or not _SOLUTION_MARK.search(cell.source)):
            master.solutions.append(cell.source)
            master.solved.append(cell.source)
        elif cell.cell_type == "code" and _SOLUTION_MARK.search(cell.source):
            given, solution = _split_code(cell.source)
            master.given.append(given)
            master.solutions.append(solution)
            master.solved.append(cell.source)
        else:
            master.given.append(cell.source)
        if cell.cell_type == "code" and question and master.solved and master.solved[-1] is cell.source:
            master.answers.setdefault(question, []).append(cell.source)


_SOLUTION_MARK = re.compile(r"#\s?(BEGIN )?SOLUTION")


def _split_code(source: str) -> tuple[str, str]:
    """The lines of a cell that are given, and those of its solution."""
    given, solution, inside = [], [], False
    for line in source.splitlines():
        if re.search(r"# (BEGIN|END) SOLUTION", line):
            inside = "# BEGIN" in line
        elif inside or _SOLUTION_MARK.search(line):
            solution.append(re.sub(r"\s*#\s?SOLUTION.*", "", line))
        else:
            given.append(line)
    return "\n".join(given), "\n".join(solution)


def functions_of(source: str) -> list[ast.FunctionDef]:
    """Every function in a piece of code, methods and inner ones too; none if it is not plain Python."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):  # a magic, for one
        return []
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]


_HARMLESS = {"logo", "log_level", "print_score", "print_summary", "show_stdout"}  # they change no score


def _check_settings(master: Master, assignment: Assignment) -> None:
    """Raise for what Otter lets through: keys within keys that it does not know, points for public tests, and so on."""
    settings = master.settings
    _check_keys("ASSIGNMENT CONFIG", OtterSettings, settings)
    inner = {
        "export_cell": OtterSettings.ExportCellValue,
        "seed": OtterSettings.SeedValue,
        "tests": OtterSettings.TestsValue,
        "generate": AutograderConfig,
    }
    for key, kind in inner.items():
        if isinstance(settings.get(key), dict):
            _check_keys(key, kind, settings[key])
    for kind, question in _directives(master.notebook):
        if kind == "BEGIN QUESTION":
            _check_keys("BEGIN QUESTION", QuestionConfig, question)
            if question.get("points") != 0 and not question.get("manual"):
                raise AssignmentError(
                    f"the question {question.get('name')} has to say `points: 0`: "
                    "public tests guide, and every point comes from a hidden grader"
                )
    tests = settings.get("tests") or {}
    if tests.get("ok_format", True) or not tests.get("files"):
        raise AssignmentError("the master notebook has to say `tests: {files: true, ok_format: false}`")
    if settings.get("seed"):
        raise AssignmentError("the setting `seed` has no effect here: the hidden graders seed what they run")
    generate = settings.get("generate", {})
    if not isinstance(generate, dict) or not generate.keys() <= _HARMLESS:
        raise AssignmentError(f"of Otter's settings `generate`, only {', '.join(sorted(_HARMLESS))} can be kept here")
    plugins = [next(iter(plugin)) if isinstance(plugin, dict) else plugin for plugin in settings.get("plugins") or []]
    if PLUGIN not in plugins:
        raise AssignmentError(f"the master notebook has to name the plugin that grades: `plugins: [{PLUGIN}]`")
    if settings.get("autograder_files"):
        raise AssignmentError("the master notebook lists autograder_files: list them in assignment.toml instead")
    here, there = sorted(settings.get("files") or []), sorted(assignment.settings.files)
    if here != there:
        raise AssignmentError(
            f"`files` in the master notebook ({', '.join(here)}) and in assignment.toml ({', '.join(there)}) differ: "
            "students get the first, and a submission is graded beside the second"
        )


def _check_keys(where: str, kind: Any, settings: dict[str, Any]) -> None:
    try:
        kind(settings, require_valid_keys=True)
    except Exception as error:  # fica raises ValueError, TypeError and its own, by the kind of mistake
        raise AssignmentError(f"the master notebook, {where}: {error}") from None
