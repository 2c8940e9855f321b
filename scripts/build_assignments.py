"""Build the student versions of assignments from their master notebooks.

    python scripts/build_assignments.py [NAME...]      # all of solutions/*/ by default

solutions/NAME/NAME.py, a jupytext notebook with Otter Assign's directives, becomes assignments/NAME/. The
same source gives the same bytes, so that a test can hold the committed copy against a fresh one.
"""

import argparse
import ast
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import jupytext
import nbformat
import yaml
from otter.test_files import create_test_file

ROOT = Path(__file__).resolve().parent.parent


def build(name: str, destination: Path) -> None:
    """Write the student version of the assignment `name` into the folder `destination`, replacing it."""
    with tempfile.TemporaryDirectory() as workshop:
        student = assign(name, Path(workshop)) / "student"
        shutil.rmtree(destination, ignore_errors=True)
        copy(student, destination)


def assign(name: str, workshop: Path) -> Path:
    """Run Otter Assign in the empty folder `workshop`; return the folder of `student` and `autograder`.

    Each holds the notebook, its public tests and its files: `student` with stubs, `autograder` solved.
    """
    source = ROOT / "solutions" / name
    master = jupytext.read(source / f"{name}.py")
    nbformat.write(master, workshop / f"{name}.ipynb")
    for file in assignment_config(master).get("files", []):
        copy(source / file, workshop / file)

    command = [sys.executable, "-m", "otter", "assign", "--no-run-tests", f"{name}.ipynb", "dist"]
    finished = subprocess.run(command, cwd=workshop, capture_output=True, text=True, check=False)
    built = workshop / "dist"
    if finished.returncode or not (built / "student").is_dir():
        raise SystemExit(f"Otter Assign failed on {name}:\n{finished.stdout}{finished.stderr}")
    make_repeatable(built / "student" / f"{name}.ipynb")
    check_public_tests(master, built / "student" / "tests")
    return built


def assignment_config(master: nbformat.NotebookNode) -> dict:
    """Return what the master's cell `# ASSIGNMENT CONFIG` says."""
    for cell in master.cells:
        if cell.cell_type == "raw" and cell.source.startswith("# ASSIGNMENT CONFIG"):
            return yaml.safe_load(cell.source)
    raise SystemExit("The master notebook has no raw cell that begins with # ASSIGNMENT CONFIG.")


def copy(source: Path, destination: Path) -> None:
    """Copy a file or a folder, without what Python leaves behind."""
    if source.is_dir():
        shutil.copytree(source, destination, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy(source, destination)


def make_repeatable(notebook: Path) -> None:
    """Number the cells, whose ids are drawn at random, and drop what depends on the machine."""
    content = json.loads(notebook.read_text())
    for number, cell in enumerate(content["cells"], start=1):
        cell["id"] = f"cell-{number:03}"
    content["nbformat"], content["nbformat_minor"] = 4, 5
    content["metadata"].pop("jupytext", None)
    content["metadata"].pop("language_info", None)
    nbformat.validate(content)
    notebook.write_text(json.dumps(content, indent=1, ensure_ascii=False, sort_keys=True) + "\n")


def check_public_tests(master: nbformat.NotebookNode, tests: Path) -> None:
    """Raise unless every test of the master is in the built files; Otter loses some without a word."""
    wanted = 0
    for cell in master.cells:
        if cell.cell_type == "code":
            functions = [node for node in ast.parse(cell.source).body if isinstance(node, ast.FunctionDef)]
            wanted += sum(function.name.startswith("test_") for function in functions)
    files = [create_test_file(str(path), None) for path in sorted(tests.glob("*.py"))]
    built = sum(len(file.test_cases) for file in files)
    if not wanted or built != wanted:
        raise SystemExit(f"The master notebook has {wanted} public tests, the student version {built}.")


def main() -> None:
    parser = argparse.ArgumentParser(description="Build the student versions of assignments.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="folders under solutions/ (default: all)")
    masters = [path for path in ROOT.glob("solutions/*/*.py") if path.stem == path.parent.name]
    names = parser.parse_args().names or sorted(path.stem for path in masters)
    for name in names:
        build(name, ROOT / "assignments" / name)
        print(f"assignments/{name}/ is built")  # noqa: T201


if __name__ == "__main__":
    main()
