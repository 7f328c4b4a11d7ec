"""One running tracker per home: the system's file lock, which ends with its owner however that ends."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Self

from workdiary.client.errors import KnownError, border


class HomeLock:
    """Held from `take` to `release`; a killed owner holds nothing, a stopped one still does."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor: int | None = descriptor

    @classmethod
    def take(cls, path: Path) -> Self:
        """Lock `path`, made if need be. Raises `KnownError` (exit 8) naming the live owner."""
        with border(path):
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        lock = cls(descriptor)
        if not _lock(descriptor):
            os.close(descriptor)
            raise _taken(path)
        with border(path):
            os.ftruncate(descriptor, 0)
            os.lseek(descriptor, 0, os.SEEK_SET)
            os.write(descriptor, json.dumps({"pid": os.getpid()}).encode())
        return lock

    def release(self) -> None:
        """Unlock; idempotent. The file stays: removing it would let two processes lock two files."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.ftruncate(descriptor, 0)
            os.close(descriptor)


def owner(path: Path) -> int | None:
    """The process id written by whoever holds the lock, None if nobody does or it cannot be told."""
    try:
        value = json.loads(path.read_bytes() or b"{}")
        pid = value.get("pid") if isinstance(value, dict) else None
    except (OSError, ValueError):
        return None
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


if sys.platform == "win32":
    import msvcrt

    # Locked bytes cannot be read by others on Windows, so the lock lies behind the pid.
    _FAR = 1 << 20

    def _lock(descriptor: int) -> bool:
        try:
            os.lseek(descriptor, _FAR, os.SEEK_SET)
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _lock(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
