"""How many files a worker has, and how large they are: what no resource limit covers."""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path

from autograder.sandbox.bubblewrap import WRITABLE

UNCOUNTABLE = 1 << 62


def of_worker(pid: int, scratch: Path | None) -> tuple[int, int]:
    """Files and bytes of a worker: below its scratch folder, or else in its own file systems."""
    if scratch is None:
        return _of_file_systems(Path(f"/proc/{pid}/root"))
    files, size = _below(str(scratch))
    unlinked = _unlinked(pid)
    return files + len(unlinked), size + sum(unlinked)


def _of_file_systems(root: Path) -> tuple[int, int]:
    """Their files. Each was given a size when it was made, and a submission may well fill it and go on."""
    files = 0
    for path in WRITABLE:
        with contextlib.suppress(OSError):  # not ours to see, or gone with the worker
            info = os.statvfs(root / path[1:])
            files += info.f_files - info.f_ffree
    return files, 0


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


def _unlinked(pid: int) -> list[int]:
    """Sizes of files that are open and have no name any more."""
    sizes = []
    with contextlib.suppress(OSError):
        for descriptor in os.scandir(f"/proc/{pid}/fd"):
            with contextlib.suppress(OSError):
                info = Path(descriptor.path).stat()
                if stat.S_ISREG(info.st_mode) and info.st_nlink == 0:
                    sizes.append(info.st_blocks * 512)
    return sizes
