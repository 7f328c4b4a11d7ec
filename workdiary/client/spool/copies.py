"""Copies of a damaged spool that were set aside: what is destroyed in the spool ends in them as well.

A damaged database cannot be told to forget, so the wrapped keys are looked for in its bytes and overwritten.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from workdiary.evidence.canonical import unb64u

# A wrapped key has 60 bytes, and a page may end inside it once: of three parts two are whole, and a third of
# a nonce, a key and a tag overwritten opens no more.
_PART = 20
_WRAPPED = 3 * _PART
COPIES = "damaged-*"


def wrapped_keys(db: sqlite3.Connection, rid: str, digests: Sequence[str]) -> list[bytes]:
    """The wrapped data keys of a record's disclosures (base64url digests) and of the images they name."""
    found: list[bytes] = []
    for digest in digests:
        boxes = db.execute("SELECT box FROM disclosures WHERE rid = ? AND digest = ?", (rid, digest))
        found += [bytes(box[:_WRAPPED]) for (box,) in boxes.fetchall() if box is not None]
        found += image_keys(db, unb64u(digest).hex())
    return found


def image_keys(db: sqlite3.Connection, digest: str) -> list[bytes]:
    """The wrapped data keys of an image and of what is known of it (hex digest of its disclosure)."""
    rows = db.execute("SELECT key, meta, sealed_key FROM images WHERE digest = ?", (digest,)).fetchall()
    return [bytes(cell[:_WRAPPED]) for row in rows for cell in row if cell is not None]


def forget_in_copies(folder: Path, keys: Sequence[bytes]) -> None:
    """Overwrite wrapped keys wherever they stand in the copies beside a spool. Raises OSError."""
    parts = [key[at : at + _PART] for key in keys for at in range(0, len(key) - _PART + 1, _PART)]
    for path in (path for copy in folder.glob(COPIES) for path in copy.glob("spool.db*")):
        data = path.read_bytes()
        places = sorted({place for part in parts for place in _places(data, part)})
        if places:
            _overwrite(path, places)


def _places(data: bytes, part: bytes) -> Iterator[int]:
    at = data.find(part)
    while at >= 0:
        yield at
        at = data.find(part, at + 1)


def _overwrite(path: Path, places: Iterable[int]) -> None:
    with path.open("r+b") as file:
        for place in places:
            file.seek(place)
            file.write(bytes(_PART))
        file.flush()
        os.fsync(file.fileno())
