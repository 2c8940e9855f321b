"""Temporary folders that don't outlive for long a grader that was killed: the next one sweeps them.

They hold what students must not see, a package's key and hidden labels above all. Each is locked while it is in use,
and the kernel unlocks it when its process is gone, however that ended.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import subprocess
import tempfile
from pathlib import Path

_PREFIX, _SUFFIX = "torch-autograder-", ".tmp"
_NAME = re.compile(re.escape(_PREFIX) + r"\w{8}" + re.escape(_SUFFIX))


class TemporaryFolder:
    """A new, locked folder at ``path`` for this user alone, until :meth:`remove`, or for the time of a ``with``."""

    def __init__(self) -> None:
        while True:
            self.path = Path(tempfile.mkdtemp(prefix=_PREFIX, suffix=_SUFFIX))
            self._lock = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY)
            with contextlib.suppress(OSError):  # a file system without locks; such folders are never swept
                fcntl.flock(self._lock, fcntl.LOCK_EX)
            if self.path.exists():
                break
            os.close(self._lock)  # another grader found it before it was locked

    def remove(self) -> None:
        """Delete it with all that is in it."""
        _delete(self.path)
        os.close(self._lock)

    def __enter__(self) -> Path:
        return self.path

    def __exit__(self, *_: object) -> None:
        self.remove()


def sweep() -> None:
    """Delete the temporary folders of this user's graders that are gone."""
    for path in Path(tempfile.gettempdir()).iterdir():
        if _NAME.fullmatch(path.name):
            with contextlib.suppress(OSError):  # another's, in use, or gone by now
                _delete_if_dead(path)


def _delete_if_dead(path: Path) -> None:
    folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        if os.fstat(folder).st_uid == os.geteuid():
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _delete(path)
    finally:
        os.close(folder)


def _delete(folder: Path) -> None:
    """Delete a folder that a submission may have written to: deep, unreadable or huge as it may be."""
    subprocess.run(["chmod", "-R", "u+rwX", "--", str(folder)], capture_output=True, check=False)
    subprocess.run(["rm", "-rf", "--", str(folder)], capture_output=True, check=False)
