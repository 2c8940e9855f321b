"""Small real assignments, and the real sandboxes, for the framework's own tests."""

from __future__ import annotations

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
