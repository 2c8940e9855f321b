"""Plain otter-grader, as the benchmarks run it: its zip, its submissions and its command."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
import zipfile
from dataclasses import dataclass
from pathlib import Path

import jupytext
import nbformat

# One thread a process, for all that is compared. Notebooks may hold `!pip install`, which plain Otter runs for
# real: with the environment's own pip and no index it finds what is installed, and downloads nothing.
ENVIRONMENT = os.environ | {
    "OMP_NUM_THREADS": "1",
    "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    "PIP_NO_INDEX": "1",
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
}


def package(folder: Path, destination: Path, files: dict[str, Path] | None = None) -> Path:
    """Write the zip that `otter run` reads, from `folder` with tests/ and files/, and from other `files`."""
    with zipfile.ZipFile(destination, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("otter_config.json", json.dumps({"show_hidden": True}))
        for source, name in [(folder / "tests", "tests"), (folder / "files", "files")]:
            _add(archive, source, name)
        for name, source in (files or {}).items():
            _add(archive, source, f"files/{name}")
    return destination


def _add(archive: zipfile.ZipFile, source: Path, name: str) -> None:
    paths = [source] if source.is_file() else sorted(path for path in source.rglob("*") if path.is_file())
    for path in paths:
        if "__pycache__" not in path.parts:
            archive.write(path, Path(name, path.relative_to(source)))


def as_notebook(submission: Path, notebook: Path) -> Path:
    """A copy of the submission as a notebook.

    Otter refuses a `.py` submission where the assignment has a `.py` file of its own, such as fashion.py.
    """
    if submission.suffix == ".py":
        nbformat.write(jupytext.read(submission), notebook)
    else:
        shutil.copyfile(submission, notebook)
    return notebook


@dataclass(frozen=True)
class Graded:
    """What a command made of a submission."""

    score: float | None  # None: there is no result
    questions: dict[str, float]
    failed: frozenset[str]  # checks that did not give full points, as far as the output names them
    seconds: float  # of the whole process
    trouble: str = ""  # why there is no result


_FAILED_CASE = re.compile(r"^ *(\S+)(?: \([^)]*\))? result:\n *❌", re.MULTILINE)


def otter_run(archive: Path, submission: Path, folder: Path, limit: float = 600) -> Graded:
    """Grade by `otter run`, with results.json in the new folder `folder`."""
    folder.mkdir()
    command = [sys.executable, "-m", "otter", "run", "-a", archive, "-o", folder, "--no-logo", submission]
    said, seconds = timed(command, folder, limit)
    try:
        results = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return Graded(None, {}, frozenset(), seconds, said.strip().rpartition("\n")[2][:200])
    tests = results["tests"]
    questions = {test["name"]: test["score"] for test in tests if "score" in test}
    return Graded(
        round(results.get("score", sum(questions.values())), 4),  # where there is a total, Gradescope shows that
        questions,
        frozenset(name for test in tests for name in _FAILED_CASE.findall(test.get("output", ""))),
        seconds,
    )


def timed(command: list[str | Path], folder: Path, limit: float) -> tuple[str, float]:
    """Run a command in `folder`. Returns what it wrote to standard error, and the seconds that it took."""
    log = folder / "stderr.txt"  # a file, since a process that is left behind would keep a pipe open
    with log.open("wb") as file:
        began = time.perf_counter()
        try:
            subprocess.run(
                command, cwd=folder, env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=file, timeout=limit, check=False
            )
        except subprocess.TimeoutExpired:
            return f"no end after {limit:.0f} seconds", limit
        seconds = time.perf_counter() - began
    return log.read_text(encoding="utf-8", errors="replace"), seconds
