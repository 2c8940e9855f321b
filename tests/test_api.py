"""The public interface: all of it is there, is documented, is typed, and is all that the lessons' graders use."""

import ast
import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

import autograder
import autograder.training

ROOT = Path(__file__).parent.parent
PUBLIC = ("autograder", "autograder.training", "autograder.training.history")  # for graders
DOCUMENTED = (ROOT / "docs" / "graders.md").read_text()
GRADERS = sorted((ROOT / "solutions").glob("*/graders/*.py"))


@pytest.mark.parametrize("module", [autograder, autograder.training], ids=lambda module: module.__name__)
def test_each_public_name_is_there_and_documented(module):
    for name in module.__all__:
        assert getattr(module, name) is not None
        assert re.search(rf"`[^`]*\b{name}\b", DOCUMENTED), f"docs/graders.md does not tell of {name}"


def test_importing_the_package_alone_loads_nothing_heavy():
    code = "import sys, autograder; print(sorted({'numpy', 'pydantic', 'pytest', 'torch'} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_what_grades_functions_loads_only_what_it_needs():
    """Each command and each lane starts with it."""
    heavy = {"torch", "scipy", "IPython", "otter"}
    script = f"import autograder.batch.run, sys; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("path", GRADERS, ids=lambda path: f"{path.parent.parent.name}/{path.name}")
def test_the_lessons_graders_use_what_is_public(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            assert not any(alias.name.startswith("autograder") for alias in node.names), "name what is imported"
        elif isinstance(node, ast.ImportFrom) and str(node.module).partition(".")[0] == "autograder":
            assert node.module in PUBLIC
            public = getattr(importlib.import_module(node.module), "__all__", None)
            assert public is None or {alias.name for alias in node.names} <= set(public)


@pytest.mark.slow
def test_a_grader_is_checked_by_its_types(tmp_path):
    """As one who installed the package sees it: mypy heeds `py.typed`, and a wrong use is told."""
    (tmp_path / "test_q1.py").write_text(
        "from autograder import Probes, points\n"
        "from autograder.training import Trials\n"
        "@points(1, 'Learns')\n"
        "def test_learns(trials: Trials, probes: Probes) -> None:\n"
        "    trials.reaches('accuracy', '0.65', false_fail=1e-4)\n"
        "    probes.look(trials[0].value)\n"
        "    trials.stays_below('loss_ratio', 0.6, false_fail=1e-4)\n"
    )
    command = [sys.executable, "-m", "mypy", "--config-file", ROOT / "pyproject.toml", "test_q1.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False)
    told = re.findall(r"^test_q1.py:(\d+): error: .*\[([\w-]+)\]$", done.stdout, re.MULTILINE)
    assert told == [("5", "arg-type"), ("6", "attr-defined")], done.stdout + done.stderr
