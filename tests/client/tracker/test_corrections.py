"""Corrections other than moving, over the real spool and journal."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.correcting import DAY, Correcting
from tests.fakes.enrolled import MINUTE
from workdiary.client.errors import ExitCode, KnownError
from workdiary.client.segment.model import AppSpan, SegmentClose, SegmentProgress
from workdiary.client.segment.shots import ShotFailedError

CELL = 10 * MINUTE


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Correcting]:
    made = Correcting(tmp_path / "home")
    yield made
    made.desk.close()


def named(home: Correcting) -> str:
    """A held segment with an application's name."""
    start = home.desk.begin("Something private here")
    home.desk.clock.advance(MINUTE)
    seen = home.desk.progress(start)
    apps = (AppSpan(start.start_ms, "Editor", None),)
    progress = SegmentProgress(seen.end_ms, seen.mono1, seen.tracked_ms, seen.buckets, apps)
    home.spool.close_segment(start.rid, SegmentClose(progress, "stop", "too-short"))
    return start.rid


def test_a_signed_image_is_replaced_by_a_blurred_one(home: Correcting) -> None:
    start = home.desk.segment()
    home.sign()
    before = home.spool.past.segment(start.rid)
    assert before is not None
    assert home.corrector.blur([start.rid]) == 1
    record = home.records(home.here)[-1]
    target = home.spool.book.target(start.rid)
    assert target is not None
    assert (record["kind"], record["tgt"], record["how"]) == ("replace", target.id, "blurred")
    assert record["shot.0"]["edit"] == "blurred"
    files = {path.name for path in home.spool.image_folder.iterdir()}
    assert len(files) == 2
    assert not any(picture.image and picture.image.image in files for picture in before.pictures)
    assert home.spool.outbox.counts().images == 1
    (shot,) = home.diary(home.here).segments[0].shots
    assert (shot.replaced, shot.facts["edit"], shot.state) == (True, "blurred", "kept")
    home.desk.uploader.run_once()
    (shot,) = home.diary(home.here).segments[0].shots
    assert shot.state == "sent"


def test_what_is_blurred_or_removed_already_is_left_in_peace(home: Correcting) -> None:
    start = home.desk.segment()
    home.sign()
    assert [home.corrector.blur([start.rid]) for _ in range(2)] == [1, 0]
    signed = len(home.records(home.here))
    assert [home.corrector.redact([start.rid]) for _ in range(2)] == [1, 0]
    assert [home.corrector.redact([start.rid], "memo") for _ in range(2)] == [1, 0]
    assert [home.corrector.discard([start.rid]) for _ in range(3)] == [1, 0, 0]
    assert home.corrector.blur([start.rid]) == 0
    assert home.corrector.redact([start.rid], "apps") == 0
    assert [r["kind"] for r in home.records(home.here)][signed:] == ["redact", "redact", "discard"]
    assert list(home.spool.image_folder.iterdir()) == []


def test_a_redaction_after_a_blur_removes_the_blurred_image(home: Correcting) -> None:
    start = home.desk.segment()
    home.sign()
    home.corrector.blur([start.rid])
    home.corrector.redact([start.rid])
    replaced = home.spool.book.about(start.rid, "replace")[0]
    assert home.records(home.here)[-1]["tgt"] == replaced.id
    (shot,) = home.diary(home.here).segments[0].shots
    assert shot.state == "redacted"
    assert list(home.spool.image_folder.iterdir()) == []


def test_held_images_are_blurred_before_they_are_signed(home: Correcting) -> None:
    start = home.desk.begin()
    home.desk.shoot(start.rid, monitors=2)
    home.desk.clock.advance(MINUTE)
    home.desk.finish(start)
    assert home.corrector.blur([start.rid]) == 1
    home.sign()
    record = home.records(home.here)[-1]
    assert [record[f"shot.{k}"]["edit"] for k in range(record["shots"])] == ["blurred", "blurred"]


def test_a_blur_that_fails_leaves_everything_as_it_was(home: Correcting) -> None:
    start = home.desk.segment()
    home.sign()
    home.taker.failure = ShotFailedError("error", "the child died")
    with pytest.raises(KnownError, match="could not be blurred"):
        home.corrector.blur([start.rid])
    (shot,) = home.diary(home.here).segments[0].shots
    assert (shot.replaced, shot.state) == (False, "kept")


def test_a_held_segment_is_corrected_where_it_lies(home: Correcting) -> None:
    rid = named(home)
    assert home.corrector.redact([rid], "apps") == 1
    assert home.corrector.redact([rid], "apps") == 0
    assert home.corrector.set_memo([rid], "Read the specification", "Reading") == 1
    assert home.corrector.set_memo([rid], "Read the specification", "Reading") == 0
    home.sign()
    record = home.records(home.here)[-1]
    assert (record["apps"], record["memo"], record["label"]) == (0, "Read the specification", "Reading")


