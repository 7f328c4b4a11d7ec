"""Whatever arrives, in whatever order: the same diary, no raised error, no second counted twice."""

from __future__ import annotations

import itertools
import random
from collections import defaultdict
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fakes.entries import T0, TERMS
from tests.fakes.histories import MONDAY, WEEK, History
from workdiary.rules.dayview import day_view
from workdiary.rules.diary import Diary
from workdiary.rules.entries import Entry
from workdiary.rules.lines import Closing, lock_lines
from workdiary.rules.pay import pay_of
from workdiary.rules.policy import STANDARD
from workdiary.rules.projection import project
from workdiary.rules.recheck import Ground
from workdiary.rules.rounding import credits_of
from workdiary.rules.terms import Terms
from workdiary.rules.totals import account

SEEDS = st.integers(0, 2**32)
FEW = st.integers(0, 25)


def doubled(entries: list[Entry], order: random.Random) -> list[Entry]:
    """The same records in another order, some twice, some with fewer disclosures the second time."""
    again = [
        replace(entry, values=dict(list(entry.values.items())[: order.randrange(3)]))
        for entry in order.sample(entries, k=len(entries) // 2)
    ]
    copies = [entry for entry in again if order.random() < 0.5]
    return [*entries, *copies, *order.sample(entries, k=len(entries) // 3)]


@settings(max_examples=80)
@given(SEEDS, FEW, st.sampled_from([0, 30]), st.randoms(use_true_random=False))
def test_any_order_of_arrival_gives_the_same_diary(
    seed: int, records: int, hostile: int, order: random.Random
) -> None:
    known = doubled(History(seed, hostile).tell(records), order)
    elsewhere = [(T0, T0 + 60_000)] if seed % 3 == 0 else []
    expected = project(known, elsewhere=elsewhere)
    shuffled = list(known)
    order.shuffle(shuffled)
    assert project(shuffled, elsewhere=elsewhere) == expected


@settings(max_examples=80)
@given(SEEDS, FEW)
def test_no_instant_counts_twice_and_gaps_hold_none_that_counts(seed: int, records: int) -> None:
    diary = project(History(seed, 10).tell(records))
    spans = sorted([span for s in diary.segments for span in s.time.spans] + [gap.span for gap in diary.gaps])
    assert all(before[1] <= after[0] for before, after in itertools.pairwise(spans))
    for shown in diary.segments:
        assert 0 <= shown.tracked_ms <= shown.time.tracked <= shown.end - shown.start


@settings(max_examples=80)
@given(SEEDS, FEW)
def test_nothing_that_a_hostile_record_holds_makes_anything_raise(seed: int, records: int) -> None:
    known = History(seed, 60).tell(records)
    diary = project(known)
    account(diary, TERMS, STANDARD).totals((MONDAY, MONDAY + WEEK))
    day_view(diary, "2026-11-16", "Africa/Nairobi", STANDARD, TERMS)
    pay_of(known, Ground())


@settings(max_examples=80)
@given(SEEDS, FEW, FEW)
def test_what_a_lock_has_counted_stays(seed: int, before: int, after: int) -> None:
    """Whatever is logged behind a lock, its lines come out of all records as they came out then."""
    history = History(seed)
    known = [entry for entry in history.tell(before) if entry.kind != "lock"]
    size = max((entry.index or 0) for entry in known) + 1
    closing = Closing((MONDAY, MONDAY + WEEK), size)
    stated = lock_lines(known, closing)
    lock = history.lock(closing, stated)
    more = [*known, lock, *(entry for entry in history.more(after) if entry.kind != "erase")]
    assert lines_of(project(more)) == {line.kind: line.ms for line in stated.lines}
    found = pay_of(more, Ground())
    assert found.locks[lock.place].word == ("MATCHES" if stated.rated and stated.agreed else "NOT-STATED")


def lines_of(diary: Diary) -> dict[str, int]:
    """What the diary as it is now says of the first week, whatever came since."""
    found: dict[str, int] = defaultdict(int)
    for credit in credits_of(diary.segments, diary.book.or_else(Terms()), STANDARD):
        if diary.segments[credit.position].start < MONDAY + WEEK and credit.line != "after-lock":
            found[credit.line] += credit.billable_ms
            found["over-limit"] += credit.over_ms
    return {kind: ms for kind, ms in found.items() if ms}


@settings(max_examples=60)
@given(SEEDS, FEW, st.booleans())
def test_every_second_is_billed_by_one_lock_at_most(seed: int, records: int, more: bool) -> None:
    """The lines of successive locks never bill more than was tracked."""
    history = History(seed, rounding="exact")
    known = [
        replace(entry, index=entry.index or 0) for entry in history.tell(records) if entry.kind != "lock"
    ]
    locks: list[Entry] = []
    billed = 0
    for week in range(3):
        size = max(entry.index or 0 for entry in [*known, *locks]) + 1
        closing = Closing((MONDAY + week * WEEK, MONDAY + (week + 1) * WEEK), size)
        stated = lock_lines([*known, *locks], closing)
        billed += sum(line.ms for line in stated.lines if line.kind != "over-limit")
        locks.append(history.lock(closing, stated))
        if more:
            known += [entry for entry in history.more(5) if entry.kind != "lock"]
    whole = sum(segment.time.tracked for segment in project([*known, *locks]).segments)
    assert billed <= whole
