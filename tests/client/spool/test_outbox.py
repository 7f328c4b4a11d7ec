"""What waits, why and since when; what is quarantined is kept, tried again, and can be taken away."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from tests.fakes.enrolled import MINUTE, EnrolledHome
from workdiary.client.errors import ExitCode, KnownError
from workdiary.client.spool.queue import KEPT_AFTER_STORED_MS, Verdict
from workdiary.evidence.disclosure import parse as parse_disclosure
from workdiary.evidence.envelope import open_disclosures, parse
from workdiary.rules.policy import STANDARD


def quarantine(desk: EnrolledHome, rid: str, code: str = "unknown-contract") -> None:
    verdict = Verdict(code, "Not known here.", "refusal.jws.text")
    desk.spool.queue.quarantined(rid, verdict, desk.clock.wall_ms())


def test_an_empty_outbox(desk: EnrolledHome) -> None:
    counts = desk.spool.outbox.counts()
    assert (counts.waiting, counts.quarantined, counts.images) == (0, 0, 0)
    assert counts.oldest_ms is None
    assert counts.last_receipt_ms is None
    assert desk.spool.outbox.list() == []


def test_counts_follow_a_segment_to_its_receipt(desk: EnrolledHome) -> None:
    desk.journal.ensure_stream("demo", STANDARD)
    desk.uploader.run_once()
    began = desk.clock.wall_ms()
    start = desk.begin()
    desk.spool.decide(desk.shoot(start.rid).shot_id, "keep")
    assert desk.spool.outbox.counts().waiting == 0
    desk.clock.advance(MINUTE)
    desk.finish(start)
    held = desk.spool.outbox.counts()
    assert (held.waiting, held.oldest_ms, held.images) == (1, desk.clock.wall_ms(), 0)
    desk.sign()
    signed = desk.spool.outbox.counts()
    assert (signed.waiting, signed.images) == (1, 1)
    desk.clock.advance(MINUTE)
    desk.uploader.run_once()
    sent = desk.spool.outbox.counts()
    assert (sent.waiting, sent.images, sent.oldest_ms) == (0, 0, None)
    assert sent.last_receipt_ms == desk.clock.wall_ms() > began


def test_the_list_says_what_each_thing_waits_for(desk: EnrolledHome) -> None:
    signed = desk.segment("First part of it")
    desk.sign()
    refused = desk.segment("Second part of it")
    desk.sign()
    quarantine(desk, refused.rid)
    held = desk.begin("Third part of it")
    desk.shoot(held.rid)
    desk.clock.advance(1_000)
    desk.finish(held)
    running = desk.begin("Fourth part of it")
    states = {
        (item.rid, item.state) for item in desk.spool.outbox.list() if item.kind in {"segment", "image"}
    }
    assert states == {
        (signed.rid, "signed"),
        (signed.rid, "image"),
        (refused.rid, "quarantined"),
        (held.rid, "held"),
        (running.rid, "open"),
    }
    for item in desk.spool.outbox.list():
        assert item.why
        assert (item.code != "") == (item.state == "quarantined")
    since = [item.since_ms for item in desk.spool.outbox.list()]
    assert since == sorted(since)


def test_quarantined_ones_do_not_count_as_waiting(desk: EnrolledHome) -> None:
    start = desk.segment()
    desk.sign()
    before = desk.spool.outbox.counts().waiting
    quarantine(desk, start.rid)
    counts = desk.spool.outbox.counts()
    assert (counts.waiting, counts.quarantined, counts.images) == (before - 1, 1, 0)


def test_retry_puts_back_what_was_refused_with_its_images(desk: EnrolledHome) -> None:
    one, two = desk.segment("First part of it"), desk.segment("Second part of it")
    desk.sign()
    quarantine(desk, one.rid)
    quarantine(desk, two.rid)
    assert desk.spool.outbox.retry(one.rid) == 2
    assert desk.spool.outbox.counts().quarantined == 1
    assert desk.spool.outbox.retry() == 2
    assert desk.spool.outbox.counts().quarantined == 0
    assert desk.spool.outbox.retry() == 0
    with pytest.raises(KnownError) as caught:
        desk.spool.outbox.retry(one.rid)
    assert caught.value.exit_code is ExitCode.NOT_FOUND


def test_export_gives_everything_that_was_not_sent(desk: EnrolledHome, tmp_path: Path) -> None:
    sent = desk.segment("Already there now")
    desk.sign()
    desk.uploader.run_once()
    refused = desk.segment("Not wanted there")
    desk.sign()
    quarantine(desk, refused.rid)
    held = desk.begin()
    desk.shoot(held.rid)
    target = tmp_path / "export"
    assert desk.spool.outbox.export(target) == 4
    assert stat.S_IMODE(target.stat().st_mode) == 0o700
    jws = (target / f"{refused.rid}.jws").read_text()
    texts = json.loads((target / f"{refused.rid}.disclosures.json").read_text())
    opened = open_disclosures(parse(jws), list(texts.values()))
    assert opened.values["memo"] == "Not wanted there"
    assert parse_disclosure(texts["memo"]).name == "memo"
    images = [path for path in target.iterdir() if path.suffix == ".webp"]
    assert len(images) == 2
    assert all(path.stat().st_size == 2_000 for path in images)
    assert not [path for path in target.iterdir() if sent.rid in path.name]


def test_export_leaves_out_what_cannot_be_read(desk: EnrolledHome, tmp_path: Path) -> None:
    start = desk.begin()
    shots = desk.shoot(start.rid)
    (desk.spool.image_folder / shots.images[0].image).write_bytes(b"spoiled")
    assert desk.spool.outbox.export(tmp_path / "export") == 0


def test_export_overwrites_nothing(desk: EnrolledHome, tmp_path: Path) -> None:
    with pytest.raises(KnownError):
        desk.spool.outbox.export(tmp_path)


def test_stored_images_stay_for_a_week(desk: EnrolledHome) -> None:
    desk.segment()
    desk.sign()
    desk.uploader.run_once()
    assert len(list(desk.spool.image_folder.iterdir())) == 2
    desk.clock.advance(KEPT_AFTER_STORED_MS - 1_000)
    assert desk.spool.queue.prune(desk.clock.wall_ms()) == 0
    desk.clock.advance(2_000)
    assert desk.spool.queue.prune(desk.clock.wall_ms()) == 1
    assert list(desk.spool.image_folder.iterdir()) == []
    stored = desk.spool.images("01936e7a-0000-7000-8000-000000000001", 0, 2**52).stored
    assert len(stored) == 1


def test_images_that_wait_are_never_pruned(desk: EnrolledHome) -> None:
    desk.segment()
    desk.sign()
    assert desk.spool.queue.prune(2**50) == 0
    assert len(list(desk.spool.image_folder.iterdir())) == 2


def test_gone_ends_the_own_copy_but_not_the_chain(desk: EnrolledHome) -> None:
    start = desk.segment()
    desk.sign()
    desk.spool.queue.gone(start.rid, "Erased there.", desk.clock.wall_ms())
    assert list(desk.spool.image_folder.iterdir()) == []
    assert desk.spool.book.values(start.rid) == {}
    assert desk.spool.queue.state(start.rid) == "gone"
    assert desk.spool.book.target(start.rid) is not None
    desk.segment()
    desk.sign()
    assert [record.rid for record in desk.spool.queue.records(50)].count(start.rid) == 0
