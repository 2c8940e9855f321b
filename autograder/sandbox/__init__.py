"""Confinement for workers: one file a kind, behind :class:`Sandbox`."""

from __future__ import annotations

from pathlib import Path

from autograder.errors import SandboxUnavailable, UsageError
from autograder.sandbox.base import Limits, Sandbox, Started
from autograder.sandbox.bubblewrap import Bubblewrap
from autograder.sandbox.landlock import Landlock
from autograder.sandbox.unconfined import Unconfined

__all__ = ["Limits", "Sandbox", "Started", "choose", "names"]

_KINDS: dict[str, type[Sandbox]] = {kind.name: kind for kind in (Bubblewrap, Landlock, Unconfined)}


def names() -> list[str]:
    """What ``choose`` accepts."""
    return ["auto", *_KINDS]


def choose(name: str = "auto", forbidden: tuple[Path, ...] = ()) -> Sandbox:
    """The sandbox of this name; for ``auto``, the strongest that works here, and never none.

    ``forbidden`` are paths that must not be readable inside; a worker that can read one does not start.

    Raises:
        SandboxUnavailable: it does not work here; the message says why and what to do.
        UsageError: there is no such sandbox.
    """
    if name != "auto":
        if name not in _KINDS:
            raise UsageError(f"there is no sandbox called {name!r}: choose one of {', '.join(names())}")
        sandbox = _KINDS[name](forbidden)
        sandbox.check()
        return sandbox
    reasons = []
    for kind in (Bubblewrap, Landlock):
        sandbox = kind(forbidden)
        try:
            sandbox.check()
        except SandboxUnavailable as error:
            reasons.append(str(error))
        else:
            return sandbox
    raise SandboxUnavailable(
        f"student code can't be confined on this machine ({'; '.join(reasons)}), so nothing was graded: "
        "install bubblewrap, or pass --sandbox none to run it with your own rights"
    )
