"""How a worker starts: a zygote imports what is asked for, and forks; the child confines itself, and serves.

The zygote's first packet on its control socket is the order, as JSON:

- ``preload``: modules to import
- ``parent``: the grader's process id where the zygote is its child in the same PID namespace, else None
- ``new_pids``: whether each worker is to have a PID namespace of its own

A worker's first frame on its connection is the plan, a dict with

- ``namespaces``: None, or the arguments of :func:`.namespaces.isolate`
- ``environment``: variables to set
- ``directory``: where to work
- ``limits``: resource limits by name
- ``memory``: bytes of address space beyond what is mapped already
- ``landlock``: None, or ``{"readable": [...], "writable": [...]}``
- ``user``: the user and group to become, or None
- ``as_root``: whether root is then outside what it is inside
- ``seccomp``: whether to filter system calls
- ``forbidden``: paths that must not be readable once confined
- ``unwritable``: paths that must not be writable then

The reply names the layers that are in force, or says why there are none. Only then does a submission arrive.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import random
import socket
import sys
import tempfile
from typing import Any

from . import absent, confine, namespaces, torchvision_compat, wire
from .notebook import stand_in_for_otter, stand_in_for_student
from .postponed import postpone_compiler
from .serve import receive_frame, serve
from .zygote import MAX_REQUEST, serve_forks


def main(descriptor: int) -> None:
    """Be a zygote on an inherited control socket; and, in each process that it forks, a worker."""
    control = socket.socket(fileno=descriptor)
    control.set_inheritable(False)
    order = json.loads(control.recv(MAX_REQUEST))
    zygote = os.getpid()
    confine.lift_limits()
    os.umask(0o022)  # not the grader's: a worker may be another user, who has to get to its files
    try:
        if order["parent"] is not None:
            confine.die_with(order["parent"])
        _preload(order["preload"])
        connection = serve_forks(control, new_pids=order["new_pids"])
    except Exception as error:
        control.send(f"{type(error).__name__}: {error}"[:MAX_REQUEST].encode())
        return
    _work(connection, None if order["new_pids"] else zygote)


def _work(connection: socket.socket, parent: int | None) -> None:
    """Be a worker. ``parent`` is the zygote's process id, where that can be seen."""
    frame = receive_frame(connection)
    if frame is None:
        return
    plan = wire.decode(frame.header, frame.buffers, bounds=wire.REQUEST)
    try:
        layers = _confine(plan, parent)
        os.environ.update(plan["environment"])
        tempfile.tempdir = None  # the zygote may have asked for one
        sys.path.insert(0, os.getcwd())  # `import fashion`, as in a notebook's own folder
        absent.prepare(os.getcwd())
        _reseed()
        confine.limit_address_space(plan["memory"])
    except Exception as error:
        connection.sendall(wire.encode({"error": f"{type(error).__name__}: {error}"}, number=frame.number))
        return
    connection.sendall(wire.encode({"layers": layers}, number=frame.number))
    serve(connection)


def _confine(plan: dict[str, Any], parent: int | None) -> list[str]:
    layers = ["resource limits"]
    if plan["namespaces"] is not None:
        namespaces.isolate(**plan["namespaces"])
    confine.limit_resources(plan["limits"])
    if os.geteuid() == 0 or plan["namespaces"] is not None:  # whoever makes a user namespace has every right in it
        confine.drop_privileges(plan["user"])
        layers.append("no capabilities")
    if plan["user"] is not None:
        layers.append("a user of its own")
    elif plan["as_root"]:
        layers.append("as root")
    confine.die_with(parent)  # after a change of user, which the kernel takes for the end of the wish
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
    torchvision_compat.install()
    stand_in_for_otter()
    stand_in_for_student()
    for module in modules:
        importlib.import_module(module)
    if "torch" in sys.modules:
        torch = sys.modules["torch"]
        # More than one thread a process makes a busy machine many times slower, and results differ.
        torch.set_num_threads(1)
        torch.set_num_interop_threads(1)
        _without_loader_processes(torch)
        postpone_compiler(torch)
        looks = ("diagnosis.layers", "diagnosis.watch", "diagnosis.again", "worker.judge", "worker.recording")
        for module in looks:  # on use, otherwise
            importlib.import_module(f"autograder.{module}")
        _warm_up(torch)


def _warm_up(torch: Any) -> None:
    """Have PyTorch make what it makes on first use, once for all workers. Nothing is drawn, so generators stay.

    A backward pass starts a thread for each kind of accelerator that PyTorch was built for, and a process with threads
    can't be forked: there, each worker does its own first one.
    """
    functional = torch.nn.functional
    weight = torch.zeros(4, 1, 3, 3, requires_grad=True)
    hidden = functional.max_pool2d(functional.relu(functional.conv2d(torch.zeros(2, 1, 8, 8), weight)), 2)
    loss = functional.cross_entropy(functional.linear(hidden.flatten(1), torch.zeros(3, 36)), torch.zeros(2).long())
    if not torch.backends.cuda.is_built():
        loss.backward()


def _reseed() -> None:
    """A fork begins with its zygote's generators: all workers would draw the same, and what others drew."""
    random.seed(0)
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed()


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
