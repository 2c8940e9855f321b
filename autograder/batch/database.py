"""What is kept of a class's gradings: one SQLite file in the folder of the results.

It is in WAL mode, and each change is a transaction that is on the disk when it returns: a command that is killed loses
what was running, and nothing else. It holds what students must not see.

============= ==========================================================================================
``results``   the result of each submission, and whether it was in the folder that was graded last
``verdicts``  what came of a task, by its key: that of the same code, graders and so on
``evidence``  what the same code answers, by a key that leaves out the graders; its buffers are ``blobs``, by content
``given``     each submission, by name: what it is, to be graded again, with those keys; its bytes are ``blobs``, too
``before``    the results that an accepted regrading took the place of
``about``     what the assignment is called, for those who make pages of results
============= ==========================================================================================
"""

from __future__ import annotations

import contextlib
import errno
import sqlite3
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from autograder.batch.task import GradingTask
from autograder.errors import AutograderError
from autograder.evidence import Evidence
from autograder.grading.grade import Graded
from autograder.results import Result

FILE = "store.sqlite"
VERSION = 2  # of the tables
_TABLES = """
CREATE TABLE results (name TEXT PRIMARY KEY, json TEXT NOT NULL, is_present INTEGER NOT NULL);
CREATE TABLE verdicts (key TEXT PRIMARY KEY, json TEXT NOT NULL);
CREATE TABLE evidence (key TEXT PRIMARY KEY, runs BLOB NOT NULL);
CREATE TABLE blobs (digest TEXT PRIMARY KEY, data BLOB NOT NULL);
CREATE TABLE held (evidence TEXT NOT NULL, digest TEXT NOT NULL, PRIMARY KEY (evidence, digest)) WITHOUT ROWID;
CREATE TABLE given (
    name TEXT PRIMARY KEY, suffix TEXT NOT NULL, digest TEXT NOT NULL, unreadable TEXT NOT NULL, task TEXT NOT NULL,
    evidence TEXT NOT NULL
);
CREATE TABLE before (number INTEGER NOT NULL, name TEXT NOT NULL, json TEXT NOT NULL, PRIMARY KEY (number, name));
"""


