"""Room on disk.

The quota on what is not sent yet, and the reserve file that is freed when the disk is full.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from workdiary.client.errors import FullError, KnownError, border, translate

# Closing a segment, its records and receipts and a checkpointed WAL fit many times over.
RESERVE_BYTES = 8 * 1024 * 1024
WARN_PCT = (95, 80)


@dataclass(frozen=True, slots=True)
class Health:
    """How much room there is.

    used, limit: bytes of what is not sent yet; warn: 0, 80 or 95 per cent passed; full: tracking has to stop
    visibly now, everything recorded so far is on disk; reason: words, "" if all is well.
    """

    used: int
    limit: int
    warn: int
    full: bool
    reason: str


def health(used: int, limit: int, *, reserve_held: bool) -> Health:
    """Judge the room there is."""
    warn = next((pct for pct in WARN_PCT if used * 100 >= limit * pct), 0)
    if not reserve_held:
        reason = "The disk is full. Free some space, then start again."
        return Health(used, limit, warn, full=True, reason=reason)
    if used >= limit:
        reason = "What waits to be sent has reached its quota. Let it be sent, or raise quota_mib."
        return Health(used, limit, warn, full=True, reason=reason)
    reason = f"What waits to be sent fills {used * 100 // limit} % of its quota." if warn else ""
    return Health(used, limit, warn, full=False, reason=reason)


class Reserve:
    """A file that only occupies space.

    Even deleting rows needs some, so some is kept back (reliability.md).
    """

    def __init__(self, path: Path, size: int = RESERVE_BYTES) -> None:
        self._path = path
        self._size = size
        self._held = False

    @property
    def held(self) -> bool:
        """Whether the space is there to be freed."""
        return self._held

    def hold(self) -> None:
        """Occupy the space if it is not yet.

        Raises FullError; other KnownErrors for a folder that refuses.
        """
        if self._held:
            return
        with border(self._path):
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
            try:
                self._fill(descriptor)
                os.fsync(descriptor)
            except OSError:
                os.ftruncate(descriptor, 0)
                raise
            finally:
                os.close(descriptor)
        self._held = True

    def free(self) -> bool:
        """Give the space back; whether there was any to give."""
        if not self._held:
            return False
        self._held = False
        with border(self._path):
            # Truncating needs no space of its own, removing a name can.
            os.truncate(self._path, 0)
        return True

    def _fill(self, descriptor: int) -> None:
        missing = self._size - os.fstat(descriptor).st_size
        if missing <= 0:
            return
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(descriptor, 0, self._size)
            return
        os.lseek(descriptor, 0, os.SEEK_END)
        while missing > 0:
            missing -= os.write(descriptor, bytes(min(missing, 1 << 16)))


def is_full(error: Exception, subject: str) -> bool:
    """Whether an exception says that the disk has no room."""
    known = error if isinstance(error, KnownError) else translate(error, subject)
    return isinstance(known, FullError)
