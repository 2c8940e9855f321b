"""The seam between a worker and what confines it: one method starts a worker, and says how it was confined."""

from __future__ import annotations

import os
import resource
import shutil
import socket
import sys
import sysconfig
from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

import numpy

from autograder.errors import SandboxUnavailable
from autograder.sandbox.user import is_open
from autograder.sandbox.zygote import Forked, Zygote, zygote_of
from autograder.sandbox.zygote import replace as replace_zygote
from autograder.temporary import TemporaryFolder

PACKAGE = Path(__file__).resolve().parent.parent
SHOWN = (PACKAGE / "worker", PACKAGE / "diagnosis")  # all of the framework that a worker can see

# Loads what is shown as the package that it is a part of, of which nothing else need be readable, or can be imported.
LOAD_SHOWN = f"""
import importlib.util, sys, types
sys.modules["autograder"] = package = types.ModuleType("autograder")
package.__path__ = []
for name in {[folder.name for folder in SHOWN]}:
    folder = f"{{sys.argv[1]}}/{{name}}"
    spec = importlib.util.spec_from_file_location(
        f"autograder.{{name}}", f"{{folder}}/__init__.py", submodule_search_locations=[folder])
    sys.modules[spec.name] = module = importlib.util.module_from_spec(spec)
    setattr(package, name, module)
    spec.loader.exec_module(module)
"""
_BOOT = f"""{LOAD_SHOWN}
from autograder.worker.main import main
main(int(sys.argv[2]))
"""
# -P and -s: neither the working folder nor a home directory adds to the path.
PYTHON = (sys.executable, "-P", "-s", "-B", "-c")


@dataclass(frozen=True)
class Limits:
    """What a worker may use."""

    cpu_seconds: int = 600
    memory_mb: int = 2048
    disk_mb: int = 256
    threads: int = 64
    files: int = 10_000


@dataclass
class Started:
    """A worker that was started and has not said anything yet."""

    process: Forked
    connection: socket.socket
    plan: dict[str, Any]
    scratch: Path | None = None  # where it works, if that is on this machine's disk
    folder: TemporaryFolder | None = None  # what the scratch is in, and goes with the worker
    user: int | None = None  # whom the worker becomes, where that is not the grader's


class Sandbox(ABC):
    """One kind of confinement.

    ``files`` are the assignment's files that a submission finds in its working folder: name to source.
    """

    name: ClassVar[str]
    # Must not be writable inside; a worker that can write it does not start. Root outside runs what is written there.
    unwritable: tuple[str, ...] = ("/proc/sys/kernel/core_pattern",)

    def __init__(self, forbidden: tuple[Path, ...] = ()) -> None:
        self.forbidden = forbidden

    @abstractmethod
    def check(self) -> None:
        """Raise :class:`SandboxUnavailable`, with the reason, where this kind does not work."""

    @abstractmethod
    def start(self, files: dict[str, Path], limits: Limits, preload: Sequence[str]) -> Started:
        """Start a worker that has imported ``preload``. It waits for its plan on the connection.

        Raises:
            SandboxUnavailable: it could not be started.
        """

    def _fork(
        self, order: dict[str, Any], kind: Hashable = None, prefix: Callable[[], Sequence[str]] = tuple, home: str = ""
    ) -> tuple[socket.socket, Forked]:
        """A worker of the zygote that was given this order.

        ``kind`` tells zygotes apart beyond that. ``prefix`` is what its command begins with, ``home`` where it may
        write while it imports; without one, in a folder on this machine's disk.
        """

        def start() -> Zygote:
            command = [*prefix(), *PYTHON, _BOOT, str(PACKAGE)]
            folder = None if home else TemporaryFolder()
            try:
                return Zygote(command, environment(home or str(folder and folder.path)), order, folder)
            except SandboxUnavailable as error:
                raise SandboxUnavailable(
                    f"a worker could not be started in the sandbox {self.name!r}: {error}"
                ) from None

        key = (self.name, kind, tuple(order["preload"]))
        try:
            return zygote_of(key, start).fork()
        except OSError:  # it died, or does not answer
            replace_zygote(key)
        try:
            return zygote_of(key, start).fork()
        except OSError as error:
            raise SandboxUnavailable(f"no worker can be forked in the sandbox {self.name!r}: {error}") from None

    def _plan(self, limits: Limits, **how: Any) -> dict[str, Any]:
        return {
            "limits": {
                "CPU": limits.cpu_seconds,
                "FSIZE": limits.disk_mb << 20,
                "NOFILE": 256,
                "CORE": 0,
                "DATA": resource.getrlimit(resource.RLIMIT_DATA)[1],  # not the one of the grader process, its parent
            },
            "memory": limits.memory_mb << 20,
            "forbidden": [str(path) for path in self.forbidden],
            "unwritable": list(self.unwritable),
            "user": None,
            "as_root": os.geteuid() == 0,
            "namespaces": None,
            "environment": {},
            "landlock": None,
            "seccomp": True,
            **how,
        }


