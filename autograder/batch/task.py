"""What a verdict depends on, by content: a task that another machine can be sent, and the key of what came of it."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from functools import cache, cached_property
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from packaging.requirements import Requirement

import autograder
from autograder.assignment import KEY, Assignment, files_in
from autograder.batch.collect import SubmissionFile
from autograder.errors import AssignmentError, UnreadableSubmission
from autograder.evidence import Evidence
from autograder.sandbox import Sandbox
from autograder.submission import read_bytes
from autograder.training.calibration import FILE as CALIBRATION

# What submissions and graders compute with, beside what an assignment lists.
_LIBRARIES = ("torch", "torchvision", "numpy", "scipy", "scikit-learn", "pandas", "matplotlib", "seaborn", "pytest")
# Parts of the framework that come after a verdict, or never meet one.
_AFTERWARDS = frozenset(["__main__.py", "cli.py", "packaging", "quality", "report", "similarity", "testing.py"])


@dataclass(frozen=True)
class Environment:
    """What a verdict depends on beside the assignment and the submission: what a machine has to have."""

    python: str
    libraries: tuple[tuple[str, str], ...]  # name and version
    framework: str  # version, and a digest of the code that decides
    sandbox: str  # the kind

    def differences(self, other: Environment) -> str:
        """In words, what it has otherwise than another one; nothing where they are the same."""
        mine, others = self._versions(), other._versions()
        names = [name for name in dict.fromkeys([*mine, *others]) if mine.get(name) != others.get(name)]
        return ", ".join(f"{name} {mine.get(name, 'missing')} instead of {others.get(name, 'none')}" for name in names)

    def _versions(self) -> dict[str, str]:
        libraries = dict(self.libraries)
        return {"Python": self.python, "torch-autograder": self.framework, "sandbox": self.sandbox, **libraries}


def environment_of(assignment: Assignment, sandbox: Sandbox) -> Environment:
    """The environment of this process, as far as an assignment has to do with it."""
    names = sorted({*_LIBRARIES, *(Requirement(line).name for line in assignment.settings.packages)})
    libraries = tuple((name, found) for name in names if (found := _version(name)))
    return Environment(platform.python_version(), libraries, _framework(), sandbox.name)


@cache
def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


@cache
def _framework() -> str:
    home = Path(autograder.__file__).parent
    files = [path.relative_to(home) for path in home.rglob("*.py")]
    decides = [path for path in files if path.parts[0] not in _AFTERWARDS]
    return f"{_version('torch-autograder')}+{_digest((path.as_posix(), home / path) for path in decides)}"


# What runs beside student code, or confines it, or asks of what it hands over what is kept as evidence.
_BESIDE_STUDENTS = frozenset(["worker", "sandbox", "diagnosis", "student.py", "clean_room.py", "judged.py"])


@cache
def _worker_framework() -> str:
    home = Path(autograder.__file__).parent
    files = [path.relative_to(home) for path in home.rglob("*.py")]
    return _digest((path.as_posix(), home / path) for path in files if path.parts[0] in _BESIDE_STUDENTS)


def answers_digest(assignment: Assignment, environment: Environment) -> str:
    """A digest of all that a submission's answers depend on, beside itself and what it is asked.

    That are the key, the files that lie beside it, its limits, and the environment; neither the graders nor the part
    of the framework that they run in.
    """
    named = assignment.student_files
    files = ((name, path) for name, path in _files_below(named) if path != assignment.folder / KEY)
    settings = assignment.settings
    what = [
        settings.limits.model_dump(), settings.seconds.model_dump(), settings.preload, settings.model.model_dump(),
        environment.python, environment.libraries, environment.sandbox, _worker_framework(),
    ]  # fmt: skip
    return _digest(files, json.dumps(what, sort_keys=True).encode(), assignment.key.secret)


def assignment_digest(assignment: Assignment) -> str:
    """A digest of all of an assignment that decides verdicts.

    That are its settings and its key, as they are in memory, its graders, the files that they and submissions read,
    and its calibration; neither the master notebook nor the submissions to try the graders with.
    """
    settings = assignment.settings.model_dump_json().encode()
    return _digest(files_of(assignment), settings, assignment.key.secret)


def files_of(assignment: Assignment) -> Iterator[tuple[str, Path]]:
    """Name and place of each file that decides, but for those that an assignment holds in memory."""
    folder = assignment.folder
    named = {"graders": assignment.graders, CALIBRATION: folder / CALIBRATION, **assignment.student_files}
    named |= {name: folder / name for name in assignment.settings.autograder_files}
    return ((name, file) for name, file in _files_below(named) if file != folder / KEY)


def _files_below(named: Mapping[str, Path]) -> Iterator[tuple[str, Path]]:
    for name, path in named.items():
        for file in files_in(path):
            yield (Path(name) / file.relative_to(path)).as_posix(), file


def _digest(files: Iterable[tuple[str, Path]], *more: bytes) -> str:
    """A digest of what files are called and what they hold, in whatever order, and of more."""
    digest = hashlib.blake2b(digest_size=16)
    for content in more:
        digest.update(f"{len(content)}:".encode() + content)
    for name, path in sorted(files):
        content = path.read_bytes()
        digest.update(f"{json.dumps(name)}:{len(content)}:".encode() + content)
    return digest.hexdigest()


@dataclass(frozen=True)
class GradingTask:
    """One submission to grade: all that its result depends on, by content.

    It holds the submission itself and the digest of the assignment, whose key and graders are sent nowhere: a machine
    that grades has them. ``name`` is how the submission is called in its result, and decides nothing.
    """

    name: str
    suffix: str  # of the file: what it is read as
    content: bytes = field(repr=False)
    assignment: str  # its digest
    environment: Environment
    questions: tuple[str, ...] = ()  # those that are graded; none are named where all are
    unreadable: str = ""  # why there is no content
    evidence: Evidence | None = field(default=None, repr=False, compare=False)  # it decides nothing, and saves time

    @cached_property
    def submission(self) -> str:
        """The digest of the submission."""
        return hashlib.blake2b(self.content, digest_size=16).hexdigest()

    def evidence_key(self, answers: str) -> str:
        """A name for the evidence of the submission, whatever is asked; ``answers`` is :func:`answers_digest`."""
        what = [self.suffix, self.submission, answers]
        return hashlib.blake2b(json.dumps(what).encode(), digest_size=16).hexdigest()

    @cached_property
    def key(self) -> str:
        """A name for what comes of the task: the same for the same submission, graders and so on, and for no other."""
        environment, questions = asdict(self.environment), sorted(self.questions)
        what = [self.suffix, self.submission, self.unreadable, self.assignment, questions, environment]
        return hashlib.blake2b(json.dumps(what, sort_keys=True).encode(), digest_size=16).hexdigest()


def grading_tasks(
    assignment: Assignment,
    files: Iterable[SubmissionFile],
    sandbox: Sandbox,
    questions: Collection[str] = (),
) -> Iterator[GradingTask]:
    """A task for each file, which is read only when its task is asked for.

    Raises:
        UsageError: the assignment has no such question.
    """
    assignment.check_questions(questions)
    digest, environment = assignment_digest(assignment), environment_of(assignment, sandbox)
    for file in files:
        content, unreadable = b"", ""
        try:
            content = read_bytes(file.path)
        except UnreadableSubmission as reason:
            unreadable = str(reason)
        suffix = file.path.suffix.lower()
        yield GradingTask(file.name, suffix, content, digest, environment, tuple(questions), unreadable)


class AssignmentSource:
    """Finds assignments by their digests, in a process that grades."""

    def __init__(self, *assignments: Assignment) -> None:
        self._assignments = {assignment_digest(assignment): assignment for assignment in assignments}
        self._checked: dict[str, object] = {}

    def find(self, digest: str) -> Assignment:
        """The assignment with this digest.

        Raises:
            AssignmentError: there is none, or it is no longer what it was.
        """
        if digest not in self._assignments:
            raise AssignmentError(
                "the assignment of this task is not here: give the folder, or the package, it was made from"
            )
        assignment = self._assignments[digest]
        seen = [(path, path.stat().st_mtime_ns, path.stat().st_size) for _, path in files_of(assignment)]
        if self._checked.get(digest) != seen:  # read again only what was touched
            if assignment_digest(assignment) != digest:
                raise AssignmentError(f"{assignment.folder} was changed while it was graded with: grade again")
            self._checked[digest] = seen
        return assignment
