"""A damaged spool is set aside whole, what is readable goes on, the person is told, and no start loops."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import pytest

from tests.fakes.enrolled import MINUTE, EnrolledHome
from tests.fakes.records import CONTRACT
from workdiary.client.errors import DamagedError, KnownError
from workdiary.client.spool import recovery, schema
from workdiary.client.spool.store import Spool
from workdiary.evidence.envelope import parse
from workdiary.rules.policy import STANDARD


def spool_file(desk: EnrolledHome) -> Path:
    return desk.home.spool / "spool.db"


def change(desk: EnrolledHome, statement: str, *values: object) -> None:
    """Change a row behind the spool's back, as rot does."""
    desk.spool.close()
    db = sqlite3.connect(spool_file(desk))
    db.execute(statement, values)
    db.commit()
    db.close()


def notice(desk: EnrolledHome) -> str:
    (told,) = desk.spool.notices
    return told


def test_a_sound_spool_says_nothing(desk: EnrolledHome) -> None:
    desk.segment()
    desk.sign()
    desk.reopen()
    assert desk.spool.notices == ()
    assert not list(desk.home.spool.glob("damaged-*"))


def test_a_file_that_is_no_database_is_set_aside(desk: EnrolledHome) -> None:
    desk.segment()
    desk.sign()
    desk.spool.close()
    spoiled = b"\x00" * 5_000
    spool_file(desk).write_bytes(spoiled)
    desk.reopen(crash=True)
    assert "set aside whole" in notice(desk)
    assert (desk.home.spool / "damaged-1" / "spool.db").read_bytes() == spoiled
    images = desk.home.spool / "damaged-1" / "images"
    assert len(list(images.iterdir())) == 2
    desk.segment("It goes on now")
    desk.sign()
    opening = parse(desk.spool._database.rows("SELECT jws FROM records ORDER BY ord")[0][0])
    assert opening.payload["resume"]["why"] == "lost"  # type: ignore[index,call-overload]
    desk.reopen()
    assert desk.spool.notices == ()


