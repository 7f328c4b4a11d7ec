"""Every event in exactly one bucket, whatever the drains' times."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from workdiary.client.capture.port import InputCounts
from workdiary.client.segment.activity import BucketRules, Tally

CELL = 1_795_165_200_000
RULES = BucketRules(cell_ms=CELL, bucket_ms=60_000, counts="full")


def keys(number: int, *, injected: int = 0) -> InputCounts:
    return InputCounts(keys=number, injected=injected, effective=number - injected)


def test_buckets_cover_the_segment_and_nothing_else() -> None:
    tally = Tally(RULES)
    buckets = tally.buckets(CELL + 30_000, CELL + 150_500)
    assert [(b.start_ms - CELL, b.len_ms) for b in buckets] == [
        (30_000, 30_000),
        (60_000, 60_000),
        (120_000, 30_500),
    ]
    assert not any(b.active or b.active_s for b in buckets)


def test_an_edge_belongs_to_the_bucket_before_it() -> None:
    tally = Tally(RULES)
    tally.add(CELL + 59_003, keys(5), touched=True)
    tally.add(CELL + 60_000, keys(7), touched=True)
    assert [b.keys for b in tally.buckets(CELL, CELL + 120_000)] == [5, 7]


def test_injected_input_does_not_make_a_bucket_active() -> None:
    tally = Tally(RULES)
    tally.add(CELL, keys(5, injected=5), touched=True)
    tally.add(CELL + 60_000, keys(5, injected=4), touched=True)
    assert [b.active for b in tally.buckets(CELL, CELL + 120_000)] == [False, True]


def test_injected_input_counts_where_it_is_declared() -> None:
    tally = Tally(BucketRules(CELL, 60_000, "full", assistive=True))
    tally.add(CELL, keys(5, injected=5), touched=True)
    assert tally.buckets(CELL, CELL + 60_000)[0].active


def test_movement_alone_is_not_work() -> None:
    tally = Tally(RULES)
    tally.add(CELL, InputCounts(moves=9), touched=True)
    bucket = tally.buckets(CELL, CELL + 60_000)[0]
    assert (bucket.active, bucket.moves, bucket.active_s) == (False, 9, 1)


def test_without_counts_a_second_of_input_makes_it_active() -> None:
    tally = Tally(BucketRules(CELL, 60_000, "active-only"))
    tally.add(CELL, InputCounts(), touched=False)
    assert not tally.buckets(CELL, CELL + 60_000)[0].active
    tally.add(CELL + 1_000, InputCounts(), touched=True)
    assert tally.buckets(CELL, CELL + 60_000)[0].active


def test_two_drains_of_one_second_are_one_active_second() -> None:
    tally = Tally(RULES)
    tally.add(CELL + 1_000, keys(1), touched=True)
    tally.add(CELL + 1_400, keys(1), touched=True)
    bucket = tally.buckets(CELL, CELL + 60_000)[0]
    assert (bucket.keys, bucket.active_s) == (2, 1)


drains = st.lists(
    st.tuples(st.integers(0, 90_000), st.integers(0, 50), st.integers(0, 3), st.booleans()), max_size=40
)


@given(drains, st.integers(0, 599_999))
def test_no_event_is_lost_or_doubled(steps: list[tuple[int, int, int, bool]], offset: int) -> None:
    tally, at = Tally(RULES), CELL + offset
    for pause, pressed, scrolled, injected in steps:
        counts = InputCounts(keys=pressed, scrolls=scrolled, injected=pressed if injected else 0)
        tally.add(at, counts, touched=counts.any())
        at += pause
    end = min(at, CELL + 600_000)
    buckets = tally.buckets(CELL + offset, end)
    assert sum(b.keys for b in buckets) == sum(s[1] for s in steps)
    assert sum(b.scrolls for b in buckets) == sum(s[2] for s in steps)
    assert sum(b.injected for b in buckets) == sum(s[1] for s in steps if s[3])
    assert sum(b.len_ms for b in buckets) == end - CELL - offset
    assert all(b.active_s <= -(-b.len_ms // 1000) for b in buckets)
    assert len(buckets) <= 10
