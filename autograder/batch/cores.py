"""How many cores this process may use, which is how many lanes there are unless somebody says otherwise.

Neither the standard library nor psutil knows of a container's quota; loky and Dask do, and look at one group alone: not
at those above it, which the kernel holds a process to just as well.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath


def usable_cores(root: Path = Path("/")) -> int:
    """Cores that this process may use, at least 1: those that it may run on, as far as a quota leaves them to it.

    A quota of one and a half cores counts as 2: with one lane a third of it would be left over. ``root`` is where
    ``/proc`` and ``/sys`` are found.
    """
    available = len(os.sched_getaffinity(0))
    return max(1, min([available, *map(math.ceil, _quotas(root))]))


def _quotas(root: Path) -> Iterator[float]:
    """The quota, in cores, of each control group that this process is in and that has one.

    Files that are not there, or not as expected, set no quota: it is the kernel that holds processes to one.
    """
    for folder in _groups(root):
        yield from _quota(_read(folder / "cpu.max"))
        yield from _quota(f"{_read(folder / 'cpu.cfs_quota_us')} {_read(folder / 'cpu.cfs_period_us')}")


def _quota(text: str) -> Iterator[float]:
    """Read microseconds of processor time, and of which period: ``"150000 100000"``. No number is no quota."""
    try:
        quota, period = map(int, text.split())
    except ValueError:  # "max 100000", for one
        return
    if quota > 0 and period > 0:  # -1 is none
        yield quota / period


def _groups(root: Path) -> Iterator[Path]:
    """The folders of the groups of processor time that this process is in, with those above them.

    Version 2 has one tree (https://docs.kernel.org/admin-guide/cgroup-v2.html), version 1 one for each kind of
    resource (https://docs.kernel.org/admin-guide/cgroup-v1/cgroups.html), and a machine may have both.
    """
    own: dict[str, str] = {}  # kind of resource to group; "" is version 2
    for line in _read(root / "proc/self/cgroup").splitlines():
        _, kinds, group = line.split(":", 2)
        own |= dict.fromkeys(kinds.split(","), group)
    for line in _read(root / "proc/self/mountinfo").splitlines():
        mount, _, file_system = line.partition(" - ")
        kind, _, options = file_system.split(" ", 2)
        of_processors = kind == "cgroup" and "cpu" in options.split(",")
        inside = own.get("" if kind == "cgroup2" else "cpu")
        if inside is None or not (kind == "cgroup2" or of_processors):
            continue
        shown, point = mount.split(" ")[3:5]
        folder = root / point.removeprefix("/")
        # A container is often shown its own group alone, as if that were all, or by a name that is from outside.
        path = PurePosixPath(inside)
        path = path.relative_to(shown) if path.is_relative_to(shown) else PurePosixPath()
        for name in [path, *path.parents]:
            if ".." not in name.parts:
                yield folder / name


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
