"""Which policy is in force for a folder of results: the one that lies in it.

``grade`` copies a policy that is named, or the assignment's own, to ``DIR/policy.toml``, with the tables beside it, so
that ``report``, ``feedback``, ``export`` and ``regrade`` go by the same one. A copy says where it is from and, by
digests, whether it was changed since: what a person wrote is never lost.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.atomic import write_whole
from autograder.errors import UsageError
from autograder.report.policy import FILE, Marked, read_policy, tables_of, without_policy
from autograder.results import Result

_ASSIGNMENT = "the assignment"  # where a copy is from that is made again when its source changes
_COPIED = "# copied: "  # what the line begins with that says so, at the beginning of a copy
_HINT = "# Change what is below, and `autograder grade` leaves this file as it is, unless --policy names another."


def policy_of(folder: Path, named: Path | None) -> Path | None:
    """The policy that is named, or else the one that is in force for these results, if any."""
    return named or (folder / FILE if (folder / FILE).exists() else None)


@dataclass(frozen=True)
class Applied:
    """Results by the policy, and what to know of that."""

    marked: list[Marked]
    doubts: list[str]  # sentences without their ends


def apply_policy(results: Sequence[Result], path: Path | None, folder: Path) -> Applied:
    """Results by the policy in a file; as they are where there is none. ``folder`` is that of the results.

    Raises:
        UsageError: the policy can't be read, or names what there is not.
    """
    if path is None:
        return Applied(without_policy(results), [])
    policy = read_policy(path, folder)
    return Applied(policy.apply(results), policy.doubts(results))


def keep_policy(folder: Path, named: Path | None, assignment: Path) -> list[str]:
    """Put the policy in force into the folder of the results: the one that is named, or else the assignment's own.

    The assignment's own comes second to one that somebody wrote into the folder, or changed there. Returns what became
    of files that somebody wrote, in sentences without their ends.

    Raises:
        UsageError: the one that is named can't be read.
    """
    there = folder / FILE
    if named is not None:
        if there.exists() and named.resolve() == there.resolve():
            return []
        return _copy(named, str(named), folder, replaces=True)
    source = assignment / FILE
    copied = _Copied.of(there)
    is_ours = copied is not None and copied.source == _ASSIGNMENT and copied.is_unchanged(there)
    if source.is_file() and (is_ours or not there.exists()):
        return _copy(source, _ASSIGNMENT, folder, replaces=False)
    return []


@dataclass(frozen=True)
class _Copied:
    """What a copy says of itself: where it is from, and the digests of what was copied, by the names there."""

    source: str
    digests: Mapping[str, str]

    @classmethod
    def of(cls, path: Path) -> _Copied | None:
        """What a policy says of itself; None if it is no copy."""
        try:
            first = path.read_text(encoding="utf-8").partition("\n")[0]
            said: Any = json.loads(first.removeprefix(_COPIED)) if first.startswith(_COPIED) else None
            return cls(str(said["from"]), {str(name): str(digest) for name, digest in said["digests"].items()})
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            return None

    def is_unchanged(self, path: Path) -> bool:
        """Whether a file is as it was copied."""
        return self.digests.get(path.name) == _digest(_body(path))


def _copy(source: Path, called: str, folder: Path, *, replaces: bool) -> list[str]:
    """Copy a policy and its tables; what somebody wrote in their places is put aside, or stays."""
    before = _Copied.of(folder / FILE)
    texts = {FILE: _body(source)}
    for name in tables_of(source):
        table = source.parent / name
        if table.is_file() and table.resolve() != (folder / table.name).resolve():
            texts[table.name] = _body(table)
    told, digests = [], {name: _digest(text) for name, text in texts.items()}
    for name, text in texts.items():
        target = folder / name
        is_written = target.exists() and _body(target) != text
        if is_written and not (before is not None and before.is_unchanged(target)):
            if not replaces:
                told.append(f"the {name} in {folder} stays, and that beside {source} is not read")
                del digests[name]
                continue
            aside = target.with_name(f"{name}.before")
            target.replace(aside)
            told.append(f"the {name} that was in {folder} is {aside} now: {source} takes its place")
    for name in digests:
        head = f"{_COPIED}{json.dumps({'from': called, 'digests': digests}, ensure_ascii=False)}\n{_HINT}\n"
        write_whole(folder / name, head * (name == FILE) + texts[name])
    return told


def _body(path: Path) -> str:
    """What a file says, without what a copy says of itself.

    Raises:
        UsageError: it can't be read.
    """
    try:
        text = path.read_bytes().decode("utf-8")
    except OSError as error:
        raise UsageError(f"{path} can't be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UsageError(f"{path} is not UTF-8: save it as UTF-8") from None
    return text.split("\n", 2)[-1] if text.startswith(_COPIED) else text


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()
