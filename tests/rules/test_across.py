"""Two contracts of one freelancer: no second twice, no cell for both (product.md, Time 3, 5)."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fakes.entries import CLEAR_TERMS, MINUTE, RATE, T0, amendment, segment
from workdiary.rules.across import lost_to, sittings
from workdiary.rules.entries import Entry
from workdiary.rules.policy import STANDARD
from workdiary.rules.projection import project
from workdiary.rules.rounding import credits_of
from workdiary.rules.spans import Spans
from workdiary.rules.terms import Terms

CELL = 10 * MINUTE


def contract(rounding: str, *worked: tuple[int, int, bool], session: str = "s") -> list[Entry]:
    """Minutes from and to, and whether the drawn instant fell in them."""
    clear = CLEAR_TERMS | {"from": 0, "limit_s": None, "rounding": rounding}
    return [
        amendment(1, "terms", clear, values={"rate": RATE}),
        *(
            segment(10 + k, T0 + low * MINUTE, T0 + high * MINUTE, hit=hit, session=f"{session}{k}")
            for k, (low, high, hit) in enumerate(worked)
        ),
    ]


def lost(mine: list[Entry], theirs: list[Entry], *, later: bool = False) -> Spans:
    first, second = (sittings(project(entries), STANDARD) for entries in (mine, theirs))
    return lost_to(first, second, later=later)


def billed(entries: list[Entry], elsewhere: Spans) -> int:
    diary = project(entries, elsewhere=elsewhere)
    found = credits_of(diary.segments, diary.book.or_else(Terms()), STANDARD)
    return sum(credit.billable_ms for credit in found) // MINUTE


@pytest.mark.parametrize(
    ("mine", "theirs", "expected"),
    [
        # exact and exact: the same seconds go to the session that began first
        (("exact", (0, 8, False)), ("exact", (4, 9, False)), (8, 1)),
        # a whole cell each, without a second in common: the first has it
        (("cell", (0, 5, True)), ("cell", (5, 10, True)), (10, 0)),
        (("cell", (0, 5, False)), ("cell", (5, 10, True)), (0, 0)),
        # ten minutes and five in the same ten would be fifteen
        (("cell", (0, 5, True)), ("exact", (5, 10, False)), (10, 0)),
        (("exact", (0, 5, False)), ("cell", (5, 10, True)), (5, 0)),
        # a cell whose instant fell in no tracked time takes nothing from anybody
        (("cell", (0, 5, False)), ("exact", (5, 10, False)), (0, 5)),
        (("cell", (0, 10, True)), ("cell", (10, 20, True)), (10, 10)),
    ],
)
def test_a_cell_is_credited_to_one_contract_only(
    mine: tuple[str, tuple[int, int, bool]],
    theirs: tuple[str, tuple[int, int, bool]],
    expected: tuple[int, int],
) -> None:
    first, second = contract(*mine), contract(*theirs, session="t")
    assert (billed(first, lost(first, second)), billed(second, lost(second, first))) == expected


def test_of_two_sessions_that_began_together_one_has_the_time() -> None:
    first, second = contract("exact", (0, 5, False)), contract("exact", (0, 5, False), session="t")
    assert lost(first, second, later=True) == ((T0, T0 + 5 * MINUTE),)
    assert lost(second, first, later=False) == ()


@settings(max_examples=60)
@given(st.integers(0, 2**32))
def test_no_ten_minutes_are_billed_for_more_than_ten(seed: int) -> None:
    dice = random.Random(seed)

    def some(session: str) -> list[Entry]:
        cells = sorted(dice.sample(range(8), dice.randrange(1, 6)))
        worked = []
        for cell in cells:
            low, high = sorted(dice.sample(range(11), 2))
            worked.append((cell * 10 + low, cell * 10 + high, dice.random() < 0.6))
        return contract(dice.choice(["exact", "cell"]), *worked, session=session)

    first, second = some("s"), some("t")
    spans = lost(first, second, later=False), lost(second, first, later=True)
    for low in range(T0, T0 + 8 * CELL, CELL):
        inside = 0
        for entries, elsewhere in ((first, spans[0]), (second, spans[1])):
            diary = project(entries, elsewhere=elsewhere)
            for credit in credits_of(diary.segments, diary.book.or_else(Terms()), STANDARD):
                inside += credit.billable_in((low, low + CELL))
        assert inside <= CELL
