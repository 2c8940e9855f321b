"""The worker's loop: one request, one reply, until the grader closes the connection."""

from __future__ import annotations

import builtins
import contextlib
import socket
import types
from typing import Any

from . import probes, wire
from .notebook import Notebook, describe
from .student.withheld import without


class Objects:
    """What stays in the worker, by number."""

    def __init__(self) -> None:
        self._objects: list[Any] = []

    def refer(self, value: Any) -> wire.Reference:
        self._objects.append(value)
        return wire.Reference(len(self._objects) - 1, "ellipsis" if value is ... else _name_of(value))

    def revive(self, arrived: wire.Reference | wire.Tensor) -> Any:
        if isinstance(arrived, wire.Tensor):
            import torch

            return torch.from_numpy(arrived.array)
        return self._objects[arrived.id]


def _name_of(value: Any) -> str:
    return str(getattr(type(value), "__name__", "object"))


def serve(connection: socket.socket) -> None:
    """Answer requests until the other end is closed.

    A request is a dict with ``do`` and what it needs. A reply is ``{"value": ...}`` or ``{"error": {...}}``.
    """
    notebook, objects = Notebook(), Objects()
    # Held here, since student code may replace what it finds in modules.
    encode, decode, receive = wire.encode, wire.decode, receive_frame
    while frame := receive(connection):
        try:
            reply = {"value": _answer(decode(*frame, objects.revive), notebook)}
            answer = encode(reply, objects.refer)
        except wire.WireError as error:
            answer = encode({"error": {"kind": "WireError", "message": str(error)}})
        except BaseException as error:  # SystemExit and KeyboardInterrupt are the student's to raise, too
            answer = encode({"error": describe(error)})
        connection.sendall(answer)


def _answer(request: dict[str, Any], notebook: Notebook) -> Any:  # noqa: PLR0911  (one return a request)
    match request["do"]:
        case "cell":
            return notebook.run(request["label"], request["source"])
        case "global":
            return (
                {"found": True, "value": notebook.namespace[request["name"]]}
                if (request["name"] in notebook.namespace)
                else {"found": False}
            )
        case "attribute":
            return getattr(request["of"], request["name"])
        case "item":
            return request["of"][request["key"]]
        case "call":
            # Most calls have nothing withheld, and none is to be slowed down by a profiler.
            with without(*request["without"]) if request["without"] else contextlib.nullcontext():
                return request["function"](*request["args"], **request["kwargs"])
        case "helper":
            # Taken out of the module's dict, so that a reply holds the module and not its contents.
            module = types.ModuleType(request["name"])
            module.__dict__["__builtins__"] = builtins
            exec(compile(request["source"], request["name"], "exec", dont_inherit=True), module.__dict__)  # noqa: S102
            return module
        case "probes":
            return probes
    raise ValueError(f"unknown request {request['do']!r}")


def receive_frame(connection: socket.socket) -> tuple[bytes, bytes] | None:
    """Header and buffers of the next frame; None when the other end is closed."""
    prefix = _receive_exactly(connection, wire.PREFIX.size)
    if prefix is None:
        return None
    header, buffers = (_receive_exactly(connection, length) or b"" for length in wire.frame_size(prefix))
    return header, buffers


def _receive_exactly(connection: socket.socket, size: int) -> bytes | None:
    data = bytearray()
    while len(data) < size:
        piece = connection.recv(min(size - len(data), 1 << 20))
        if not piece:
            return None
        data += piece
    return bytes(data)
