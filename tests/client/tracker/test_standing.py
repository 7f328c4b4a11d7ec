"""What a home's disk says of its server and of late time, with no app running."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

from tests.fakes.enrolled import MINUTE, EnrolledHome
from workdiary.client.tracker.flags import WORDS, in_words
from workdiary.client.tracker.standing import RESUMED_SHOWN_MS, flags, stopped
from workdiary.rules.deadlines import first_open, is_locked
from workdiary.rules.policy import DEMO, STANDARD
from workdiary.rules.weeks import week_of

WEEK = 7 * 24 * 60 * MINUTE


def test_the_first_open_instant_is_the_first_whose_week_is_not_locked() -> None:
    for policy in (STANDARD, DEMO):
        for now in range(1_795_165_800_000, 1_795_165_800_000 + 2 * WEEK, WEEK // 28):
            start = first_open(now, policy)
            assert not is_locked(start, now, policy)
            assert is_locked(start - 1, now, policy)
            assert week_of(start).start == start


def test_waiting_time_of_a_locked_week_is_counted_and_its_record_is_as_signed(tmp_path: Path) -> None:
    desk = EnrolledHome(tmp_path / "home")
    desk.segment(shot=False)
    desk.sign()
    kept = desk.begin("Not signed yet")
    desk.clock.advance(MINUTE)
    desk.finish(kept)
    texts = desk.spool._database.rows("SELECT jws FROM records")
    now = desk.clock.wall_ms()
    assert desk.spool.outbox.counts(first_open(now, STANDARD)).after_lock == 0
    lock = week_of(now).end + STANDARD.lock_ms
    assert desk.spool.outbox.counts(first_open(lock - 1, STANDARD)).after_lock == 0
    assert desk.spool.outbox.counts(first_open(lock, STANDARD)).after_lock == 2
    assert desk.spool._database.rows("SELECT jws FROM records") == texts
    desk.close()


def test_a_spool_from_a_backup_says_so_for_a_week(tmp_path: Path) -> None:
    desk = EnrolledHome(tmp_path / "home")
    desk.segment(shot=False)
    desk.sign()
    assert "resumed" not in flags(desk.account, desk.spool, desk.clock.wall_ms())
    desk.spool.close()
    shutil.copytree(desk.home.spool, tmp_path / "backup")
    desk.reopen(crash=True)
    desk.segment(shot=False)
    desk.sign()
    desk.spool.close()
    shutil.rmtree(desk.home.spool)
    shutil.copytree(tmp_path / "backup", desk.home.spool)
    desk.reopen(crash=True)
    desk.segment(shot=False)
    desk.sign()
    now = desk.clock.wall_ms()
    assert desk.spool.outbox.resumed(0) == "restored"
    assert "resumed" in flags(desk.account, desk.spool, now)
    assert "resumed" not in flags(desk.account, desk.spool, now + RESUMED_SHOWN_MS + 1)
    desk.close()


def test_a_home_on_another_computer_says_so_a_new_key_does_not(tmp_path: Path) -> None:
    desk = EnrolledHome(tmp_path / "home", machine="one")
    desk.segment(shot=False)
    desk.sign()
    desk.journal.rotate()
    desk.segment(shot=False)
    desk.sign()
    assert desk.spool.outbox.resumed(0) == ""
    desk.machine = "two"
    desk.reopen()
    desk.segment(shot=False)
    desk.sign()
    assert desk.spool.outbox.resumed(0) == "moved"
    desk.close()


def test_why_nothing_is_sent(tmp_path: Path) -> None:
    desk = EnrolledHome(tmp_path / "home")
    assert stopped(desk.account) == ""
    desk.account.note(lambda known: replace(known, refused="It was revoked."))
    desk.reopen()
    assert stopped(desk.account) == "It was revoked."
    desk.close()


def test_every_flag_has_words() -> None:
    assert in_words(["resumed", "of-a-newer-app"]) == (WORDS["resumed"], "of-a-newer-app")
    assert all(words.endswith(".") for words in WORDS.values())
