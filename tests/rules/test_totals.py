"""Totals and prices: lines by week, kind and price, floored once each; every expected value by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fakes.entries import CLEAR_TERMS, HOUR, MINUTE, RATE, T0, TERMS, amendment, discard, rid, segment
from workdiary.rules.entries import Entry
from workdiary.rules.lines import Closing, lock_lines
from workdiary.rules.policy import STANDARD
from workdiary.rules.projection import project
from workdiary.rules.terms import Terms
from workdiary.rules.totals import Account, account
from workdiary.rules.weeks import week_of

CELL = 10 * MINUTE
WEEK = (week_of(T0).start, week_of(T0).end)


def terms(number: int, rate: dict[str, Any], **changes: Any) -> Entry:
    clear = CLEAR_TERMS | {"from": WEEK[0], "limit_s": None} | changes
    return amendment(number, "terms", clear, values={"rate": rate})


def cells(first: int, count: int, **changes: Any) -> list[Entry]:
    return [
        segment(first + k, T0 + (first + k) * CELL, T0 + (first + k + 1) * CELL, **changes)
        for k in range(count)
    ]


def judged(entries: list[Entry], own: Terms = TERMS) -> Account:
    return account(project(entries), own, STANDARD)


def test_two_rates_in_a_week_are_floored_apart_as_their_lock_does() -> None:
    """1.6 s at one rate and 1.6 s at another are two seconds: the sum of both floored once would be three."""
    raised = terms(2, RATE | {"amount": 5_000}, rev=2, **{"from": T0 + CELL})
    told = [terms(1, RATE), raised, *(segment(k, T0 + k * CELL, T0 + k * CELL + 1_600) for k in (0, 3))]
    totals = judged(told).totals(WEEK)
    lines = lock_lines(told, Closing(WEEK, 999)).lines
    assert (totals.tracked_ms, totals.billable_s, totals.protected_s) == (3_200, 2, 2)
    assert totals.billable_s == sum(line.seconds for line in lines)
    assert totals.amount == sum(line.amount for line in lines)


def test_two_currencies_never_meet_on_a_line() -> None:
    euros = terms(2, RATE | {"currency": "EUR"}, rev=2, **{"from": T0 + 2 * CELL})
    told = [terms(1, RATE), euros, *(segment(10 + k, T0 + k * CELL, T0 + (k + 1) * CELL) for k in range(4))]
    lines = lock_lines(told, Closing(WEEK, 999)).lines
    assert [(line.kind, line.seconds, line.amount) for line in lines] == [("tracked", 1_200, 833)] * 2
    found = judged(told)
    assert found.totals(WEEK).amount is None
    assert found.totals((T0, T0 + 2 * CELL)).amount == 833
    assert found.value_of([rid(10)]) == 416  # 833 for both cells, 417 for what is left
    assert found.value_of([rid(10), rid(13)]) is None


@pytest.mark.parametrize(
    ("currency", "exponent", "rate", "amount"),
    [
        ("JPY", 0, 3_001, 500),  # 500.17
        ("JPY", 0, 3_003, 500),  # 500.5 to even
        ("JPY", 0, 3_009, 502),  # 501.5 to even
        ("KWD", 3, 12_345, 2_058),  # 2057.5 to even
        ("USD", 2, 2_500, 417),  # 416.67
    ],
)
def test_ten_minutes_in_currencies_of_any_exponent(
    currency: str, exponent: int, rate: int, amount: int
) -> None:
    priced = RATE | {"amount": rate, "currency": currency, "exponent": exponent}
    told = [terms(1, priced), *cells(5, 1)]
    assert judged(told).totals(WEEK).amount == amount
    (line,) = lock_lines(told, Closing(WEEK, 999)).lines
    assert line.amount == amount


def test_what_is_removed_below_the_limit_makes_room_for_what_lay_above() -> None:
    limited = replace(TERMS, limit_s=3 * 600)
    found = judged(cells(0, 4), limited)
    assert found.totals(WEEK).over_limit_s == 600
    # the fourth cell takes the first one's place: nothing is lost
    assert found.value_of([rid(0)]) == 0
    assert found.value_of([rid(3)]) == 0
    assert found.value_of([rid(0), rid(1)]) == 417
    assert found.value_of([rid(k) for k in range(4)]) == 1_250


def test_after_the_lock_the_limit_stays_as_it_was_used_up() -> None:
    told = [terms(90, RATE, limit_s=3 * 600), *cells(0, 4)]
    stated = lock_lines(told, Closing(WEEK, 100)).to_json()
    clear = {"span": {"start": WEEK[0], "end": WEEK[1]}, "size": 100, "at": WEEK[1], "log": "x/0/0"}
    found = judged([*told, amendment(100, "lock", clear | stated, role="operator")])
    assert found.value_of([rid(0)]) == 417
    assert found.value_of([rid(3)]) == 0


@settings(max_examples=40)
@given(st.lists(st.integers(1, 600_000), min_size=1, max_size=12), st.integers(0, 7_200), st.randoms())
def test_the_price_is_what_the_week_is_worth_less_afterwards(
    lengths: list[int], limit_s: int, dice: Any
) -> None:
    limited = replace(TERMS, limit_s=limit_s, rate=dice.randrange(1, 10**6))
    entries = [segment(k + 1, T0 + k * CELL, T0 + k * CELL + ms) for k, ms in enumerate(lengths)]
    gone = dice.sample(entries, dice.randrange(len(entries) + 1))
    before = judged(entries, limited)
    removed = [
        discard(100 + k, (entry, entry.number("start"), entry.number("end"))) for k, entry in enumerate(gone)
    ]
    after = judged([*entries, *removed], limited)
    lost = (before.totals(WEEK).amount or 0) - (after.totals(WEEK).amount or 0)
    assert before.value_of([entry.rid for entry in gone]) == lost


def test_every_unprotected_second_has_one_reason() -> None:
    good, idle = cells(0, 1), segment(1, T0 + CELL, T0 + 2 * CELL, memo="work", shot_at=[])
    silent = segment(2, T0 + 2 * CELL, T0 + 3 * CELL, memo="work")
    late = segment(3, T0 + 20 * HOUR, T0 + 20 * HOUR + CELL, active_ms=0, session="x")
    found = judged([*good, idle, silent, late])
    assert found.unprotected_s(WEEK) == {"evidence": 600, "memo": 600, "activity": 600}
    assert found.unprotected_s((T0, T0 + CELL)) == {}
    totals = found.totals(WEEK)
    assert totals.protected_s + sum(found.unprotected_s(WEEK).values()) == totals.billable_s
