"""An assignment on disk: ``solutions/<name>/`` with its settings, its hidden graders and its key."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path, PurePosixPath
from typing import TypeVar

import numpy as np
from packaging.requirements import InvalidRequirement, Requirement
from pydantic import BaseModel, ConfigDict, Field, PositiveFloat, PositiveInt, ValidationError, field_validator

from autograder.errors import AssignmentError, UsageError

SETTINGS = "assignment.toml"
KEY = "graders/key"
_PACKAGE = Path(__file__).resolve().parent
# The parts of the framework that can travel with an assignment, by the names that the setting `framework` has for them.
PARTS = {"diagnosis": _PACKAGE / "diagnosis", "torchvision_compat": _PACKAGE / "worker" / "torchvision_compat.py"}


_Model = TypeVar("_Model", bound=BaseModel)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TimeLimits(_Strict):
    """Seconds that a submission has: its own time, as :class:`autograder.sandbox.clock.Clock` counts it."""

    cell: PositiveFloat = 60  # each statement at the top level of a cell
    call: PositiveFloat = 20
    training: PositiveFloat = 120  # a call of the student's training function, where graders run trials
    total: PositiveFloat = 600


class LimitSettings(_Strict):
    """What a worker may use."""

    cpu_seconds: PositiveInt = 600
    memory_mb: PositiveInt = 2048
    disk_mb: PositiveInt = 256


class ModelSettings(_Strict):
    """How large a model may be that a submission hands over to be judged."""

    parameters: PositiveInt = 2_000_000  # numbers that training can move
    others: PositiveInt = 10_000  # in buffers, frozen parameters, and tensors that its forward pass uses besides


class CalibrationSettings(_Strict):
    """Which right submissions verdicts on training rest on."""

    without: list[str] = []  # file names of those that are left out, since they train too long to be trained often


class Settings(_Strict):
    """``assignment.toml``. A setting that is not listed here is an error."""

    title: str
    files: list[str] = []  # what travels with the student and lies beside the submission when it is graded
    framework: list[str] = []  # parts of the framework that do so, too: of PARTS
    autograder_files: list[str] = []  # what only the hidden graders read
    packages: list[str] = []  # what submissions may import besides what the framework needs itself: ["scikit-image"]
    preload: list[str] = ["numpy", "torch"]  # modules that a worker imports before it sees a submission
    seconds: TimeLimits = TimeLimits()
    limits: LimitSettings = LimitSettings()
    model: ModelSettings = ModelSettings()
    claimed: float = Field(0.05, ge=0, le=1)  # the share of the points that is given for claims, where checks need them
    calibration: CalibrationSettings = CalibrationSettings()

    @field_validator("files", "autograder_files")
    @classmethod
    def _inside(cls, files: list[str]) -> list[str]:
        for name in files:
            path = PurePosixPath(name)
            if path.is_absolute() or ".." in path.parts:
                raise ValueError(f"{name!r} is not inside the assignment's folder")
            if name in {part.name for part in PARTS.values()}:
                raise ValueError(f"{name!r} is a part of the framework: list it in `framework`, and delete the copy")
        return files

    @field_validator("framework")
    @classmethod
    def _known(cls, parts: list[str]) -> list[str]:
        for name in parts:
            if name not in PARTS:
                raise ValueError(f"{name!r} is no part of the framework that can travel: {' and '.join(PARTS)} can")
            if parts.count(name) > 1:
                raise ValueError(f"{name!r} is listed twice")
        return parts


@dataclass(frozen=True)
class Key:
    """The assignment's secret, from which hidden inputs, seeds and permutations are derived.

    It is the same for every submission, so that handing in again is no new lottery, and students can't know it.
    """

    secret: bytes

    def seed(self, label: str) -> int:
        """A number below 2**63 for this purpose, to be told to a worker: keyed BLAKE2b (RFC 7693) of the label.

        It tells nothing of what :meth:`rng` draws, be it for the same label.
        """
        return self._number(label, b"worker's seed")

    def rng(self, label: str) -> np.random.Generator:
        """A random generator for this purpose, the same whenever it is asked for."""
        return np.random.default_rng(self._number(label, b""))

    def _number(self, label: str, use: bytes) -> int:
        digest = hashlib.blake2b(label.encode(), key=self.secret[:64], digest_size=8, person=use).digest()
        return int.from_bytes(digest, "big") >> 1


@dataclass(frozen=True)
class Assignment:
    """One exercise sheet, as the grader needs it."""

    name: str
    folder: Path
    settings: Settings
    key: Key

    @property
    def graders(self) -> Path:
        """The folder of the hidden pytest files."""
        return self.folder / "graders"

    @property
    def questions(self) -> dict[str, Path]:
        """Each question, by the name that ``grader.check`` knows it by, and the file of its hidden checks."""
        return {path.stem.removeprefix("test_"): path for path in sorted(self.graders.rglob("test_*.py"))}

    def check_questions(self, named: Iterable[str]) -> None:
        """Raise where a question is named that there is none of.

        Raises:
            UsageError: the message lists those that there are.
        """
        for name in named:
            if name not in self.questions:
                raise UsageError(f"{self.name} has no question {name!r}: it has {', '.join(self.questions)}")

    @property
    def student_files(self) -> dict[str, Path]:
        """What lies beside the submission: name there to path here."""
        parts = [PARTS[name] for name in self.settings.framework]
        return {name: self.folder / name for name in self.settings.files} | {part.name: part for part in parts}

    def with_key(self, secret: bytes) -> Assignment:
        """The same assignment with other hidden inputs, seeds and permutations."""
        return replace(self, key=Key(secret))


def find_assignment(where: str) -> Assignment:
    """The assignment that a person names: a folder, or a name under ``solutions/``.

    Raises:
        AssignmentError: there is none, or it is not right.
    """
    named = Path("solutions") / where
    folder = next((path for path in (Path(where), named) if (path / SETTINGS).is_file()), None)
    if folder is None:
        raise AssignmentError(
            f"there is no assignment {where!r}: give a folder that holds {SETTINGS}, or a name under solutions/"
        )
    return load_assignment(folder)


def load_assignment(folder: Path) -> Assignment:
    """Read and check an assignment's folder.

    Raises:
        AssignmentError: a setting, a file or the key is missing or wrong.
    """
    folder = folder.resolve()
    path = folder / SETTINGS
    try:
        settings = Settings.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise AssignmentError(f"{path} can't be read: {error.strerror}") from None
    except tomllib.TOMLDecodeError as error:
        raise AssignmentError(f"{path} is not TOML: {error}") from None
    except ValidationError as error:
        raise first_mistake(error, path, Settings) from None
    for name in (*settings.files, *settings.autograder_files):
        if not (folder / name).exists():
            raise AssignmentError(f"{path} lists the file {name!r}, which does not exist")
    for line in settings.packages:
        if reason := _is_missing(line):
            raise AssignmentError(f"{path} lists the package {line!r}, {reason}")
    _keep_apart(folder, settings)
    if not list((folder / "graders").glob("test_*.py")):
        raise AssignmentError(f"{folder} has no hidden graders: put test_q1.py and so on into graders/")
    return Assignment(folder.name, folder, settings, _read_key(folder / KEY))


def read_kept(model: type[_Model], path: Path) -> _Model | None:
    """What a command kept in a file of an assignment's folder, as JSON, if it is there.

    Raises:
        AssignmentError: the file is not that.
    """
    if not path.exists():
        return None
    try:
        return model.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise first_mistake(error, path, model) from None


def first_mistake(error: ValidationError, path: Path, model: type[BaseModel], entries: int = 0) -> AssignmentError:
    """What is wrong with a file, in a sentence that names the place in it, and the keys that there are.

    ``model`` is what each entry of the file is read as, and ``entries`` how many names lead to one: 0 where the file
    itself is the model.
    """
    first = error.errors()[0]
    entry, inside = [*map(str, first["loc"][:entries])], [*map(str, first["loc"][entries:])]
    place = ": ".join([*entry, *([".".join(inside)] if inside else [])])
    if first["type"] == "extra_forbidden":
        for table in inside[:-1]:
            field = model.model_fields.get(table)
            if field is None or not (isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel)):
                break
            model = field.annotation
        else:
            known = ", ".join(model.model_fields)
            return AssignmentError(f"{path}: {place}: there is no such key here: {known} are known")
    return AssignmentError(f"{path}: {place}: {first['msg']}")


def files_in(path: Path) -> list[Path]:
    """The files in a folder and below it, in order, but for what Python leaves behind; or the file itself."""
    inside = sorted(path.rglob("*")) if path.is_dir() else [path]
    return [file for file in inside if file.is_file() and "__pycache__" not in file.parts]


def _is_missing(package: str) -> str:
    """Why a package can't be promised to students, or nothing."""
    try:
        requirement = Requirement(package)
        installed = version(requirement.name)
    except InvalidRequirement:
        return "which is not the name of a package, as pip takes it"
    except PackageNotFoundError:
        return f"which is not installed here: pip install '{package}'"
    if not requirement.specifier.contains(installed, prereleases=True):
        return f"of which {installed} is installed here: pip install '{package}'"
    return ""


def _keep_apart(folder: Path, settings: Settings) -> None:
    """Raise where a file that travels with the student is, holds or lies in what students never see."""
    secret = [*settings.autograder_files, "graders", "submissions", "changes"]
    secret += [f"{folder.name}.py", f"{folder.name}.ipynb"]
    for name in settings.files:
        given = PurePosixPath(name)
        for other in map(PurePosixPath, secret):
            if given == other or given in other.parents or other in given.parents:
                raise AssignmentError(f"`files` gives {name!r} to students, but {str(other)!r} is not for them")


def _read_key(path: Path) -> Key:
    try:
        secret = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except (OSError, ValueError):
        secret = b""
    if len(secret) < 16:
        raise AssignmentError(
            f"{path} has to hold a secret of at least 32 hexadecimal digits: "
            'make one with python -c "import secrets; print(secrets.token_hex(32))"'
        )
    return Key(secret)
