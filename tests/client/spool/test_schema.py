"""A spool of schema 2 becomes one of schema 3 with everything that waited in it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.fakes.enrolled import MINUTE, EnrolledHome
from workdiary.client.segment.model import SegmentStart
from workdiary.client.sign.held import Span
from workdiary.client.spool.schema import SCHEMA_VERSION
from workdiary.client.spool.store import Spool
from workdiary.evidence.envelope import parse
from workdiary.rules.projection import project

OLD_PENDING = (
    "CREATE TABLE pending (ord INTEGER PRIMARY KEY, contract TEXT NOT NULL, spans TEXT NOT NULL, "
    "why TEXT NOT NULL)"
)


def aged(tmp_path: Path) -> tuple[EnrolledHome, SegmentStart, Path]:
    """A home whose spool an older version closed while an idle discard waited for its segment's hold."""
    home = EnrolledHome(tmp_path / "home")
    start = home.begin()
    home.shoot(start.rid)
    home.clock.advance(10 * MINUTE)
    home.finish(start, "idle")
    span = Span(start.rid, start.start_ms + MINUTE, start.start_ms + 10 * MINUTE)
    home.journal.discard(home.contract, [span], "idle")
    home.spool.close()
    path = home.home.spool / "spool.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        rows = db.execute("SELECT ord, contract, spans, why FROM pending").fetchall()
        db.execute("DROP TABLE pending")
        db.execute(OLD_PENDING)
        db.executemany("INSERT INTO pending VALUES (?, ?, ?, ?)", rows)
        db.execute("PRAGMA user_version = 2")
    return home, start, path


def total(spool: Spool, start: SegmentStart) -> int:
    entries = spool.entries(start.contract, start.start_ms, start.start_ms + 1)
    return sum(segment.tracked_ms for segment in project(entries).segments)


def test_what_waited_is_signed_after_the_upgrade(tmp_path: Path) -> None:
    home, start, path = aged(tmp_path)
    home.reopen(crash=True)
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION,)
    (waiting,) = home.spool.book.pending()
    assert (waiting.wish.kind, waiting.wish.why, waiting.handle) == (
        "discard",
        "idle",
        f"pending-{waiting.ord}",
    )
    assert total(home.spool, start) == MINUTE
    home.clock.advance(MINUTE)
    home.sign()
    records = home.spool._database.rows("SELECT jws FROM records ORDER BY ord")
    assert [parse(jws).kind for (jws,) in records][-2:] == ["segment", "discard"]
    assert home.spool.book.target(waiting.handle) is not None
    assert total(home.spool, start) == MINUTE
    home.close()


def test_a_reader_beside_an_older_app_understands_it(tmp_path: Path) -> None:
    home, start, path = aged(tmp_path)
    before = path.read_bytes()
    spool = Spool.open(home.home.spool, home.keys.spool_key, account=home.account, read_only=True)
    assert total(spool, start) == MINUTE
    spool.close()
    assert path.read_bytes() == before


def test_a_damaged_one_gives_back_what_waited(tmp_path: Path) -> None:
    home, start, path = aged(tmp_path)
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        row = "NULL, 'x', 'x', 'memo', 'x', 'x', 1, 1, 1, 1, 'x.y.z', 'signed'" + ", NULL" * 5 + ", 0, 1"
        db.execute(f"INSERT INTO records SELECT {row}")
    home.reopen(crash=True)
    assert "was damaged" in home.spool.notices[0]
    (waiting,) = home.spool.book.pending()
    assert waiting.wish.spans[0].rid == start.rid
    assert total(home.spool, start) == MINUTE
    home.close()


@pytest.mark.parametrize("cut", ["kind", "handle", "tgt"])
def test_an_upgrade_is_whole_or_not_at_all(tmp_path: Path, cut: str) -> None:
    """SQLite's DDL is transactional: a kill leaves version 2, never a table half changed."""
    home, _, path = aged(tmp_path)
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("BEGIN")
        for column in ("kind", "handle", "tgt"):
            db.execute(f"ALTER TABLE pending ADD COLUMN {column} TEXT")
            if column == cut:
                break
    home.reopen(crash=True)
    assert len(home.spool.book.pending()) == 1
    home.close()
