"""Opening, quota, a full disk, and readers beside the app."""

from __future__ import annotations

import errno
import os
import sqlite3
import threading
from pathlib import Path

import pytest

from tests.fakes.enrolled import MINUTE, EnrolledHome
from tests.fakes.records import CONTRACT
from workdiary.client.errors import ExitCode, FullError, KnownError
from workdiary.client.spool.schema import SCHEMA_VERSION
from workdiary.client.spool.store import Spool


def test_the_file_is_durable_and_forgets_what_is_removed(desk: EnrolledHome) -> None:
    db = desk.spool._database._db
    assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert db.execute("PRAGMA synchronous").fetchone() == (2,)
    assert db.execute("PRAGMA secure_delete").fetchone() == (1,)


def test_closing_twice_is_fine(desk: EnrolledHome) -> None:
    desk.spool.close()
    desk.spool.close()


def test_a_newer_spool_is_refused_untouched(desk: EnrolledHome) -> None:
    desk.spool.close()
    path = desk.home.spool / "spool.db"
    db = sqlite3.connect(path)
    db.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    db.close()
    before = path.read_bytes()
    with pytest.raises(KnownError) as caught:
        Spool.open(desk.home.spool, desk.keys.spool_key)
    assert "newer" in caught.value.title
    assert caught.value.exit_code is ExitCode.COMPUTER
    assert path.read_bytes() == before


def test_a_reader_sees_what_the_app_wrote(desk: EnrolledHome) -> None:
    desk.segment()
    desk.sign()
    reader = Spool.open(desk.home.spool, desk.keys.spool_key, account=desk.account, read_only=True)
    desk.segment("Another part of it")
    desk.sign()
    assert len([entry for entry in reader.entries(CONTRACT, 0, 2**52) if entry.kind == "segment"]) == 2
    with pytest.raises(KnownError):
        reader.put_instant(CONTRACT, 1, 1)
    reader.close()


def test_a_reader_without_a_spool_reads_nothing(tmp_path: Path) -> None:
    reader = Spool.open(tmp_path / "spool", bytes(32), read_only=True)
    assert reader.entries(CONTRACT, 0, 2**52) == []
    reader.close()


def test_a_spool_with_another_key_is_set_aside_not_overwritten(desk: EnrolledHome) -> None:
    desk.segment()
    desk.spool.close()
    other = Spool.open(desk.home.spool, bytes(32))
    assert "set aside whole" in other.notices[0]
    assert (desk.home.spool / "damaged-1" / "spool.db").exists()
    other.close()


def test_the_quota_warns_and_then_stops_new_work(desk: EnrolledHome) -> None:
    desk.spool.quota_bytes = 20_000
    start = desk.begin()
    while not desk.spool.health().warn:
        desk.shoot(start.rid)
    assert not desk.spool.health().full
    while not desk.spool.health().full:
        desk.shoot(start.rid)
    desk.finish(start)
    with pytest.raises(KnownError) as caught:
        desk.begin()
    assert "quota" in caught.value.message
    desk.clock.advance(MINUTE)
    desk.sign()
    while desk.uploader.run_once().sync == "waiting":
        continue
    assert desk.spool.health().used == 0
    desk.begin()


class FullDisk:
    """Makes SQLite run out of pages, and the reserve's space with it."""

    def __init__(self, desk: EnrolledHome, monkeypatch: pytest.MonkeyPatch) -> None:
        self.db = desk.spool._database._db
        self.reserve = desk.spool._reserve
        self.free_gives_room = True
        freed = self.reserve.free

        def free() -> bool:
            if self.free_gives_room:
                self.db.execute(f"PRAGMA max_page_count = {2**30}")
            return freed()

        monkeypatch.setattr(self.reserve, "free", free)

    def fill(self) -> None:
        pages = self.db.execute("PRAGMA page_count").fetchone()[0]
        self.db.execute(f"PRAGMA max_page_count = {pages}")


def test_a_full_disk_frees_the_reserve_saves_and_refuses_new_work(
    desk: EnrolledHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = FullDisk(desk, monkeypatch)
    start = desk.begin()
    desk.clock.advance(MINUTE)
    disk.fill()
    shots = desk.shoot(start.rid)
    while desk.spool._reserve.held:
        shots = desk.shoot(start.rid)
    assert desk.spool.shot(shots.shot_id) == shots
    desk.finish(start)
    assert len(desk.spool.held(desk.clock.wall_ms(), force=True)) == 1
    assert desk.spool.health().full

    def no_room(_descriptor: int, _offset: int, _length: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as still_full:
        still_full.setattr(os, "posix_fallocate", no_room)
        with pytest.raises(FullError):
            desk.begin()
    desk.begin()
    assert not desk.spool.health().full


def shoot_until_full(desk: EnrolledHome, rid: str) -> None:
    for _ in range(100):
        desk.shoot(rid)


def test_without_any_room_nothing_is_half_written(
    desk: EnrolledHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = FullDisk(desk, monkeypatch)
    disk.free_gives_room = False
    start = desk.begin()
    disk.fill()
    with pytest.raises(FullError) as caught:
        shoot_until_full(desk, start.rid)
    assert not caught.value.permanent
    assert len(desk.spool.open_segments()) == 1
    desk.spool.checkpoint(start.rid, desk.progress(start))


def test_a_disk_full_at_the_start_is_told(desk: EnrolledHome, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.segment()
    desk.spool.close()
    (desk.home.spool / "reserve").unlink()

    def no_room(_descriptor: int, _offset: int, _length: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", no_room)
    desk.reopen(crash=True)
    assert "disk is full" in desk.spool.notices[0]
    assert desk.spool.health().full
    assert len(desk.spool.held(desk.clock.wall_ms())) == 1


def test_many_threads_share_one_spool(desk: EnrolledHome) -> None:
    start = desk.begin()
    failures: list[BaseException] = []

    def work(number: int) -> None:
        try:
            for step in range(20):
                desk.spool.put_instant(CONTRACT, desk.clock.wall_ms() + number, step)
                desk.spool.checkpoint(start.rid, desk.progress(start))
                desk.spool.outbox.counts()
                desk.spool.entries(CONTRACT, 0, 2**52)
        except BaseException as error:  # noqa: BLE001 - whatever it is, the test shows it
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not failures
    desk.reopen(crash=True)
    assert desk.spool.open_segments()[0].progress == desk.progress(start)
