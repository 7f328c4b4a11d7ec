"""Shots: when they are drawn and taken, what stands for a missing one, and what a preview can do."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fakes.rig import Rig
from tests.fakes.stages import FULL
from workdiary.client.errors import ExitCode, KnownError
from workdiary.client.segment.shots import ShotFailedError
from workdiary.client.tracker.machine import Event, Mode

MINUTE = 60
NO_MORE = 999  # a draw that lets no further shot follow


def rig_with(tmp_path: Path, *draws: int, **more: object) -> Rig:
    return Rig(tmp_path, draws=list(draws), **more)  # type: ignore[arg-type]


def test_the_drawn_instant_is_when_the_shot_is_taken(tmp_path: Path) -> None:
    rig = rig_with(tmp_path, 200_000, NO_MORE)
    rig.start()
    rig.second(199, keys=1)
    assert rig.taker.requests == []
    rig.second(1, keys=1)
    (request,) = rig.taker.requests
    assert (request.at_ms, request.role) == (rig.clock.wall_ms(), "screen")
    rig.second(10 * MINUTE, keys=1)
    row = rig.closed[0]
    assert row.close is not None
    assert (len(row.shots), row.close.no_shot, row.close.progress.hit) == (1, None, True)


def test_an_instant_that_passed_untracked_is_redrawn_once(tmp_path: Path) -> None:
    rig = rig_with(tmp_path, 30_000, 100_000, NO_MORE)
    rig.second(60)
    rig.start()
    rig.second(99, keys=1)
    assert rig.taker.requests == []
    rig.second(1, keys=1)
    assert len(rig.taker.requests) == 1
    rig.stop()
    assert rig.closed[0].close is not None
    assert not rig.closed[0].close.progress.hit


def test_a_redraw_that_passed_too_leaves_the_closing_shot(tmp_path: Path) -> None:
    rig = rig_with(tmp_path, 0, 60_000, NO_MORE)
    rig.second(10)
    rig.start()
    rig.second(50, keys=1)
    rig.core.fire(Event.PAUSE)
    rig.second(60)
    rig.start(memo=None)
    rig.second(60, keys=1)
    assert rig.taker.requests == []
    rig.stop()
    assert [request.role for request in rig.taker.requests] == ["closing"]
    assert [row.close.no_shot for row in rig.closed if row.close] == ["too-short", None]


def test_the_instants_survive_a_crash(tmp_path: Path) -> None:
    rig = rig_with(tmp_path, 300_000)
    rig.start()
    rig.second(20, keys=1)
    rig.boot()
    rig.start()
    rig.second(5 * MINUTE - 20, keys=1)
    assert len(rig.taker.requests) == 1


def test_a_shot_may_follow_a_shot(tmp_path: Path) -> None:
    rig = rig_with(tmp_path, 60_000, 0, 30_000, NO_MORE)
    rig.start()
    rig.second(2 * MINUTE, keys=1)
    assert [r.at_ms - rig.taker.requests[0].at_ms for r in rig.taker.requests] == [0, 30_000]


def test_a_contract_may_want_several(tmp_path: Path) -> None:
    rig = rig_with(tmp_path, 60_000, 30_000, 120_000, NO_MORE, NO_MORE, NO_MORE)
    rig.contracts.terms["demo"]["shots"] = 3
    rig.start()
    rig.second(3 * MINUTE, keys=1)
    assert len(rig.taker.requests) == 3


def test_no_shot_twice_because_the_memo_changed(tmp_path: Path) -> None:
    rig = rig_with(tmp_path, 60_000, NO_MORE)
    rig.start()
    rig.second(61, keys=1)
    rig.core.set_memo("something else now", None)
    rig.second(8 * MINUTE, keys=1)
    assert len(rig.taker.requests) == 1
    assert rig.closed[0].close is not None
    assert rig.closed[0].close.no_shot is None


def test_too_short_owes_none(tmp_path: Path) -> None:
    rig = rig_with(tmp_path, 500_000)
    rig.start()
    rig.second(59, keys=1)
    rig.stop()
    assert rig.taker.requests == []
    assert rig.closed[0].close is not None
    assert rig.closed[0].close.no_shot == "too-short"


@pytest.mark.parametrize(
    ("away", "reason"), [("lock", "locked"), ("switch-user", "locked"), ("suspend", "suspend")]
)
def test_a_person_who_left_is_not_pictured(tmp_path: Path, away: str, reason: str) -> None:
    rig = rig_with(tmp_path, 500_000)
    rig.start()
    rig.second(90, keys=1)
    rig.core.hear(away)  # type: ignore[arg-type]
    rig.settle()
    assert rig.taker.requests == []
    assert rig.closed[0].close is not None
    assert rig.closed[0].close.no_shot == reason


def test_a_shot_that_lands_after_the_lock_is_forgotten(tmp_path: Path) -> None:
    rig = rig_with(tmp_path, 90_000)
    rig.start()
    rig.second(89, keys=1)
    rig.clock.advance(1000)
    rig.alarms.ring_due()
    rig.posted.popleft()()
    rig.camera.run()  # the shot is under way
    rig.core.hear("lock")
    rig.settle()
    assert len(rig.taker.requests) == 1
    assert list(tmp_path.iterdir()) == []
    assert rig.closed[0].close is not None
    assert (rig.closed[0].shots, rig.closed[0].close.no_shot) == ([], "locked")


def test_a_close_waits_for_the_shot_under_way(tmp_path: Path) -> None:
    rig = rig_with(tmp_path, 90_000, NO_MORE)
    rig.start()
    rig.second(89, keys=1)
    rig.clock.advance(1000)
    rig.alarms.ring_due()
    rig.posted.popleft()()
    rig.camera.run()
    rig.core.fire(Event.STOP)
    assert rig.closed == []
    assert rig.store.rows[next(iter(rig.store.rows))].progress is not None
    rig.settle()
    row = rig.closed[0]
    assert row.close is not None
    assert (len(row.shots), row.close.no_shot, row.tracked_ms) == (1, None, 90_000)
    assert [request.role for request in rig.taker.requests] == ["screen"]


def test_a_failed_shot_is_tried_again_at_the_end_and_then_typed(tmp_path: Path) -> None:
    rig = rig_with(tmp_path, 60_000)
    rig.taker.failure = ShotFailedError("error", "the desktop did not answer")
    rig.start()
    rig.second(2 * MINUTE, keys=1)
    rig.stop()
    assert [request.role for request in rig.taker.requests] == ["screen", "closing"]
    assert rig.closed[0].close is not None
    assert rig.closed[0].close.no_shot == "error"


def test_a_desktop_without_screenshots_is_asked_once_a_cell(tmp_path: Path) -> None:
    rig = rig_with(tmp_path, 60_000)
    rig.taker.failure = ShotFailedError("unsupported", "no DISPLAY is set")
    rig.start()
    rig.second(2 * MINUTE, keys=1)
    rig.stop()
    assert len(rig.taker.requests) == 1
    assert rig.closed[0].close is not None
    assert rig.closed[0].close.no_shot == "unsupported"


def test_a_blank_frame_is_recorded_as_a_fact(tmp_path: Path) -> None:
    rig = rig_with(tmp_path, 60_000)
    rig.taker.blank = True
    rig.start()
    rig.second(2 * MINUTE, keys=1)
    rig.stop()
    assert rig.closed[0].close is not None
    assert (rig.closed[0].shots, rig.closed[0].close.no_shot) == ([], "blank-frame")
    assert list(tmp_path.iterdir()) == []


def test_a_mode_without_images_takes_none(tmp_path: Path) -> None:
    rig = rig_with(tmp_path)
    rig.contracts.terms["demo"]["mode"] = "activity"
    rig.start()
    rig.second(5 * MINUTE, keys=1)
    rig.stop()
    assert rig.taker.requests == []
    assert rig.store.instants == {}
    assert rig.closed[0].close is not None
    assert rig.closed[0].close.no_shot == "mode"


def test_a_shot_that_cannot_be_kept_is_told_and_tracking_goes_on(tmp_path: Path) -> None:
    rig = rig_with(tmp_path, 60_000)
    rig.start()
    rig.second(59, keys=1)
    rig.store.failure, rig.store.fails = FULL, {"add_shots"}
    rig.second(5, keys=1)
    assert rig.mode is Mode.TRACKING
    assert "disk is full" in rig.now.reason


def held(tmp_path: Path) -> Rig:
    """One minute tracked, a shot just taken."""
    rig = rig_with(tmp_path, 60_000, NO_MORE)
    rig.start()
    rig.second(60, keys=1)
    assert rig.now.shot is not None
    return rig


def test_a_hold_keeps_the_segment_unsigned_and_ends_as_keep(tmp_path: Path) -> None:
    rig = held(tmp_path)
    rig.second(5, keys=1)
    rig.stop()
    rig.second(54)
    assert rig.journal.signed == []
    rig.second(2)
    assert rig.journal.signed == [rig.closed[0].start.rid]
    assert rig.uploader.runs > 0


def test_an_answer_signs_at_once(tmp_path: Path) -> None:
    rig = held(tmp_path)
    rig.stop()
    assert rig.now.shot is not None
    rig.core.decide(rig.now.shot.shot_id, "keep")
    rig.settle()
    assert len(rig.journal.signed) == 1
    assert rig.now.shot.choice == "keep"


def test_removing_the_time_of_the_open_segment_cuts_it(tmp_path: Path) -> None:
    rig = held(tmp_path)
    rig.second(5, keys=1)
    shot = rig.now.shot
    assert shot is not None
    assert (shot.time_ms, shot.time_price) == (60_000, 42)
    rig.core.decide(shot.shot_id, "remove-time")
    rig.settle()
    rig.second(10, keys=1)
    assert rig.mode is Mode.TRACKING
    assert [row.close.close for row in rig.closed if row.close] == ["discarded"]
    assert rig.now.session_ms == 0
    rig.stop()
    assert rig.now.session_ms == 10_000
    assert rig.now.strip[0].gap == "removed-by-owner"


@pytest.mark.parametrize("closed", [False, True])
def test_what_is_left_of_a_cell_owes_a_shot_again(tmp_path: Path, closed: bool) -> None:
    rig = held(tmp_path)
    rig.second(5, keys=1)
    removed = rig.now.shot
    assert removed is not None
    if closed:
        rig.core.set_memo("another piece of work", None)
        rig.settle()
    rig.core.decide(removed.shot_id, "remove-time")
    rig.settle()
    rig.second(70, keys=1)
    rig.stop()
    assert rig.now.shot is not None
    assert rig.now.shot.shot_id != removed.shot_id
    last = rig.closed[-1].close
    assert last is not None
    assert (last.close, last.no_shot) == ("stop", None)


def test_a_blur_is_done_before_anything_is_signed(tmp_path: Path) -> None:
    rig = held(tmp_path)
    rig.stop()
    shot = rig.now.shot
    assert shot is not None
    rig.core.decide(shot.shot_id, "blur")
    rig.signer.run()
    assert rig.journal.signed == []
    rig.settle()
    assert len(rig.journal.signed) == 1
    kept = rig.store.shot(shot.shot_id)
    assert kept is not None
    assert [image.edit for image in kept.images] == ["blurred"]


def test_a_blur_that_fails_is_told_and_signs_nothing(tmp_path: Path) -> None:
    rig = held(tmp_path)
    rig.stop()
    rig.taker.failure = ShotFailedError("error", "the child died")
    assert rig.now.shot is not None
    rig.core.decide(rig.now.shot.shot_id, "blur")
    rig.settle()
    assert rig.journal.signed == []
    assert "could not be blurred" in rig.now.reason


def test_a_blur_is_still_owed_after_a_crash(tmp_path: Path) -> None:
    rig = held(tmp_path)
    rig.stop()
    assert rig.now.shot is not None
    rig.store.decide(rig.now.shot.shot_id, "blur")
    rig.boot()
    assert rig.taker.blurred
    assert len(rig.journal.signed) == 1


def test_a_hold_stands_still_while_nobody_can_see_it(tmp_path: Path) -> None:
    rig = held(tmp_path)
    rig.second(10, keys=1)
    rig.core.hear("lock")
    rig.second(10 * MINUTE)
    assert rig.journal.signed == []
    rig.core.hear("unlock")
    rig.settle()
    rig.stop()
    rig.second(49)
    assert rig.journal.signed == []
    rig.second(2)
    assert len(rig.journal.signed) == 2


def test_quit_ends_holds_as_keep(tmp_path: Path) -> None:
    rig = held(tmp_path)
    rig.core.fire(Event.QUIT)
    rig.settle()
    assert rig.journal.signed == []
    rig.core.keep_all()
    rig.settle()
    assert len(rig.journal.signed) == 1
    assert rig.core.settled


def test_an_unknown_shot_cannot_be_answered(tmp_path: Path) -> None:
    rig = held(tmp_path)
    with pytest.raises(KnownError) as refused:
        rig.core.decide("nothing", "keep")
    assert refused.value.exit_code is ExitCode.NOT_FOUND


def test_amendments_find_their_segments(tmp_path: Path) -> None:
    rig = held(tmp_path)
    rig.stop()
    rid = rig.closed[0].start.rid
    rig.corrections.redact([rid])
    rig.corrections.discard([rid])
    assert rig.journal.redacted == [rid]
    ((contract, (span,), why),) = rig.journal.discards
    assert (contract, span.rid, span.end_ms - span.start_ms, why) == ("id-demo", rid, 60_000, "owner")
    for nobody in ("nonsense", "01990000-0000-7000-8000-000000000000"):
        with pytest.raises(KnownError) as refused:
            rig.corrections.discard([nobody])
        assert refused.value.exit_code is ExitCode.NOT_FOUND


def test_signing_that_fails_is_tried_again(tmp_path: Path) -> None:
    rig = rig_with(tmp_path)
    rig.journal.failure = FULL
    rig.start()
    rig.second(5, keys=1)
    rig.stop()
    assert rig.journal.signed == []
    rig.journal.failure = None
    rig.second(31)
    assert len(rig.journal.signed) == 1


def test_sending_comes_again_when_the_report_says(tmp_path: Path) -> None:
    from dataclasses import replace

    rig = rig_with(tmp_path)
    rig.uploader.report = replace(rig.uploader.report, sync="offline", reason="no answer", next_delay_s=20.0)
    rig.start()
    rig.second(5, keys=1)
    rig.stop()
    runs = rig.uploader.runs
    assert (rig.now.sync, rig.now.reason) == ("offline", "no answer")
    rig.second(19)
    assert rig.uploader.runs == runs
    rig.second(2)
    assert rig.uploader.runs == runs + 1
    rig.core.outgoing.link_up()
    rig.settle()
    assert (rig.uploader.runs, rig.uploader.links) == (runs + 2, 1)


@pytest.mark.parametrize("step_s", [-3600, 3600])
def test_a_set_clock_makes_no_hold_longer_or_shorter(tmp_path: Path, step_s: int) -> None:
    rig = held(tmp_path)
    rig.second(10, keys=1)
    rig.clock.step(step_s * 1000)
    rig.second(1, keys=1)
    rig.stop()
    rig.second(47)
    assert rig.journal.signed == []
    rig.second(2)
    assert len(rig.journal.signed) == 2
