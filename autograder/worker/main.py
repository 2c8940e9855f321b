"""How a worker starts: confine itself, load what was asked for, serve.

The first frame on the connection is the plan, a dict with

- ``parent``: the grader's process id where this process is its child in the same PID namespace, else None
- ``directory``: where to work
- ``limits``: resource limits by name
- ``memory``: bytes of address space beyond what the preloaded modules map
- ``landlock``: None, or ``{"readable": [...], "writable": [...]}``
- ``user``: the user and group to become, or None
- ``as_root``: whether root is then outside what it is inside
- ``seccomp``: whether to filter system calls
- ``forbidden``: paths that must not be readable once confined
- ``unwritable``: paths that must not be writable then
- ``preload``: modules to import before the submission

The reply names the layers that are in force, or says why there are none. Only then does a submission arrive.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import random
import socket
import sys
from typing import Any

from . import absent, confine, torchvision_compat, wire
from .notebook import stand_in_for_autograder, stand_in_for_otter
from .postponed import postpone_compiler
from .serve import receive_frame, serve


def main(descriptor: int) -> None:
    """Serve on an inherited socket."""
    connection = socket.socket(fileno=descriptor)
    connection.set_inheritable(False)
    frame = receive_frame(connection)
    if frame is None:
        return
    plan = wire.decode(frame.header, frame.buffers, bounds=wire.REQUEST)
    try:
        layers = _confine(plan)
        _preload(plan["preload"])
        confine.limit_address_space(plan["memory"])
    except Exception as error:
        connection.sendall(wire.encode({"error": f"{type(error).__name__}: {error}"}, number=frame.number))
        return
    connection.sendall(wire.encode({"layers": layers}, number=frame.number))
    serve(connection)


def _confine(plan: dict[str, Any]) -> list[str]:
    layers = ["resource limits"]
    confine.limit_resources(plan["limits"])
    if os.geteuid() == 0:
        confine.drop_privileges(plan["user"])
        layers.append("no capabilities")
    if plan["user"] is not None:
        layers.append("a user of its own")
    elif plan["as_root"]:
        layers.append("as root")
    if plan["parent"] is not None:  # after a change of user, which the kernel takes for the end of the wish
        confine.die_with(plan["parent"])
    if plan["landlock"] is not None:
        confine.restrict_files(**plan["landlock"])
        layers.append(f"Landlock {confine.landlock_version()}")
    if plan["seccomp"]:
        confine.filter_system_calls()
        layers.append("seccomp")
    for path in plan["forbidden"]:
        if _can_read(path):
            raise confine.ConfinementError(f"{path} can be read from inside the sandbox")
    for path in plan["unwritable"]:
        if _can_write(path):
            raise confine.ConfinementError(f"{path} can be written from inside the sandbox")
    os.chdir(plan["directory"])
    return layers


def _can_read(path: str) -> bool:
    with contextlib.suppress(OSError):
        if os.path.isdir(path):
            return bool(os.listdir(path))
        with open(path, "rb"):
            return True
    return False


def _can_write(path: str) -> bool:
    """Whether a file can be opened for writing. Nothing is written."""
    try:
        os.close(os.open(path, os.O_WRONLY))
    except OSError:
        return False
    return True


def _preload(modules: list[str]) -> None:
    sys.path.insert(0, os.getcwd())  # `import fashion`, as in a notebook's own folder
    torchvision_compat.install()
    absent.prepare(os.getcwd())
    stand_in_for_otter()
    stand_in_for_autograder()
    for module in modules:
        importlib.import_module(module)
    if "torch" in sys.modules:
        torch = sys.modules["torch"]
        # More than one thread a process makes a busy machine many times slower, and results differ.
        torch.set_num_threads(1)
        torch.set_num_interop_threads(1)
        _without_loader_processes(torch)
        postpone_compiler(torch)
    random.seed(0)


def _without_loader_processes(torch: Any) -> None:
    """No process may be started here, so a DataLoader with workers of its own loads in this process instead."""
    loader = torch.utils.data.DataLoader
    original = loader.__init__

    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        if len(args) > 5:
            args = (*args[:5], 0, *args[6:])
        for name in ("num_workers", "prefetch_factor", "persistent_workers", "multiprocessing_context"):
            kwargs.pop(name, None)
        original(self, *args, **kwargs)

    loader.__init__ = init
