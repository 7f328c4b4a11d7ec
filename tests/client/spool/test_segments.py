"""From the first instant to signing: durable, sealed, in order, and found again after a crash."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.fakes.enrolled import MINUTE, EnrolledHome
from tests.fakes.records import CONTRACT
from workdiary.client.errors import KnownError
from workdiary.client.segment.model import AppSpan, SegmentClose
from workdiary.client.sign.held import HeldSegment

OTHER = "01936e7a-0000-7000-8000-000000000002"


def only(found: list[HeldSegment]) -> HeldSegment:
    (segment,) = found
    return segment


def test_a_segment_comes_back_as_it_was(desk: EnrolledHome) -> None:
    start = desk.begin("Review of the Übersicht 表")
    shots = desk.shoot(start.rid, monitors=2)
    desk.spool.decide(shots.shot_id, "keep")
    desk.clock.advance(10 * MINUTE)
    close = desk.finish(start)
    desk.reopen()
    held = only(desk.spool.held(desk.clock.wall_ms()))
    assert held.start == start
    assert held.close == close
    assert held.shots == (replace(shots, choice="keep"),)
    assert held.cp0 is None


def test_all_of_a_close_is_kept(desk: EnrolledHome) -> None:
    start = desk.begin()
    desk.clock.advance(MINUTE)
    progress = replace(desk.progress(start), apps=(AppSpan(start.start_ms, "Editor", None),), hit=True)
    close = SegmentClose(progress, "idle", "too-short", recovered=True)
    desk.spool.close_segment(start.rid, close)
    desk.reopen()
    assert only(desk.spool.held(desk.clock.wall_ms())).close == close


def test_after_a_crash_the_last_checkpoint_is_there(desk: EnrolledHome) -> None:
    start = desk.begin()
    shots = desk.shoot(start.rid)
    for _ in range(3):
        desk.clock.advance(10_000)
        last = desk.progress(start)
        desk.spool.checkpoint(start.rid, last)
    desk.clock.advance(5_000)
    desk.reopen(crash=True)
    (found,) = desk.spool.open_segments()
    assert found.start == start
    assert found.progress == last
    assert found.shots == (shots,)
    assert desk.spool.held(desk.clock.wall_ms(), force=True) == []


def test_a_recovered_segment_is_closed_and_signed(desk: EnrolledHome) -> None:
    start = desk.begin()
    desk.clock.advance(10_000)
    desk.spool.checkpoint(start.rid, desk.progress(start))
    desk.reopen(crash=True)
    (found,) = desk.spool.open_segments()
    assert found.progress is not None
    desk.spool.close_segment(start.rid, SegmentClose(found.progress, "crash", "crash", recovered=True))
    assert desk.spool.open_segments() == []
    assert desk.sign() == [start.rid]


def test_a_crash_before_the_first_checkpoint_leaves_no_progress(desk: EnrolledHome) -> None:
    desk.begin()
    desk.reopen(crash=True)
    (found,) = desk.spool.open_segments()
    assert found.progress is None


def test_checkpoints_go_on_after_a_restart(desk: EnrolledHome) -> None:
    start = desk.begin()
    for _ in range(4):
        desk.clock.advance(10_000)
        desk.spool.checkpoint(start.rid, desk.progress(start))
    desk.reopen(crash=True)
    desk.clock.advance(10_000)
    last = desk.progress(start)
    desk.spool.checkpoint(start.rid, last)
    assert desk.spool.open_segments()[0].progress == last


def test_slots_are_used_again(desk: EnrolledHome) -> None:
    for _ in range(5):
        start = desk.begin()
        desk.clock.advance(10_000)
        desk.spool.checkpoint(start.rid, desk.progress(start))
        desk.finish(start)
    assert [path.name for path in (desk.home.spool / "slots").iterdir()] == ["0"]


def test_two_open_segments_have_slots_of_their_own(desk: EnrolledHome) -> None:
    one = desk.begin()
    desk.clock.advance(1_000)
    two = desk.begin(contract=OTHER)
    desk.clock.advance(10_000)
    desk.spool.checkpoint(one.rid, desk.progress(one))
    desk.spool.checkpoint(two.rid, desk.progress(two))
    desk.reopen(crash=True)
    tracked = [found.progress.tracked_ms for found in desk.spool.open_segments() if found.progress]
    assert tracked == [11_000, 10_000]


def test_a_hold_on_one_contract_does_not_hold_another(desk: EnrolledHome) -> None:
    one = desk.begin()
    desk.shoot(one.rid)
    desk.finish(one)
    two = desk.begin(contract=OTHER)
    desk.finish(two)
    assert [held.start.rid for held in desk.spool.held(desk.clock.wall_ms())] == [two.rid]


def test_a_hold_can_be_extended_while_the_screen_is_locked(desk: EnrolledHome) -> None:
    start = desk.begin()
    shots = desk.shoot(start.rid)
    desk.finish(start)
    desk.spool.extend_hold(shots.shot_id, shots.hold_until_ms + MINUTE)
    desk.clock.advance(MINUTE)
    assert desk.spool.held(desk.clock.wall_ms()) == []
    desk.clock.advance(MINUTE)
    assert len(desk.spool.held(desk.clock.wall_ms())) == 1


def test_instants_are_kept_and_redrawn(desk: EnrolledHome) -> None:
    cell = desk.clock.wall_ms()
    assert desk.spool.instant(CONTRACT, cell) is None
    desk.spool.put_instant(CONTRACT, cell, cell + 5)
    desk.spool.put_instant(CONTRACT, cell, cell + 9)
    desk.spool.put_instant(OTHER, cell, cell + 1)
    desk.reopen(crash=True)
    assert desk.spool.instant(CONTRACT, cell) == cell + 9
    assert desk.spool.instant(OTHER, cell) == cell + 1


def test_old_instants_do_not_pile_up(desk: EnrolledHome) -> None:
    cell = desk.clock.wall_ms()
    desk.spool.put_instant(CONTRACT, cell, cell)
    desk.spool.put_instant(CONTRACT, cell + 8 * 24 * 60 * MINUTE, cell)
    assert desk.spool.instant(CONTRACT, cell) is None


def test_memos_complete_newest_first(desk: EnrolledHome) -> None:
    for memo in ("Review pull request", "Write tests first", "review the design", "Write tests first"):
        desk.finish(desk.begin(memo))
        desk.clock.advance(MINUTE)
    desk.finish(desk.begin("Review elsewhere now", contract=OTHER))
    assert desk.spool.memos(CONTRACT, "") == ["Write tests first", "review the design", "Review pull request"]
    assert desk.spool.memos(CONTRACT, "REVIEW") == ["review the design", "Review pull request"]
    assert desk.spool.memos(None, "re")[0] == "Review elsewhere now"
    assert desk.spool.memos(CONTRACT, "nothing") == []


def test_a_memo_without_content_is_not_remembered(desk: EnrolledHome) -> None:
    desk.begin("")
    assert desk.spool.memos(None, "") == []


@pytest.mark.parametrize(
    ("field", "value"),
    [("memo", "x" * 2_001), ("label", "y" * 201), ("zone", "Not a zone"), ("memo", "\ud800")],
)
def test_what_no_record_could_carry_is_refused_now(desk: EnrolledHome, field: str, value: str) -> None:
    start = desk.begin()
    desk.finish(start)
    with pytest.raises(KnownError) as caught:
        desk.spool.begin(replace(start, rid="other", **{field: value}))  # type: ignore[arg-type]
    assert caught.value.subject == field


def test_a_segment_begins_once(desk: EnrolledHome) -> None:
    start = desk.begin()
    with pytest.raises(ValueError, match=start.rid):
        desk.spool.begin(start)


def test_what_was_never_begun_is_a_bug(desk: EnrolledHome) -> None:
    start = desk.begin()
    with pytest.raises(LookupError):
        desk.spool.checkpoint("nothing", desk.progress(start))
    with pytest.raises(LookupError):
        desk.spool.close_segment("nothing", desk.finish(start))
