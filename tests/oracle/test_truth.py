"""The oracle itself: small days judged by hand."""

from __future__ import annotations

import pytest

from tests.oracle.spans import cut, length, minus, union
from tests.oracle.truth import Agreed, Fact, Truth

SECOND = 1_000
MINUTE = 60 * SECOND
CELL = 10 * MINUTE


def day(*facts: tuple[int, str] | tuple[int, str, str] | Fact, **agreed: Agreed) -> Truth:
    """(minute, what[, contract]) each."""
    truth = Truth(agreed)
    for fact in facts:
        truth.note(fact if isinstance(fact, Fact) else Fact(fact[0] * MINUTE, *fact[1:]))
    return truth


def minutes(truth: Truth, contract: str, *kinds: str) -> list[tuple[float, float]]:
    return [(start / MINUTE, end / MINUTE) for start, end in truth.intervals(contract, *kinds)]


def test_from_start_to_stop() -> None:
    truth = day((0, "start", "a"), (4, "input"), (9, "stop"))
    assert minutes(truth, "a") == [(0, 9)]
    assert truth.totals("a", 2 * MINUTE, 5 * MINUTE) == 3 * MINUTE
    assert truth.slack("a") == 0
    assert truth.gaps("a") == []


def test_what_still_runs_counts_up_to_the_last_fact() -> None:
    assert minutes(day((0, "start", "a"), (7, "look")), "a") == [(0, 7)]


def test_a_pause_is_a_gap_and_a_switch_is_none() -> None:
    truth = day((0, "start", "a"), (2, "pause"), (5, "start"), (6, "switch", "b"), (8, "stop"))
    assert minutes(truth, "a") == [(0, 2), (5, 6)]
    assert minutes(truth, "b") == [(6, 8)]
    assert truth.gaps("a") == [(2 * MINUTE, 5 * MINUTE, "pause")]


@pytest.mark.parametrize(("gone", "back", "kind"), [
    ("lock", "unlock", "lock"), ("sleep", "wake", "suspend"), ("switch-user", "switch-back", "switch-user"),
])  # fmt: skip
def test_an_absence_is_a_gap_and_ends_by_itself_only_if_short(gone: str, back: str, kind: str) -> None:
    truth = day((0, "start", "a"), (2, gone), (12, back), (13, "stop"))
    assert minutes(truth, "a") == [(0, 2), (12, 13)]
    assert truth.gaps("a") == [(2 * MINUTE, 12 * MINUTE, kind)]
    assert minutes(day((0, "start", "a"), (2, gone), (13, back), (15, "look")), "a") == [(0, 2)]


def test_who_is_kept_away_by_two_things_comes_back_after_both() -> None:
    truth = day((0, "start", "a"), (2, "lock"), (3, "sleep"), (4, "wake"), (5, "unlock"), (6, "stop"))
    assert minutes(truth, "a") == [(0, 2), (5, 6)]


def test_a_pause_in_an_absence_is_not_undone_by_coming_back() -> None:
    truth = day((0, "start", "a"), (2, "lock"), (3, "pause"), (4, "unlock"), (6, "look"))
    assert minutes(truth, "a") == [(0, 2)]


def test_a_kill_may_cost_ten_seconds_and_never_more_than_there_were() -> None:
    truth = day((0, "start", "a"), (3, "kill"), (5, "boot"), (7, "start", "a"), (8, "stop"))
    truth.note(Fact(9 * MINUTE, "start", "a"))
    truth.note(Fact(9 * MINUTE + 4 * SECOND, "kill"))
    assert truth.may_miss("a") == [
        (3 * MINUTE - 10 * SECOND, 3 * MINUTE),
        (9 * MINUTE, 9 * MINUTE + 4 * SECOND),
    ]
    assert truth.gaps("a") == [(3 * MINUTE, 7 * MINUTE, "crash")]


def test_idle_time_counts_up_to_the_last_input() -> None:
    truth = day((0, "start", "a"), (4, "input"), (30, "answer"), (31, "input"), (33, "stop"))
    assert minutes(truth, "a") == [(0, 4), (30, 33)]
    assert truth.gaps("a") == [(4 * MINUTE, 30 * MINUTE, "idle")]


def test_a_lock_before_the_threshold_hides_nothing() -> None:
    assert minutes(day((0, "start", "a"), (4, "input"), (13, "lock"), (14, "look")), "a") == [(0, 13)]


def test_a_call_counts_until_it_ends() -> None:
    call = Fact(1 * MINUTE, "announce", end=41 * MINUTE)
    assert minutes(day((0, "start", "a"), call, (50, "stop")), "a") == [(0, 50)]
    assert minutes(day((0, "start", "a"), call, (52, "look")), "a") == [(0, 41)]


