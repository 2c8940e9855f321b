"""What a forked worker does to have a machine of its own, inside the namespaces that bubblewrap made for its zygote.

The zygote is root in a user namespace where it may make namespaces and mount file systems. A worker makes its own of
every kind, so that nothing of it reaches the zygote or the next worker, and ends as an ordinary user of one more user
namespace, in which nothing can be mounted. https://man7.org/linux/man-pages/man7/namespaces.7.html
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterable
from typing import Any

from .confine import ConfinementError

_libc = ctypes.CDLL(None, use_errno=True)
_NEW_MOUNTS, _NEW_UTS, _NEW_IPC = 0x00020000, 0x04000000, 0x08000000
_NEW_USER, _NEW_PIDS, _NEW_NET = 0x10000000, 0x20000000, 0x40000000
_READ_ONLY, _NO_SUID, _NO_DEVICES, _NO_EXECUTION = 1, 2, 4, 8
_BIND, _MOVE, _RECURSIVE, _PRIVATE = 4096, 8192, 16384, 1 << 18
_DETACH = 2  # for umount2


def fork_into_new_pids(own: int) -> int:
    """Fork, the child being the first process of a PID namespace of its own; 0 in the child, as :func:`os.fork` does.

    ``own`` is a descriptor of this process's own PID namespace, to which its next children belong again.
    """
    _check(_libc.unshare(_NEW_PIDS), "a PID namespace")
    try:
        child = os.fork()
    except BaseException:
        _check(_libc.setns(own, _NEW_PIDS), "the way back to the PID namespace")
        raise
    if child:
        _check(_libc.setns(own, _NEW_PIDS), "the way back to the PID namespace")
    return child


def isolate(
    writable: dict[str, int],
    files: dict[str, str],
    visible: Iterable[str],
    hidden: Iterable[str],
    staging: str,
    user: int | None,
) -> None:
    """Give this process file systems, IPC, a network and a user of its own.

    Args:
        writable: folders that become empty file systems in memory, to their sizes in bytes.
        files: paths in writable folders, to what is seen there: something that is mounted read-only.
        visible: paths that stay visible where they lie below a writable folder: Python itself may.
        hidden: folders that are empty from then on.
        staging: an empty folder to mount on.
        user: the user and group id that this process has from now on, in a user namespace; None to keep them.

    Raises:
        ConfinementError: the kernel refuses one of them.
    """
    _check(_libc.unshare(_NEW_MOUNTS | _NEW_IPC | _NEW_UTS | _NEW_NET), "namespaces")
    _mount(None, "/", None, _RECURSIVE | _PRIVATE)
    shown = {path: path for path in visible}
    for folder, size in writable.items():
        _mount("tmpfs", staging, "tmpfs", _NO_SUID | _NO_DEVICES, f"size={size},mode=1777,nr_inodes={_INODES}")
        for target, source in (shown | files).items():
            if target.startswith(f"{folder}/"):
                _show(source, staging + target.removeprefix(folder))
        _mount(staging, folder, None, _MOVE)
    for folder in hidden:
        _mount("tmpfs", folder, "tmpfs", _NO_SUID | _NO_DEVICES | _READ_ONLY)
    # Of this PID namespace, and read-only: who is root outside could write to /proc/sys otherwise.
    _mount("proc", "/proc", "proc", _NO_SUID | _NO_DEVICES | _NO_EXECUTION | _READ_ONLY)
    # Another that can be written to, for as long as it takes to say who this process is.
    _mount("proc", staging, "proc", _NO_SUID | _NO_DEVICES | _NO_EXECUTION)
    own = os.open(f"{staging}/self", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        _check(_libc.umount2(os.fsencode(staging), _DETACH), "the unmounting of /proc")
        if user is not None:
            _become(user, own)
    finally:
        os.close(own)


_INODES = 50_000  # of a file system in memory: they take memory beside its size


def _show(source: str, target: str) -> None:
    if os.path.isdir(source):
        os.makedirs(target, exist_ok=True)
    else:
        os.makedirs(os.path.dirname(target), exist_ok=True)
        os.close(os.open(target, os.O_CREAT | os.O_CLOEXEC, 0o644))
    # Read-only as its source is, with whatever else the kernel demands to be kept of that: `noexec`, say.
    _mount(source, target, None, _BIND | _RECURSIVE)


def _become(user: int, own: int) -> None:
    before_user, before_group = os.getuid(), os.getgid()
    _check(_libc.unshare(_NEW_USER), "a user namespace")
    for file, text in (
        ("setgroups", "deny"),
        ("gid_map", f"{user} {before_group} 1"),
        ("uid_map", f"{user} {before_user} 1"),
    ):
        descriptor = os.open(file, os.O_WRONLY | os.O_CLOEXEC, dir_fd=own)
        try:
            os.write(descriptor, text.encode())
        finally:
            os.close(descriptor)


def _mount(source: str | None, target: str, kind: str | None, flags: int, options: str | None = None) -> None:
    encoded = [None if text is None else os.fsencode(text) for text in (source, target, kind)]
    data = None if options is None else options.encode()
    _check(_libc.mount(*encoded, ctypes.c_ulong(flags), data), f"the mount of {source or 'a propagation'} on {target}")


def _check(result: int, what: Any) -> None:
    if result != 0:
        raise ConfinementError(f"{what} was refused (errno {ctypes.get_errno()})")
