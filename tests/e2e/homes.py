"""What tests of homes ask: what a command told, whether anything was lost, what lies where."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from tests.e2e.conftest import Installed


def today(installed: Installed) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = installed.json("diary", "--zone", "UTC")["segments"]
    return found


def shots(segment: dict[str, Any]) -> list[str]:
    return [shot["state"] for shot in segment["shots"]]


def told(done: subprocess.CompletedProcess[str], code: int, *words: str) -> None:
    """One fault: its exit code, title, subject and advice; never a traceback."""
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) >= 2, done.stderr
    for word in words:
        assert word.lower() in done.stderr.lower(), (word, done.stderr)


def whole(installed: Installed) -> None:
    """Nothing lost afterwards: all is sent, nothing waits, and the server's diary fits together."""
    assert installed.json("outbox") == []
    assert {segment["state"] for segment in today(installed)} == {"sent"}
    assert installed.json("manage", "verify-all")["findings"] == []


def content(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@contextmanager
def environment(**changes: str) -> Iterator[None]:
    """Variables for the commands begun inside."""
    before = dict(os.environ)
    os.environ.update(changes)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def fill(folder: Path) -> Path:
    """Occupy every byte of the disk; what to remove to free them."""
    filler = folder / "filler"
    with filler.open("ab", buffering=0) as file, suppress(OSError):
        while file.write(bytes(4096)):
            continue
    return filler