@dataclass
class Database:
    """The file in a folder; it is made when something is first kept.

    What can't be written raises an ``OSError``, as any other file does.
    """

    folder: Path

    @property
    def path(self) -> Path:
        """Where it is."""
        return self.folder / FILE

    @cached_property
    def _connection(self) -> sqlite3.Connection:
        self.folder.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(self.path, timeout=60, isolation_level=None)
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=FULL")
            connection.execute("BEGIN IMMEDIATE")
            [(version,)] = connection.execute("PRAGMA user_version").fetchall()
            if version == 0:
                for statement in _TABLES.split(";"):
                    connection.execute(statement)
            if version < 2:
                connection.execute("CREATE TABLE about (name TEXT PRIMARY KEY, value TEXT NOT NULL)")
            if version < VERSION:
                connection.execute(f"PRAGMA user_version={VERSION}")
            connection.execute("COMMIT")
        except BaseException:
            connection.close()
            raise
        if version > VERSION:
            connection.close()
            raise AutograderError(f"{self.path} is a newer torch-autograder's: install that, or give another -o")
        return connection

    def close(self) -> None:
        """Close the file, which leaves it alone in its folder."""
        if "_connection" in self.__dict__:
            self._connection.close()
            del self.__dict__["_connection"]

    @contextlib.contextmanager
    def _changing(self) -> Iterator[sqlite3.Connection]:
        """A transaction: all that is done within the block, or nothing.

        Raises:
            OSError: it can't be written.
        """
        with self._in_words():
            connection = self._connection
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    @contextlib.contextmanager
    def _in_words(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:
            is_full = error.sqlite_errorname in ("SQLITE_FULL", "SQLITE_IOERR_WRITE", "SQLITE_IOERR_SHMSIZE")
            words = "No space left on device" if is_full else str(error)
            raise OSError(errno.ENOSPC if is_full else errno.EIO, words, str(self.path)) from None
        except sqlite3.DatabaseError as error:
            raise AutograderError(f"{self.path} is damaged ({error}): move it away, and grade again") from None

    def _rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        if not self.path.exists():
            return []
        with self._in_words():
            return self._connection.execute(query, values).fetchall()

    # --- results -----------------------------------------------------------------------------------------------------

    def put(self, result: Result) -> None:
        """Keep the result of a submission, in place of what there was."""
        with self._changing() as connection:
            self._put_result(connection, result)

    def result(self, name: str) -> Result | None:
        """The result of a submission, if there is one.

        Raises:
            AutograderError: it can't be read.
        """
        rows = self._rows("SELECT json FROM results WHERE name = ?", name)
        return self._read(rows[0][0]) if rows else None

    def results(self) -> list[Result]:
        """Those of all submissions that were in the folder that was graded last, by name."""
        return [self._read(text) for (text,) in self._rows("SELECT json FROM results WHERE is_present ORDER BY name")]

    def _read(self, text: str) -> Result:
        try:
            return Result.from_json(text)
        except AutograderError as error:
            raise AutograderError(f"{self.path}: {error}") from None

    def keep_present(self, names: Sequence[str]) -> None:
        """Remember which submissions are there. What is kept of others, and of older ones, goes."""
        with self._changing() as connection:
            connection.execute("UPDATE results SET is_present = 0")
            connection.executemany("UPDATE results SET is_present = 1 WHERE name = ?", [(name,) for name in names])
            connection.execute("DELETE FROM given WHERE name NOT IN (SELECT name FROM results WHERE is_present)")
            connection.execute("DELETE FROM verdicts WHERE key NOT IN (SELECT task FROM given)")
            connection.execute("DELETE FROM evidence WHERE key NOT IN (SELECT evidence FROM given)")
            connection.execute("DELETE FROM held WHERE evidence NOT IN (SELECT evidence FROM given)")
            connection.execute(
                "DELETE FROM blobs WHERE digest NOT IN (SELECT digest FROM held UNION SELECT digest FROM given)"
            )

    def replace(self, results: Sequence[Result]) -> None:
        """Put results in place of those that there are, which are kept: see :meth:`undo`."""
        with self._changing() as connection:
            [(last,)] = connection.execute("SELECT COALESCE(MAX(number), 0) FROM before").fetchall()
            for result in results:
                connection.execute(
                    "INSERT INTO before SELECT ?, name, json FROM results WHERE name = ?",
                    (last + 1, result.submission),
                )
                self._put_result(connection, result)

    def undo(self) -> list[Result]:
        """Go back to the results before the last :meth:`replace`; returns them: none if there was no such."""
        with self._changing() as connection:
            [(last,)] = connection.execute("SELECT MAX(number) FROM before").fetchall()
            rows = connection.execute("SELECT name, json FROM before WHERE number = ?", (last,)).fetchall()
            for name, text in rows:
                connection.execute("UPDATE results SET json = ? WHERE name = ?", (text, name))
            connection.execute("DELETE FROM before WHERE number = ?", (last,))
        return [self._read(text) for _, text in rows]

    def entitle(self, title: str) -> None:
        """Remember what the assignment is called."""
        with self._changing() as connection:
            connection.execute("INSERT OR REPLACE INTO about VALUES ('title', ?)", (title,))

    @property
    def title(self) -> str:
        """What the assignment is called; empty where that is not known."""
        rows = self._rows("SELECT value FROM about WHERE name = 'title'")
        return str(rows[0][0]) if rows else ""

    # --- what they rest on -------------------------------------------------------------------------------------------

    def give(self, task: GradingTask, evidence_key: str) -> None:
        """Keep a submission itself, to be graded again, and by which key its evidence is found."""
        with self._changing() as connection:
            self._put_blob(connection, task.submission, zlib.compress(task.content))
            connection.execute(
                "INSERT OR REPLACE INTO given VALUES (?, ?, ?, ?, ?, ?)",
                (task.name, task.suffix, task.submission, task.unreadable, task.key, evidence_key),
            )

    def given(self, name: str) -> tuple[str, bytes, str] | None:
        """The suffix and the bytes of a submission, and why there are none, if it is known."""
        rows = self._rows("SELECT suffix, data, unreadable FROM given JOIN blobs USING (digest) WHERE name = ?", name)
        return (rows[0][0], zlib.decompress(rows[0][1]), rows[0][2]) if rows else None

    def verdict(self, key: str) -> Result | None:
        """What came of a task, if that is known."""
        rows = self._rows("SELECT json FROM verdicts WHERE key = ?", key)
        return self._read(rows[0][0]) if rows else None

    def evidence(self, key: str) -> Evidence | None:
        """The evidence of this key, if there is some that is not damaged."""
        rows = self._rows("SELECT runs FROM evidence WHERE key = ?", key)
        if not rows:
            return None
        blobs = self._rows("SELECT digest, data FROM held JOIN blobs USING (digest) WHERE evidence = ?", key)
        return Evidence.unpacked(rows[0][0], key, dict(blobs))

    def evidence_of(self, name: str) -> Evidence | None:
        """The evidence of a submission, by its name."""
        rows = self._rows("SELECT evidence FROM given WHERE name = ?", name)
        return self.evidence(rows[0][0]) if rows else None

    def keep(self, task: GradingTask, evidence_key: str, graded: Graded) -> None:
        """Keep what came of a task, and its evidence if that is new. What is not the submission's doing is not kept."""
        with self._changing() as connection:
            if graded.evidence is not None:
                connection.execute(
                    "INSERT OR REPLACE INTO evidence VALUES (?, ?)",
                    (evidence_key, graded.evidence.packed(evidence_key)),
                )
                connection.execute("DELETE FROM held WHERE evidence = ?", (evidence_key,))
                for digest, data in graded.evidence.blobs.items():
                    self._put_blob(connection, digest, data)
                    connection.execute("INSERT INTO held VALUES (?, ?)", (evidence_key, digest))
            if graded.is_final:
                connection.execute("INSERT OR REPLACE INTO verdicts VALUES (?, ?)", (task.key, graded.result.to_json()))

    @staticmethod
    def _put_result(connection: sqlite3.Connection, result: Result) -> None:
        connection.execute("INSERT OR REPLACE INTO results VALUES (?, ?, 1)", (result.submission, result.to_json()))

    @staticmethod
    def _put_blob(connection: sqlite3.Connection, digest: str, data: bytes) -> None:
        connection.execute("INSERT OR IGNORE INTO blobs VALUES (?, ?)", (digest, data))
