"""``autograder try``: graders over one submission, again whenever something is saved, for who writes them.

What a submission answered is remembered from one time to the next: as long as graders ask the same, none of its code
runs, and a verdict on training comes as fast as one on a sum.
"""

from __future__ import annotations

import contextlib
import io
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from watchfiles import watch

from autograder.assignment import Assignment, find_assignment
from autograder.batch.task import answers_digest, environment_of
from autograder.errors import AutograderError, UnreadableSubmission, UsageError
from autograder.evidence import Evidence, Journal, Recorder, Replay
from autograder.grading.session import arguments_of, forgetting_modules_of, only_our_plugins
from autograder.grading.tryout import Tryout
from autograder.sandbox import Sandbox, choose

_LOOK = 200  # milliseconds


class Trying:
    """Graders of an assignment over one submission, as often as it takes."""

    def __init__(
        self, assignment: str, submission: Path, questions: Sequence[str], sandbox: str, *, debugger: bool = False
    ) -> None:
        """With a ``debugger``, pdb stops at what fails."""
        self._where = assignment
        self._submission = submission
        self._questions = questions
        self._sandbox = sandbox
        self._debugger = debugger
        self._known: tuple[object, Evidence] | None = None  # what was answered, and what the answers depend on

    def once(self) -> pytest.ExitCode:
        """Run the graders; they are read anew. What pytest prints is for the author.

        Raises:
            AutograderError: the assignment, the submission or this machine is not fit for it.
            KeyboardInterrupt: Ctrl-C was pressed meanwhile.
        """
        assignment = find_assignment(self._where)
        assignment.check_questions(self._questions)
        sandbox = choose(self._sandbox, forbidden=(assignment.folder,))
        try:
            content = self._submission.read_bytes()
        except OSError as error:
            raise UsageError(f"{self._submission} can't be read: {error.strerror}") from None
        rests_on = answers_digest(assignment, environment_of(assignment, sandbox)), content
        if self._known is not None and self._known[0] == rests_on and not self._debugger:
            evidence = self._known[1]
            replay, shown = Replay(evidence.runs[0].steps, evidence.blobs), io.StringIO()
            with contextlib.redirect_stdout(shown):
                status = self._run(assignment, sandbox, replay)
            if not replay.has_diverged:
                sys.stdout.write(shown.getvalue())
                return status
        recorder = Recorder()
        status = self._run(assignment, sandbox, recorder)
        answered = recorder.evidence()
        self._known = (rests_on, answered) if answered is not None else None
        return status

    def watch(self, tell: Callable[[str], None]) -> None:
        """Run the graders now, and whenever something of the assignment or the submission is saved, until Ctrl-C."""
        changes = self._changes(find_assignment(self._where).folder)
        with contextlib.suppress(KeyboardInterrupt):  # wherever it comes
            for _ in changes:
                began = time.monotonic()
                try:
                    self.once()
                except AutograderError as error:
                    tell(str(error))
                tell(f"{time.monotonic() - began:.1f} s. Save something, and it runs again; Ctrl-C ends.")

    def _run(self, assignment: Assignment, sandbox: Sandbox, journal: Journal) -> pytest.ExitCode:
        try:
            tryout = Tryout(assignment, self._submission, sandbox, journal)
        except UnreadableSubmission as reason:
            raise UsageError(f"{self._submission}: {reason}") from None
        arguments = [
            *arguments_of(assignment, self._questions),
            *("--tb=short", "--no-header"),
            f"--color={'yes' if sys.__stdout__ is not None and sys.__stdout__.isatty() else 'no'}",
            *(["--pdb"] if self._debugger else []),
        ]
        with only_our_plugins(), forgetting_modules_of(assignment.graders), _no_bytecode():
            status = pytest.ExitCode(pytest.main(arguments, plugins=[tryout]))
        if tryout.is_interrupted:  # which pytest tells by the same status as graders that can't be read
            raise KeyboardInterrupt
        return status

    def _changes(self, folder: Path) -> Iterator[None]:
        """At once, and whenever files are saved, also while what was saved before is run. It ends with Ctrl-C."""
        submission = self._submission.resolve()
        is_new = True
        while is_new:  # some editors put another file in its place, which has to be looked for anew
            is_new = False
            paths = [folder, *([submission] if submission.exists() else [])]
            # It waits from the first time on that it is asked, so it may say that there is nothing yet.
            watcher = watch(*paths, rust_timeout=_LOOK, yield_on_timeout=True, raise_interrupt=False)
            next(watcher, None)
            yield
            for changes in watcher:
                is_new = any(Path(path) == submission for _, path in changes)
                if is_new:
                    break
                if changes:
                    yield


@contextlib.contextmanager
def _no_bytecode() -> Iterator[None]:
    """Graders leave no ``__pycache__`` in the assignment."""
    before, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        yield
    finally:
        sys.dont_write_bytecode = before
