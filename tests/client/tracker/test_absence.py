"""When nobody is there, and when somebody came back: thresholds, clocks, calls, desktops that tell little."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.client.tracker.absent import MINUTE, MS, STEP, asked, away, back, counted, rest, steps, work
from tests.client.tracker.test_pipeline import RealRig, contract_of, rig_of
from tests.fakes.rig import Rig
from tests.fakes.stages import FULL
from workdiary.client.errors import ExitCode, KnownError
from workdiary.client.tracker.machine import Event, Mode


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[RealRig]:
    rig = rig_of(tmp_path)
    rig.start(contract_of(rig))
    yield rig
    rig.close()


def test_input_one_tick_after_the_threshold_comes_too_late_and_loses_nothing(rig: RealRig) -> None:
    away(rig)
    rig.desktop.idle.idle = 0
    rig.clock.advance(500)
    rig.desktop.idle.idle = 400
    rig.look()
    assert asked(rig).until_ms == asked(rig).since_ms + 10 * MS + 100
    rig.core.idle.answer("keep", "reading the specification")
    rig.settle()
    assert counted(rig, "idle-claim") == 10


@pytest.mark.parametrize("kind", ["lock", "suspend", "switch-user"])
def test_being_gone_for_good_ends_what_can_be_claimed(rig: RealRig, kind: str) -> None:
    away(rig)
    rest(rig, 2)
    rig.core.hear(kind)  # type: ignore[arg-type]
    rest(rig, 20)
    rig.core.hear({"lock": "unlock", "suspend": "resume"}.get(kind, "switch-back"))  # type: ignore[arg-type]
    back(rig, 1)
    assert rig.mode is Mode.IDLE
    assert asked(rig).until_ms == asked(rig).since_ms + 12 * MS


def test_sleep_nobody_announced_ends_it_too(rig: RealRig) -> None:
    away(rig)
    rest(rig, 2)
    rig.clock.suspend(3 * 3_600_000)
    back(rig, 1)
    assert asked(rig).until_ms == asked(rig).since_ms + 12 * MS


def test_without_an_idle_clock_the_answer_is_the_return(rig: RealRig) -> None:
    rig.desktop.idle.failure = "no idle clock"
    away(rig)
    rest(rig, 5)
    assert asked(rig).until_ms is None
    rig.core.idle.answer("keep", "a call with Bob")
    rig.settle()
    assert (rig.mode, counted(rig, "idle-claim")) == (Mode.TRACKING, 15)


def test_the_threshold_is_the_contracts(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    rig.contracts.terms["demo"]["idle"] = 120_000
    rig.start()
    work(rig, 3)
    rest(rig, 2)
    assert rig.mode is Mode.IDLE
    ((contract, spans, why),) = rig.journal.discards
    assert (contract, why, [s.end_ms - s.start_ms for s in spans]) == ("id-demo", "idle", [120_000])
    assert [row.tracked_ms for row in rig.closed] == [300_000]


def test_a_threshold_that_is_reached_at_a_cells_edge_closes_that_cell(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    rig.contracts.terms["demo"]["idle"] = 120_000
    rig.start()
    work(rig, 8)
    rest(rig, 2)
    assert [row.close.close for row in rig.closed if row.close] == ["idle"]


def test_a_set_clock_does_not_stretch_an_absence(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    rig.start()
    work(rig, 4)
    rest(rig, 1)
    rig.clock.step(-3_600_000)
    rest(rig, 9)
    assert rig.mode is Mode.IDLE
    ((_, spans, _),) = rig.journal.discards
    assert sum(s.end_ms - s.start_ms for s in spans) == 10 * MS


def test_an_announced_call_is_no_absence_and_the_threshold_begins_when_it_is_over(rig: RealRig) -> None:
    work(rig, 4)
    rest(rig, 9)
    rig.core.idle.announce("call", 30, "with Bob")
    assert rig.now.quiet_until_ms == rig.clock.wall_ms() + 30 * MS
    rest(rig, 39)
    assert rig.mode is Mode.TRACKING
    rest(rig, 1)
    assert rig.mode is Mode.IDLE
    assert asked(rig).until_ms is None
    assert counted(rig, "tracked") == 4 + 9 + 30
    assert [(a.type, a.end - a.start) for a in rig.diary().annotations] == [("call", 30 * MS)]


def test_an_announced_call_outlives_a_restart(rig: RealRig) -> None:
    work(rig, 1)
    rig.core.idle.announce("reading", 15)
    rig.boot()
    rig.start(contract_of(rig))
    rest(rig, 14)
    assert rig.mode is Mode.TRACKING


@pytest.mark.parametrize(("minutes", "code"), [(14, ExitCode.USAGE), (91, ExitCode.USAGE)])
def test_a_call_is_announced_for_a_quarter_to_one_and_a_half_hours(
    rig: RealRig, minutes: int, code: ExitCode
) -> None:
    with pytest.raises(KnownError) as refused:
        rig.core.idle.announce("call", minutes)
    assert refused.value.exit_code is code
    rig.stop()
    with pytest.raises(KnownError) as refused:
        rig.core.idle.announce("call", 30)
    assert refused.value.exit_code is ExitCode.REFUSED


def test_a_claim_after_the_weeks_lock_is_refused_in_words(rig: RealRig) -> None:
    away(rig)
    back(rig, 1)
    rig.clock.advance(3 * 24 * 3_600_000 + 3 * 3_600_000)  # Friday to Monday 12:15
    with pytest.raises(KnownError) as refused:
        rig.core.idle.answer("keep", "a call with Bob")
    assert (refused.value.exit_code, refused.value.subject) == (ExitCode.REFUSED, "2026-W47")
    rig.core.idle.answer("stop")
    assert (rig.mode, rig.now.question) == (Mode.STOPPED, None)


def test_a_full_disk_at_the_threshold_bills_nothing_and_is_made_up_for(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    rig.start()
    work(rig, 4)
    steps(rig, 10 * MINUTE - STEP)
    rig.second(STEP - 1)
    discard, failing = rig.journal.discard, [True]

    def full(*args: object) -> str:
        if failing[0]:
            raise FULL
        return discard(*args)  # type: ignore[arg-type]

    rig.journal.discard = full  # type: ignore[method-assign,assignment]
    rig.second(2)
    assert (rig.mode, rig.now.today_ms) == (Mode.IDLE, 4 * MS)
    assert "disk is full" in rig.now.reason
    assert [row.tracked_ms for row in rig.closed] == [10 * MS, 0]
    rig.core.tick(0)
    assert rig.journal.discards == []
    failing[0] = False
    rig.second(1)
    assert len(rig.journal.discards) == 1


def test_answering_a_question_of_another_contract_leaves_the_timer_alone(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    rig.start()
    work(rig, 1)
    rest(rig, 10)
    rig.start("other")
    rig.core.idle.answer("stop")
    assert (rig.mode, rig.core.timer.work and rig.core.timer.work.contract) == (Mode.TRACKING, "id-other")
    assert asked(rig).answer == "stop"


def test_the_books_of_two_contracts_stay_apart(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    rig.start()
    work(rig, 3)
    rig.start("other")
    work(rig, 2)
    assert (rig.now.today_ms, rig.now.week_ms) == (2 * MS, 2 * MS)
    rig.start("demo")
    assert rig.now.today_ms == 3 * MS


def test_injected_input_is_input_but_makes_no_bucket_active(rig: RealRig) -> None:
    for _ in range(12 * MINUTE // STEP):
        rig.desktop.input.feed(keys=1, injected=True)
        rig.desktop.idle.idle = 0
        steps(rig, STEP)
    assert rig.mode is Mode.TRACKING
    rig.stop()
    steps(rig, 72)
    assert [s.active_ms for s in rig.diary().segments] == [0, 0]


def test_a_desktop_that_only_tells_activity_is_idle_all_the_same(rig: RealRig) -> None:
    rig.stop()
    rig.desktop.input.counts = "active-only"
    rig.start(contract_of(rig))
    for _ in range(MINUTE):
        rig.desktop.idle.idle = -500  # touched half a second before the next look
        rig.second()
    rig.desktop.idle.idle = 0
    rest(rig, 10)
    assert rig.mode is Mode.IDLE
    assert counted(rig, "tracked") == 1


def test_pause_and_stop_end_an_absence(rig: RealRig) -> None:
    away(rig)
    rest(rig, 1)
    rig.core.fire(Event.STOP)
    assert asked(rig).until_ms == asked(rig).since_ms + 11 * MS
