"""Landlock and seccomp, for machines that refuse namespaces: an ordinary container, above all."""

from __future__ import annotations

import contextlib
import os
import platform
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from autograder.errors import SandboxUnavailable
from autograder.sandbox.base import (
    SHOWN,
    Limits,
    Sandbox,
    Started,
    can_be_read_by_anybody,
    environment,
    fill_scratch,
    python_folders,
)
from autograder.sandbox.user import is_open, spare_user
from autograder.temporary import TemporaryFolder
from autograder.worker import confine


class Landlock(Sandbox):
    """The worker gives up files, sockets, signals and new processes by itself, before it sees a submission.

    What remains weaker than namespaces: it can ask for sizes and times of what its user could get to (``stat`` is
    not covered by Landlock, and a filter sees no paths), which is little for a user of its own and all for root;
    and its own folder is on this machine's disk, where the watchdog holds it to its size.
    """

    name: ClassVar[str] = "landlock"

    def check(self) -> None:
        """See whether the kernel has what is needed.

        Raises:
            SandboxUnavailable: no Landlock in the kernel, or an architecture without a seccomp filter.
        """
        if platform.system() != "Linux" or confine.landlock_version() < 1:
            raise SandboxUnavailable("this kernel has no Landlock (Linux 5.13 and later have it)")
        if not confine.has_filter(platform.machine()):
            raise SandboxUnavailable(f"there is no seccomp filter for {platform.machine()}")

    def start(self, files: dict[str, Path], limits: Limits, preload: Sequence[str]) -> Started:
        with contextlib.ExitStack() as undo:
            folder = TemporaryFolder()
            undo.callback(folder.remove)
            scratch = folder.path / "work"
            connection, process = self._fork({"preload": list(preload), "parent": os.getpid(), "new_pids": False})
            undo.callback(process.close)
            undo.callback(connection.close)
            is_open_to_all = can_be_read_by_anybody(way=True) and is_open(folder.path.parent, way=True)
            user = spare_user(process.pid) if is_open_to_all else None
            fill_scratch(scratch, files, user)
            undo.pop_all()
        # Of /proc no more than this: /proc/PID/net shows the machine's network.
        own = [f"/proc/{process.pid}/{name}" for name in ("statm", "stat", "status", "maps", "cmdline")]
        readable = [*map(str, (*python_folders(), *SHOWN)), "/dev/urandom", *own]
        rules = {
            "readable": [*readable, "/proc/cpuinfo", "/proc/meminfo"],
            "writable": [str(scratch), "/dev/null"],
        }
        plan = self._plan(
            limits, directory=str(scratch), environment=environment(str(scratch)), landlock=rules, user=user
        )
        return Started(process, connection, plan, scratch, folder, user)
