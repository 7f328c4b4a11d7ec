"""Rot in a WAL is told from a transaction that a power cut tore, against WALs that SQLite wrote itself."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from workdiary.client.spool.wal import loses_commits

HEADER, FRAME = 32, 24


def wal(folder: Path, commits: int = 6, page: int = 1024) -> bytes:
    """The WAL of so many commits of one row each."""
    db = sqlite3.connect(folder / "x.db", isolation_level=None)
    db.execute(f"PRAGMA page_size = {page}")
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA wal_autocheckpoint = 0")
    db.execute("CREATE TABLE t (x)")
    for number in range(commits - 1):
        db.execute("INSERT INTO t VALUES (?)", ("y" * 100 * number,))
    data = (folder / "x.db-wal").read_bytes()
    db.close()
    return data


def flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


@pytest.mark.parametrize("page", [512, 1024, 4096])
def test_a_sound_wal_loses_nothing(tmp_path: Path, page: int) -> None:
    assert not loses_commits(wal(tmp_path, page=page))


@pytest.mark.parametrize("where", [0, 4, 8, FRAME, FRAME + 700])
def test_rot_in_an_early_frame_is_seen(tmp_path: Path, where: int) -> None:
    assert loses_commits(flipped(wal(tmp_path), HEADER + where))


@pytest.mark.parametrize("at", [0, 3, 5, 9, 13, 16, 23, 26, 31])
def test_rot_in_the_header_is_seen(tmp_path: Path, at: int) -> None:
    assert loses_commits(flipped(wal(tmp_path), at))


def test_rot_in_the_last_commit_looks_like_a_torn_one(tmp_path: Path) -> None:
    data = wal(tmp_path)
    assert not loses_commits(flipped(data, len(data) - 10))


@pytest.mark.parametrize("cut", [1, 500, 1024 + FRAME, 3 * (1024 + FRAME)])
def test_a_torn_end_is_no_rot(tmp_path: Path, cut: int) -> None:
    assert not loses_commits(wal(tmp_path)[:-cut])


def test_frames_of_an_earlier_generation_do_not_count(tmp_path: Path) -> None:
    db = sqlite3.connect(tmp_path / "x.db", isolation_level=None)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("CREATE TABLE t (x)")
    for number in range(50):
        db.execute("INSERT INTO t VALUES (?)", (number,))
    db.execute("PRAGMA wal_checkpoint(RESTART)")
    db.execute("INSERT INTO t VALUES (1)")
    data = (tmp_path / "x.db-wal").read_bytes()
    db.close()
    assert len(data) > 40 * 4096
    assert not loses_commits(data)


@pytest.mark.parametrize("data", [b"", b"short", bytes(5000)])
def test_what_is_no_wal_holds_nothing(data: bytes) -> None:
    assert not loses_commits(data)
