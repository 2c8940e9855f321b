"""Small real assignments, and the real sandboxes, for the framework's own tests."""

from __future__ import annotations

import os
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from autograder.assignment import Assignment, TimeLimits, load_assignment
from autograder.remote import RemoteSubmission, SubmissionNames
from autograder.sandbox import Limits, Sandbox, choose
from autograder.submission import Cell, Submission

ROOT = Path(__file__).resolve().parent.parent
SOLUTIONS = ROOT / "solutions"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Where several processes run tests, a file is for one of them, which shares what it sets up.

    But for tests that name a group of their own: each process takes the next one that is left.
    """
    for item in items:
        if item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(item.path.name))


@pytest.fixture(scope="session", params=["bubblewrap", "landlock"])
def sandbox(request: pytest.FixtureRequest) -> Sandbox:
    """Each kind of confinement. Where one is missing the tests fail: `make` installs what they need."""
    return choose(request.param, forbidden=(SOLUTIONS,))


@pytest.fixture(scope="session")
def strongest() -> Sandbox:
    return choose("bubblewrap", forbidden=(SOLUTIONS,))


@pytest.fixture
def run_code() -> Iterator[Callable[..., tuple[SubmissionNames, RemoteSubmission]]]:
    """Start a worker with cells of source text, and end it with the test."""
    opened: list[RemoteSubmission] = []

    def run(sandbox: Sandbox, *cells: str, **options) -> tuple[SubmissionNames, RemoteSubmission]:
        sources = [Cell(f"cell {n}", textwrap.dedent(source)) for n, source in enumerate(cells, 1)]
        remote = RemoteSubmission(
            Submission(tuple(sources)),
            sandbox,
            files=options.get("files", {}),
            limits=options.get("limits", Limits()),
            times=options.get("times", TimeLimits(call=10)),
            preload=options.get("preload", ()),
        )
        opened.append(remote)
        return SubmissionNames(remote), remote

    yield run
    for remote in opened:
        remote.__exit__()


# Before a command: what is started in the background of a shell, as tests may be, ignores Ctrl-C, and so would it.
HEEDS_CTRL_C = [
    sys.executable,
    "-c",
    "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL); os.execv(sys.argv[1], sys.argv[1:])",
]


@pytest.fixture
def make_assignment(tmp_path: Path) -> Callable[..., Assignment]:
    """Write an assignment with these graders (file name to source) and load it."""

    def make(graders: dict[str, str], settings: str = "", name: str = "tiny") -> Assignment:
        folder = tmp_path / "solutions" / name
        (folder / "graders").mkdir(parents=True)
        (folder / "assignment.toml").write_text(f'title = "Tiny"\npreload = []\n{settings}')
        (folder / "graders" / "key").write_text("00" * 32)
        for file, source in graders.items():
            (folder / "graders" / file).write_text(textwrap.dedent(source))
        return load_assignment(folder)

    return make


REFUSE_NAMESPACES = """
import ctypes, os, struct, sys
# What an ordinary container's seccomp profile does: no new namespaces. clone is judged by its flags.
libc = ctypes.CDLL(None, use_errno=True)
unshare, clone, clone3 = (272, 56, 435) if sys.argv[1] == "x86_64" else (97, 220, 435)
code = [(0x20,0,0,0), (0x15,0,1,unshare), (6,0,0,0x50001), (0x15,0,1,clone3), (6,0,0,0x50026),
        (0x15,0,3,clone), (0x20,0,0,16), (0x45,0,1,0x7E020000), (6,0,0,0x50001), (6,0,0,0x7FFF0000)]
program = b"".join(struct.pack("<HBBI", *line) for line in code)
buffer = ctypes.create_string_buffer(program, len(program))
header = ctypes.create_string_buffer(struct.pack("@HxxxxxxP", len(code), ctypes.addressof(buffer)))
assert libc.prctl(38, 1, 0, 0, 0) == 0
assert libc.prctl(22, 2, ctypes.c_void_p(ctypes.addressof(header)), 0, 0) == 0
os.execv(sys.argv[2], sys.argv[2:])
"""


@pytest.fixture(scope="session")
def without_namespaces(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """What to put before a command, to run it below a filter like an ordinary container's."""
    script = tmp_path_factory.mktemp("filter") / "refuse.py"
    script.write_text(REFUSE_NAMESPACES)
    for folder in script.parents:  # for a command that runs as another user
        if folder.stat().st_uid == os.getuid() and folder.is_relative_to(tmp_path_factory.getbasetemp().parent.parent):
            folder.chmod(folder.stat().st_mode | 0o055)
    return [sys.executable, str(script), os.uname().machine]
