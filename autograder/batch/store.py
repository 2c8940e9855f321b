"""The folder that a class's results are written to: one command at a time, and each file whole.

``results/`` is for people and learning platforms. ``store.sqlite`` is for what reads results again: see
:mod:`autograder.batch.database`.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from autograder.atomic import write_named, write_whole
from autograder.batch.database import FILE, Database
from autograder.batch.task import GradingTask
from autograder.errors import AutograderError, UsageError
from autograder.evidence import Evidence
from autograder.grading.grade import Graded
from autograder.report.gradescope import to_gradescope
from autograder.report.listener import Listener
from autograder.report.scores import scores
from autograder.results import Result


@dataclass
class ResultStore(Listener):
    """The folder that results are written to: ``results/<submission>.json``, ``scores.csv`` and ``store.sqlite``.

    With ``is_fresh``, nothing that is kept there is taken for what is graded.

    What can't be written, on a full disk for instance, is kept in ``unwritten``, by its name and with the reason, and
    stops nothing else.
    """

    folder: Path
    is_fresh: bool = False
    title: str = ""  # of the assignment
    resumed: set[str] = field(default_factory=set)  # submissions whose verdicts were known from before
    workers: int = 0  # that were started
    asked: int = 0  # questions of submissions for which they were
    unwritten: dict[str, str] = field(default_factory=dict)
    _rows: dict[str, Result] = field(default_factory=dict)

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Keep the folder to one command at a time. The lock ends with its holder, however that ends.

        Raises:
            UsageError: another command writes to it.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        # The folder itself: a lock file would be one more thing that lies in it, or be removed in the wrong moment.
        descriptor = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            with contextlib.suppress(OSError):  # a file system without locks
                try:
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    raise UsageError(
                        f"another command is writing results to {self.folder}: wait until it has ended, or give "
                        "another -o"
                    ) from None
            yield
        finally:
            self.database.close()
            os.close(descriptor)

    @cached_property
    def database(self) -> Database:
        """What is kept of the gradings."""
        return Database(self.folder)

    # --- what is known from before, see `autograder.batch.run.Memory` ------------------------------------------------

    def given(self, task: GradingTask, evidence_key: str) -> None:
        """A submission is to be graded: keep it, and the key of its evidence."""
        self._try_to_keep(lambda: self.database.give(task, evidence_key))

    def verdict(self, task: GradingTask) -> Result | None:
        """What came of a task before, if that is known."""
        known = None if self.is_fresh or FILE in self.unwritten else self.database.verdict(task.key)
        if known is not None:
            self.resumed.add(task.name)
        return known

    def evidence(self, evidence_key: str) -> Evidence | None:
        """The evidence of a submission, if there is some."""
        return None if self.is_fresh or FILE in self.unwritten else self.database.evidence(evidence_key)

    def keep(self, task: GradingTask, evidence_key: str, graded: Graded) -> None:
        """Keep what came of a task, at once."""
        self.workers += graded.workers
        self.asked += len(graded.asked)
        self._try_to_keep(lambda: self.database.keep(task, evidence_key, graded))

    def graded(self, result: Result) -> None:
        """Write it."""
        self.add(result)

    def finished(self, results: Sequence[Result], *, is_complete: bool) -> None:
        """Write the scores.

        Raises:
            AutograderError: something could not be written; all else was.
        """
        names = [result.submission for result in results]
        if is_complete and FILE not in self.unwritten:
            self._try_to_keep(lambda: self.database.keep_present(names))
            self._try_to_keep(lambda: self.database.entitle(self.title))
        self.finished_with(results, is_complete=is_complete)

    def finished_with(self, results: Sequence[Result], *, is_complete: bool = True) -> None:
        """Write the scores of these.

        Raises:
            AutograderError: something could not be written; all else was.
        """
        for result in results:
            self._rows.setdefault(result.submission, result)
        self.write_scores([result.submission for result in results])
        if self.unwritten and is_complete:
            names, reasons = list(self.unwritten), sorted(set(self.unwritten.values()))
            raise AutograderError(
                f"{len(names)} files could not be written to {self.folder} ({', '.join(reasons)}): "
                f"mend that and grade these again: {', '.join(names[:5])}{', ...' * (len(names) > 5)}"
            )

    def add(self, result: Result) -> None:
        """Write one result at once, so that nothing is lost if a later one fails."""
        self.write(result)
        if result.submission not in self.unwritten:
            self._try_to_keep(lambda: self.database.put(result))

    def write(self, result: Result) -> None:
        """Write the file of a result that is kept already."""
        self._rows[result.submission] = result
        self._try(result.submission, lambda: self._write(result))

    def _try_to_keep(self, change: Callable[[], None]) -> None:
        """Change what is kept; what could not be kept once is not there, whatever can be written later."""
        try:
            change()
        except OSError as error:
            self.unwritten[FILE] = error.strerror or str(error)

    def _try(self, name: str, write: Callable[[], None]) -> None:
        try:
            write()
        except OSError as error:
            self.unwritten[name] = error.strerror or str(error)
        else:
            self.unwritten.pop(name, None)

    def read(self, submission: str) -> Result | None:
        """What is kept of a submission, if anything is.

        Raises:
            AutograderError: it can't be read.
        """
        return self.database.result(submission)

    def _write(self, result: Result) -> None:
        text = json.dumps(to_gradescope(result), indent=2, ensure_ascii=False, allow_nan=False) + "\n"
        write_named(self.folder / "results", result.submission, ".json", text)  # which holds that name, too

    def write_scores(self, order: Sequence[str]) -> Path:
        """Write ``scores.csv``: a row for each submission in this order, a column for each check.

        And what could not be written before: there may be room again. Returns where the scores are.
        """
        for name in list(self.unwritten):
            if name in self._rows:
                self.add(self._rows[name])
        path = self.folder / "scores.csv"
        results = [self._rows[name] for name in order if name in self._rows]
        self._try(path.name, lambda: write_whole(path, scores(results)))
        return path
