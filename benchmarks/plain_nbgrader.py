"""nbgrader's `autograde`, as the benchmarks run it: a course of one notebook, in an environment of its own.

Its test cells are the conventional tests: each cell calls one case, with what the notebook defines.
"""

import csv
import shutil
import subprocess
import sys
import sysconfig
import time
import venv
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_notebook
from plain_otter import ENVIRONMENT

# nbgrader's kernel calls what otter-grader's decorator keeps. The decorator is replaced, so that Otter is not imported.
PREPARE = """
import sys, types, runpy, inspect
def _test_case(**about):
    def mark(function):
        function.about = about
        return function
    return mark
sys.modules["otter"], sys.modules["otter.test_files"] = types.ModuleType("otter"), types.ModuleType("otter.test_files")
sys.modules["otter.test_files"].test_case = _test_case
sys.path.insert(0, ".")
_cases = {}
def _ask(question, name):
    if question not in _cases:
        _cases[question] = runpy.run_path(f"tests/{question}.py")
    case = _cases[question][name]
    case(**{key: globals().get(key) for key in inspect.signature(case).parameters})
"""


class Unavailable(Exception):
    """nbgrader can't be had here."""


class Nbgrader:
    """A course whose only notebook asks these tests. ``files`` lie beside it.

    Raises:
        Unavailable: it could not be installed.
    """

    def __init__(self, folder: Path, tests: list[Path], files: dict[str, Path]) -> None:
        self._python = self._install(folder / "environment")
        self._course = folder / "course"
        self._cells = [_cell("prepare", PREPARE)]
        for path in tests:
            for name, points in _cases_of(path):
                self._cells.append(_cell(f"{path.stem}_{name}", f'_ask("{path.stem}", "{name}")', points))
        source = self._course / "source" / "ps"
        source.mkdir(parents=True)
        for name, path in {**files, **{f"tests/{path.name}": path for path in tests}}.items():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copytree(path, source / name) if path.is_dir() else shutil.copyfile(path, source / name)
        self._write(source / "cnn.ipynb", "### BEGIN SOLUTION\n### END SOLUTION")
        (self._course / "nbgrader_config.py").write_text(
            'c = get_config()\nc.CourseDirectory.course_id = "course"\nc.ExecutePreprocessor.timeout = 600\n'
        )
        self._run("generate_assignment", "ps", "--create")

    @staticmethod
    def _install(folder: Path) -> Path:
        """An environment with nbgrader, which sees the packages of this one after its own."""
        venv.create(folder, with_pip=True)
        python = folder / "bin" / "python"
        without = {name: value for name, value in ENVIRONMENT.items() if name != "PIP_NO_INDEX"}
        done = subprocess.run(
            [python, "-m", "pip", "install", "-q", "nbgrader"], env=without, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise Unavailable((done.stderr.strip().splitlines() or ["pip failed"])[-1])
        own = Path(sysconfig.get_path("purelib", vars={"base": str(folder), "platbase": str(folder)}))
        (own / "of_the_benchmark.pth").write_text(sysconfig.get_path("purelib") + "\n")
        kernel = [python, "-m", "ipykernel", "install", "--sys-prefix", "--name", "python3"]
        subprocess.run(kernel, env=without, capture_output=True, check=True)
        return python

    def autograde(self, submissions: list[Path]) -> tuple[float, dict[str, float]]:
        """Grade scripts, each as its author's notebook. Returns the seconds that it took, and the scores."""
        for path in submissions:
            handed_in = self._course / "submitted" / path.stem / "ps"
            shutil.copytree(self._course / "release" / "ps", handed_in)
            self._write(handed_in / "cnn.ipynb", path.read_text(encoding="utf-8"))
        began = time.perf_counter()
        self._run("autograde", "ps", "--create")
        seconds = time.perf_counter() - began
        self._run("export")
        with (self._course / "grades.csv").open(newline="") as file:
            return seconds, {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)}

    def _write(self, path: Path, solution: str) -> None:
        about = {"grade": False, "solution": True, "locked": False, "grade_id": "solution", "schema_version": 3}
        cells = [new_code_cell(solution, metadata={"nbgrader": {**about, "task": False}}), *self._cells]
        kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
        nbformat.write(new_notebook(cells=cells, metadata={"kernelspec": kernel}), path)

    def _run(self, *arguments: str) -> None:
        environment = ENVIRONMENT | {"PATH": f"{self._python.parent}:{ENVIRONMENT['PATH']}"}
        command = [self._python, "-m", "nbgrader", *arguments]
        done = subprocess.run(command, cwd=self._course, env=environment, capture_output=True, text=True, check=False)
        # 1 where a notebook failed, which is the student's affair.
        if done.returncode and arguments[0] != "autograde":
            raise Unavailable(done.stderr.strip()[-2000:])


def _cell(name: str, source: str, points: float | None = None) -> nbformat.NotebookNode:
    about = {"solution": False, "locked": True, "grade_id": name, "schema_version": 3, "task": False}
    about |= {"grade": False} if points is None else {"grade": True, "points": points}
    return new_code_cell(source, metadata={"nbgrader": about})


def _cases_of(path: Path) -> list[tuple[str, float]]:
    """The names and points of the cases of a conventional test."""
    code = f"""
import runpy, sys
from otter.test_files import test_case
for name, found in runpy.run_path({str(path)!r}).items():
    if isinstance(found, test_case):
        print(name, found.points)
"""
    beside = {"PYTHONPATH": str(path.parent.parent / "files")}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=path.parent.parent / "files", env=ENVIRONMENT | beside,
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return [(name, float(points)) for name, points in map(str.split, done.stdout.splitlines())]
