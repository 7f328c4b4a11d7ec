"""The weekly limit: warned at its marks, stopped at the millisecond, past it by one's word. And labels."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fakes.rig import Rig
from tests.fakes.stages import TERMS
from workdiary.client.account import Contract, TermsVersion
from workdiary.client.errors import ExitCode, KnownError
from workdiary.client.tracker.events import Snapshot
from workdiary.client.tracker.machine import Event, Mode
from workdiary.client.tracker.terms import Agreement
from workdiary.rules.policy import STANDARD
from workdiary.rules.weeks import week_of

MINUTE = 60
LIMIT_S = 1_000  # no whole number of minutes: marks and end lie inside cells


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    rig = Rig(tmp_path)
    rig.contracts.terms["demo"]["limit_s"] = LIMIT_S
    return rig


def tracked(rig: Rig) -> int:
    return sum(row.tracked_ms for row in rig.closed)


def told(rig: Rig) -> Snapshot:
    rig.core.news.publish()
    return rig.now


def work(rig: Rig, seconds: int) -> None:
    """So many seconds, four at a time."""
    for _ in range(seconds // 4):
        rig.desktop.input.feed(keys=1)
        rig.clock.advance(4_000)
        rig.look()
        rig.settle()


def refused(rig: Rig, contract: str | None = "demo", label: str | None = None) -> ExitCode:
    with pytest.raises(KnownError) as error:
        rig.core.start(contract, "write the report", label)
    return error.value.exit_code


def test_warnings_come_at_their_marks(rig: Rig) -> None:
    rig.start()
    marks = []
    for _ in range(LIMIT_S // 4):
        work(rig, 4)
        limit = rig.now.limit
        marks.append(None if limit is None else limit.mark)
    assert marks.index(80) + 1 == LIMIT_S * 80 // 100 // 4
    assert marks.index(95) + 1 == -(-LIMIT_S * 95 // 100 // 4)
    assert marks.index(100) + 1 == LIMIT_S // 4
    assert rig.now.limit is not None
    assert (rig.now.limit.used_ms, rig.now.limit.limit_s) == (LIMIT_S * 1000, LIMIT_S)
    assert not rig.now.limit.over


def test_tracking_stops_at_the_millisecond_and_says_why(rig: Rig) -> None:
    rig.clock.advance(123)
    rig.start()
    work(rig, LIMIT_S + 8)
    assert (rig.mode, rig.now.state, tracked(rig)) == (Mode.BLOCKED, "blocked", LIMIT_S * 1000)
    assert "neither billed nor protected" in rig.now.reason
    assert rig.closed[-1].close is not None
    assert rig.closed[-1].close.close == "pause"
    assert not rig.desktop.input.running
    assert refused(rig) is ExitCode.REFUSED
    assert rig.mode is Mode.BLOCKED


@pytest.mark.parametrize("what", ["memo", "pause", "lock", "stop", "switch"])
def test_what_happens_just_after_the_limit_finds_the_segment_ended_at_it(rig: Rig, what: str) -> None:
    rig.start()
    work(rig, LIMIT_S - 4)
    rig.clock.advance(4_700)
    acts = {
        "memo": lambda: rig.core.set_memo("something else now", None),
        "pause": lambda: rig.core.fire(Event.PAUSE),
        "lock": lambda: rig.core.hear("lock"),
        "stop": lambda: rig.core.fire(Event.STOP),
        "switch": lambda: rig.core.start("other", "write the report", None),
    }
    acts[what]()
    rig.settle()
    assert tracked(rig) == LIMIT_S * 1000
    assert rig.mode is {"stop": Mode.STOPPED, "switch": Mode.TRACKING}.get(what, Mode.BLOCKED)
    assert rig.mode is not Mode.BLOCKED or "neither billed nor protected" in told(rig).reason


def test_a_cells_edge_between_the_limit_and_the_next_look_changes_nothing(rig: Rig) -> None:
    rig.contracts.terms["demo"]["limit_s"] = 599
    rig.start()
    work(rig, 596)
    rig.clock.advance(4_500)
    rig.look()
    rig.settle()
    assert (rig.mode, tracked(rig), len(rig.closed)) == (Mode.BLOCKED, 599_000, 1)


def test_past_the_limit_only_by_ones_word_and_for_this_week(rig: Rig) -> None:
    rig.start()
    work(rig, LIMIT_S + 4)
    rig.core.start("demo", None, None, over_limit=True)
    work(rig, 60)
    assert (rig.mode, rig.now.limit and rig.now.limit.over) == (Mode.TRACKING, True)
    rig.stop()
    rig.start()
    work(rig, 60)
    assert rig.mode is Mode.TRACKING
    rig.stop()
    assert tracked(rig) == LIMIT_S * 1000 + 120_000
    rig.clock.advance(3 * 24 * 3_600_000)  # Monday
    rig.start()
    work(rig, LIMIT_S + 4)
    assert rig.mode is Mode.BLOCKED


def test_saying_so_while_tracking_keeps_it_from_stopping(rig: Rig) -> None:
    rig.start()
    work(rig, 60)
    rig.core.start("demo", None, None, over_limit=True)
    work(rig, LIMIT_S)
    assert (rig.mode, len(rig.closed)) == (Mode.TRACKING, 1)


def test_the_limit_is_the_contracts_own(rig: Rig) -> None:
    rig.start()
    work(rig, LIMIT_S + 4)
    rig.start("other")
    work(rig, 60)
    assert (rig.mode, rig.now.limit) == (Mode.TRACKING, None)
    assert refused(rig) is ExitCode.REFUSED
    assert (rig.mode, rig.now.contract and rig.now.contract.name) == (Mode.TRACKING, "other")


def test_what_was_removed_makes_room_again(rig: Rig) -> None:
    rig.contracts.terms["demo"]["idle"] = 120_000
    rig.start()
    work(rig, 800)
    for _ in range(30):
        rig.desktop.idle.idle += 4_000
        rig.clock.advance(4_000)
        rig.look()
    assert rig.mode is Mode.IDLE
    assert rig.now.limit is not None
    assert rig.now.limit.used_ms == 800_000
    rig.start()
    work(rig, 196)
    assert (rig.mode, rig.now.limit and rig.now.limit.mark) == (Mode.TRACKING, 95)
    work(rig, 8)
    assert rig.mode is Mode.BLOCKED


def test_no_tick_is_wanted_while_the_limit_blocks(rig: Rig) -> None:
    rig.start()
    work(rig, LIMIT_S + 4)
    assert rig.core.timer.next_tick_ms() is None


def test_a_contract_may_want_a_label(rig: Rig) -> None:
    rig.contracts.terms["demo"]["labels"] = "required"
    assert refused(rig) is ExitCode.USAGE
    rig.core.start("demo", "write the report", " Support ")
    assert rig.core.timer.work is not None
    assert rig.core.timer.work.label == "Support"
    rig.core.set_memo("answer the mail", None)
    assert rig.core.timer.work.label == "Support"


def test_a_contract_may_have_no_labels(rig: Rig) -> None:
    rig.contracts.terms["demo"]["labels"] = "none"
    assert refused(rig, label="Support") is ExitCode.USAGE
    rig.core.start("other", "write the report", "Support")
    rig.core.start("demo", None, None)
    assert rig.core.timer.work is not None
    assert rig.core.timer.work.label is None


def test_an_optional_label_goes_with_its_memo(rig: Rig) -> None:
    rig.core.start("demo", "write the report", "Support")
    rig.core.start("demo", None, None)
    assert rig.core.timer.work is not None
    assert rig.core.timer.work.label == "Support"
    rig.core.set_memo("answer the mail", None)
    assert rig.core.timer.work.label is None


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        ([(-1, 36_000)], 36_000),
        ([(-1, 36_000), (2, 72_000)], 72_000),
        ([(-1, 72_000), (2, 36_000)], 72_000),
        ([(-8, 72_000), (-1, 36_000)], 36_000),
        ([(-1, 36_000), (2, None)], None),
    ],
    ids=[
        "one",
        "a rise counts for the week",
        "a fall from the next",
        "a fall of last week",
        "no limit any more",
    ],
)
def test_a_weeks_limit_is_what_the_rules_say(
    limits: list[tuple[int, int | None]], expected: int | None
) -> None:
    week = week_of(1_795_165_200_000)
    versions = tuple(
        TermsVersion(week.start + days * 86_400_000, f"id-{days}", TERMS | {"limit_s": limit_s})
        for days, limit_s in limits
    )
    contract = Contract("id-demo", "demo", versions[-1].terms, versions=versions)
    assert Agreement.of(contract).limit_s(week, STANDARD) == expected
