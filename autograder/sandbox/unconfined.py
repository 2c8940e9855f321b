"""No sandbox, for a person who asks for it by name: only for code that they trust."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from autograder.sandbox.base import Limits, Sandbox, Started, environment, fill_scratch
from autograder.temporary import TemporaryFolder


class Unconfined(Sandbox):
    """A plain process with limits on its resources. It can read and write whatever the grader can."""

    name: ClassVar[str] = "none"

    def check(self) -> None:
        """Nothing is needed."""

    def start(self, files: dict[str, Path], limits: Limits, preload: Sequence[str]) -> Started:
        with contextlib.ExitStack() as undo:
            folder = TemporaryFolder()
            undo.callback(folder.remove)
            scratch = folder.path / "work"
            fill_scratch(scratch, files)
            connection, process = self._fork({"preload": list(preload), "parent": os.getpid(), "new_pids": False})
            undo.pop_all()
        plan = self._plan(
            limits, directory=str(scratch), environment=environment(str(scratch)), seccomp=False, **_PERMITTED
        )
        return Started(process, connection, plan, scratch, folder)


# Whoever asks for no sandbox knows that submissions have the grader's rights, root's among them.
_PERMITTED: dict[str, list[str]] = {"forbidden": [], "unwritable": []}
