"""The last audit of an assignment on disk: what came of each submission, and whether that still holds.

``solutions/NAME/audit.json`` has digests of what it was made of, so that only what was changed is graded again, and
``autograder assign`` can say that it no longer fits.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from autograder.assignment import Assignment, files_in, read_kept
from autograder.atomic import write_whole
from autograder.batch.task import GradingTask
from autograder.quality.cases import BLANK, Difference, cases, checks_of
from autograder.quality.declared import DeclaredSubmission
from autograder.results import Check, Result, question_of
from autograder.training.calibration import FILE as CALIBRATION

FILE = "audit.json"


class Audited(BaseModel):
    """What came of one submission: points by check, and what was not as declared."""

    model_config = ConfigDict(extra="forbid")

    digest: str  # of the submission and its declaration
    points: dict[str, float] = {}
    differs: list[tuple[str, str]] = []  # check and words


class Audit(BaseModel):
    """``audit.json``: what came of each submission, and what that depends on."""

    model_config = ConfigDict(extra="forbid")

    conditions: dict[str, str] = {}  # what all of it depends on
    graders: dict[str, str] = {}  # question to a digest of its graders
    submissions: dict[str, Audited] = {}

    @classmethod
    def of(cls, assignment: Assignment, found: Mapping[str, DeclaredSubmission]) -> Audit:
        """An audit in which nothing was graded yet, with digests of everything as it is now."""
        questions = assignment.questions
        return cls(
            conditions=_conditions(assignment),
            graders={name: _digest([path]) for name, path in questions.items()},
            submissions={name: Audited(digest=_digest_of(case)) for name, case in found.items()},
        )

    def kept_in(self, now: Audit) -> Audit:
        """``now``, with what of this still holds."""
        if self.conditions != now.conditions:
            return now
        same = {name for name, digest in now.graders.items() if self.graders.get(name) == digest}
        kept = {
            name: Audited(
                digest=audited.digest,
                points={check: points for check, points in audited.points.items() if question_of(check) in same},
                differs=audited.differs,
            )
            for name, audited in self.submissions.items()
            if name in now.submissions and now.submissions[name].digest == audited.digest
        }
        return now.model_copy(update={"submissions": now.submissions | kept})

    def missing(self, name: str, checks: Sequence[Check]) -> set[str]:
        """The questions that a submission has to be asked: all of them where something was not as declared."""
        audited = self.submissions[name]
        return {question_of(check.name) for check in checks if audited.differs or check.name not in audited.points}

    def enter(self, task: GradingTask, result: Result, found: Sequence[Difference]) -> None:
        """Note what came of a submission. Questions that were not asked keep what they have."""
        before = self.submissions[task.name]
        points = before.points | {check.name: check.points for check in result.checks}
        kept = [old for old in before.differs if task.questions and question_of(old[0]) not in task.questions]
        differs = [*kept, *((each.check, each.words) for each in found)]
        self.submissions[task.name] = Audited(digest=before.digest, points=points, differs=differs)

    def never_lost(self, checks: Sequence[Check], found: Mapping[str, DeclaredSubmission]) -> list[str]:
        """The checks that no wrong submission loses: a check that nothing fails checks nothing.

        What a submission loses since it does not answer the question, or by chance, does not count.
        """
        names = []
        for check in checks:
            losers = (
                name
                for name, case in found.items()
                if name.startswith("wrong/")
                and not case.declaration.leaves_out(check.name)
                and check.name not in case.declaration.may_fail
                and self.submissions[name].points.get(check.name, check.max_points) < check.max_points
            )
            if next(losers, None) is None:
                names.append(check.name)
        return names

    def write(self, folder: Path) -> None:
        """Write it, a line for each submission."""
        parts = self.model_dump(mode="json")
        lines = [f"  {json.dumps(name)}: {json.dumps(content)}" for name, content in parts.pop("submissions").items()]
        head = json.dumps(parts, indent=1).removesuffix("\n}")
        write_whole(folder / FILE, head + ',\n "submissions": {\n' + ",\n".join(lines) + "\n }\n}\n")


def read_audit(assignment: Assignment) -> Audit | None:
    """The last audit of an assignment, if there was one.

    Raises:
        AssignmentError: the file is none.
    """
    return read_kept(Audit, assignment.folder / FILE)


def outdated(assignment: Assignment) -> list[str]:
    """Why the last audit of an assignment says nothing of it as it is now, in words; nothing where it does.

    The blank notebook is no reason: each release makes it anew, and grades it.

    Raises:
        AssignmentError: the audit, the graders or the declarations are not right.
    """
    last = read_audit(assignment)
    if last is None:
        return ["there was none"]
    checks = checks_of(assignment)
    found = {name: case for name, case in cases(assignment, checks).items() if name != BLANK}
    now = Audit.of(assignment, found)
    reasons = [
        *(f"{name} changed" for name in _changed(last.conditions, now.conditions)),
        *(f"the graders of {name} changed" for name in _changed(last.graders, now.graders)),
        *(
            f"{name} changed"
            for name in _changed(
                {name: audited.digest for name, audited in last.submissions.items() if name != BLANK},
                {name: audited.digest for name, audited in now.submissions.items()},
            )
        ),
    ]
    if reasons:
        return reasons
    valid = last.kept_in(now)
    reasons += [f"{name} is not as declared" for name, audited in valid.submissions.items() if audited.differs]
    reasons += [f"{name} was not audited" for name in found if not reasons and valid.missing(name, checks)]
    return reasons or [f"no wrong submission loses {name}" for name in valid.never_lost(checks, found)]


def _changed(before: Mapping[str, str], now: Mapping[str, str]) -> Iterator[str]:
    yield from (name for name in {**before, **now} if before.get(name) != now.get(name))


def _conditions(assignment: Assignment) -> dict[str, str]:
    settings, folder = assignment.settings, assignment.folder
    tests = set(assignment.questions.values())
    shared = sorted(path for path in assignment.graders.rglob("*") if path.is_file() and path not in tests)
    data = [folder / name for name in (*settings.files, *settings.autograder_files)]
    return {
        **{name: version(name).partition("+")[0] for name in ("torch-autograder", "torch", "numpy")},
        "assignment.toml": hashlib.blake2b(settings.model_dump_json().encode(), digest_size=8).hexdigest(),
        "what the graders share": _digest(shared),
        "files": _digest(data),
        CALIBRATION: _digest([folder / CALIBRATION]),
    }


def _digest(paths: Sequence[Path]) -> str:
    digest = hashlib.blake2b(digest_size=8)
    for path in paths:
        for file in files_in(path):
            content = file.read_bytes()
            digest.update(f"{file.relative_to(path.parent)} {len(content)}\n".encode() + content)
    return digest.hexdigest()


def _digest_of(case: DeclaredSubmission) -> str:
    declaration = case.declaration.model_dump(mode="json")
    plain = {name: sorted(value) if isinstance(value, list) else value for name, value in declaration.items()}
    content = json.dumps(plain, sort_keys=True).encode() + b"\0" + case.content
    return hashlib.blake2b(content, digest_size=8).hexdigest()
