"""How many files a worker has, and how large they are: what no resource limit covers."""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path
from typing import NamedTuple

from autograder.sandbox.bubblewrap import WRITABLE
from autograder.sandbox.user import looking_as

UNCOUNTABLE = 1 << 62


class Usage(NamedTuple):
    """What a worker has in files now, and what it has written to disks since it started."""

    files: int
    size: int  # bytes
    written: int  # bytes; 0 where the kernel does not count them, as in file systems in memory


def of_worker(pid: int, scratch: Path | None, user: int | None) -> Usage:
    """Files and bytes of a worker: below its scratch folder, or else in its own file systems.

    ``user`` is whom it became, if that is not this process's.
    """
    if scratch is None:
        with looking_as(user):
            return Usage(_of_file_systems(Path(f"/proc/{pid}/root")), 0, 0)
    files, size = _below(str(scratch))
    with looking_as(user):
        opened, written = _unlinked(pid), _written(pid)
        hidden = _mapped(pid, str(scratch)) - opened.keys()
    if hidden:
        # Their size is not to be had, but is no more than what was written, if that was counted.
        size += written or UNCOUNTABLE
    return Usage(files + len(opened) + len(hidden), size + sum(opened.values()), written)


def _of_file_systems(root: Path) -> int:
    """Their files. Each was given a size when it was made, and a submission may well fill it and go on."""
    files = 0
    for path in WRITABLE:
        with contextlib.suppress(OSError):  # not ours to see, or gone with the worker
            info = os.statvfs(root / path[1:])
            files += info.f_files - info.f_ffree
    return files


def _below(folder: str) -> tuple[int, int]:
    """Entries below a folder and their bytes on disk. A folder that can't be listed counts as too many."""
    files = size = 0
    waiting = [folder]  # not os.walk, which calls itself for each level
    while waiting:
        try:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    files += 1
                    with contextlib.suppress(FileNotFoundError):  # it may be gone again
                        size += entry.stat(follow_symlinks=False).st_blocks * 512
                        if entry.is_dir(follow_symlinks=False):
                            waiting.append(entry.path)
        except FileNotFoundError:
            continue
        except OSError:  # a path that is too long, or a folder that was made unreadable
            return UNCOUNTABLE, UNCOUNTABLE
    return files, size


def _unlinked(pid: int) -> dict[int, int]:
    """Bytes on disk of files that are open and have no name any more, by inode."""
    sizes = {}
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # it has ended
        for descriptor in os.scandir(f"/proc/{pid}/fd"):
            with contextlib.suppress(FileNotFoundError):  # closed again, or no file
                info = Path(descriptor.path).stat()
                if stat.S_ISREG(info.st_mode) and info.st_nlink == 0:
                    sizes[info.st_ino] = info.st_blocks * 512
    return sizes


def _mapped(pid: int, folder: str) -> set[int]:
    """Inodes of files that had names below a folder and have none now, and are in the process's memory."""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        lines = Path(f"/proc/{pid}/maps").read_text(encoding="utf-8", errors="replace").splitlines()
        entries = [line.split(maxsplit=5) for line in lines]  # addresses, rights, offset, device, inode, path
        return {
            int(entry[4])
            for entry in entries
            if len(entry) == 6 and entry[5].startswith(folder) and entry[5].endswith(" (deleted)")
        }
    return set()


def _written(pid: int) -> int:
    """Bytes that the process made to be written to disks, by whatever call, or through its memory."""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        for line in Path(f"/proc/{pid}/io").read_text(encoding="ascii").splitlines():
            if line.startswith("write_bytes:"):
                return int(line.split()[1])
    return 0
