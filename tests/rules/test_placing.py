"""`clock-place`: time of a wrong clock is placed and split at cell bounds (product.md, Time 2)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.fakes.entries import HOUR, MINUTE, T0, amendment, discard, segment, stored
from workdiary.rules.diary import DiarySegment
from workdiary.rules.entries import Entry
from workdiary.rules.projection import project

CELL = 10 * MINUTE
BACK = 365 * 24 * HOUR
MONO = 5_000_000


def unsure(number: int = 1, **changes: Any) -> Entry:
    """Ten minutes from 10:04 on that a clock one year behind put into a cell of its own."""
    start = T0 - BACK
    mono = {"mono0": MONO, "mono1": MONO + CELL}
    given = {"clock_unsure": True, "boot": "boot-1", **mono} | changes
    return segment(number, start, start + CELL, shot_at=[start + MINUTE, start + 8 * MINUTE], **given)


def place(number: int = 2, at: int = T0 + 4 * MINUTE, **changes: Any) -> Entry:
    """Says that the segment began at `at`."""
    own = {name: changes.pop(name) for name in ("role", "stream", "account", "index") if name in changes}
    clear = {"boot": "boot-1", "mono": MONO + HOUR, "server_time": at + HOUR} | changes
    return amendment(number, "clock-place", clear, **own)


def bounds(segments: tuple[DiarySegment, ...]) -> list[tuple[int, int, int]]:
    return [((s.start - T0) // MINUTE, (s.end - T0) // MINUTE, s.tracked_ms) for s in segments]


def test_it_is_placed_and_split_at_the_cells_bound_without_losing_a_millisecond() -> None:
    entry = unsure(tracked=CELL - 7)
    first, second = project([entry, place()], stored=stored(entry)).segments
    assert bounds((first, second)) == [(4, 10, first.tracked_ms), (10, 14, second.tracked_ms)]
    assert first.tracked_ms + second.tracked_ms == CELL - 7
    assert (first.open, first.close, second.open, second.close) == ("start", "cell", "cell", "cell")
    assert first.placed
    assert not first.clock_unsure
    # each image where it was taken; the other is still evidence of the record
    assert [(shot.facts["at"] - T0) // MINUTE for shot in (*first.shots, *second.shots)] == [5, 12]
    assert [len(s.images) for s in (first, second)] == [2, 2]
    assert [s.hit for s in (first, second)] == [True, False]


def test_one_that_fits_its_cell_stays_whole() -> None:
    (shown,) = project([unsure(), place(at=T0)]).segments
    assert bounds((shown,)) == [(0, 10, CELL)]


def test_what_was_discarded_by_its_own_clock_stays_discarded_where_it_is_placed() -> None:
    entry = unsure()
    start = entry.number("start")
    gone = discard(3, (entry, start, start + MINUTE))
    diary = project([entry, place(), gone])
    assert sum(s.tracked_ms for s in diary.segments) == 9 * MINUTE
    assert [((g.start - T0) // MINUTE, (g.end - T0) // MINUTE) for g in diary.gaps] == [(4, 5)]


@pytest.mark.parametrize(
    "said",
    [
        place(boot="boot-2"),
        place(stream="stream-2"),
        place(role="client"),
        place(account="account-x"),
        place(server_time=2**53),
        place(server_time=None),
        place(at=-BACK),
    ],
    ids=["boot", "stream", "role", "account", "future", "nothing", "past"],
)
def test_only_a_sound_word_of_the_same_boot_and_owner_places(said: Entry) -> None:
    entry = unsure(account="account-f") if said.account else unsure()
    (shown,) = project([entry, said]).segments
    assert (shown.clock_unsure, shown.placed) == (True, False)
    assert shown.start == T0 - BACK


def test_time_that_seemed_certain_is_placed_where_the_boots_own_clock_contradicts_it() -> None:
    wrong = unsure(clock_unsure=False)
    assert project([wrong, place(at=T0)]).segments[0].start == T0
    right = segment(1, T0, T0 + CELL, boot="boot-1", mono0=MONO, mono1=MONO + CELL)
    (shown,) = project([right, place(at=T0 + 2_000)]).segments
    assert (shown.start, shown.placed) == (T0, False)
    assert project([right, place(at=T0 + 5_000)]).segments[0].start == T0 + 5_000
    # a month later a quartz may be off by minutes
    month = 30 * 24 * HOUR
    late = place(mono=MONO + month, server_time=T0 + month + 4 * MINUTE)
    assert project([right, late]).segments[0].start == T0


def test_what_was_unsure_and_right_after_all_stays_where_it_was() -> None:
    entry = segment(1, T0, T0 + CELL, clock_unsure=True, boot="boot-1", mono0=MONO, mono1=MONO + CELL)
    (shown,) = project([entry, place(at=T0 + 1_500)]).segments
    assert (shown.start, shown.clock_unsure) == (T0, False)


def test_only_what_fits_a_cell_is_placed() -> None:
    entry = unsure()
    long = replace(entry, clear={**entry.clear, "end": T0 - BACK + 2 * CELL})
    assert not project([long, place()]).segments[0].placed


def test_the_first_word_counts() -> None:
    diary = project([unsure(), place(9, at=T0 + HOUR), place(2, at=T0)])
    assert bounds(diary.segments) == [(0, 10, CELL)]
