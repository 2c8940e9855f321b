"""Graders that stand in tests as text are linted like code: a name that is missing there hides what is tested."""

import ast
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import autograder

HERE = Path(__file__).parent
RULES = "E9,F6,F7,F82,PLE"  # what can only be a mistake: names that don't exist, comparisons that are always true


def embedded_graders(test_file: str) -> dict[int, str]:
    """The strings in a test file that are graders, by the line on which they begin."""
    found = {}
    for node in ast.walk(ast.parse(test_file)):
        if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
            continue
        source = re.sub(r"\{\w+\}", "{0}", textwrap.dedent(node.value))  # holes that a test fills in
        if is_grader(source):
            # What is appended to a grader uses what that one imports.
            appended = "" if "import " in source else f"from autograder import {', '.join(autograder.__all__)}\n"
            found[node.lineno] = appended + source
    return found


def is_grader(source: str) -> bool:
    try:
        statements = ast.parse(source).body
    except (SyntaxError, ValueError):  # the latter of text that is not to be encoded
        return False
    return any(isinstance(each, ast.FunctionDef) and each.name.startswith("test_") for each in statements)


def complaints(folder: Path) -> str:
    command = [sys.executable, "-m", "ruff", "check", "--isolated", "--select", RULES, "--output-format", "concise"]
    return subprocess.run([*command, folder], capture_output=True, text=True, check=False, timeout=60).stdout


def test_graders_in_strings_use_no_name_that_is_missing(tmp_path):
    for test_file in HERE.glob("test_*.py"):
        for line, source in embedded_graders(test_file.read_text()).items():
            (tmp_path / f"{test_file.stem}_line_{line}.py").write_text(source)
    assert len(list(tmp_path.iterdir())) > 20
    assert complaints(tmp_path) == "All checks passed!\n"


def test_a_name_that_is_missing_is_noticed(tmp_path):
    test_file = (
        'GRADER = """\nfrom autograder import points\n\n@points(1, "Dies")\ndef test_dies():\n    os._exit(1)\n"""'
    )
    [source] = embedded_graders(test_file).values()
    (tmp_path / "grader.py").write_text(source)
    assert "Undefined name `os`" in complaints(tmp_path)