def test_a_held_segments_memo_is_never_signed_once_it_is_removed(home: Correcting) -> None:
    rid = named(home)
    home.corrector.redact([rid], "memo")
    home.sign()
    assert home.records(home.here)[-1]["memo"] == ""
    assert home.spool.memos(None, "") == []


def test_a_held_segment_that_is_discarded_leaves_a_tombstone_alone(home: Correcting) -> None:
    rid = named(home)
    assert [home.corrector.discard([rid]) for _ in range(2)] == [1, 0]
    home.sign()
    assert [r["kind"] for r in home.records(home.here)][-1] == "segment"
    assert home.records(home.here)[-1]["close"] == "discarded"
    assert home.corrector.discard([rid]) == 0


def test_application_names_of_a_signed_segment_are_removed(home: Correcting) -> None:
    rid = named(home)
    home.sign()
    assert home.corrector.redact([rid], "apps") == 1
    assert home.records(home.here)[-1]["scope"] == "apps"
    assert "app.0" not in home.spool.book.values(rid)
    assert home.spool.book.values(rid)["memo"] == "Something private here"


def test_a_part_of_a_segment_is_discarded(home: Correcting) -> None:
    start = home.desk.segment()
    home.sign()
    part = (start.start_ms + MINUTE, start.start_ms + 3 * MINUTE)
    assert [home.corrector.discard([start.rid], part) for _ in range(2)] == [1, 0]
    assert home.total(home.here) == CELL - 2 * MINUTE
    assert home.corrector.discard([start.rid]) == 1
    assert home.total(home.here) == 0
    with pytest.raises(KnownError) as caught:
        home.corrector.discard([start.rid], (0, 1))
    assert caught.value.exit_code is ExitCode.NOT_FOUND


def test_a_part_of_a_held_segment_waits_for_its_signature_and_counts_at_once(home: Correcting) -> None:
    start = home.desk.begin()
    home.desk.shoot(start.rid)
    home.desk.clock.advance(CELL)
    home.desk.finish(start)
    part = (start.start_ms, start.start_ms + MINUTE)
    assert [home.corrector.discard([start.rid], part) for _ in range(2)] == [1, 0]
    assert home.total(home.here) == CELL - MINUTE
    home.keep()
    assert home.total(home.here) == CELL - MINUTE
    assert [r["kind"] for r in home.records(home.here)][-2:] == ["segment", "discard"]


def test_earlier_work_gets_another_memo_and_the_last_one_wins(home: Correcting) -> None:
    start = home.desk.segment("Something private here")
    home.sign()
    home.corrector.set_memo([start.rid], "Draft of the letter", None)
    home.desk.clock.advance(1_000)
    home.corrector.set_memo([start.rid], "Letter to the bank", "Mail")
    assert home.corrector.set_memo([start.rid], "Letter to the bank", "Mail") == 0
    (segment,) = home.diary(home.here).segments
    assert (segment.memo, segment.label) == ("Letter to the bank", "Mail")
    assert home.corrector.redact([start.rid], "memo") == 1
    (segment,) = home.diary(home.here).segments
    assert segment.memo is None
    kinds = [r["kind"] for r in home.records(home.here)]
    assert kinds[-5:] == ["memo", "memo", "redact", "redact", "redact"]
    assert not any(r.get("memo") for r in home.records(home.here) if r["kind"] in {"segment", "memo"})


def test_corrections_while_the_key_store_is_away_are_kept_and_signed_later(home: Correcting) -> None:
    start = home.desk.segment()
    home.sign()
    home.desk.keyring.locked = True
    home.corrector.discard([start.rid])
    assert home.total(home.here) == 0
    home.desk.keyring.locked = False
    home.sign()
    assert home.records(home.here)[-1]["kind"] == "discard"


def test_images_may_be_removed_after_the_lock(home: Correcting) -> None:
    start = home.desk.segment()
    home.sign()
    home.desk.clock.advance(30 * DAY)
    assert home.corrector.blur([start.rid]) == 1
    assert home.corrector.redact([start.rid]) == 1
    assert home.corrector.redact([start.rid], "memo") == 1


def test_time_removed_while_its_shot_is_still_being_taken_leaves_nothing_of_it(home: Correcting) -> None:
    start = home.desk.begin("Something private here")
    home.desk.clock.advance(MINUTE)
    home.spool.checkpoint(start.rid, home.desk.progress(start))
    assert home.corrector.discard([start.rid]) == 1
    assert home.cuts == [frozenset({start.rid})]
    late = home.desk.shoot(start.rid, monitors=2)
    assert list(home.spool.image_folder.iterdir()) == []
    home.desk.finish(start, "discarded")
    assert home.spool.holds() == []
    home.sign()
    record = home.records(home.here)[-1]
    assert (record["tracked"], record["shots"], record["memo"], record["close"]) == (0, 0, None, "discarded")
    kept = home.spool.shot(late.shot_id)
    assert kept is None or kept.images == ()
