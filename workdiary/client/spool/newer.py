"""Whether a newer WorkDiary wrote a spool, told without touching a byte.

SQLite itself would not do: opening a file with a WAL makes files beside it, closing it writes the WAL back.
"""

from __future__ import annotations

import struct
from pathlib import Path

from workdiary.client.errors import KnownError, border
from workdiary.client.spool.schema import SCHEMA_VERSION
from workdiary.client.spool.wal import newest_version

_MAGIC = b"SQLite format 3\0"
_VERSION_AT = 60
_HEADER_BYTES = 100


def refuse_newer(folder: Path) -> None:
    """Raise KnownError (exit 8) for the spool of a newer version; the folder stays as it is."""
    path = folder / "spool.db"
    with border(path):
        try:
            with path.open("rb") as file:
                header = file.read(_HEADER_BYTES)
        except FileNotFoundError:
            return
        journal = path.with_name(f"{path.name}-wal")
        data = journal.read_bytes() if journal.exists() else b""
    version = 0
    if header.startswith(_MAGIC) and len(header) == _HEADER_BYTES:
        (version,) = struct.unpack_from(">I", header, _VERSION_AT)
    version = max(version, newest_version(data, SCHEMA_VERSION))
    if version > SCHEMA_VERSION:
        raise newer(path)


def newer(path: Path) -> KnownError:
    """The refusal."""
    return KnownError(
        "This home belongs to a newer WorkDiary",
        "Its spool was left untouched: update WorkDiary, or choose another home with --home.",
        subject=str(path),
    )
