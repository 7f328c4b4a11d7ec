"""The newest signed note, kept beside the database: a database put back from before is not signed on.

Two notes of one size with two roots would prove that this server lied (evidence.md, Protocol 3). What a
device's record says it saw counts as well, where the devices are the owner's own.
"""

from __future__ import annotations

import threading
from contextlib import suppress
from pathlib import Path

from workdiary.evidence.errors import EvidenceError
from workdiary.evidence.notes import Checkpoint, VerifierKey, open_note, parse_checkpoint
from workdiary.server.store.runtime import runtime

NOTE = "newest-note.txt"
SEEN = "seen-checkpoint.txt"


def keep_note(text: str) -> None:
    """Keep the newest note, just signed."""
    # Not synced: after a power cut it may be missing or older, which refuses nothing that is true.
    _write(NOTE, text)


def kept_note(vkey: VerifierKey) -> Checkpoint | None:
    """The newest note's checkpoint, None if there is none of this log."""
    text = _read(NOTE)
    with suppress(EvidenceError):
        return None if text is None else parse_checkpoint(open_note(text, [vkey]).text)
    return None


def keep_seen(head: Checkpoint) -> None:
    """Stop: a record showed a checkpoint that this database cannot have led to."""
    _write(SEEN, head.text())


def seen() -> Checkpoint | None:
    """The checkpoint that stopped this log, or None."""
    text = _read(SEEN)
    with suppress(EvidenceError):
        return None if text is None else parse_checkpoint(text)
    return None


def forget_seen() -> None:
    """The database leads to it after all."""
    _path(SEEN).unlink(missing_ok=True)


def _read(name: str) -> str | None:
    try:
        return _path(name).read_text("utf-8")
    except (FileNotFoundError, UnicodeDecodeError):
        return None


def _write(name: str, text: str) -> None:
    part = _path(f"{name}.{threading.get_ident()}.part")
    part.write_text(text, "utf-8")
    part.replace(_path(name))


def _path(name: str) -> Path:
    return runtime().folder / name
