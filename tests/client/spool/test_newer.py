"""A spool of a newer version is refused without a byte being touched, also if only its WAL says so."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import pytest

from workdiary.client.errors import ExitCode, KnownError
from workdiary.client.spool.newer import refuse_newer
from workdiary.client.spool.schema import SCHEMA_VERSION


def killed(folder: Path, *versions: int, checkpoint: bool = False) -> Path:
    """A spool as a killed process left it: its versions committed one after the other."""
    live = folder / "live"
    live.mkdir()
    db = sqlite3.connect(live / "spool.db", isolation_level=None)
    db.execute("PRAGMA page_size = 1024")
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("CREATE TABLE t (x)")
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    for version in versions:
        db.execute(f"PRAGMA user_version = {version}")
        db.execute("INSERT INTO t VALUES (randomblob(3000))")
    if checkpoint:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    spool = folder / "spool"
    shutil.copytree(live, spool)
    db.close()
    return spool


def held(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.iterdir()}


@pytest.mark.parametrize("checkpoint", [False, True])
def test_a_newer_spool_is_refused_untouched(tmp_path: Path, *, checkpoint: bool) -> None:
    spool = killed(tmp_path, SCHEMA_VERSION, SCHEMA_VERSION + 1, checkpoint=checkpoint)
    before = held(spool)
    with pytest.raises(KnownError, match="newer WorkDiary") as refused:
        refuse_newer(spool)
    assert refused.value.exit_code is ExitCode.COMPUTER
    assert held(spool) == before


def test_known_and_missing_and_damaged_ones_pass(tmp_path: Path) -> None:
    refuse_newer(tmp_path / "nowhere")
    spool = killed(tmp_path, 1, SCHEMA_VERSION)
    refuse_newer(spool)
    for name in ("spool.db-wal", "spool.db"):
        (spool / name).write_bytes(b"no database at all, and longer than a header of one" * 4)
        refuse_newer(spool)


def test_what_was_never_committed_says_nothing(tmp_path: Path) -> None:
    spool = killed(tmp_path, SCHEMA_VERSION, SCHEMA_VERSION + 1)
    journal = spool / "spool.db-wal"
    data = bytearray(journal.read_bytes())
    data[32 + 24 + 200] ^= 1  # the first frame rots: SQLite reads nothing behind it
    journal.write_bytes(bytes(data))
    refuse_newer(spool)
