from __future__ import annotations

import itertools
import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fakes.entries import HOUR, MINUTE, T0, TERMS, amendment, discard, segment
from workdiary.rules.entries import Entry
from workdiary.rules.policy import STANDARD
from workdiary.rules.projection import project
from workdiary.rules.rounding import Credit, credits_of, limit_warning
from workdiary.rules.terms import Terms

CELL = 10 * MINUTE
ALL = (0, 2**45)
BY_CELL = replace(TERMS, rounding="cell")


def credited(entries: list[Entry], terms: Terms = TERMS) -> list[Credit]:
    return credits_of(project(entries).segments, terms, STANDARD)


def billable(entries: list[Entry], terms: Terms = TERMS) -> list[int]:
    return [credit.billable_ms for credit in credited(entries, terms)]


def manual(number: int, start: int, length: int) -> Entry:
    clear = {"start": start, "end": start + length, "tracked": length, "replaces": None}
    return amendment(number, "manual", clear, values={"memo": "call with the client", "label": None})


def test_exact_rounding_bills_the_tracked_time() -> None:
    assert billable([segment(1, T0, T0 + 61_234, tracked=61_000)]) == [61_000]


def test_by_cell_ten_minutes_count_if_the_drawn_instant_was_tracked() -> None:
    hit, missed = segment(1, T0, T0 + MINUTE), segment(2, T0 + CELL, T0 + 2 * CELL, hit=False)
    assert billable([hit, missed], BY_CELL) == [CELL, 0]


def test_by_cell_a_cell_is_credited_once() -> None:
    first = segment(1, T0, T0 + 4 * MINUTE)
    second = segment(2, T0 + 5 * MINUTE, T0 + 9 * MINUTE, stream="b", session="b")
    assert billable([first, second], BY_CELL) == [CELL, 0]


def test_by_cell_a_segment_that_lost_time_does_not_carry_the_cell() -> None:
    entry = segment(1, T0, T0 + CELL)
    assert billable([entry, discard(2, (entry, T0, T0 + MINUTE))], BY_CELL) == [0]


@settings(max_examples=50)
@given(
    st.lists(st.integers(0, 600_000), min_size=2, max_size=12, unique=True),
    st.integers(0, 599_999),
    st.randoms(),
)
def test_by_cell_a_session_of_several_segments_has_the_cell_if_the_instant_was_tracked(
    bounds: list[int], instant: int, dice: random.Random
) -> None:
    """Ten minutes if and only if the instant drawn over the whole cell fell in tracked time (Time 3)."""
    pairs = [(low, high) for low, high in itertools.pairwise(sorted(bounds)) if dice.random() < 0.6]
    entries = [
        segment(k + 1, T0 + low, T0 + high, hit=low <= instant < high, open="memo", close="memo")
        for k, (low, high) in enumerate(pairs)
    ]
    tracked = any(low <= instant < high for low, high in pairs)
    dice.shuffle(entries)
    assert sum(billable(entries, BY_CELL)) == (CELL if tracked else 0)
    other = [segment(90, T0 + CELL, T0 + 2 * CELL, hit=False)]
    assert sum(billable([*entries, *other], BY_CELL)) == (CELL if tracked else 0)


def test_a_cell_credit_is_cut_by_milliseconds_like_any_other() -> None:
    (credit,) = credited([segment(1, T0 + MINUTE, T0 + 2 * MINUTE)], BY_CELL)
    assert credit.billable_in((0, T0 + 15_001)) == 15_001
    assert credit.billable_in((T0 + 15_001, 2**45)) == CELL - 15_001


