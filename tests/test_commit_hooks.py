"""The hooks of pre-commit, in a repository of their own: they stop what `make lint` would, and fetch nothing."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parent.parent
CONFIG = ".pre-commit-config.yaml"

STOPPED = {
    "ruff": ("tests/test_new.py", "import os\n"),
    "ruff-format": ("tests/test_new.py", "x = {  1:2}\n"),
    "imports": ("autograder/results.py", "import autograder.report\n"),
    "mypy": ("autograder/new.py", '"""New."""\n\nnumber: int = "five"\n'),
}


@pytest.fixture
def checkout(tmp_path) -> Path:
    """What the hooks look at, committed, beside the tools that are installed here."""
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv" / "bin").symlink_to(Path(sys.executable).parent)
    (tmp_path / "tests").mkdir()
    for name in (CONFIG, "pyproject.toml", ".gitignore"):
        shutil.copy(ROOT / name, tmp_path)
    shutil.copytree(ROOT / "autograder", tmp_path / "autograder", ignore=shutil.ignore_patterns("__pycache__"))
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", "--all")
    return tmp_path


def git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True, timeout=60)


def run_hook(hook: str, checkout: Path, file: str) -> subprocess.CompletedProcess[str]:
    command = [".venv/bin/pre-commit", "run", hook, "--files", file]
    # Git's own variables name the repository from whose hook the tests may be running.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    environment |= {"PRE_COMMIT_HOME": str(checkout / "home"), "PYTHONPATH": str(checkout)}
    return subprocess.run(
        command, cwd=checkout, env=environment, capture_output=True, text=True, timeout=240, check=False
    )


@pytest.mark.parametrize("hook", STOPPED)
def test_a_mistake_is_stopped_and_what_is_right_is_not(hook, checkout):
    file, mistake = STOPPED[hook]
    path = checkout / file
    if hook == "mypy":  # which takes half a minute for all of it
        shutil.rmtree(checkout / "autograder")
        path.parent.mkdir()
    before = path.read_text() if path.exists() else '"""New."""\n'
    path.write_text(before)
    git(checkout, "add", "--all")
    right = run_hook(hook, checkout, file)
    assert right.returncode == 0 and "Passed" in right.stdout, right.stdout + right.stderr
    path.write_text(before + mistake if path.name == "results.py" else mistake)
    git(checkout, "add", "--all")
    wrong = run_hook(hook, checkout, file)
    assert wrong.returncode == 1 and f"- hook id: {hook}" in wrong.stdout, wrong.stdout + wrong.stderr


def test_each_hook_is_tried_and_uses_what_is_installed():
    [repository] = yaml.safe_load((ROOT / CONFIG).read_text())["repos"]
    assert repository["repo"] == "local"
    assert {hook["id"] for hook in repository["hooks"]} == set(STOPPED)
    assert all(hook["entry"].startswith(".venv/bin/") for hook in repository["hooks"])
