"""Names in place of those of submissions, always the same for who holds the key."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Self

from autograder.errors import AutograderError, UsageError
from autograder.report.policy import Marked
from autograder.results import Check, Result

_DIGITS = 8  # hexadecimal: of 3,000 names, two are alike once in a thousand classes
_KEY_BYTES = 16  # at least
_SHORTEST = 4  # characters of a name that is looked for in texts


@dataclass(frozen=True)
class Pseudonyms:
    """Names made of a secret key: without it, nobody can tell whose they are, or try names out."""

    key: bytes

    @classmethod
    def with_key_in(cls, path: Path) -> Self:
        """With the key in a file, which is made if there is none.

        Raises:
            UsageError: the file holds no key.
        """
        if not path.exists():
            path.touch(mode=0o600)
            path.write_text(secrets.token_hex(32) + "\n", encoding="ascii")
        try:
            key = bytes.fromhex(path.read_text(encoding="ascii"))
        except ValueError:
            key = b""
        if len(key) < _KEY_BYTES:
            raise UsageError(f"{path} is no key of {2 * _KEY_BYTES} hexadecimal digits: name another file, to be made")
        return cls(key)

    def of(self, name: str) -> str:
        """The name in place of a submission's."""
        digest = hmac.new(self.key, name.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()
        return f"submission-{digest[:_DIGITS]}"

    def anonymous(self, results: Sequence[Result]) -> list[Result]:
        """Results without names, in the order of those that take their place. Written answers are left out.

        What a file is called is left out of feedback too; a name that somebody wrote into the code is not known here.

        Raises:
            AutograderError: two submissions would get the same name.
        """
        renamed = sorted((self._renamed(result) for result in results), key=lambda result: result.submission)
        if len({result.submission for result in renamed}) < len(renamed):
            raise AutograderError("two submissions would get the same name: take another key")
        return renamed

    def anonymous_marks(self, marked: Sequence[Marked]) -> list[Marked]:
        """The same of results to which a policy was applied; what a person gave for a reason is left out."""
        renamed = []
        for each in marked:
            steps = tuple(replace(step, words=step.words.partition(": ")[0]) for step in each.steps)
            renamed.append(replace(each, result=self._renamed(each.result), steps=steps))
        return sorted(renamed, key=lambda each: each.submission)

    def without(self, submission: str, text: str) -> str:
        """A text with the pseudonym wherever a submission's file or a folder of it is called by its name."""
        return _pattern(submission).sub(self.of(submission), text)

    def _renamed(self, result: Result) -> Result:
        own = self.of(result.submission)

        def without(text: str) -> str:
            return self.without(result.submission, text)

        def check_without(check: Check) -> Check:
            return replace(check, feedback=without(check.feedback), decided=tuple(map(without, check.decided)))

        return replace(
            result,
            submission=own,
            checks=tuple(map(check_without, result.checks)),
            notes=tuple(map(without, result.notes)),
            trouble=without(result.trouble),
            answers=(),
        )


@cache
def _pattern(submission: str) -> re.Pattern[str]:
    path = PurePosixPath(submission)
    parts = {submission, path.name, path.stem, *path.parent.parts}
    names = sorted((part for part in parts if len(part) >= _SHORTEST), key=len, reverse=True)
    return re.compile("|".join(map(re.escape, names)) or r"(?!)", re.IGNORECASE)
