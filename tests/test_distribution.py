"""What is published of the framework: a source archive that builds, and the dependencies that it has."""

import ast
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from autograder import __version__

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def build(kind: str, source: Path, target: Path) -> Path:
    command = [sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", target]
    subprocess.run(command, cwd=source, check=True, capture_output=True, timeout=60)
    [path] = target.iterdir()
    return path


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory) -> Path:
    """The source archive, as somebody else unpacks it."""
    folder = tmp_path_factory.mktemp("sdist")
    with tarfile.open(build("sdist", ROOT, folder / "built")) as archive:
        archive.extractall(folder / "unpacked", filter="data")
    [unpacked] = (folder / "unpacked").iterdir()
    return unpacked


def test_a_source_archive_holds_what_can_be_used_without_the_repository(unpacked):
    assert unpacked.name == f"torch_autograder-{__version__}"
    assert {path.name for path in unpacked.iterdir() if path.is_dir()} == {"autograder", "docs"}
    files = {path.name for path in unpacked.iterdir() if path.is_file()} - {".gitignore"}
    assert files == {"CHANGELOG.md", "LICENSE", "PKG-INFO", "README.md", "pyproject.toml"}


def test_the_wheel_that_is_built_from_it_is_whole(unpacked, tmp_path):
    with zipfile.ZipFile(build("wheel", unpacked, tmp_path / "wheel")) as wheel:
        packed = {name for name in wheel.namelist() if name.startswith("autograder/")}
    here = {path for path in (ROOT / "autograder").rglob("*") if path.is_file() and "__pycache__" not in path.parts}
    assert packed == {path.relative_to(ROOT).as_posix() for path in here}


def test_the_framework_depends_on_what_it_imports_and_on_nothing_else():
    imported: set[str] = set()
    templates = ROOT / "autograder" / "scaffolding" / "templates"  # whose files are those of assignments
    for path in (ROOT / "autograder").rglob("*.py"):
        if templates in path.parents:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                imported |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                imported.add(str(node.module).partition(".")[0])
    # tqdm is shown where it is there: `diagnosis/progress.py` does without.
    others = imported - sys.stdlib_module_names - {"autograder", "tqdm"}
    distributions = packages_distributions()
    needed = {canonicalize_name(distributions[module][0]) for module in others}
    extras = PROJECT["optional-dependencies"]
    lines = [*PROJECT["dependencies"], *extras["dask"], *extras["similar"]]
    assert {canonicalize_name(Requirement(line).name) for line in lines} == needed


def test_each_dependency_has_a_version_that_ours_were_tested_with():
    constrained = {line.partition("==")[0] for line in (ROOT / "constraints.txt").read_text().split()}
    lines = [*PROJECT["dependencies"], *(line for extra in PROJECT["optional-dependencies"].values() for line in extra)]
    named = {canonicalize_name(Requirement(line).name) for line in lines}
    assert named - {canonicalize_name(name) for name in constrained} == set()
