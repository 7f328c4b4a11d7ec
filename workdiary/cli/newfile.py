"""A file a command was asked to write: there whole or not at all, and never over another one unasked."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from workdiary.client.errors import border
from workdiary.client.settings import sync_folder
from workdiary.wire.known import ExitCode, KnownError


def check_free(path: Path, *, force: bool) -> None:
    """Raise `KnownError` (exit 7) if something stands there and --force was not given."""
    if path.is_dir() or (path.exists() and not force):
        raise KnownError(
            "There is something already",
            "Nothing was written. Name another file, or use --force to replace it.",
            subject=str(path),
            exit_code=ExitCode.REFUSED,
        )


@contextmanager
def new_file(path: Path, *, force: bool) -> Iterator[IO[bytes]]:
    """A file (0600: what is written is plain) to write and read; it takes its place when the block ends well.

    Raises `KnownError`.
    """
    check_free(path, force=force)
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    with border(path):
        descriptor = os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    try:
        with os.fdopen(descriptor, "w+b") as file:
            yield file
            with border(path):
                file.flush()
                os.fsync(file.fileno())
        check_free(path, force=force)
        with border(path):
            part.replace(path)
            sync_folder(path.parent)
    finally:
        with suppress(OSError):
            part.unlink()
