"""The newest signed note, kept beside the database: a database put back from before is not signed on.

Two notes of one size with two roots would prove that this server lied (evidence.md, Protocol 3). What a
device's record says it saw counts as well, where the devices are the owner's own. All processes of an
installation share the folder, so one that was told nothing yet still finds what another one signed.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from workdiary.evidence.errors import EvidenceError
from workdiary.evidence.notes import Checkpoint, parse_checkpoint
from workdiary.server.store.runtime import runtime

NOTE = "newest-note.txt"
SEEN = "seen-checkpoint.txt"
_TURN = "newest-note.lock"
_LOCK = threading.Lock()


def keep_note(text: str, is_newer: Callable[[str], bool]) -> None:
    """Keep a note just signed, unless another process kept a newer one meanwhile.

    is_newer: whether `text` is newer than the note that is kept now.
    """
    # Not synced: after a power cut it may be missing or older, which refuses nothing that is true.
    with _turn():
        kept = note()
        if kept is None or (kept != text and is_newer(kept)):
            _overwrite(NOTE, kept, text)


def note() -> str | None:
    """The text of the note that is kept, whatever it says; None without one."""
    return _read(NOTE)


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
    """The database leads to it after all, or a new epoch began."""
    _path(SEEN).unlink(missing_ok=True)


def _read(name: str) -> str | None:
    try:
        return _path(name).read_text("utf-8")
    except (FileNotFoundError, UnicodeDecodeError):
        return None


def _write(name: str, text: str) -> None:
    part = _path(f"{name}.{os.getpid()}.{threading.get_ident()}.part")
    part.write_text(text, "utf-8")
    part.replace(_path(name))


def _overwrite(name: str, old: str | None, text: str) -> None:
    # Replacing a file by another one makes ext4 write it out, in every group; in place it costs nothing. What
    # a crash tears does not verify and counts as missing.
    if old is None or len(old) > len(text):
        _write(name, text)
        return
    descriptor = os.open(_path(name), os.O_WRONLY)
    try:
        os.write(descriptor, text.encode())
    finally:
        os.close(descriptor)


def _path(name: str) -> Path:
    return runtime().folder / name


if sys.platform == "win32":

    @contextmanager
    def _turn() -> Iterator[None]:
        with _LOCK:
            yield

else:
    import fcntl

    @contextmanager
    def _turn() -> Iterator[None]:
        """One process at a time, or a slower one would put its older note over a newer one."""
        with _LOCK:
            descriptor = os.open(_path(_TURN), os.O_RDWR | os.O_CREAT, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX)
                yield
            finally:
                os.close(descriptor)
