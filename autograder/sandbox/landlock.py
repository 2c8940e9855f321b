"""Landlock and seccomp, for machines that refuse namespaces: an ordinary container, above all."""

from __future__ import annotations

import os
import platform
from pathlib import Path
from typing import ClassVar

from autograder.errors import SandboxUnavailable
from autograder.sandbox.base import (
    WORKER,
    Limits,
    Sandbox,
    Started,
    environment,
    make_scratch,
    python_folders,
)
from autograder.worker import confine


class Landlock(Sandbox):
    """The worker gives up files, sockets, signals and new processes by itself, before it sees a submission.

    What remains weaker than namespaces: it can ask whether a path exists (``stat`` is not covered), and its
    own folder is on this machine's disk, where the watchdog holds it to its size.
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

    def start(self, files: dict[str, Path], limits: Limits) -> Started:
        scratch = make_scratch(files)
        process, connection = self._popen([], environment(str(scratch)))
        # Of /proc no more than this: /proc/PID/net shows the machine's network.
        own = [f"/proc/{process.pid}/{name}" for name in ("statm", "stat", "status", "maps", "cmdline")]
        readable = [*map(str, python_folders()), str(WORKER), "/dev/urandom", *own]
        rules = {
            "readable": [*readable, "/proc/cpuinfo", "/proc/meminfo"],
            "writable": [str(scratch), "/dev/null"],
        }
        plan = self._plan(limits, directory=str(scratch), landlock=rules, parent=os.getpid())
        return Started(process, connection, plan, scratch)
