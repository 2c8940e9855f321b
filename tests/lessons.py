"""The lessons as their students meet them: built by a real Otter Assign, and run in real Jupyter kernels."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import nbclient
import nbformat

from autograder.assignment import Assignment
from autograder.packaging.bundle import copy
from autograder.packaging.release import Built

SUBPROCESS_ENV = {**os.environ, "OMP_NUM_THREADS": "1", "MPLBACKEND": "Agg", "PYTHONDONTWRITEBYTECODE": "1"}


@dataclass(frozen=True)
class Executed:
    """A student version after a run from top to bottom, with `grader.check_all()` at the end, and its folder."""

    notebook: nbformat.NotebookNode
    folder: Path

    @property
    def checks(self) -> dict[str, str]:
        """What each grader.check("...") said."""
        cells = [cell for cell in self.notebook.cells if cell.source.startswith("grader.check(")]
        return {cell.source[14:-2]: cell.outputs[-1]["data"]["text/plain"] for cell in cells}

    @property
    def failed_cells(self) -> list[nbformat.NotebookNode]:
        return [c for c in self.notebook.cells if any(o.output_type == "error" for o in c.get("outputs", []))]

    @property
    def pictures(self) -> int:
        """How many figures it shows."""
        return sum("image/png" in o.get("data", {}) for cell in self.notebook.cells for o in cell.get("outputs", []))


def lay_files(assignment: Assignment, folder: Path) -> Path:
    """Fill an empty folder with what a submission finds beside it, and return it."""
    for name, source in assignment.student_files.items():
        copy(source, folder / name)
    return folder


def execute(built: Built, workshop: Path) -> dict[str, Executed]:
    """The student version "blank", and "answered" with the reference's answers, each in its own copy of its folder."""

    def run(version: str) -> Executed:
        folder = workshop / version
        shutil.copytree(built.student, folder)
        notebook = nbformat.read(folder / built.blank.name, as_version=4)
        if version == "answered":
            _answer_into(notebook, built.solved)
        notebook.cells.append(nbformat.v4.new_code_cell("grader.check_all()"))
        nbformat.write(notebook, folder / built.blank.name)  # which grader.export() packs
        client = nbclient.NotebookClient(
            notebook,
            timeout=120,
            kernel_name="python3",
            allow_errors=True,
            resources={"metadata": {"path": str(folder)}},
        )
        client.execute(env={**SUBPROCESS_ENV, "MPLBACKEND": "module://matplotlib_inline.backend_inline"})
        return Executed(notebook, folder)

    with ThreadPoolExecutor(2) as both:
        return dict(zip(("blank", "answered"), both.map(run, ("blank", "answered")), strict=True))


def otter_scores(built: Built, export: Path, folder: Path) -> tuple[dict[str, tuple[float, float]], str]:
    """Points and the most there are, by check, that `otter run` gives an export; and what it printed."""
    command = [sys.executable, "-m", "otter", "run", "-a", built.package, "-o", folder, export]
    done = subprocess.run(command, env=SUBPROCESS_ENV, capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 0, done.stderr
    tests = json.loads((folder / "results.json").read_text())["tests"]
    return {test["name"]: (test["score"], test["max_score"]) for test in tests}, done.stdout


def answer_cells(notebook: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    """The code cells that are left to the student."""
    tagged = [cell for cell in notebook.cells if "otter_answer_cell" in cell.metadata.get("tags", [])]
    return [cell for cell in tagged if cell.cell_type == "code"]


def _answer_into(notebook: nbformat.NotebookNode, solved: Path) -> None:
    """Fill the stubs in with the answers of the solved notebook, as a student would."""
    answers = [cell.source for cell in nbformat.read(solved, as_version=4).cells if "SOLUTION" in cell.source]
    for stub, answer in zip(answer_cells(notebook), answers, strict=True):
        stub.source = answer


def files_of(place: Path) -> dict[str, bytes]:
    """The content of a file, or of each below a folder, without what a run leaves behind."""
    found = {path.relative_to(place): path for path in [place, *place.rglob("*")] if path.is_file()}
    kept = {name: path for name, path in found.items() if "__pycache__" not in name.parts and name.name != ".OTTER_LOG"}
    return {name.as_posix(): path.read_bytes() for name, path in kept.items()}
