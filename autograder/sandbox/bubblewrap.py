"""Namespaces, by bubblewrap: a file system of its own, no network, no other process in sight."""

from __future__ import annotations

import os
import shutil
import subprocess
from functools import cached_property
from pathlib import Path
from typing import ClassVar

from autograder.errors import SandboxUnavailable
from autograder.sandbox.base import (
    WORKER,
    Limits,
    Sandbox,
    Started,
    can_be_read_by_anybody,
    environment,
    python_folders,
)
from autograder.sandbox.user import spare_user

HOME = "/home/student"
SHARED_MEMORY = "/dev/shm"
WRITABLE = ("/tmp", HOME, SHARED_MEMORY)  # all that a worker can write to, in memory
_USER = "1000"


class Bubblewrap(Sandbox):
    """Namespaces and seccomp: the strongest confinement, where the kernel allows user namespaces.

    A worker is whom the grader is, in a user namespace of its own. For root that would be root of this machine, whom
    files in ``/proc`` obey even there: so root makes the other namespaces with its own rights, and the worker becomes
    a user of its own in them. Where only root can read Python, that is not possible, and the layers say so.
    """

    name: ClassVar[str] = "bubblewrap"

    def check(self) -> None:
        """See whether bubblewrap is there and may make namespaces.

        Raises:
            SandboxUnavailable: it is missing, or namespaces are refused, as in an ordinary container.
        """
        reason = self._refusal(_USER_NAMESPACE)
        if reason:
            raise SandboxUnavailable(f"bubblewrap may not make namespaces here: {reason}")

    def _refusal(self, namespaces: list[str]) -> str:
        """Why these can't be made, or nothing."""
        everything = ["--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev", "--remount-ro", "/proc"]
        command = [_program(), *namespaces, *_NAMESPACES, *everything, "true"]
        try:
            tried = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            return f"it does not start ({error})"
        if tried.returncode == 0:
            return ""
        return (tried.stderr.strip().splitlines() or ["no reason given"])[-1].removeprefix("bwrap: ")

    @cached_property
    def _gives_users(self) -> bool:
        return spare_user(os.getpid()) is not None and not self._refusal(_WITHOUT_USER_NAMESPACE)

    def start(self, files: dict[str, Path], limits: Limits) -> Started:
        is_other = self._gives_users and can_be_read_by_anybody(way=False, files=files.values())
        arguments = [_program(), *(_WITHOUT_USER_NAMESPACE if is_other else _USER_NAMESPACE), *_NAMESPACES]
        tmpfs = ["--perms", "0777" if is_other else "0755", "--size", str(limits.disk_mb << 20), "--tmpfs"]
        # First, since Python or the framework may live below one of them.
        for writable in ("/tmp", HOME):
            arguments += [*tmpfs, writable]
        for folder in [*python_folders(), WORKER]:
            if folder.is_symlink() and not folder.is_file():
                arguments += [*_way_to(folder), "--symlink", str(folder.readlink()), str(folder)]
            else:
                arguments += [*_way_to(folder), "--ro-bind", str(folder), str(folder)]
        arguments += ["--proc", "/proc", "--dev", "/dev", *tmpfs, SHARED_MEMORY]
        for name, source in files.items():
            place = Path(HOME, name)
            arguments += [*_way_to(place), "--ro-bind", str(source), str(place)]
        # The kernel's settings; and file systems in memory without a limit of their own.
        for unlimited in ("/proc", "/dev", "/"):
            arguments += ["--remount-ro", unlimited]
        process, connection = self._popen([*arguments, "--chdir", HOME, "--"], environment(HOME))
        user = spare_user(process.pid) if is_other else None
        plan = self._plan(limits, directory=HOME, user=user)
        # Counted for each user namespace, and for each user; not for root, whose threads the watchdog counts.
        plan["limits"]["NPROC"] = limits.threads
        return Started(process, connection, plan, user=user)


def _way_to(path: Path) -> list[str]:
    """Make the folders above, so that anybody can get there: bubblewrap would make them for the grader alone."""
    return ["--perms", "0755", "--dir", str(path.parent)]


def _program() -> str:
    program = shutil.which("bwrap")
    if program is None:
        raise SandboxUnavailable("bubblewrap is not installed")
    return program


_NAMESPACES = ["--die-with-parent", "--new-session", "--hostname", "worker"]
_USER_NAMESPACE = ["--unshare-all", "--unshare-user", "--disable-userns", "--uid", _USER, "--gid", _USER]
# Root needs none. What it takes to become another user, and nothing else of its rights.
_WITHOUT_USER_NAMESPACE = [
    *("--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try", "--cap-drop", "ALL"),
    *("--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID", "--cap-add", "CAP_SETPCAP"),
]
