"""What is said beside the pay words: on whose terms and whose word they rest."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests.fakes.entries import CLEAR_TERMS, RATE, T0, amendment, discard, segment
from workdiary.rules.entries import Entry
from workdiary.rules.lines import Closing, WeekLines, lock_lines
from workdiary.rules.pay import pay_of
from workdiary.rules.recheck import Ground
from workdiary.rules.weeks import week_of

MINUTE = 60_000
SPAN = (week_of(T0).start, week_of(T0).end)
OWN = "The terms are the freelancer's own: no client has signed them."
LOCK = (0, 9)


def terms(number: int, role: str = "freelancer", accepts: str | None = None) -> Entry:
    clear = CLEAR_TERMS | {"from": SPAN[0], "limit_s": None, "accepts": accepts}
    return amendment(number, "terms", clear, role=role, values={"rate": RATE})


def lock(entries: list[Entry], stated: WeekLines | None = None, **changes: Any) -> Entry:
    stated = stated or lock_lines(entries, Closing(SPAN, 9))
    clear = {"week": week_of(T0).iso, "span": {"start": SPAN[0], "end": SPAN[1]}, "size": 9, "at": SPAN[1]}
    told = {"log": f"workdiary/{'0' * 32}/0"}
    return amendment(9, "lock", clear | told | stated.to_json() | changes, role="operator")


def cell(number: int) -> Entry:
    return segment(number, T0, T0 + 10 * MINUTE)


def test_terms_that_no_client_has_signed_are_called_the_freelancers_own() -> None:
    alone = [terms(1), cell(3)]
    found = pay_of([*alone, lock(alone)], Ground())
    assert (found.words[LOCK], found.why) == ("MATCHES", (OWN,))
    # a client who comes after the lock has not agreed to what it counted
    assert OWN in pay_of([*alone, lock(alone), terms(12, "client")], Ground()).why


def test_terms_of_both_sides_need_no_remark() -> None:
    offered = terms(1, "client")
    agreed = [offered, terms(2, accepts=offered.id), cell(3)]
    found = pay_of([*agreed, lock(agreed)], Ground())
    assert (found.words[LOCK], found.why) == ("MATCHES", ())


def test_without_any_terms_nobody_is_said_to_have_signed() -> None:
    assert OWN not in pay_of([cell(3), lock([cell(3)])], Ground()).why


def test_what_the_operator_left_out_is_named_even_where_nothing_can_be_recomputed() -> None:
    alone = [terms(1), cell(3)]
    made = lock_lines(alone, Closing(SPAN, 9, elsewhere=((T0, T0 + 5 * MINUTE),)))
    found = pay_of([*alone, lock(alone, made)], Ground(covered=(T0, T0 + 1)))
    assert found.words[LOCK] == "NOT-STATED"
    assert any("5 min are left out because, as the operator says" in sentence for sentence in found.why)


def test_time_that_the_log_held_and_the_locks_size_passes_over_differs() -> None:
    """A lock that names an old size defers, or drops, all that was logged since."""
    left, gone = replace(cell(5), received=SPAN[1] - 11 * MINUTE), [terms(1), cell(3)]
    short = lock(gone, lock_lines(gone, Closing(SPAN, 4)), size=4)
    found = pay_of([*gone, left, short], Ground())
    assert found.words[LOCK] == "DIFFERS"
    assert any("1 record of that time was in the log before the lock" in sentence for sentence in found.why)
    dated_back = replace(short, clear={**short.clear, "at": T0}, received=SPAN[1] + 25 * 60 * MINUTE)
    assert pay_of([*gone, left, dated_back], Ground()).words[LOCK] == "DIFFERS"
    withdrawn = discard(6, (cell(3), T0, T0 + MINUTE), why="owner")
    assert pay_of([*gone, replace(withdrawn, received=T0), short], Ground()).words[LOCK] == "DIFFERS"


def test_time_that_arrives_while_the_week_is_being_locked_is_named_and_no_difference() -> None:
    counted = [terms(1), cell(3)]
    short = lock(counted, lock_lines(counted, Closing(SPAN, 4)), size=4)
    other_week = replace(segment(6, SPAN[1], SPAN[1] + MINUTE), received=SPAN[1] - MINUTE)
    for received in (None, SPAN[1] + MINUTE):
        found = pay_of([*counted, replace(cell(5), received=received), other_week, short], Ground())
        assert found.words[LOCK] == "MATCHES"
        assert any("1 record of that time was logged just before the lock" in told for told in found.why)
    assert pay_of([*counted, other_week, short], Ground()).why == (OWN,)
