"""What a witness must never forget: the newest checkpoint it cosigned of every log, durable before it speaks.

One process holds the file: SQLite keeps its lock as long as the connection lives, and the kernel ends it with
the process. WAL with synchronous=FULL: a commit that was answered survives a power cut, so that no witness
ever signs below what it signed before.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from workdiary.wire.known import KnownError

FILE = "witness.db"
_VERSION = 1
_TABLES = (
    "CREATE TABLE owner (one INTEGER PRIMARY KEY CHECK (one = 1), vkey TEXT NOT NULL)",
    (
        "CREATE TABLE heads (origin TEXT PRIMARY KEY, log TEXT NOT NULL, epoch INTEGER NOT NULL, "
        "size INTEGER NOT NULL, root BLOB NOT NULL, time_s INTEGER NOT NULL, note TEXT NOT NULL) "
        "WITHOUT ROWID"
    ),
    (
        "CREATE TABLE forks (origin TEXT, size INTEGER, root BLOB, note TEXT NOT NULL, known TEXT NOT NULL, "
        "PRIMARY KEY (origin, size, root)) WITHOUT ROWID"
    ),
)
# Only the log's key can make one; a log that makes so many is told apart by the first.
FORKS_MAX = 100


@dataclass(frozen=True, slots=True)
class Head:
    """The newest checkpoint cosigned of an origin, at which POSIX second; note: with that cosignature."""

    size: int
    root: bytes
    time_s: int
    note: str


class State:
    """The heads of one witness; not thread-safe: its one caller holds a lock across look and swap."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._db = connection
        self._path = path

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Open or make the state. Raises KnownError: another process has it, newer, damaged, unreadable."""
        path = folder / FILE
        connection = None
        try:
            connection = sqlite3.connect(path, timeout=0, isolation_level=None, check_same_thread=False)
            connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            # The exclusive lock is taken by the first write, and kept.
            connection.execute("BEGIN EXCLUSIVE")
            _prepare(connection, path)
            connection.execute("COMMIT")
            path.chmod(0o600)
        except (sqlite3.Error, OSError) as error:
            if connection is not None:
                connection.close()
            raise _trouble(error, path) from error
        except KnownError:
            if connection is not None:
                connection.close()
            raise
        return cls(connection, path)

    def vkey(self) -> str | None:
        """The key this state belongs to, None before there is one. Raises KnownError."""
        row = self._row("SELECT vkey FROM owner WHERE one = ?", 1)
        return None if row is None else str(row[0])

    def bind(self, vkey: str) -> None:
        """Belong to that key from now on. Raises KnownError."""
        self._write("INSERT OR REPLACE INTO owner VALUES (1, ?)", (vkey,))

    def head(self, origin: str) -> Head | None:
        """The newest cosigned checkpoint of an origin. Raises KnownError."""
        row = self._row("SELECT size, root, time_s, note FROM heads WHERE origin = ?", origin)
        return None if row is None else Head(*row)

    def newest_epoch(self, log: str) -> int:
        """The newest epoch of a log that was cosigned, 0 if none was. Raises KnownError."""
        row = self._row("SELECT MAX(epoch) FROM heads WHERE log = ?", log)
        return 0 if row is None or row[0] is None else int(row[0])

    def origins(self) -> list[str]:
        """Every origin ever cosigned. Raises KnownError."""
        try:
            return [str(row[0]) for row in self._db.execute("SELECT origin FROM heads ORDER BY origin")]
        except sqlite3.Error as error:
            raise _trouble(error, self._path) from error

    def swap(self, place: tuple[str, str, int], old: int | None, new: Head) -> bool:
        """Make `new` the head of place (origin, log, epoch) if its size still is `old`; durable on return.

        old None: there is no head yet. False, with nothing changed, if the head is another one.
        Raises KnownError: nothing may be signed then.
        """
        if old is None:
            values = (*place, new.size, new.root, new.time_s, new.note)
            changed = self._write(
                "INSERT INTO heads VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING", values
            )
        else:
            changed = self._write(
                "UPDATE heads SET size = ?, root = ?, time_s = ?, note = ? WHERE origin = ? AND size = ?",
                (new.size, new.root, new.time_s, new.note, place[0], old),
            )
        return changed == 1

    def keep_fork(self, origin: str, known: Head, other: Head) -> None:
        """Keep two notes of one size that the log signed over two roots. Raises KnownError."""
        statement = (
            "INSERT INTO forks SELECT ?, ?, ?, ?, ? WHERE (SELECT COUNT(*) FROM forks) < ? "
            "ON CONFLICT DO NOTHING"
        )
        self._write(statement, (origin, other.size, other.root, other.note, known.note, FORKS_MAX))

    def forks(self) -> list[tuple[str, str]]:
        """The pairs of notes that prove forks. Raises KnownError."""
        try:
            return [(str(one), str(two)) for one, two in self._db.execute("SELECT known, note FROM forks")]
        except sqlite3.Error as error:
            raise _trouble(error, self._path) from error

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    def _write(self, statement: str, values: tuple[str | int | bytes, ...]) -> int:
        try:
            return self._db.execute(statement, values).rowcount
        except sqlite3.Error as error:
            raise _trouble(error, self._path) from error

    def _row(self, query: str, value: str | int) -> tuple[Any, ...] | None:
        try:
            with closing(self._db.execute(query, (value,))) as cursor:
                row: tuple[Any, ...] | None = cursor.fetchone()  # SQLite types its cells at run time
        except sqlite3.Error as error:
            raise _trouble(error, self._path) from error
        return row


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if version > _VERSION:
        raise KnownError(
            "This witness was last run by a newer WorkDiary",
            "Install that version again. Its state was not touched.",
            subject=str(path),
        )
    if version == 0:
        for statement in _TABLES:
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {_VERSION}")


def _trouble(error: Exception, path: Path) -> KnownError:
    if isinstance(error, sqlite3.OperationalError) and "locked" in str(error):
        return KnownError(
            "This witness already runs",
            "Another process has its state. Stop that one first, or use another --home.",
            subject=str(path),
        )
    return KnownError(
        "The witness's state cannot be used",
        f"{error}. Nothing was signed. If the file is lost or damaged, begin a new witness with a new key: "
        "one that forgot what it saw must not sign again under the old one.",
        subject=str(path),
    )
