from __future__ import annotations

import pytest

from tests.fakes.entries import MINUTE, T0, discard, segment
from workdiary.rules.entries import Entry
from workdiary.rules.projection import project


def minutes(*entries: Entry) -> list[tuple[int, int, str]]:
    return [((gap.start - T0) // MINUTE, (gap.end - T0) // MINUTE, gap.kind) for gap in project(entries).gaps]


def pair(close: str, *, same_session: bool) -> tuple[Entry, Entry]:
    session = "session-1" if same_session else "session-2"
    first = segment(1, T0, T0 + 7 * MINUTE, close=close)
    return first, segment(2, T0 + 20 * MINUTE, T0 + 30 * MINUTE, session=session, close="stop")


@pytest.mark.parametrize("close", ["pause", "idle", "lock", "suspend", "switch-user", "shutdown", "crash"])
def test_a_gap_has_the_kind_of_the_close_before_it(close: str) -> None:
    assert minutes(*pair(close, same_session=True)) == [(7, 20, close)]


@pytest.mark.parametrize("close", ["lock", "suspend", "switch-user", "shutdown", "crash"])
def test_what_nobody_chose_reaches_to_the_next_session(close: str) -> None:
    assert minutes(*pair(close, same_session=False)) == [(7, 20, close)]


@pytest.mark.parametrize("close", ["pause", "idle"])
def test_a_pause_ends_with_its_session(close: str) -> None:
    assert minutes(*pair(close, same_session=False)) == []


@pytest.mark.parametrize("same_session", [True, False])
@pytest.mark.parametrize("close", ["stop", "cell", "memo", "label", "terms", "backend", "clock-step"])
def test_other_closes_leave_no_gap(close: str, same_session: bool) -> None:
    assert minutes(*pair(close, same_session=same_session)) == []


def test_without_a_next_segment_there_is_no_gap() -> None:
    assert minutes(segment(1, T0, T0 + 7 * MINUTE, close="crash")) == []


def test_touching_segments_leave_no_gap() -> None:
    first = segment(1, T0, T0 + 7 * MINUTE, close="lock")
    assert minutes(first, segment(2, T0 + 7 * MINUTE, T0 + 9 * MINUTE)) == []


def test_time_that_another_device_counts_is_no_gap() -> None:
    first, second = pair("crash", same_session=True)
    other = segment(3, T0 + 10 * MINUTE, T0 + 15 * MINUTE, session="s-3", stream="b", close="stop")
    assert minutes(first, second, other) == [(7, 10, "crash"), (15, 20, "crash")]


def test_a_crash_gap_starts_where_the_recovered_segment_ends() -> None:
    first = segment(1, T0, T0 + 3 * MINUTE, close="crash", recovered=True)
    assert minutes(first, segment(2, T0 + 5 * MINUTE, T0 + 9 * MINUTE, session="s-2")) == [(3, 5, "crash")]


def test_neighbouring_gaps_of_one_kind_are_one_gap() -> None:
    first, second = segment(1, T0, T0 + 10 * MINUTE), segment(2, T0 + 10 * MINUTE, T0 + 20 * MINUTE)
    gone = discard(3, (first, T0, T0 + 10 * MINUTE), (second, T0 + 10 * MINUTE, T0 + 15 * MINUTE))
    assert minutes(first, second, gone) == [(0, 15, "removed-by-owner")]


def test_what_the_owner_removed_stays_that_beside_an_idle_discard() -> None:
    entry = segment(1, T0, T0 + 10 * MINUTE)
    idle = discard(2, (entry, T0 + 2 * MINUTE, T0 + 10 * MINUTE), why="idle")
    owner = discard(3, (entry, T0 + 4 * MINUTE, T0 + 6 * MINUTE))
    assert minutes(entry, idle, owner) == [(2, 4, "idle"), (4, 6, "removed-by-owner"), (6, 10, "idle")]


def test_a_segment_without_length_leaves_its_gap() -> None:
    first = segment(1, T0, T0, close="crash", shot_at=[], tracked=0)
    assert minutes(first, segment(2, T0 + 5 * MINUTE, T0 + 9 * MINUTE)) == [(0, 5, "crash")]