def test_a_claim_is_billed_up_to_threshold_and_twenty_minutes() -> None:
    facts = (
        (0, "start", "a"),
        (5, "input"),
        (50, "answer"),
        Fact(0, "claim", "a", end=50 * MINUTE),
        (51, "stop"),
    )
    truth = day(*facts)
    assert minutes(truth, "a", "tracked") == [(0, 5), (50, 51)]
    assert minutes(truth, "a", "idle-claim") == [(5, 35)]
    assert minutes(truth, "a") == [(0, 35), (50, 51)]
    assert truth.gaps("a") == [(35 * MINUTE, 50 * MINUTE, "idle")]
    allowed = day(*facts, a=Agreed(manual=True))
    assert minutes(allowed, "a", "manual") == [(35, 50)]
    assert minutes(allowed, "a") == [(0, 51)]
    undone = day(*facts, Fact(0, "unclaim", "a", end=60 * MINUTE))
    assert minutes(undone, "a") == [(0, 5), (50, 51)]


def test_what_the_owner_removed_stays_removed() -> None:
    gone = Fact(2 * MINUTE, "discard", "a", end=4 * MINUTE)
    truth = day((0, "start", "a"), (6, "stop"), gone, Fact(0, "claim", "a", end=6 * MINUTE))
    assert minutes(truth, "a") == [(0, 2), (4, 6)]
    assert truth.gaps("a") == [(2 * MINUTE, 4 * MINUTE, "removed-by-owner")]


def test_moved_time_counts_where_it_went_and_can_come_back() -> None:
    away = Fact(2 * MINUTE, "move", "a", end=4 * MINUTE, to="b")
    truth = day((0, "start", "a"), (6, "stop"), away)
    assert minutes(truth, "a") == [(0, 2), (4, 6)]
    assert minutes(truth, "b") == [(2, 4)]
    assert truth.gaps("b") == []
    truth.note(Fact(2 * MINUTE, "move", "b", end=4 * MINUTE, to="a"))
    assert minutes(truth, "a") == [(0, 6)]
    assert minutes(truth, "b") == []


def test_what_is_removed_after_it_was_moved_is_removed_where_it_went() -> None:
    away = Fact(2 * MINUTE, "move", "a", end=4 * MINUTE, to="b")
    left = Fact(2 * MINUTE, "discard", "a", end=4 * MINUTE)
    assert minutes(day((0, "start", "a"), (6, "stop"), away, left), "b") == [(2, 4)]
    assert minutes(day((0, "start", "a"), (6, "stop"), left, away), "b") == []
    gone = Fact(2 * MINUTE, "discard", "b", end=4 * MINUTE)
    assert minutes(day((0, "start", "a"), (6, "stop"), away, gone), "b") == []


def test_a_second_is_billed_once_to_the_session_that_began_first() -> None:
    truth = Truth()
    for at, what, contract, device in (
        (0, "start", "a", "x"),
        (2, "start", "b", "y"),
        (3, "start", "a", "z"),
        (5, "stop", "", "x"),
        (7, "stop", "", "y"),
        (8, "stop", "", "z"),
    ):
        truth.note(Fact(at * MINUTE, what, contract, device=device))
    assert minutes(truth, "a") == [(0, 5), (7, 8)]
    assert minutes(truth, "b") == [(5, 7)]


def test_a_discard_on_one_computer_leaves_the_other_one_alone() -> None:
    truth = Truth()
    for at, what, device in ((0, "start", "x"), (1, "start", "y"), (5, "stop", "x"), (6, "stop", "y")):
        truth.note(Fact(at * MINUTE, what, "a", device=device))
    truth.note(Fact(0, "discard", "a", end=5 * MINUTE, device="x"))
    assert minutes(truth, "a") == [(1, 6)]


def test_cells_owe_a_shot_from_a_minute_on() -> None:
    truth = day((9, "start", "a"), (11, "pause"))
    truth.note(Fact(25 * MINUTE, "start", "a"))
    truth.note(Fact(26 * MINUTE - 1, "stop"))
    assert truth.cells_owing("a", CELL, MINUTE) == {0, CELL}


def test_spans() -> None:
    assert union([(3, 5), (1, 2), (4, 9), (7, 7)]) == [(1, 2), (3, 9)]
    assert minus([(0, 10)], [(2, 3), (9, 20)]) == [(0, 2), (3, 9)]
    assert cut([(0, 4), (10, 14)], 6) == ([(0, 4), (10, 12)], [(12, 14)])
    assert length([(0, 4), (2, 6)]) == 6
