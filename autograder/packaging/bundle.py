"""What an ``autograder.zip`` carries of ours: the assignment as the graders need it, and the framework.

Otter copies a package's ``files/`` about as one folder, on every road (``otter run``, ``otter grade``, Gradescope),
so all of it is in there::

    files/torch-autograder/
      torch_autograder-0.1.0-py3-none-any.whl
      cnn/    assignment.toml, graders/, the files of settings.files and settings.autograder_files
"""

from __future__ import annotations

import contextlib
import shutil
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from autograder.assignment import SETTINGS, Assignment, find_assignment, load_assignment
from autograder.errors import AssignmentError
from autograder.packaging.framework import build_wheel
from autograder.temporary import TemporaryFolder, sweep
from autograder.training.calibration import FILE as CALIBRATION

FOLDER = "torch-autograder"
_IN_ZIP = f"files/{FOLDER}/"


def write_bundle(assignment: Assignment, folder: Path) -> None:
    """Write the bundle of an assignment into the new folder ``folder``."""
    home = folder / assignment.name
    home.mkdir(parents=True)
    build_wheel(folder)
    for name in parts_of(assignment):
        copy(assignment.folder / name, home / name)


def parts_of(assignment: Assignment) -> list[str]:
    """What of an assignment's folder is needed to grade."""
    names = [SETTINGS, "graders", *assignment.settings.files, *assignment.settings.autograder_files]
    return [*names, CALIBRATION] if (assignment.folder / CALIBRATION).exists() else names


def copy(source: Path, target: Path) -> None:
    """Copy a file or a folder, without what Python leaves behind."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True)
    else:
        shutil.copyfile(source, target)


def load_bundle(folder: Path) -> Assignment:
    """The assignment in a bundle.

    Raises:
        AssignmentError: there is none in it, or it is not right.
    """
    homes = [path.parent for path in folder.glob(f"*/{SETTINGS}")]
    if len(homes) != 1:
        raise AssignmentError(f"{folder} is no bundle of torch-autograder: make the package with `autograder assign`")
    return load_assignment(homes[0])


@contextlib.contextmanager
def open_assignment(where: str) -> Iterator[Assignment]:
    """The assignment that a person names: a name under ``solutions/``, a folder, or an ``autograder.zip``.

    Raises:
        AssignmentError: there is none, or it is not right.
    """
    sweep()
    if not zipfile.is_zipfile(where):
        yield find_assignment(where)
        return
    with TemporaryFolder() as folder:
        try:
            with zipfile.ZipFile(where) as archive:
                archive.extractall(folder, [name for name in archive.namelist() if name.startswith(_IN_ZIP)])
        except (zipfile.BadZipFile, zlib.error, EOFError) as error:
            raise AssignmentError(f"{where} is damaged ({error}): make it again with `autograder assign`") from None
        yield load_bundle(folder / _IN_ZIP)
