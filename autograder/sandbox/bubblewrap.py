"""Namespaces, by bubblewrap: a file system of its own, no network, no other process in sight."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import ClassVar

from autograder.errors import SandboxUnavailable
from autograder.sandbox.base import WORKER, Limits, Sandbox, Started, environment, python_folders

HOME = "/home/student"
SHARED_MEMORY = "/dev/shm"
WRITABLE = ("/tmp", HOME, SHARED_MEMORY)  # all that a worker can write to, in memory
_USER = "1000"


class Bubblewrap(Sandbox):
    """Namespaces and seccomp: the strongest confinement, where the kernel allows user namespaces."""

    name: ClassVar[str] = "bubblewrap"

    def check(self) -> None:
        """See whether bubblewrap is there and may make namespaces.

        Raises:
            SandboxUnavailable: it is missing, or namespaces are refused, as in an ordinary container.
        """
        command = [_program(), *_NAMESPACES, "--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev", "true"]
        try:
            tried = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise SandboxUnavailable(f"bubblewrap does not start ({error})") from None
        if tried.returncode != 0:
            reason = (tried.stderr.strip().splitlines() or ["no reason given"])[-1].removeprefix("bwrap: ")
            raise SandboxUnavailable(f"bubblewrap may not make namespaces here: {reason}")

    def start(self, files: dict[str, Path], limits: Limits) -> Started:
        size = str(limits.disk_mb << 20)
        arguments = [_program(), *_NAMESPACES]
        # First, since Python or the framework may live below one of them.
        for writable in ("/tmp", HOME):
            arguments += ["--size", size, "--tmpfs", writable]
        for folder in [*python_folders(), WORKER]:
            if folder.is_symlink() and not folder.is_file():
                arguments += ["--symlink", str(folder.readlink()), str(folder)]
            else:
                arguments += ["--ro-bind", str(folder), str(folder)]
        arguments += ["--proc", "/proc", "--dev", "/dev", "--size", size, "--tmpfs", SHARED_MEMORY]
        for name, source in files.items():
            arguments += ["--ro-bind", str(source), f"{HOME}/{name}"]
        # Both are file systems in memory without a limit of their own.
        arguments += ["--remount-ro", "/dev", "--remount-ro", "/", "--chdir", HOME, "--"]
        process, connection = self._popen(arguments, environment(HOME))
        plan = self._plan(limits, directory=HOME)
        # Counted for each user namespace; for root's it is not enforced, and the watchdog counts threads.
        plan["limits"]["NPROC"] = limits.threads
        return Started(process, connection, plan)


def _program() -> str:
    program = shutil.which("bwrap")
    if program is None:
        raise SandboxUnavailable("bubblewrap is not installed")
    return program


_NAMESPACES = [
    *("--unshare-all", "--unshare-user", "--disable-userns", "--uid", _USER, "--gid", _USER),
    *("--die-with-parent", "--new-session", "--hostname", "worker"),
]
