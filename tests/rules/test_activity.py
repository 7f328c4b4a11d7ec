from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workdiary.rules.activity import BucketFacts, active_ms, bucket_active, level


@pytest.mark.parametrize(
    ("active", "tracked", "expected"),
    [
        (0, 600_000, 0),
        (29_999, 600_000, 0),
        (30_000, 600_000, 1),  # 0.5 goes up
        (300_000, 600_000, 5),
        (570_000, 600_000, 10),
        (569_999, 600_000, 9),
        (1, 3, 3),
        (90_000, 90_000, 10),  # a partial segment is not punished
        (0, 0, 0),
        (700_000, 600_000, 10),
    ],
)
def test_level_is_rounded_half_up(active: int, tracked: int, expected: int) -> None:
    assert level(active, tracked) == expected


@given(st.integers(0, 10**7), st.integers(1, 10**7))
def test_level_stays_on_the_scale_and_grows_with_activity(active: int, tracked: int) -> None:
    assert 0 <= level(active, tracked) <= level(active + 1, tracked) <= 10


def test_a_bucket_is_active_by_one_event_of_a_person() -> None:
    assert bucket_active(BucketFacts(events=1, injected=0, active_s=0), "full")
    assert not bucket_active(BucketFacts(events=0, injected=0, active_s=60), "full")
    assert not bucket_active(BucketFacts(events=7, injected=7, active_s=9), "full")
    assert bucket_active(BucketFacts(events=7, injected=6, active_s=9), "full")


def test_declared_assistive_input_counts() -> None:
    assert bucket_active(BucketFacts(events=7, injected=7, active_s=9), "full", assistive=True)
    assert not bucket_active(BucketFacts(events=0, injected=0, active_s=9), "full", assistive=True)


def test_where_nothing_is_counted_the_idle_monitor_decides() -> None:
    assert bucket_active(BucketFacts(events=0, injected=0, active_s=1), "active-only")
    assert not bucket_active(BucketFacts(events=5, injected=0, active_s=0), "active-only")
    assert not bucket_active(BucketFacts(events=5, injected=0, active_s=9), "none")


def test_active_time_is_the_tracked_time_of_active_buckets() -> None:
    assert active_ms([(60_000, True), (60_000, False), (12_345, True)]) == 72_345
