"""The folder that a class's results are written to: one command at a time, and each file whole.

``results/`` is for people and learning platforms. ``store/`` is for what reads results again: it holds all of each,
and what students must not see.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import json
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from autograder.atomic import write_whole
from autograder.errors import AutograderError, UsageError
from autograder.report.gradescope import to_gradescope
from autograder.report.listener import Listener
from autograder.report.scores import scores
from autograder.results import Result

# Too long with its ".json", or the name of a folder that holds other results.
_UNFIT_NAME = (errno.ENAMETOOLONG, errno.EEXIST, errno.ENOTDIR, errno.EISDIR)


@dataclass
class ResultStore(Listener):
    """The folder that results are written to: ``results/<submission>.json``, ``scores.csv`` and ``store/``.

    What can't be written, on a full disk for instance, is kept in ``unwritten``, by its name and with the reason, and
    stops nothing else.
    """

    folder: Path
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
            os.close(descriptor)

    def graded(self, result: Result) -> None:
        """Write it."""
        self.add(result)

    def finished(self, results: Sequence[Result], *, is_complete: bool) -> None:
        """Write the scores.

        Raises:
            AutograderError: something could not be written; all else was.
        """
        self.write_scores([result.submission for result in results])
        if self.unwritten and is_complete:
            names, reasons = list(self.unwritten), sorted(set(self.unwritten.values()))
            raise AutograderError(
                f"{len(names)} files could not be written to {self.folder} ({', '.join(reasons)}): "
                f"mend that and grade these again: {', '.join(names[:5])}{', ...' * (len(names) > 5)}"
            )

    def add(self, result: Result) -> None:
        """Write one result at once, so that nothing is lost if a later one fails."""
        self._rows[result.submission] = result
        self._try(result.submission, lambda: self._write(result))

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
        path = self._path(submission)
        try:
            return Result.from_json(path.read_bytes())
        except FileNotFoundError:
            return None
        except AutograderError as error:
            raise AutograderError(f"{path}: {error}") from None

    def _path(self, submission: str) -> Path:
        return self.folder / "store" / f"{_digest(submission)}.json"

    def _write(self, result: Result) -> None:
        text = json.dumps(to_gradescope(result), indent=2, ensure_ascii=False, allow_nan=False) + "\n"
        results = self.folder / "results"
        results.mkdir(parents=True, exist_ok=True)
        path = results / f"{result.submission}.json"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, text)
        except OSError as error:
            if error.errno not in _UNFIT_NAME:
                raise
            # The submission is in the file, under its own name.
            write_whole(results / f"{_digest(result.submission)}.json", text)
        kept = self._path(result.submission)
        kept.parent.mkdir(exist_ok=True)
        write_whole(kept, result.to_json() + "\n")

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


def _digest(name: str) -> str:
    return hashlib.blake2b(name.encode(), digest_size=16).hexdigest()
