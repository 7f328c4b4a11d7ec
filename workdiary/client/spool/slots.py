"""The open segment's 10-second checkpoints: two pre-allocated slots of 512 bytes, written in turn.

A slot is `generation (8) ‖ nonce (12) ‖ sealed progress, padded ‖ tag (16)`. A torn write spoils one slot,
the other still holds the checkpoint before. They prove nothing: a crash-closed segment merely ends at the
last one.
"""

from __future__ import annotations

import os
import threading
from pathlib import Path

from workdiary.client.errors import border
from workdiary.client.segment.model import SegmentProgress
from workdiary.client.settings import sync_folder
from workdiary.client.spool import progress as packing
from workdiary.wire.sealing import NONCE_BYTES, SealError, decrypt, encrypt

SLOT_BYTES = 512
_GENERATION_BYTES = 8
_TAG_BYTES = 16
ROOM = SLOT_BYTES - _GENERATION_BYTES - NONCE_BYTES - _TAG_BYTES
_fdatasync = getattr(os, "fdatasync", os.fsync)  # macOS and Windows have only fsync


class SlotPair:
    """One file of two slots, held open while its segment is open; thread-safe."""

    def __init__(self, path: Path, key: bytes) -> None:
        self._path = path
        self._key = key
        self._generation = 0
        self._descriptor = -1
        self._lock = threading.RLock()

    def allocate(self) -> None:
        """Make the file with all its bytes on disk, so that later checkpoints need no space.

        Each segment calls it anew: the file may have been taken away. Raises KnownError.
        """
        with self._lock, border(self._path):
            self.close()
            flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0)
            self._descriptor = os.open(self._path, flags, 0o600)
            if os.fstat(self._descriptor).st_size != 2 * SLOT_BYTES:
                os.ftruncate(self._descriptor, 0)
                _write(self._descriptor, bytes(2 * SLOT_BYTES), 0)
                os.fsync(self._descriptor)
                sync_folder(self._path.parent)

    def write(self, rid: str, progress: SegmentProgress) -> None:
        """Seal the progress into the older slot; durable on return. Raises KnownError."""
        plain = packing.pack(progress, ROOM).ljust(ROOM, b"\0")
        nonce = os.urandom(NONCE_BYTES)
        with self._lock, border(self._path):
            if self._descriptor < 0:
                self.allocate()
            generation = self._generation + 1
            prefix = generation.to_bytes(_GENERATION_BYTES, "big")
            slot = prefix + nonce + encrypt(self._key, nonce, plain, _aad(rid, prefix))
            _write(self._descriptor, slot, generation % 2 * SLOT_BYTES)
            _fdatasync(self._descriptor)
            self._generation = generation

    def read(self, rid: str) -> SegmentProgress | None:
        """The newest readable checkpoint of this segment, None if there is none. Raises KnownError."""
        with self._lock, border(self._path):
            try:
                data = self._path.read_bytes()
            except FileNotFoundError:
                return None
        found: tuple[int, SegmentProgress] | None = None
        for start in (0, SLOT_BYTES):
            slot = self._open(rid, data[start : start + SLOT_BYTES])
            if slot is not None and (found is None or slot[0] > found[0]):
                found = slot
        if found is None:
            return None
        with self._lock:
            self._generation = max(self._generation, found[0])
        return found[1]

    def clear(self) -> None:
        """Forget the checkpoints of a closed segment; the file stays, allocated, for the next one."""
        with self._lock, border(self._path):
            self._generation = 0
            if self._descriptor < 0:
                return
            _write(self._descriptor, bytes(2 * SLOT_BYTES), 0)

    def close(self) -> None:
        """Close the file; idempotent."""
        with self._lock:
            if self._descriptor >= 0:
                os.close(self._descriptor)
                self._descriptor = -1

    def _open(self, rid: str, slot: bytes) -> tuple[int, SegmentProgress] | None:
        if len(slot) != SLOT_BYTES:
            return None
        prefix, rest = slot[:_GENERATION_BYTES], slot[_GENERATION_BYTES:]
        try:
            plain = decrypt(self._key, rest[:NONCE_BYTES], rest[NONCE_BYTES:], _aad(rid, prefix))
            return int.from_bytes(prefix, "big"), packing.unpack(plain)
        except (SealError, ValueError):
            return None  # torn, empty, or of a segment before: all the same here


def _aad(rid: str, prefix: bytes) -> bytes:
    return b"workdiary slot\0" + rid.encode("ascii") + prefix


def _write(descriptor: int, data: bytes, offset: int) -> None:
    """All of `data` at `offset`; pwrite may take less than it is given."""
    done = 0
    while done < len(data):
        os.lseek(descriptor, offset + done, os.SEEK_SET)
        done += os.write(descriptor, data[done:])
