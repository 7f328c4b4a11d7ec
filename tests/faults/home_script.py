"""Opens a home as the app does, upgrades it, and says what is in it; test_homes.py makes calls of it fail."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from workdiary.client.tracker.homefiles import open_files, open_known

EVER = (0, 2**52)


def play(home: str) -> None:
    """One line for each segment, stream, image and setting."""
    found = open_known(Path(home))
    files = open_files(found, {}, os.urandom, read_only=False)
    try:
        assert files.spool.notices == (), files.spool.notices
        lines = [f"account {files.account.enrolment}"]
        for contract in files.account.contracts():
            entries = files.spool.entries(contract.id, *EVER, verdicts=False)
            lines += [f"{entry.rid} {_digest(entry)}" for entry in entries]
        rows = files.spool._database.rows(
            "SELECT image, key FROM images WHERE key IS NOT NULL ORDER BY image"
        )
        lines += [f"{image} {_digest(key)}" for image, key in rows]
        lines += [f"{stream} {seq}" for _, stream, seq in files.spool.queue.streams()]
        lines += [f"head {files.keys.head(contract.id)}" for contract in files.account.contracts()]
    finally:
        files.spool.close()
    os.write(1, "".join(f"{line}\n" for line in [*lines, "end ."]).encode())


def _digest(value: object) -> str:
    return hashlib.sha256(repr(value).encode()).hexdigest()
