"""Imports run one way: the contracts of pyproject.toml hold here, and each is noticed to fail when it is broken."""

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]

BROKEN = {
    "the model of a result imports what is above it": ("results.py", "from autograder import cli", "layers"),
    "a sandbox imports the graders' side": ("sandbox/base.py", "from autograder.remote import Handle", "layers"),
    "a module has no place in the list": ("somewhere.py", "", "layers"),
    "two modules import each other": ("sandbox/base.py", "import autograder.sandbox.bubblewrap", "circles"),
    "a worker imports what is hidden from it": ("worker/wire.py", "import autograder.assignment", "worker"),
    "a diagnosis needs more than students have": ("diagnosis/measures.py", "def f():\n    import scipy", "students"),
    "a verdict depends on a format": ("grading/grade.py", "import autograder.report.junit", "formats"),
}


@pytest.fixture
def copied(tmp_path) -> Path:
    """The package as it is, to be changed."""
    shutil.copytree(ROOT / "autograder", tmp_path / "autograder", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [Path(sys.executable).parent / "lint-imports", "--no-logo", "--no-cache"]
    environment = {**os.environ, "PYTHONPATH": str(folder), "COLUMNS": "200"}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=60, check=False)


def test_the_contracts_are_kept(copied):
    done = lint_imports(copied)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(CONTRACTS)} kept, 0 broken" in done.stdout


@pytest.mark.parametrize(("file", "line", "contract"), BROKEN.values(), ids=BROKEN)
def test_an_import_that_is_turned_round_is_noticed(copied, file, line, contract):
    with (copied / "autograder" / file).open("a") as source:
        source.write(f"\n{line}\n")
    done = lint_imports(copied)
    [name] = [each["name"] for each in CONTRACTS if each["id"] == contract]
    assert done.returncode == 1
    assert f"{name} BROKEN" in done.stdout, done.stdout


def test_each_contract_is_broken_once():
    assert {contract for _, _, contract in BROKEN.values()} == {each["id"] for each in CONTRACTS}
