"""The spool's SQLite file: pragmas, transactions.

WAL with synchronous=FULL: NORMAL lost acknowledged rows in a simulated power cut (reliability.md).
secure_delete overwrites what is removed, so that a destroyed data key is not left in a free page.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from workdiary.client.errors import KnownError, border
from workdiary.client.spool.quota import Reserve, is_full
from workdiary.client.spool.tables import changes, statements

SCHEMA_VERSION = 3
# A commit writes whole pages, and rows are small: 1 KiB pages write a third of what 4 KiB pages do (P7).
PAGE_BYTES = 1024
CHECKPOINT_PAGES = 4000
# A tracker that runs for days would fill SQLite's own 2 MB; the system caches the file anyway (P10).
CACHE_KIB = 512
BUSY_S = 10.0

T = TypeVar("T")
Row = tuple[Any, ...]  # SQLite types its cells at run time


class Database:
    """One connection, one lock.

    Transactions are functions, so that they can run again once space was freed.
    """

    def __init__(self, path: Path, reserve: Reserve, connection: sqlite3.Connection) -> None:
        self.path = path
        self._reserve = reserve
        self._db = connection
        self._lock = threading.RLock()
        self._owed = False

    def write(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run `work` in one transaction, durable on return.

        A full disk frees the reserve and tries once more. Raises KnownError, then nothing is changed.
        """
        with self._lock, border(self.path):
            try:
                result = self._once(work)
            except (sqlite3.Error, OSError) as error:
                if not is_full(error, str(self.path)) or not self._reserve.free():
                    raise
                result = self._once(work)
            if self._owed:
                with suppress(KnownError):  # what is committed is so, whatever cannot be emptied yet
                    self.forget()
            return result

    def rows(self, query: str, *values: object) -> list[Row]:
        """All rows of a query."""
        with self._lock, border(self.path):
            return self._db.execute(query, values).fetchall()

    def row(self, query: str, *values: object) -> Row | None:
        """The first row of a query, or None."""
        with self._lock, border(self.path):
            found: Row | None = self._db.execute(query, values).fetchone()
            return found

    def forget(self) -> None:
        """After keys were destroyed, and at the start.

        Write the WAL back and empty it, since it still holds the older pages. While another process reads
        (`diary`, `doctor`), and where the disk refuses, it stays owed to the next write or start.
        """
        with self._lock, border(self.path):
            self._owed = True
            self._db.execute("PRAGMA busy_timeout = 0")
            try:
                (busy, *_) = self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            finally:
                self._db.execute(f"PRAGMA busy_timeout = {int(BUSY_S * 1000)}")
            self._owed = bool(busy)

    def close(self) -> None:
        """Close; idempotent."""
        with self._lock, border(self.path):
            self._db.close()

    def _once(self, work: Callable[[sqlite3.Connection], T]) -> T:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            result = work(self._db)
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise
        return result


def attach(path: Path, *, read_only: bool, still: bool = False) -> sqlite3.Connection:
    """A connection that has looked at nothing yet. Raises sqlite3.Error.

    read_only: such a connection writes nothing at all, not even the WAL back when it is closed last; still:
    nobody writes to the file and it has no WAL, so that no file of shared memory is needed beside it.
    """
    address = (
        f"{path.absolute().as_uri()}?mode={'ro' if read_only else 'rwc'}{'&immutable=1' if still else ''}"
    )
    return sqlite3.connect(address, uri=True, timeout=BUSY_S, isolation_level=None, check_same_thread=False)


def prepare(db: sqlite3.Connection, path: Path) -> None:
    """Make the tables at the first time, set what holds for the connection.

    Raises sqlite3.Error; KnownError for a newer schema, which is left untouched.
    """
    version = int(db.execute("PRAGMA user_version").fetchone()[0])
    _refuse_newer(version, path)
    if version == 0:
        _create(db)
    db.execute("PRAGMA synchronous = FULL")
    db.execute("PRAGMA secure_delete = ON")
    db.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
    db.execute("PRAGMA temp_store = MEMORY")  # sorting never puts rows into a temporary file
    db.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")


def upgrade(db: sqlite3.Connection) -> None:
    """Bring an older file up to this version; its rows stay as they are. Raises sqlite3.Error."""
    version = int(db.execute("PRAGMA user_version").fetchone()[0])
    if version >= SCHEMA_VERSION:
        return
    db.execute("BEGIN IMMEDIATE")
    for number in range(version + 1, SCHEMA_VERSION + 1):
        for statement in changes(number):
            db.execute(statement)
    db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
    db.execute("COMMIT")


def _refuse_newer(version: int, path: Path) -> None:
    if version > SCHEMA_VERSION:
        raise KnownError(
            "This home belongs to a newer WorkDiary",
            "Its spool was left untouched: update WorkDiary, or choose another home with --home.",
            subject=str(path),
        )


def _create(db: sqlite3.Connection) -> None:
    db.execute(f"PRAGMA page_size = {PAGE_BYTES}")  # only before the first table
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    db.execute("BEGIN IMMEDIATE")
    if db.execute("PRAGMA user_version").fetchone()[0] == 0:  # nobody else was first
        for statement in statements():
            db.execute(statement)
        db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
    db.execute("COMMIT")


def problems(db: sqlite3.Connection) -> Sequence[str]:
    """What SQLite finds wrong with the file, its indexes included; () if nothing.

    quick_check would pass over an index that rotted, for a third less time (0.2 s for 20,000 records).
    """
    found = [str(row[0]) for row in db.execute("PRAGMA integrity_check(3)")]
    return () if found == ["ok"] else found
