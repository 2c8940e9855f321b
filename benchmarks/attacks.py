"""Attacks that succeed against plain Otter, run through `otter run` with a plain package and with ours.

    python benchmarks/attacks.py [--only NAME]...     # writes results/attacks.md

Both packages grade the same two questions (`attacks/conventional/` and `attacks/assignment/`). None of the attacks
solves them. Exit status 1 if one gets points from our package, or a control does not get what it deserves.
"""

import argparse
import ast
import platform
import sys
import tempfile
import zipfile
from importlib.metadata import version
from pathlib import Path

from plain_otter import Graded, as_notebook, otter_run, package, timed

HERE = Path(__file__).resolve().parent
ATTACKS = HERE / "attacks"
RESULTS = HERE / "results" / "attacks.md"
POSSIBLE = 10
CONTROLS = {"right": POSSIBLE, "blank": 0}  # and what they deserve
SECONDS = 120  # for one run


def our_package(assignment_folder: Path, folder: Path) -> Path:
    """The package that `autograder assign` makes, in the new folder `folder`."""
    folder.mkdir()
    said, _ = timed([sys.executable, "-m", "autograder", "assign", assignment_folder, "-o", folder], folder, limit=600)
    archive = folder / "autograder.zip"
    if not archive.is_file():
        raise SystemExit(f"autograder assign failed: {said}")
    return archive


def names() -> list[str]:
    """All submissions, the controls first."""
    found = {path.stem for path in (ATTACKS / "submissions").iterdir()}
    return [*CONTROLS, *sorted(found - CONTROLS.keys())]


def source_of(name: str) -> Path:
    """The code of a submission: a file, or a file in a folder whose other files go with it."""
    single = ATTACKS / "submissions" / f"{name}.py"
    return single if single.is_file() else ATTACKS / "submissions" / name / "submission.py"


def what_it_does(name: str) -> str:
    return ast.get_docstring(ast.parse(source_of(name).read_text(encoding="utf-8"))) or ""


def handed_in(name: str, folder: Path) -> Path:
    """The submission as a student would hand it in: a notebook, or a zip of it with other files."""
    source = source_of(name)
    notebook = as_notebook(source, folder / f"{source.stem}.ipynb")
    if source.stem == name:
        return notebook
    archive = folder / f"{name}.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.write(notebook, notebook.name)
        for path in source.parent.rglob("*"):
            if path.is_file() and path != source and "__pycache__" not in path.parts:
                # Otter's log is a hidden file.
                inside = path.relative_to(source.parent).as_posix()
                file.write(path, ".OTTER_LOG" if inside == "OTTER_LOG" else inside)
    return archive


def run_with(packages: dict[str, Path], name: str, folder: Path) -> dict[str, Graded]:
    folder.mkdir()
    submission = handed_in(name, folder)
    return {kind: otter_run(archive, submission, folder / kind, SECONDS) for kind, archive in packages.items()}


def row(name: str, graded: dict[str, Graded]) -> str:
    title = f"*control:* {name}" if name in CONTROLS else name
    return f"| {title} | {what_it_does(name)} | {points(graded['plain'])} | {points(graded['ours'])} |"


def points(graded: Graded) -> str:
    return f"no score: {graded.trouble}" if graded.score is None else f"{graded.score:g} of {POSSIBLE}"


def failure(name: str, ours: Graded) -> str:
    """What is wrong with the score that our package gives, if anything."""
    deserved = CONTROLS.get(name, 0)
    return "" if ours.score == deserved else f"{name} gets {points(ours)} from our package, not {deserved}"


def main() -> int:
    parser = argparse.ArgumentParser(description="Run attacks against plain Otter and against our package.")
    parser.add_argument("--only", action="append", choices=names(), metavar="NAME", help="record nothing")
    only = parser.parse_args().only
    packages_used = ", ".join(f"{name} {version(name)}" for name in ("otter-grader", "torch-autograder"))
    rows = [
        "# Attacks on the grade",
        "",
        "`otter run` with a plain Otter package, and with ours, for the same two questions. No attack solves them. "
        f"Python {platform.python_version()}, {packages_used}.",
        "",
        "| attack | what it does | plain Otter | ours |",
        "|---|---|--:|--:|",
    ]
    failures = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        packages = {
            "plain": package(ATTACKS / "conventional", folder / "plain.zip"),
            "ours": our_package(ATTACKS / "assignment", folder / "ours"),
        }
        for submission in only or names():
            graded = run_with(packages, submission, folder / submission)
            rows.append(row(submission, graded))
            print(rows[-1], flush=True)
            failures.append(failure(submission, graded["ours"]))
    if not only:
        RESULTS.write_text("\n".join(rows) + "\n", encoding="utf-8")
    print(*filter(None, failures), sep="\n")
    return int(any(failures))


if __name__ == "__main__":
    raise SystemExit(main())
