"""The database connection and the one lock all writes go through: of all threads and of all processes.

SQLite has one writer at a time anyway; PostgreSQL gets the same by an advisory lock. So what a write reads in
its transaction is still so when it commits, and the log's order is the order of commits, on both.
"""

from __future__ import annotations

import os
import re
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

from django.db import connection, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

from workdiary.server.store.postgres import postgres_settings

FILE = "diary.db"
GATE = "write.lock"
# FULL: what was acknowledged survives a power cut (NORMAL lost rows in a simulated one). secure_delete: a
# redacted text does not linger in free pages.
_PRAGMAS = (
    "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA secure_delete=ON; "
    "PRAGMA cache_size=-400; PRAGMA mmap_size=0;"
)
_SYNCHRONOUS = re.compile(r"synchronous=\w+")
# "workdiar" as a number: other programs on the same database have other ones.
_ADVISORY = int.from_bytes(b"workdiar", "big")


def database_settings(folder: Path, url: str | None = None) -> dict[str, object]:
    """Django's DATABASES entry: the SQLite file in `folder`, or PostgreSQL at `url`. Raises KnownError."""
    if url is not None:
        return postgres_settings(url)
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(folder / FILE),
        "CONN_MAX_AGE": None,
        "OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": 20, "init_command": _PRAGMAS},
    }


class _Gate:
    """Lets one writer in at a time. Reentrant: a write inside a write belongs to it."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._inside = False
        self._file: tuple[int, str, int] = (0, "", -1)

    @contextmanager
    def one(self) -> Iterator[bool]:
        """Hold the gate; yields whether this is the outermost write.

        SQLite's own waiting polls with growing sleeps, which made the slowest requests 0.7 s; waiting here
        first keeps them at 0.1 s with the same throughput. On PostgreSQL other processes are kept out by the
        lock that the transaction takes.
        """
        with self._lock:
            if self._inside:
                yield False
                return
            self._inside = True
            try:
                with nullcontext() if is_postgres() else _flocked(self._descriptor()):
                    yield True
            finally:
                self._inside = False

    def _descriptor(self) -> int:
        """The lock file beside the database; opened by each process, because a fork would share the lock."""
        place = str(Path(str(connection.settings_dict["NAME"])).with_name(GATE))
        pid, known, descriptor = self._file
        if (pid, known) != (os.getpid(), place):
            if descriptor >= 0:
                os.close(descriptor)
            descriptor = os.open(place, os.O_RDWR | os.O_CREAT, 0o600)
            self._file = (os.getpid(), place, descriptor)
        return descriptor


if sys.platform == "win32":

    def _flocked(_descriptor: int) -> nullcontext[None]:
        # One process is the shape on Windows; a second one still meets SQLite's own lock.
        return nullcontext()

else:
    import fcntl

    @contextmanager
    def _flocked(descriptor: int) -> Iterator[None]:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(descriptor, fcntl.LOCK_UN)


_GATE = _Gate()


@contextmanager
def writing() -> Iterator[None]:
    """A write transaction, alone on the database; durable when the outermost block ends."""
    with _GATE.one() as outermost, transaction.atomic():
        if outermost and is_postgres():
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_ADVISORY])
        yield


@contextmanager
def jotting() -> Iterator[None]:
    """A write that a power cut may undo: only what can be made again, byte for byte, from durable rows."""
    if is_postgres():
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL synchronous_commit TO off")
            yield
        return
    with _GATE.one() as outermost:
        if outermost:
            _pragma("synchronous=NORMAL")
        try:
            with transaction.atomic():
                yield
        finally:
            if outermost:
                _pragma(_SYNCHRONOUS.findall(_PRAGMAS)[0])


# Each thread has a connection of its own, and a thread that ends closes nothing.
_OPEN: list[BaseDatabaseWrapper] = []
_OPEN_GUARD = threading.Lock()


def close_database() -> None:
    """Close the connections of all threads; none of them may be in the middle of something."""
    connections.close_all()
    with _OPEN_GUARD:
        left, _OPEN[:] = list(_OPEN), []
    for wrapper in left:
        wrapper.inc_thread_sharing()
        wrapper.close()


def _remember(connection: BaseDatabaseWrapper, **_about: object) -> None:
    with _OPEN_GUARD:
        _OPEN[:] = [other for other in _OPEN if other.connection is not None and other is not connection]
        _OPEN.append(connection)


connection_created.connect(_remember, dispatch_uid="workdiary.server.store.database")


def is_postgres() -> bool:
    """Whether this installation's rows are in PostgreSQL."""
    return connection.vendor == "postgresql"


def forget_journal() -> bool:
    """Empty the write-ahead log, so that what was just redacted does not linger there until it is reused.

    False if a reader or writer is in the way: nobody waits for this. PostgreSQL's own log and dead rows are
    its administrator's (docs/operator.md says what to set).
    """
    if is_postgres():
        return True
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout")
        (patience,) = cursor.fetchone()
        cursor.execute("PRAGMA busy_timeout=0")
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (busy, *_) = cursor.fetchone()
        cursor.execute(f"PRAGMA busy_timeout={int(patience)}")
    return int(busy) == 0


def _pragma(text: str) -> None:

    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA {text}")
