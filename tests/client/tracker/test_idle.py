"""Questions about time without input: asked, answered, claimed, undone; never billed alone.

On a real spool and journal: what the diary says is what its records say.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.client.tracker.absent import MINUTE, MS, STEP, asked, away, back, counted, steps, told, work
from tests.client.tracker.test_pipeline import RealRig, contract_of, rig_of
from workdiary.client.errors import ExitCode, KnownError
from workdiary.client.tracker.machine import Mode
from workdiary.rules.policy import STANDARD
from workdiary.rules.projection import project
from workdiary.rules.totals import account


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[RealRig]:
    rig = rig_of(tmp_path)
    rig.start(contract_of(rig))
    yield rig
    rig.close()


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


@pytest.mark.parametrize("booted", [False, True])
def test_idle_over_many_segments_takes_each_part_of_them(rig: RealRig, *, booted: bool) -> None:
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
    if booted:
        rig.boot()
    rig.core.idle.undo(asked(rig).id if rig.now.question else None)
    rig.settle()
    assert counted(rig, "idle-claim") == 0


def test_a_claim_that_ended_with_its_time_leaves_nothing_to_undo(tmp_path: Path) -> None:
    rig = rig_of(tmp_path / "held", preview_ms=7_200_000)
    rig.start(contract_of(rig))
    away(rig)
    back(rig, 5)
    rig.core.idle.answer("keep", "a call with Bob")
    waiting = rig.enrolled.spool.book.pending()
    (claim,) = [item.wish for item in waiting if item.wish.kind == "idle-claim"]
    for span in claim.spans:
        rig.enrolled.journal.remove(claim.contract, span)
    assert counted(rig, "idle-claim") == 0
    rig.core.idle.undo()
    assert asked(rig).answer is None
    rig.close()


def test_a_claim_that_was_undone_is_undone_for_whoever_reads_that_time_alone(rig: RealRig) -> None:
    question = away(rig)
    back(rig, 5)
    rig.core.idle.answer("keep", "a call with Bob")
    rig.stop()
    steps(rig, 72)
    rig.clock.advance(3_600_000)
    rig.core.idle.undo()
    rig.settle()
    contract = rig.enrolled.account.contracts()[0].id
    read = rig.enrolled.spool.entries(contract, question.since_ms - 4 * MS, question.since_ms + MS)
    assert [s for s in project(read).segments if s.kind == "idle-claim"] == []