def environment(home: str) -> dict[str, str]:
    """A worker's whole environment: nothing of the grader's own is passed on."""
    return {
        "HOME": home,
        "TMPDIR": home,
        "USER": "student",
        "LOGNAME": "student",
        "PATH": "/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "PYTHONHASHSEED": "0",
        "MPLBACKEND": "Agg",  # plots are drawn and no window opens
        "MPLCONFIGDIR": f"{home}/.matplotlib",
        "OMP_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "JOBLIB_MULTIPROCESSING": "0",  # scikit-learn works in this process, since no other can be started
    }


@cache
def python_folders() -> tuple[Path, ...]:
    """The folders that this Python needs: its standard library, its packages and the system's libraries.

    Named one by one: a whole ``/usr`` would show data that is installed on the machine.
    """
    paths = {Path(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    prefixes = {Path(sys.prefix), Path(sys.base_prefix), Path(sys.base_exec_prefix)}
    paths |= {prefix for prefix in prefixes if prefix not in (Path("/"), Path("/usr"), Path("/usr/local"))}
    # site-packages of the system, where a virtual environment was made with access to them
    paths |= {Path(entry) for entry in sys.path if entry.endswith(("site-packages", "dist-packages"))}
    executable = Path(sys.executable)
    paths |= {executable, executable.resolve()}
    paths |= {Path(p) for p in ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib")}
    # Libraries are found through these; the processor's features (which kernels PyTorch uses) in the last.
    paths |= {Path(p) for p in ("/etc/ld.so.cache", "/etc/alternatives", "/sys/devices/system/cpu")}
    existing = sorted(path for path in paths if path.exists())
    return tuple(path for path in existing if not any(_inside(path, other) for other in existing if other != path))


@cache
def can_be_read_by_anybody(*, way: bool, files: tuple[Path, ...] = ()) -> bool:
    """Whether a user without any rights of its own can read what a worker needs: not in a private home, say.

    With ``way``, the folders above must be open, too: the worker sees its files where they are. ``files`` are those
    of the assignment that it is shown as they are. Seen once a process: each submission comes with a new sandbox.
    """
    installed = [Path(sysconfig.get_path(name)) for name in ("stdlib", "purelib", "platlib")]
    code = [path for folder in SHOWN for path in (folder, *folder.glob("*.py"))]
    needed = [*python_folders(), *installed, Path(os.__file__), Path(numpy.__file__), *code]
    shown = [path for file in files for path in (file, *file.rglob("*"))]
    return all(is_open(path, way) for path in needed) and all(is_open(path) for path in shown)


def _inside(path: Path, other: Path) -> bool:
    return other in path.parents and not other.is_symlink()


def fill_scratch(scratch: Path, files: dict[str, Path], user: int | None = None) -> None:
    """Make a working folder on this machine's disk, with copies of the assignment's files.

    Copies, so that paths below the working folder are what they are everywhere else. All is the worker's, if that
    is another user.
    """
    scratch.mkdir(mode=0o700)
    for name, source in files.items():
        target = scratch / name
        target.parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if source.is_dir() else shutil.copyfile)(source, target)
    if user is not None:
        for path in [scratch, *scratch.rglob("*")]:
            os.chown(path, user, user, follow_symlinks=False)
        scratch.parent.chmod(0o711)  # so that the user gets there
