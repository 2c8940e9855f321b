"""Namespaces, by bubblewrap: a file system of its own, no network, no other process in sight."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

from autograder.errors import SandboxUnavailable
from autograder.sandbox.base import (
    LOAD_SHOWN,
    PACKAGE,
    PYTHON,
    SHOWN,
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
_USER = 1000
_FILES, _STAGING = "/run/files", "/run/staging"  # the assignment's files, and where workers mount


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
        reason = _refusal(is_other=False)
        if reason:
            raise SandboxUnavailable(f"bubblewrap may not make namespaces here: {reason}")

    def start(self, files: dict[str, Path], limits: Limits, preload: Sequence[str]) -> Started:
        is_other = _gives_users() and can_be_read_by_anybody(way=False, files=tuple(files.values()))
        shown = {f"{_FILES}/{number}": source for number, source in enumerate(files.values())}
        connection, process = self._fork(
            {"preload": list(preload), "parent": None, "new_pids": True},
            (is_other, tuple((str(path), *_identity(path)) for path in files.values())),
            lambda: _zygote_command(shown, is_other),
            HOME,
        )
        user = spare_user(process.pid) if is_other else None
        placed = {f"{HOME}/{name}": inside for name, inside in zip(files, shown, strict=True)}
        isolation = _isolation(limits, placed, is_other)
        plan = self._plan(limits, directory=HOME, namespaces=isolation, user=user)
        # Counted for each user namespace, and for each user; not for root, whose threads the watchdog counts.
        plan["limits"]["NPROC"] = limits.threads
        return Started(process, connection, plan, user=user)


def _refusal(*, is_other: bool) -> str:
    """Why a worker's namespaces can't be made, or nothing.

    Its own, too, and not just its zygote's: where bubblewrap has a privilege, what it starts may have none.
    """
    isolation = json.dumps(_isolation(Limits(), {}, is_other))
    command = [*_zygote_command({}, is_other), *PYTHON, _TRY, str(PACKAGE), isolation]
    try:
        tried = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=environment(HOME))
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"it does not start ({error})"
    if tried.returncode == 0:
        return ""
    return (tried.stderr.strip().splitlines() or ["no reason given"])[-1].removeprefix("bwrap: ")


@cache
def _gives_users() -> bool:
    """Whether root can make a worker another user here: tried once, since each submission comes with a new sandbox."""
    return spare_user(os.getpid()) is not None and not _refusal(is_other=True)


def _zygote_command(files: dict[str, Path], is_other: bool) -> list[str]:
    """What confines a zygote: it sees what its workers are to see, and may make namespaces and mounts for them."""
    arguments = [_program(), *(_WITHOUT_USER_NAMESPACE if is_other else _USER_NAMESPACE), *_NAMESPACES]
    # First, since Python or the framework may live below one of them.
    for writable in ("/tmp", HOME):
        arguments += ["--tmpfs", writable]
    for folder in _visible():
        if _is_link(folder):
            arguments += [*_way_to(folder), "--symlink", str(folder.readlink()), str(folder)]
        else:
            arguments += [*_way_to(folder), "--ro-bind", str(folder), str(folder)]
    arguments += ["--proc", "/proc", "--dev", "/dev", "--perms", "0755", "--dir", _STAGING]
    for inside, source in files.items():
        arguments += [*_way_to(Path(inside)), "--ro-bind", str(source), inside]
    arguments += ["--tmpfs", "/dev/pts"]  # terminals would be those of all workers
    # File systems in memory, which have no limit of their own.
    for unlimited in ("/dev/pts", "/dev", "/"):
        arguments += ["--remount-ro", unlimited]
    return [*arguments, "--chdir", "/", "--"]


def _isolation(limits: Limits, files: dict[str, str], is_other: bool) -> dict[str, Any]:
    """What a worker's isolation is given, in :mod:`autograder.worker.namespaces`."""
    return {
        "writable": dict.fromkeys(WRITABLE, limits.disk_mb << 20),
        "files": files,
        "visible": [str(path) for path in _visible() if not _is_link(path)],
        "hidden": [_FILES] if files else [],  # they are seen where they belong
        "staging": _STAGING,
        "user": None if is_other else _USER,
    }


_TRY = f"""{LOAD_SHOWN}
import json, os
from autograder.worker import confine, namespaces
try:
    child = namespaces.fork_into_new_pids(os.open("/proc/self/ns/pid", os.O_RDONLY))
    if not child:
        namespaces.isolate(**json.loads(sys.argv[2]))
except (OSError, confine.ConfinementError) as error:
    sys.exit(str(error))
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) if child else 0)
"""


def _visible() -> list[Path]:
    return [*python_folders(), *SHOWN]


@cache
def _is_link(path: Path) -> bool:
    return path.is_symlink() and not path.is_file()


def _identity(path: Path) -> tuple[int, int]:
    """What tells whether a zygote's view of a file or folder still is that of others."""
    status = path.stat()
    return status.st_ino, status.st_mtime_ns


def _way_to(path: Path) -> list[str]:
    """Make the folders above, so that anybody can get there: bubblewrap would make them for the grader alone."""
    return ["--perms", "0755", "--dir", str(path.parent)]


def _program() -> str:
    program = shutil.which("bwrap")
    if program is None:
        raise SandboxUnavailable("bubblewrap is not installed")
    return program


_NAMESPACES = ["--die-with-parent", "--new-session", "--hostname", "worker"]
_USER_NAMESPACE = ["--unshare-all", "--unshare-user", "--uid", "0", "--gid", "0", "--cap-add", "ALL"]
# Root needs none. What it takes to make namespaces and become another user, and nothing else of its rights.
_WITHOUT_USER_NAMESPACE = [
    *("--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try", "--cap-drop", "ALL"),
    *("--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID", "--cap-add", "CAP_SETPCAP", "--cap-add", "CAP_SYS_ADMIN"),
]
