"""One running tracker per home: the system's file lock, which ends with its owner however that ends."""

from __future__ import annotations

import json
import os
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Final, Self

from workdiary.client.errors import KnownError, border

# Whoever only asks who owns it (`owner`) holds it for an instant.
_TRIES: Final = 10
_PAUSE_S: Final = 0.02


class HomeLock:
    """Held from `take` to `release`; a killed owner holds nothing, a stopped one still does."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor: int | None = descriptor

    @classmethod
    def take(cls, path: Path) -> Self:
        """Lock `path`, made if need be.

        Raises `KnownError` (exit 8): a live owner, which it names; a disk that takes no files or no locks.
        """
        with border(path):
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
            try:
                locked = _taken_soon(descriptor)
            except BaseException:
                os.close(descriptor)
                raise
        if not locked:
            os.close(descriptor)
            raise _taken(path)
        with suppress(OSError):  # only a name for others: a full disk must not keep anybody from starting
            os.ftruncate(descriptor, 0)
            os.lseek(descriptor, 0, os.SEEK_SET)
            os.write(descriptor, json.dumps({"pid": os.getpid()}).encode())
        return cls(descriptor)

    def release(self) -> None:
        """Unlock; idempotent. The file stays: removing it would let two processes lock two files."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            with suppress(OSError):
                os.ftruncate(descriptor, 0)
            os.close(descriptor)


def owner(path: Path) -> int | None:
    """The process id of whoever holds the lock now, None if nobody does or it cannot be told.

    A file that a killed tracker left says nothing: its process id may be another program's by now.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError:
        return None
    try:
        free = _lock(descriptor)
        value = {} if free else json.loads(path.read_bytes() or b"{}")
        pid = value.get("pid") if isinstance(value, dict) else None
    except (OSError, ValueError):
        return None
    finally:
        os.close(descriptor)
    return pid if isinstance(pid, int) else None


def _taken(path: Path) -> KnownError:
    pid = owner(path)
    who = "Another program" if pid is None else f"Process {pid}"
    return KnownError(
        "WorkDiary is already running on this home",
        f"{who} tracks here. Use its window, or `workdiary start`, `stop` and `status`, or choose another "
        "home with --home.",
        subject=str(path.parent),
        permanent=False,
    )


def _taken_soon(descriptor: int) -> bool:
    for _ in range(_TRIES - 1):
        if _lock(descriptor):
            return True
        time.sleep(_PAUSE_S)
    return _lock(descriptor)


if sys.platform == "win32":
    import msvcrt

    # Locked bytes cannot be read by others on Windows, so the lock lies behind the pid.
    _FAR = 1 << 20

    def _lock(descriptor: int) -> bool:
        """Whether it could be locked; closing the descriptor unlocks."""
        try:
            os.lseek(descriptor, _FAR, os.SEEK_SET)
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _lock(descriptor: int) -> bool:
        """Whether it could be locked; closing the descriptor unlocks. Raises OSError where none can be."""
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