def test_a_cut_file_keeps_what_can_be_read(desk: EnrolledHome) -> None:
    for number in range(20):
        desk.segment(f"Part {number} of the work")
        desk.sign()
    desk.spool.close()
    data = spool_file(desk).read_bytes()
    spool_file(desk).write_bytes(data[: len(data) // 2])
    desk.reopen(crash=True)
    assert "rows" in notice(desk)
    assert (desk.home.spool / "damaged-1" / "spool.db").read_bytes() == data[: len(data) // 2]
    desk.segment("It goes on now")
    desk.sign()


def test_a_changed_record_is_found_and_the_others_go_on(desk: EnrolledHome) -> None:
    starts = [desk.segment(f"Part {number} of it") for number in range(3)]
    desk.sign()
    change(desk, "UPDATE records SET jws = jws || 'x' WHERE rid = ?", starts[1].rid)
    desk.reopen(crash=True)
    assert "not what was written" in notice(desk)
    rids = {record.rid for record in desk.spool.queue.records(50)}
    assert {starts[0].rid, starts[2].rid} <= rids
    assert starts[1].rid not in rids
    assert desk.keys.head(CONTRACT) is not None
    desk.segment("It goes on now")
    desk.sign()
    kinds = [parse(row[0]).kind for row in desk.spool._database.rows("SELECT jws FROM records ORDER BY ord")]
    assert kinds.count("open") == 1  # the stream's last record survived, so it goes on


def test_a_lost_head_ends_the_stream(desk: EnrolledHome) -> None:
    desk.segment()
    last = desk.segment()
    desk.sign()
    change(desk, "UPDATE records SET jws = jws || 'x' WHERE rid = ?", last.rid)
    desk.reopen(crash=True)
    desk.segment()
    desk.sign()
    openings = [
        record
        for (jws,) in desk.spool._database.rows("SELECT jws FROM records ORDER BY ord")
        if (record := parse(jws)).kind == "open"
    ]
    assert len(openings) == 2
    assert openings[1].payload["resume"]["seq"] == 4  # type: ignore[index,call-overload]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE segments SET start = zeroblob(100)",
        "UPDATE segments SET close = substr(close, 1, 50)",
        "UPDATE images SET key = zeroblob(60) WHERE state = 'held'",
        "UPDATE images SET meta = zeroblob(10) WHERE state = 'queued'",
        "UPDATE disclosures SET box = zeroblob(90)",
        "UPDATE streams SET seq = 1",
        "UPDATE records SET seq = 77 WHERE kind = 'segment'",
        "UPDATE records SET rid = 'x' WHERE kind = 'segment'",
        "UPDATE records SET jws = CAST(x'ff' AS TEXT) WHERE kind = 'segment'",
    ],
)
def test_any_changed_row_is_found_and_nothing_loops(desk: EnrolledHome, statement: str) -> None:
    desk.segment()
    desk.sign()
    start = desk.begin()
    desk.shoot(start.rid)
    desk.clock.advance(MINUTE)
    desk.finish(start)
    change(desk, statement)
    desk.reopen(crash=True)
    assert "set aside whole" in notice(desk)
    desk.reopen()
    assert desk.spool.notices == ()
    desk.clock.advance(MINUTE)
    desk.segment("It goes on now")
    desk.sign()
    while desk.uploader.run_once().sync == "waiting":
        continue
    assert desk.spool.outbox.counts().waiting == 0


def test_a_reader_repairs_nothing(desk: EnrolledHome) -> None:
    desk.spool.close()
    spool_file(desk).write_bytes(b"\x00" * 5_000)
    with pytest.raises(DamagedError) as caught:
        Spool.open(desk.home.spool, desk.keys.spool_key, read_only=True)
    assert "Start WorkDiary" in caught.value.message
    assert not list(desk.home.spool.glob("damaged-*"))


def test_damage_twice_has_two_folders(desk: EnrolledHome) -> None:
    for number in (1, 2):
        desk.spool.close()
        spool_file(desk).write_bytes(b"\x00" * 5_000)
        desk.reopen(crash=True)
        assert f"damaged-{number}" in notice(desk)


def test_what_is_not_damage_is_not_set_aside(desk: EnrolledHome, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schema, "BUSY_S", 0.05)
    desk.spool.close()
    other = sqlite3.connect(spool_file(desk), isolation_level=None)
    other.execute("PRAGMA journal_mode = DELETE")
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(KnownError) as caught:
        recovery.open_database(
            desk.home.spool, desk.spool._segments._vault, desk.spool._reserve, read_only=False
        )
    other.close()
    assert not caught.value.permanent
    assert not list(desk.home.spool.glob("damaged-*"))


class _DiedError(Exception):
    """The process ended here."""


@pytest.mark.parametrize("step", ["_set_aside", "_salvage", "_finish_takeover", "replace", "unlink"])
def test_a_crash_during_the_repair_is_repaired(
    desk: EnrolledHome, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    starts = [desk.segment(f"Part {number} of it") for number in range(3)]
    desk.sign()
    change(desk, "UPDATE records SET jws = jws || 'x' WHERE rid = ?", starts[1].rid)

    def die(*_args: object, **_named: object) -> None:
        raise _DiedError

    with monkeypatch.context() as dying:
        if step == "replace":
            dying.setattr(Path, "replace", _only_for("spool.new.db", Path.replace))
        elif step == "unlink":
            dying.setattr(Path, "unlink", _only_for("takeover", Path.unlink))
        elif step == "_finish_takeover":
            calls = iter([None])
            real = recovery._finish_takeover
            dying.setattr(recovery, step, lambda folder: real(folder) if not next(calls, True) else die())
        else:
            dying.setattr(recovery, step, die)
        with pytest.raises(_DiedError):
            desk.reopen(crash=True)
    desk.reopen(crash=True)
    assert "set aside whole" in notice(desk)
    rids = {record.rid for record in desk.spool.queue.records(50)}
    assert {starts[0].rid, starts[2].rid} <= rids
    asides = sorted(desk.home.spool.glob("damaged-*"))
    assert asides
    assert all((aside / "spool.db").exists() for aside in asides)
    desk.reopen()
    assert desk.spool.notices == ()


def _only_for(name: str, real: object) -> object:
    def wrapped(self: Path, *args: object, **named: object) -> object:
        if self.name == name:
            raise _DiedError
        return real(self, *args, **named)  # type: ignore[operator]

    return wrapped


def test_a_wal_without_its_file_is_not_replayed(desk: EnrolledHome) -> None:
    desk.segment()
    wal = spool_file(desk).with_name("spool.db-wal")
    stale = wal.read_bytes()
    desk.spool.close()
    spool_file(desk).unlink()
    wal.write_bytes(stale)
    desk.reopen(crash=True)
    assert desk.spool.held(desk.clock.wall_ms()) == []
    assert spool_file(desk).exists()


def test_a_backup_put_back_is_no_damage(desk: EnrolledHome, tmp_path: Path) -> None:
    desk.segment()
    desk.sign()
    desk.spool.close()
    shutil.copytree(desk.home.spool, tmp_path / "backup")
    desk.reopen(crash=True)
    desk.segment()
    desk.sign()
    desk.spool.close()
    shutil.rmtree(desk.home.spool)
    shutil.copytree(tmp_path / "backup", desk.home.spool)
    desk.reopen(crash=True)
    assert desk.spool.notices == ()
    desk.journal.ensure_stream(CONTRACT, STANDARD)


def test_a_columns_name_that_rotted_is_no_reason_to_stop(desk: EnrolledHome) -> None:
    desk.segment()
    desk.sign()
    desk.spool._database.forget()
    desk.spool.close()
    data = spool_file(desk).read_bytes()
    assert b"log_index INTEGER" in data
    spool_file(desk).write_bytes(data.replace(b"log_index INTEGER", b"log_in\xf0ex INTEGER"))
    desk.reopen(crash=True)
    assert "damaged" in notice(desk)
    desk.segment("It goes on now")
    assert desk.sign()


def test_rot_in_an_index_is_damage_too(desk: EnrolledHome) -> None:
    """Rows would be looked for in vain there, and a stream opened a second time in its own place."""
    desk.segment()
    desk.sign()
    desk.spool._database.forget()
    query = "SELECT rootpage FROM sqlite_master WHERE type = 'index' AND tbl_name = 'streams'"
    root = max(int(row[0]) for row in desk.spool._database.rows(query))
    desk.spool.close()
    data = bytearray(spool_file(desk).read_bytes())
    place = data.index(CONTRACT.encode(), (root - 1) * schema.PAGE_BYTES, root * schema.PAGE_BYTES)
    data[place + 3] ^= 1
    spool_file(desk).write_bytes(bytes(data))
    desk.reopen(crash=True)
    assert "damaged" in notice(desk)
    desk.segment("It goes on now")
    assert desk.sign()
