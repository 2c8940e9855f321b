"""The framework itself, to travel with an assignment: as a wheel, with the versions of what it needs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib.metadata import Distribution, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version
from wheel.wheelfile import WheelFile

DISTRIBUTION = "torch-autograder"
PACKAGE = Path(__file__).resolve().parent.parent

# https://packaging.python.org/en/latest/specifications/binary-distribution-format/
_WHEEL = "Wheel-Version: 1.0\nGenerator: torch-autograder\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


def build_wheel(folder: Path) -> Path:
    """Write this very framework, as it is installed here, as a wheel into ``folder``.

    No build tool is called: that would need the source tree and a network.
    """
    installed = distribution(DISTRIBUTION)
    stem = f"{DISTRIBUTION.replace('-', '_')}-{installed.version}"
    path = folder / f"{stem}-py3-none-any.whl"
    with WheelFile(path, "w") as wheel:
        for file in sorted(PACKAGE.rglob("*")):
            if file.is_file() and "__pycache__" not in file.parts:
                wheel.write(file, file.relative_to(PACKAGE.parent).as_posix())
        wheel.writestr(f"{stem}.dist-info/METADATA", installed.read_text("METADATA") or "")
        wheel.writestr(f"{stem}.dist-info/entry_points.txt", installed.read_text("entry_points.txt") or "")
        wheel.writestr(f"{stem}.dist-info/WHEEL", _WHEEL)
    return path


def pinned_requirements(packages: Iterable[str] = ()) -> list[str]:
    """All that the framework and these packages need, at the versions installed here: ``["click==8.1.7", ...]``.

    A grade depends on them, so a grading image gets those with which the assignment was released.
    """
    pins: dict[str, str] = {}
    seen: set[tuple[str, frozenset[str]]] = set()
    waiting = [_needed_by(distribution(DISTRIBUTION), frozenset()), map(Requirement, packages)]
    while waiting:
        for requirement in waiting.pop():
            needed = canonicalize_name(requirement.name)
            # The public part only: a build's own suffix (2.13.0+cpu) may be on no index that the image can reach.
            pins[needed] = Version(distribution(needed).version).public
            step = needed, frozenset(requirement.extras)
            if step not in seen:
                seen.add(step)
                waiting.append(_needed_by(distribution(needed), step[1]))
    return [f"{name}=={version}" for name, version in sorted(pins.items())]


def _needed_by(installed: Distribution, extras: frozenset[str]) -> Iterator[Requirement]:
    for line in installed.requires or ():
        requirement = Requirement(line)
        if requirement.marker is None or any(requirement.marker.evaluate({"extra": e}) for e in extras or {""}):
            yield requirement
