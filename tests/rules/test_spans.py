from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from workdiary.rules.spans import Measure, clip, length, merge, subtract

POINT = st.integers(0, 60)
SPANS = st.lists(st.tuples(POINT, POINT), max_size=8)


def instants(spans: object) -> set[int]:
    return {instant for start, end in spans for instant in range(start, end)}  # type: ignore[attr-defined]


@given(SPANS)
def test_merge_keeps_the_instants_and_nothing_touches(spans: list[tuple[int, int]]) -> None:
    merged = merge(spans)
    assert instants(merged) == instants(spans)
    assert length(merged) == len(instants(spans))
    assert all(a[1] < b[0] for a, b in itertools.pairwise(merged))


@given(SPANS, SPANS)
def test_subtract_is_set_difference(spans: list[tuple[int, int]], holes: list[tuple[int, int]]) -> None:
    assert instants(subtract(spans, holes)) == instants(spans) - instants(holes)


@given(SPANS, st.tuples(POINT, POINT))
def test_clip_is_intersection(spans: list[tuple[int, int]], window: tuple[int, int]) -> None:
    assert instants(clip(spans, window)) == instants(spans) & instants([window])


@given(
    st.integers(0, 10**13),
    st.integers(1, 600_000),
    st.integers(0, 600_000),
    st.lists(st.integers(0, 600_000), max_size=6),
)
def test_however_time_is_cut_the_parts_add_up(start: int, span: int, tracked: int, cuts: list[int]) -> None:
    tracked = min(tracked, span)
    measure = Measure.whole(start, start + span, tracked)
    bounds = [start, *sorted(start + min(cut, span) for cut in cuts), start + span]
    parts = [measure.between(a, b) for a, b in itertools.pairwise(bounds)]
    assert sum(parts) == measure.total == tracked
    holes = list(zip(bounds[::2], bounds[1::2], strict=False))
    assert measure.without(holes).total + sum(measure.between(*hole) for hole in holes) == tracked


def test_time_without_length_counts_nothing() -> None:
    assert Measure.whole(5, 5, 0).total == 0
    assert Measure.whole(5, 5, 0).between(0, 10) == 0
