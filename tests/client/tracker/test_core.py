"""The tracker's core, second by second: no time lost, doubled or invented; every gap typed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fakes.rig import Rig
from tests.fakes.stages import FULL
from workdiary.client.capture.port import ActiveWindow
from workdiary.client.errors import ExitCode, KnownError
from workdiary.client.spool.quota import Health
from workdiary.client.tracker.machine import Event, Mode

MINUTE = 60


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path)


def test_a_session_is_cut_at_every_cell_and_adds_up(rig: Rig) -> None:
    rig.clock.advance(37_250)
    rig.start()
    rig.second(25 * MINUTE, keys=1)
    rig.stop()
    assert [row.close.close for row in rig.closed if row.close] == ["cell", "cell", "stop"]
    assert [row.start.open for row in rig.closed] == ["start", "cell", "cell"]
    assert sum(row.tracked_ms for row in rig.closed) == 25 * MINUTE * 1000
    spans = [row.span for row in rig.closed]
    assert [end for _, end in spans[:-1]] == [start for start, _ in spans[1:]]
    assert len({row.start.session for row in rig.closed}) == 1


def test_every_event_lands_in_exactly_one_segment(rig: Rig) -> None:
    rig.start()
    rig.second(9 * MINUTE, keys=3, clicks=1)
    rig.desktop.input.feed(scrolls=5)
    rig.core.set_memo("answer the mail", None)
    rig.second(2 * MINUTE, keys=2)
    rig.desktop.input.feed(keys=7)
    rig.stop()
    rig.desktop.input.feed(keys=100)  # the timer is off
    rig.second(5)
    rig.start()
    rig.second(10, keys=1)
    rig.stop()
    assert sum(row.total("keys") for row in rig.closed) == 9 * 60 * 3 + 2 * 60 * 2 + 7 + 10
    assert sum(row.total("clicks") for row in rig.closed) == 9 * 60
    assert [row.total("scrolls") for row in rig.closed] == [5, 0, 0, 0]


def test_a_memo_change_is_a_new_segment_without_a_gap(rig: Rig) -> None:
    rig.start()
    rig.second(30, keys=1)
    rig.core.set_memo("answer the mail", "Support")
    rig.second(30, keys=1)
    rig.core.set_memo("answer the mail", None)
    rig.stop()
    assert [(row.start.memo, row.start.label, row.close and row.close.close) for row in rig.closed] == [
        ("write the report", None, "memo"),
        ("answer the mail", "Support", "label"),
        ("answer the mail", None, "stop"),
    ]
    assert rig.closed[0].span[1] == rig.closed[1].span[0]


def test_the_same_memo_again_changes_nothing(rig: Rig) -> None:
    rig.start()
    rig.second(5)
    rig.start()
    rig.core.set_memo("write the report", None)
    assert rig.closed == []


def test_another_contract_is_a_stop_and_a_new_session(rig: Rig) -> None:
    rig.start()
    rig.second(10, keys=1)
    rig.start("other")
    rig.second(10, keys=1)
    rig.stop()
    first, second = rig.closed
    assert (first.close and first.close.close, second.start.open) == ("stop", "start")
    assert (first.start.contract, second.start.contract) == ("id-demo", "id-other")
    assert first.start.session != second.start.session


def test_a_pause_keeps_the_session(rig: Rig) -> None:
    rig.start()
    rig.second(10, keys=1)
    rig.core.fire(Event.PAUSE)
    rig.second(30)
    rig.start(memo=None)
    rig.second(10, keys=1)
    rig.stop()
    assert [row.tracked_ms for row in rig.closed] == [10_000, 10_000]
    assert rig.closed[1].start.open == "resume"
    assert rig.closed[0].start.session == rig.closed[1].start.session
    assert rig.now.strip[-1].gap == "pause"


@pytest.mark.parametrize(
    ("away", "back", "close"),
    [
        ("lock", "unlock", "lock"),
        ("suspend", "resume", "suspend"),
        ("switch-user", "switch-back", "switch-user"),
    ],
)
def test_being_away_is_a_typed_gap_and_goes_on_by_itself(rig: Rig, away: str, back: str, close: str) -> None:
    rig.start()
    rig.second(10, keys=1)
    rig.core.hear(away)  # type: ignore[arg-type]
    assert (rig.now.state, rig.now.reason) == ("paused", close)
    rig.second(60, keys=5)
    rig.core.hear(back)  # type: ignore[arg-type]
    rig.second(10, keys=1)
    rig.stop()
    assert [row.close.close for row in rig.closed if row.close] == [close, "stop"]
    assert [row.tracked_ms for row in rig.closed] == [10_000, 10_000]
    assert sum(row.total("keys") for row in rig.closed) == 20


def test_a_long_absence_waits_for_the_person(rig: Rig) -> None:
    rig.start()
    rig.second(10, keys=1)
    rig.core.hear("lock")
    rig.clock.advance(11 * MINUTE * 1000)
    rig.core.hear("unlock")
    assert rig.mode is Mode.PAUSED
    assert rig.now.reason == "lock"


def test_a_locked_screen_after_sleep_keeps_waiting(rig: Rig) -> None:
    rig.start()
    rig.second(3, keys=1)
    rig.core.hear("suspend")
    rig.core.hear("lock")
    rig.core.hear("resume")
    assert rig.mode is Mode.AWAY
    rig.core.hear("unlock")
    assert rig.mode is Mode.TRACKING


def test_shutdown_closes_for_good(rig: Rig) -> None:
    rig.start()
    rig.second(10, keys=1)
    rig.core.hear("shutdown")
    assert [row.close.close for row in rig.closed if row.close] == ["shutdown"]
    assert rig.mode is Mode.STOPPED


def test_sleep_nobody_announced_is_never_billed(rig: Rig) -> None:
    rig.start()
    rig.second(10, keys=1)
    rig.clock.suspend(3 * 3600 * 1000)
    rig.desktop.input.feed(keys=50)  # typed after the lid was opened
    rig.second()
    assert rig.mode is Mode.PAUSED
    row = rig.closed[0]
    assert (row.close and row.close.close, row.tracked_ms, row.total("keys")) == ("suspend", 10_000, 10)


def test_a_frozen_process_tracked_nothing_meanwhile(rig: Rig) -> None:
    rig.start()
    rig.second(10, keys=1)
    rig.clock.advance(30_000)
    rig.second(2, keys=1)
    rig.stop()
    assert [row.close.close for row in rig.closed if row.close] == ["suspend", "stop"]
    assert [row.tracked_ms for row in rig.closed] == [10_000, 1_000]


@pytest.mark.parametrize("step_s", [-3600, -3, 3, 86_400])
def test_a_set_clock_closes_and_marks_what_follows(rig: Rig, step_s: int) -> None:
    rig.second(200)
    rig.start()
    rig.second(10, keys=1)
    rig.clock.step(step_s * 1000)
    rig.second(10, keys=1)
    rig.stop()
    closes = [row.close.close for row in rig.closed if row.close]
    assert closes == ["clock-step", "stop"]
    assert [row.start.clock_step for row in rig.closed] == [False, True]
    assert sum(row.tracked_ms for row in rig.closed) == 20_000
    assert rig.closed[1].start.start_ms == rig.closed[0].span[1] + step_s * 1000


def test_a_small_correction_changes_nothing(rig: Rig) -> None:
    rig.start()
    rig.second(5, keys=1)
    rig.clock.step(-1_500)
    rig.second(5, keys=1)
    rig.stop()
    assert [row.tracked_ms for row in rig.closed] == [10_000]


def test_a_clock_behind_the_last_certain_time_is_marked(tmp_path: Path) -> None:
    rig = Rig(tmp_path, trusted_ms=2_000_000_000_000)
    rig.start()
    rig.stop()
    assert rig.closed[0].start.clock_unsure


def test_a_foreground_track_goes_on_when_somebody_returns(tmp_path: Path) -> None:
    rig = Rig(tmp_path, resume_alone=True)
    rig.contracts.terms["demo"]["idle"] = 60_000
    rig.start()
    rig.second(30, keys=1)
    rig.second(90)
    assert rig.mode is Mode.IDLE
    rig.desktop.idle.idle = 0
    rig.clock.advance(1000)
    rig.core.tick(0)
    assert rig.mode is Mode.TRACKING


def test_movement_the_counter_misses_still_is_presence(rig: Rig) -> None:
    rig.start()
    for _ in range(15 * MINUTE):
        rig.desktop.idle.idle = 0  # a touch screen, say
        rig.second()
        rig.desktop.idle.idle = 0
    assert rig.mode is Mode.TRACKING


def test_without_any_way_to_tell_nobody_is_called_idle(rig: Rig) -> None:
    rig.desktop.input.counts = "none"
    rig.desktop.idle.failure = "no idle clock"
    rig.boot()
    rig.start()
    rig.second(15 * MINUTE)
    assert rig.mode is Mode.TRACKING
    assert rig.store.open_segments()[0].start.backend_counts == "none"


def test_a_counter_that_goes_away_starts_a_segment_that_says_so(rig: Rig) -> None:
    rig.start()
    rig.second(5, keys=1)
    rig.desktop.input.fail("the X server went away")
    rig.second(5)
    rig.stop()
    assert [row.close.close for row in rig.closed if row.close] == ["backend", "stop"]
    assert [row.start.backend_counts for row in rig.closed] == ["full", "active-only"]
    assert "X server" in [s.reason for s in rig.snapshots][-2]


def test_checkpoints_every_ten_seconds_and_recovery_at_the_last_one(rig: Rig) -> None:
    rig.start()
    rig.second(25, keys=1)
    assert rig.store.checkpoints == 2
    rig.boot()
    row = rig.closed[0]
    assert row.close is not None
    assert (row.close.close, row.close.recovered, row.close.no_shot) == ("crash", True, "too-short")
    assert (row.tracked_ms, row.total("keys")) == (20_000, 20)
    assert rig.mode is Mode.STOPPED
    assert rig.journal.signed == [row.start.rid]


def test_a_crash_before_the_first_checkpoint_invents_nothing(rig: Rig) -> None:
    rig.start()
    rig.second(5, keys=1)
    rig.boot()
    assert rig.closed[0].tracked_ms == 0


def test_a_full_disk_at_the_start_is_told_and_visible(rig: Rig) -> None:
    rig.store.failure = FULL
    with pytest.raises(KnownError):
        rig.start()
    assert (rig.now.state, rig.desktop.input.running) == ("blocked", False)
    assert "disk is full" in rig.now.reason
    rig.store.failure = None
    rig.start()
    rig.second(3, keys=1)
    rig.stop()
    assert [(row.start.open, row.tracked_ms) for row in rig.closed] == [("start", 3_000)]


def test_a_disk_that_fills_while_tracking_stops_visibly_and_loses_nothing(rig: Rig) -> None:
    rig.start()
    rig.second(25, keys=1)
    rig.store.full = Health(used=100, limit=100, warn=95, full=True, reason="disk-full")
    rig.second(10, keys=1)
    assert (rig.now.state, rig.now.reason) == ("blocked", "disk-full")
    assert not rig.desktop.input.running
    row = rig.closed[0]
    assert (row.close and row.close.close, row.tracked_ms) == ("stop", 30_000)


def test_a_close_that_cannot_be_written_is_tried_again(rig: Rig) -> None:
    rig.start()
    rig.second(25, keys=1)
    rig.store.failure, rig.store.fails = FULL, {"close_segment"}
    with pytest.raises(KnownError):
        rig.core.fire(Event.STOP)
    assert rig.closed == []
    rig.store.failure = None
    rig.start()
    assert rig.closed[0].tracked_ms == 25_000


@pytest.mark.parametrize(
    ("contract", "memo", "code"),
    [
        ("nobody", "write the report", ExitCode.NOT_FOUND),
        ("demo", "  ", ExitCode.USAGE),
        ("demo", "x" * 2001, ExitCode.USAGE),
        ("demo", "\ud800", ExitCode.USAGE),
    ],
)
def test_what_cannot_be_started_is_refused(rig: Rig, contract: str, memo: str, code: ExitCode) -> None:
    with pytest.raises(KnownError) as refused:
        rig.start(contract, memo)
    assert refused.value.exit_code is code
    assert rig.mode is Mode.STOPPED


def test_an_ended_contract_is_refused(rig: Rig) -> None:
    rig.contracts.terms["demo"]["status"] = "ended"
    with pytest.raises(KnownError) as refused:
        rig.start()
    assert refused.value.exit_code is ExitCode.REFUSED


def test_totals_add_up_while_tracking_and_after(rig: Rig) -> None:
    rig.start()
    rig.second(12 * MINUTE, keys=1)
    assert rig.now.session_ms == rig.now.today_ms == rig.now.week_ms == 12 * MINUTE * 1000
    assert rig.now.week_amount == 500
    rig.stop()
    assert rig.now.today_amount == 500
    assert [(c.tracked_ms, c.kind) for c in rig.now.strip] == [(600_000, "tracked"), (120_000, "tracked")]
    rig.boot()
    assert rig.now.today_ms == 12 * MINUTE * 1000


def test_the_cell_shows_its_buckets(rig: Rig) -> None:
    rig.second(2 * MINUTE)
    rig.start()
    rig.second(MINUTE, keys=1)
    rig.second(MINUTE)
    assert rig.now.cell is not None
    assert rig.now.cell.buckets[:6] == ("untracked", "untracked", "active", "quiet", "quiet", "future")


def test_no_tick_is_wanted_while_the_timer_is_off(rig: Rig) -> None:
    assert rig.core.timer.next_tick_ms() is None
    rig.start()
    rig.clock.advance(300)
    assert rig.core.timer.next_tick_ms() == 700
    rig.stop()
    assert rig.core.timer.next_tick_ms() is None


@pytest.mark.parametrize(
    ("apps", "spans"), [("none", []), ("names", [("xterm", None)]), ("titles", [("xterm", "a secret")])]
)
def test_windows_are_recorded_only_as_the_contract_says(
    rig: Rig, apps: str, spans: list[tuple[str, str | None]]
) -> None:
    rig.contracts.terms["demo"]["apps"] = apps
    rig.desktop.window.window = ActiveWindow("xterm", "a secret")
    rig.start()
    rig.second(5, keys=1)
    rig.stop()
    assert rig.closed[0].close is not None
    assert [(a.app, a.title) for a in rig.closed[0].close.progress.apps] == spans
