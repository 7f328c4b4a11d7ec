"""Foreign exceptions become one KnownError; bugs stay bugs."""

from __future__ import annotations

import errno
import sqlite3
from pathlib import Path

import pytest
import requests

from workdiary.client.errors import (
    DamagedError,
    ExitCode,
    FullError,
    KnownError,
    OfflineError,
    border,
    translate,
)


def test_a_known_error_passes_as_it_is() -> None:
    known = KnownError("Title", "What to do.")
    with pytest.raises(KnownError) as caught, border("subject"):
        raise known
    assert caught.value is known


def test_a_bug_passes_as_it_is() -> None:
    with pytest.raises(ZeroDivisionError), border("subject"):
        _ = 1 // 0


def test_no_space_left_is_full_and_can_be_tried_again() -> None:
    found = translate(OSError(errno.ENOSPC, "No space left on device"), "/home/x/spool")
    assert isinstance(found, FullError)
    assert not found.permanent
    assert found.exit_code is ExitCode.COMPUTER
    assert found.subject == "/home/x/spool"


def test_missing_rights_are_permanent() -> None:
    found = translate(PermissionError(errno.EACCES, "Permission denied"), "/home/x")
    assert found is not None
    assert found.permanent
    assert "--home" in found.message


def test_any_other_file_fault_can_be_tried_again() -> None:
    found = translate(OSError(errno.EIO, "Input/output error"), "/home/x")
    assert found is not None
    assert not found.permanent
    assert "Input/output error" in found.message


def test_a_file_that_is_no_database_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "spool.db"
    path.write_bytes(b"nothing of the kind" * 100)
    db = sqlite3.connect(path)
    with pytest.raises(DamagedError), border(path):
        db.execute("SELECT * FROM sqlite_master")
    db.close()


def test_a_full_database_is_full(tmp_path: Path) -> None:
    db = sqlite3.connect(tmp_path / "spool.db")
    db.execute("CREATE TABLE t (x)")
    db.execute("PRAGMA max_page_count = 2")
    with pytest.raises(FullError), border("spool"):
        db.execute("INSERT INTO t VALUES (?)", (bytes(100_000),))
    db.close()


def test_a_database_that_cannot_be_opened_says_so(tmp_path: Path) -> None:
    with pytest.raises(KnownError) as caught, border("spool"):
        sqlite3.connect(tmp_path / "missing" / "spool.db")
    assert caught.value.title == "The spool cannot be written"


def test_a_locked_database_can_be_tried_again(tmp_path: Path) -> None:
    one = sqlite3.connect(tmp_path / "spool.db", isolation_level=None)
    other = sqlite3.connect(tmp_path / "spool.db", isolation_level=None, timeout=0)
    one.execute("BEGIN EXCLUSIVE")
    with pytest.raises(KnownError) as caught, border("spool"):
        other.execute("BEGIN IMMEDIATE")
    assert not caught.value.permanent
    one.close()
    other.close()


def test_wrong_sql_is_a_bug() -> None:
    db = sqlite3.connect(":memory:")
    with pytest.raises(sqlite3.OperationalError), border("spool"):
        db.execute("SELEKT 1")
    db.close()
    with pytest.raises(sqlite3.ProgrammingError), border("spool"):
        db.execute("SELECT 1")


def test_text_that_does_not_decode_is_damage(tmp_path: Path) -> None:
    db = sqlite3.connect(tmp_path / "spool.db")
    db.execute("CREATE TABLE t (x TEXT)")
    db.execute("INSERT INTO t VALUES (CAST(x'ff41' AS TEXT))")
    with pytest.raises(DamagedError), border("spool"):
        db.execute("SELECT x FROM t").fetchall()
    db.close()


def test_a_connection_fault_is_offline() -> None:
    found = translate(requests.ConnectionError("refused"), "http://127.0.0.1:1")
    assert isinstance(found, OfflineError)
    assert found.exit_code is ExitCode.OFFLINE
    assert not found.permanent
