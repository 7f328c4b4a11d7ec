"""The client's border where foreign exceptions become a `KnownError`.

Everything under workdiary/client raises `KnownError` for faults of the environment; what is none passes as
the bug it is. requests is recognised by its module's name: nothing is imported before the first exchange.
"""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from workdiary.wire.known import ExitCode, KnownError

__all__ = ["DamagedError", "ExitCode", "FullError", "KnownError", "OfflineError", "border", "translate"]

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_DENIED = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})
# Primary result codes are the low byte of SQLite's extended ones.
_PRIMARY = 0xFF
# The spool is set aside and goes on in a new file when the app starts.
REPAIR = "Start WorkDiary again: it repairs what it can and keeps the rest."


class FullError(KnownError):
    """No room on disk; freeing some helps, so it is not permanent."""

    def __init__(self, subject: str) -> None:
        super().__init__(
            "The disk is full",
            "Nothing recorded is lost. Tracking stops until there is room: free some, then start again.",
            subject=subject,
            permanent=False,
        )


class DamagedError(KnownError):
    """A file's content is not what was written; advice: what to do about it."""

    def __init__(
        self,
        subject: str,
        what: str,
        advice: str = "Put it back from a backup, or choose another home with --home.",
    ) -> None:
        super().__init__("A file is damaged", f"{what} The file is kept as it is. {advice}", subject=subject)


class OfflineError(KnownError):
    """Nobody answered, or what answered is not a diary server; everything stays in the outbox."""

    def __init__(self, subject: str, what: str) -> None:
        super().__init__(
            "The diary server cannot be reached",
            f"{what} Everything stays here and is sent later.",
            subject=subject,
            permanent=False,
            exit_code=ExitCode.OFFLINE,
        )


@contextmanager
def border(subject: object) -> Iterator[None]:
    """Translate what the block raises; subject: the file or address it concerns.

    Raises `KnownError` for faults of the environment; anything else is a bug and passes as it is.
    """
    try:
        yield
    except KnownError:
        raise
    except Exception as error:
        known = translate(error, str(subject))
        if known is None:
            raise
        raise known from error


def translate(error: Exception, subject: str) -> KnownError | None:
    """The KnownError a foreign exception means, None if it is a bug of ours."""
    if isinstance(error, sqlite3.Error):
        return _sqlite(error, subject)
    # Before OSError: requests' exceptions are OSErrors without an errno worth reading.
    if type(error).__module__.partition(".")[0] in {"requests", "urllib3"}:
        return OfflineError(subject, f"The connection failed ({type(error).__name__}).")
    if isinstance(error, OSError):
        return _os(error, subject)
    return None


def _os(error: OSError, subject: str) -> KnownError:
    if error.errno in _FULL:
        return FullError(subject)
    if error.errno in _DENIED:
        return KnownError(
            "This computer refuses access",
            f"{error.strerror}. Give this user the right to read and write there, or choose another home "
            "with --home.",
            subject=subject,
        )
    return KnownError(
        "A file cannot be used",
        f"{error.strerror or error}. Nothing was changed; check the disk, then try again.",
        subject=subject,
        permanent=False,
    )


def _sqlite(error: sqlite3.Error, subject: str) -> KnownError | None:
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:
        # Raised by the module itself (closed connection, wrong argument count): ours, not the disk's.
        return DamagedError(subject, "Text in it cannot be decoded.", REPAIR) if _undecodable(error) else None
    primary = code & _PRIMARY
    # The second is the index of the WAL: a file beside it that finds no room to grow.
    if primary == sqlite3.SQLITE_FULL or code == sqlite3.SQLITE_IOERR_SHMSIZE:
        return FullError(subject)
    if primary in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}:
        return DamagedError(subject, f"The database says: {error}.", REPAIR)
    if primary in {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM}:
        return KnownError(
            "The spool cannot be written",
            f"The database says: {error}. Check the rights of the folder and whether the disk is read-only.",
            subject=subject,
        )
    if primary in {sqlite3.SQLITE_IOERR, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL}:
        return KnownError(
            "The disk did not take what was written",
            f"The database says: {error}. What was saved before is safe; it is tried again.",
            subject=subject,
            permanent=False,
        )
    return None


def _undecodable(error: sqlite3.Error) -> bool:
    return "decode to UTF-8" in str(error)