def test_the_weekly_limit_is_used_up_by_start_time_and_to_the_millisecond() -> None:
    entries = [segment(k + 1, T0 + k * CELL, T0 + (k + 1) * CELL) for k in range(4)]
    found = credited(entries[::-1], replace(TERMS, limit_s=25 * 60))
    assert [credit.billable_ms // MINUTE for credit in found] == [10, 10, 5, 0]
    assert [credit.over_ms // MINUTE for credit in found] == [0, 0, 5, 10]
    assert found[2].billable_in((0, T0 + 25 * MINUTE)) == 5 * MINUTE
    assert found[2].over_in((T0 + 25 * MINUTE, 2**45)) == 5 * MINUTE


def test_the_limit_begins_anew_each_monday() -> None:
    week = 7 * 24 * HOUR
    entries = [segment(1, T0, T0 + CELL), segment(2, T0 + week, T0 + week + CELL)]
    assert billable(entries, replace(TERMS, limit_s=300)) == [300_000, 300_000]


def test_a_limit_of_nothing_bills_nothing() -> None:
    (credit,) = credited([segment(1, T0, T0 + CELL)], replace(TERMS, limit_s=0))
    assert (credit.billable_ms, credit.over_ms) == (0, CELL)


def test_manual_time_needs_permission_and_uses_the_limit() -> None:
    entries = [manual(1, T0, CELL), segment(2, T0 + CELL, T0 + 2 * CELL)]
    assert billable(entries) == [0, CELL]
    allowed = replace(TERMS, manual=True, limit_s=900)
    assert billable(entries, allowed) == [CELL, 5 * MINUTE]


def test_an_idle_claim_is_billed_up_to_threshold_and_twenty_minutes() -> None:
    cells = [segment(k + 1, T0 + k * CELL, T0 + (k + 1) * CELL) for k in range(4)]
    idle = discard(10, *((c, c.number("start"), c.number("end")) for c in cells), why="idle")
    spans = [{"tgt": c.id, "start": c.number("start"), "end": c.number("end")} for c in cells]
    claim = amendment(11, "idle-claim", {"tgt": idle.id, "spans": spans}, values={"memo": "reading"})
    found = [c for c in credited([*cells, idle, claim]) if c.line == "idle-claim"]
    assert sum(c.billable_ms for c in found) == 30 * MINUTE
    permitted = credited([*cells, idle, claim], replace(TERMS, manual=True))
    assert sum(c.billable_ms for c in permitted if c.line == "idle-claim") == 40 * MINUTE


def test_neither_fixed_price_nor_refused_time_is_billed_by_the_hour() -> None:
    assert billable([segment(1, T0, T0 + CELL)], replace(TERMS, kind="fixed")) == [0]
    assert billable([segment(1, T0, T0 + CELL, state="quarantined", index=None)]) == [0]


@given(
    st.lists(st.integers(1, 600_000), min_size=1, max_size=12),
    st.integers(0, 7_200) | st.none(),
    st.lists(st.integers(0, 7_200_000), max_size=5),
    st.sampled_from(["exact", "cell"]),
)
def test_cut_anywhere_the_parts_add_up(
    lengths: list[int], limit_s: int | None, cuts: list[int], rounding: str
) -> None:
    entries = [segment(k + 1, T0 + k * CELL, T0 + k * CELL + ms) for k, ms in enumerate(lengths)]
    found = credited(entries, replace(TERMS, limit_s=limit_s, rounding=rounding))
    bounds = [0, *sorted(T0 + cut for cut in cuts), 2**45]
    windows = list(itertools.pairwise(bounds))
    for credit in found:
        assert sum(credit.billable_in(window) for window in windows) == credit.billable_ms
        assert sum(credit.over_in(window) for window in windows) == credit.over_ms
    if limit_s is not None:
        total = sum(credit.billable_ms + credit.over_ms for credit in found)
        assert sum(credit.billable_ms for credit in found) == min(total, limit_s * 1_000)


@pytest.mark.parametrize(
    ("used_s", "limit_s", "mark"),
    [
        (0, 1_000, None),
        (799, 1_000, None),
        (800, 1_000, 80),
        (950, 1_000, 95),
        (5_000, 1_000, 100),
        (9, None, None),
    ],
)
def test_warnings_come_at_eighty_ninety_five_and_a_hundred_per_cent(
    used_s: int, limit_s: int, mark: int | None
) -> None:
    assert limit_warning(used_s * 1_000, limit_s, STANDARD) == mark


def test_without_a_limit_nothing_is_warned_of() -> None:
    assert limit_warning(10**12, None, STANDARD) is None
