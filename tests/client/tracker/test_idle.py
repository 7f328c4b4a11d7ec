"""Time without input: set aside before anything else, asked about, answered, claimed, undone.

On a real spool and journal: what the diary says is what its records say.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.client.tracker.test_pipeline import RealRig, contract_of, rig_of
from tests.fakes.rig import Rig
from tests.fakes.stages import FULL
from workdiary.client.errors import ExitCode, KnownError
from workdiary.client.tracker.events import IdleView, Snapshot
from workdiary.client.tracker.machine import Event, Mode
from workdiary.rules.policy import STANDARD
from workdiary.rules.totals import account

MINUTE = 60
MS = 60_000
STEP = 4


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[RealRig]:
    rig = rig_of(tmp_path)
    rig.start(contract_of(rig))
    yield rig
    rig.close()


def counted(rig: RealRig, kind: str) -> int:
    """Minutes the diary counts of a kind."""
    return sum(s.tracked_ms for s in rig.diary().segments if s.kind == kind) // MS


def steps(rig: Rig, seconds: int, keys: int = 0) -> None:
    """So many seconds, four at a time: less than what counts as sleep."""
    for _ in range(seconds // STEP):
        if keys:
            rig.desktop.input.feed(keys=keys)
        rig.clock.advance(STEP * 1_000)
        rig.desktop.idle.idle = 0 if keys else rig.desktop.idle.idle + STEP * 1_000
        rig.alarms.ring_due()
        rig.look()
        rig.settle()


def work(rig: Rig, minutes: int) -> None:
    steps(rig, minutes * MINUTE, keys=4)


def rest(rig: Rig, minutes: int) -> None:
    steps(rig, minutes * MINUTE)


def away(rig: RealRig, worked: int = 4, gone: int = 10) -> IdleView:
    """So many minutes of work, then nobody; the question."""
    work(rig, worked)
    rest(rig, gone)
    assert rig.mode is Mode.IDLE
    return asked(rig)


def back(rig: Rig, minutes: int) -> None:
    """So many minutes later somebody touches the mouse, and the next look at the clock sees it."""
    rest(rig, minutes)
    rig.clock.advance(1_000)
    rig.desktop.idle.idle = 1_000
    rig.look()
    rig.settle()


def told(rig: Rig) -> Snapshot:
    """The snapshot as it would be told this instant."""
    rig.core.news.publish()
    return rig.now


def asked(rig: Rig) -> IdleView:
    question = rig.now.question
    assert question is not None
    return question


def test_the_segment_closes_whole_and_what_nobody_was_there_for_counts_no_more(rig: RealRig) -> None:
    question = away(rig)
    assert (rig.now.state, rig.now.reason) == ("idle", "idle")
    entries = rig.enrolled.spool.entries(rig.enrolled.account.contracts()[0].id, 0, 2**50, verdicts=False)
    closing = [e for e in entries if e.kind == "segment"][-1]
    assert (closing.text("close"), closing.number("tracked")) == ("idle", 4 * MS)
    assert (question.id, question.until_ms) == (closing.rid, None)
    assert counted(rig, "tracked") == 4
    assert rig.now.today_ms == rig.now.week_ms == rig.now.session_ms == 4 * MS
    assert [gap.kind for gap in rig.diary().gaps] == ["idle"]
    assert [cell.gap for cell in rig.now.strip] == ["idle", "idle"]


def test_totals_never_show_idle_time_not_even_after_a_crash(rig: RealRig) -> None:
    away(rig)
    rig.boot()
    assert rig.now.today_ms == 4 * MS
    assert counted(rig, "tracked") == 4


@pytest.mark.parametrize("lost", ["discard", "close_segment"])
def test_a_kill_between_discard_and_close_bills_no_idle_time(
    rig: RealRig, lost: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def kill(*_args: object) -> None:
        raise Killed

    work(rig, 4)
    steps(rig, 10 * MINUTE - STEP)
    rig.second(STEP - 1)
    stage = rig.enrolled.journal if lost == "discard" else rig.enrolled.spool
    with monkeypatch.context() as patch:
        patch.setattr(stage, lost, kill)
        with pytest.raises(Killed):
            rig.second()
    rig.boot()
    # before the discard the threshold was not reached on disk; after it nothing of it counts
    billed = sum(s.tracked_ms for s in rig.diary().segments)
    assert billed == 4 * MS if lost == "close_segment" else 13 * MS < billed < 14 * MS
    assert rig.mode is Mode.STOPPED


def test_stop_removes_and_stops(rig: RealRig) -> None:
    away(rig)
    back(rig, 5)
    rig.core.idle.answer("stop")
    rig.settle()
    assert (rig.mode, counted(rig, "tracked"), asked(rig).answer) == (Mode.STOPPED, 4, "stop")


def test_continue_removes_and_goes_on(rig: RealRig) -> None:
    away(rig)
    back(rig, 5)
    rig.core.idle.answer("continue")
    work(rig, 2)
    now = told(rig)
    assert (rig.mode, now.session_ms, now.memo) == (Mode.TRACKING, 6 * MS, "write the report")
    assert [s.open for s in rig.diary().segments] == ["start", "cell", "resume", "cell"]
    with pytest.raises(KnownError) as refused:
        rig.core.idle.answer("stop")
    assert refused.value.exit_code is ExitCode.NOT_FOUND


def test_keep_claims_what_was_recorded_and_the_time_after_it(rig: RealRig) -> None:
    away(rig)
    back(rig, 8)
    question = asked(rig)
    assert question.until_ms == question.since_ms + 18 * MS
    assert (question.billed_ms, question.manual_ms, question.price) == (18 * MS, 0, 750)
    rig.core.idle.answer("keep", "a call with Bob")
    work(rig, 2)
    assert (rig.mode, rig.now.memo) == (Mode.TRACKING, "write the report")
    assert counted(rig, "idle-claim") == 18
    assert told(rig).today_ms == (4 + 18 + 2) * MS
    memos = {s.memo for s in rig.diary().segments if s.kind == "idle-claim"}
    assert memos == {"a call with Bob"}
    rig.stop()
    steps(rig, 72)
    assert [(c.tracked_ms // MS, c.kind) for c in rig.now.strip] == [
        (10, "idle-claim"),
        (10, "idle-claim"),
        (4, "tracked"),
    ]
    assert {s.state for s in rig.diary().segments} == {"sent"}
    assert counted(rig, "idle-claim") == 18


def test_a_claim_says_before_it_is_made_what_is_billed_and_what_is_manual_time(rig: RealRig) -> None:
    away(rig)
    back(rig, 40)
    question = asked(rig)
    assert (question.billed_ms, question.manual_ms, question.manual_allowed) == (30 * MS, 20 * MS, False)
    assert question.price == 1_250
    rig.core.idle.answer("separate", "lunch with the client")
    rig.settle()
    diary = rig.diary()
    totals = account(diary, diary.book.versions[-1].terms, STANDARD).totals((0, 2**50))
    assert (totals.idle_claim_s, totals.billable_s) == (50 * MINUTE, 34 * MINUTE)
    assert rig.now.today_ms == 34 * MS


def test_keeping_needs_words(rig: RealRig) -> None:
    away(rig)
    back(rig, 1)
    with pytest.raises(KnownError) as refused:
        rig.core.idle.answer("keep")
    assert refused.value.exit_code is ExitCode.USAGE
    assert (rig.mode, asked(rig).answer, counted(rig, "idle-claim")) == (Mode.IDLE, None, 0)


def test_undo_takes_a_claim_back_and_it_can_be_claimed_again(rig: RealRig) -> None:
    away(rig)
    back(rig, 5)
    rig.core.idle.answer("keep", "a call with Bob")
    rig.stop()
    steps(rig, 72)
    assert counted(rig, "idle-claim") == 15
    rig.core.idle.undo()
    rig.settle()
    assert (counted(rig, "idle-claim"), asked(rig).answer, rig.mode) == (0, None, Mode.STOPPED)
    rig.core.idle.answer("separate", "a call with Carol")
    rig.settle()
    assert (counted(rig, "idle-claim"), rig.mode) == (15, Mode.STOPPED)


def test_a_removal_is_undone_by_a_claim_even_later(rig: RealRig) -> None:
    first = away(rig)
    back(rig, 5)
    rig.core.idle.answer("continue")
    work(rig, 1)
    rig.stop()
    rig.boot()
    assert rig.now.question is None
    rig.core.idle.undo(first.id)
    assert asked(rig).id == first.id
    rig.core.idle.answer("keep", "a call with Bob")
    rig.settle()
    # what came after the close is known only while the app ran
    assert (counted(rig, "idle-claim"), rig.mode) == (10, Mode.STOPPED)


def test_an_unanswered_question_survives_a_restart_and_blocks_nothing(rig: RealRig) -> None:
    question = away(rig)
    rig.boot()
    assert (asked(rig).id, asked(rig).answer, rig.mode) == (question.id, None, Mode.STOPPED)
    rig.start(contract_of(rig))
    work(rig, 1)
    assert (rig.mode, asked(rig).answer) == (Mode.TRACKING, None)
    rig.core.idle.answer("keep", "reading the specification")
    rig.settle()
    assert (counted(rig, "idle-claim"), rig.mode) == (10, Mode.TRACKING)


def test_two_absences_in_a_row_are_two_questions(rig: RealRig) -> None:
    first = away(rig)
    back(rig, 1)
    rig.start(contract_of(rig), None)
    second = away(rig, 3, 10)
    assert first.id != second.id
    rig.core.idle.undo(first.id)
    rig.core.idle.answer("keep", "a call with Bob")
    rig.settle()
    # claimed up to the close: the return is not kept for a question that another one followed
    assert counted(rig, "idle-claim") == 10
    assert counted(rig, "tracked") == 7


def test_idle_over_many_segments_takes_each_part_of_them(rig: RealRig) -> None:
    work(rig, 1)
    for number in range(70):
        steps(rig, 8)
        rig.core.set_memo(f"memo number {number}", None)
    steps(rig, 40)
    assert rig.mode is Mode.IDLE
    assert counted(rig, "tracked") == 1
    back(rig, 3)
    rig.core.idle.answer("keep", "a call with Bob")
    rig.stop()
    steps(rig, 72)
    claimed = sum(s.tracked_ms for s in rig.diary().segments if s.kind == "idle-claim")
    assert claimed == 13 * MS
    assert asked(rig).billed_ms == 13 * MS
    rig.boot()
    rig.core.idle.undo(asked(rig).id if rig.now.question else None)
    rig.settle()
    assert counted(rig, "idle-claim") == 0


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
