"""The worker's loop: one request, one reply, until the grader closes the connection."""

from __future__ import annotations

import builtins
import contextlib
import importlib
import socket
import types
from typing import Any, NamedTuple

from autograder.diagnosis.withheld import without

from . import observe, wire
from .notebook import Notebook, describe


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

    A request is a dict with ``do``, what that needs, and ``large`` if a large reply is expected. A reply is
    ``{"value": ...}`` or ``{"error": {...}}``.
    """
    notebook, objects = Notebook(), Objects()
    # Held here, since student code may replace what it finds in modules.
    encode, decode, receive = wire.encode, wire.decode, receive_frame
    while frame := receive(connection):
        bounds = wire.REPLY
        try:
            request = decode(frame.header, frame.buffers, objects.revive, bounds=wire.REQUEST)
            bounds = wire.LARGE_REPLY if request.get("large") else wire.REPLY
            answer = encode({"value": _answer(request, notebook)}, objects.refer, number=frame.number, bounds=bounds)
        except wire.WireError as error:
            failure = {"kind": "WireError", "message": str(error)}
            answer = encode({"error": failure}, number=frame.number, bounds=bounds)
        except BaseException as error:  # SystemExit and KeyboardInterrupt are the student's to raise, too
            answer = encode({"error": describe(error)}, number=frame.number, bounds=bounds)
        connection.sendall(answer)


def _answer(request: dict[str, Any], notebook: Notebook) -> Any:  # noqa: PLR0911  (one return a request)
    match request["do"]:
        case "cell":
            return notebook.read(request["label"], request["source"])
        case "statement":
            return notebook.run(request["number"])
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
        case "probe":
            probe = getattr(observe, request["name"], None)
            if not callable(probe):
                return {}
            with without(*request["without"]) if request["without"] else contextlib.nullcontext():
                return {"answer": probe(*request["args"], **request["kwargs"])}
        case "helper":
            # Taken out of the module's dict, so that a reply holds the module and not its contents.
            module = types.ModuleType(request["name"])
            module.__dict__["__builtins__"] = builtins
            exec(compile(request["source"], request["name"], "exec", dont_inherit=True), module.__dict__)  # noqa: S102
            return module
        case "observe":
            return observe
        case "judge":  # of a clean worker alone
            return importlib.import_module("autograder.worker.judge").__dict__[request["name"]](*request["args"])
    raise ValueError(f"unknown request {request['do']!r}")


class Frame(NamedTuple):
    """A request as it came: its number, and its parts."""

    number: int
    header: bytes
    buffers: bytes


def receive_frame(connection: socket.socket) -> Frame | None:
    """The next frame; None when the other end is closed."""
    start = _receive_exactly(connection, wire.PREFIX.size)
    if start is None:
        return None
    prefix = wire.read_prefix(start, wire.REQUEST)
    header, buffers = (_receive_exactly(connection, size) or b"" for size in (prefix.header, prefix.buffers))
    return Frame(prefix.number, header, buffers)


def _receive_exactly(connection: socket.socket, size: int) -> bytes | None:
    data = bytearray()
    while len(data) < size:
        piece = connection.recv(min(size - len(data), 1 << 20))
        if not piece:
            return None
        data += piece
    return bytes(data)
