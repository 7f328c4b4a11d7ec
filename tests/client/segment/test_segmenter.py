"""A segment stays inside its cell, on its timeline, and adds up."""

from __future__ import annotations

import os

from hypothesis import given
from hypothesis import strategies as st

from tests.fakes.clock import FakeClock
from workdiary.client.capture.port import InputCounts
from workdiary.client.segment.clock import Timeline, read
from workdiary.client.segment.model import AppSpan
from workdiary.client.segment.segmenter import Opening, OpenSegment, Surroundings, Work, new_session
from workdiary.evidence.times import uuid7_ms
from workdiary.rules.policy import DEMO, STANDARD

WORK = Work(contract="c", memo="write the report", label=None, mode="full")
AROUND = Surroundings(policy=STANDARD, zone="Europe/Berlin", boot_id="b", counts="full", entropy=os.urandom)


def opened(clock: FakeClock, around: Surroundings = AROUND) -> OpenSegment:
    opening = Opening("start", new_session(os.urandom), Timeline(read(clock)))
    return OpenSegment(clock.total_ms(), WORK, around, opening)


def test_the_start_says_when_where_and_on_what() -> None:
    clock = FakeClock()
    clock.advance(61_234)
    segment = opened(clock)
    start = segment.start
    assert start.start_ms == clock.wall_ms() == uuid7_ms(start.rid)
    assert start.cell_ms == clock.wall_ms() - 61_234
    assert segment.cell_end_ms == start.cell_ms + 600_000
    assert (start.mono0, start.policy, start.boot_id) == (clock.total_ms(), "standard", "b")


def test_a_segment_never_leaves_its_cell() -> None:
    clock = FakeClock()
    clock.advance(590_000)
    segment = opened(clock)
    clock.advance(60_000)
    progress = segment.progress(segment.place(read(clock)))
    assert progress.end_ms == segment.cell_end_ms
    assert progress.tracked_ms == 10_000 == progress.mono1 - segment.start.mono0


def test_a_set_wall_clock_changes_no_duration() -> None:
    clock = FakeClock()
    segment = opened(clock)
    clock.advance(5_000)
    clock.step(-3_600_000)
    assert segment.progress(segment.place(read(clock))).tracked_ms == 5_000


def test_applications_are_kept_once_each() -> None:
    segment = opened(FakeClock())
    start = segment.start.start_ms
    for at, app in ((0, "xterm"), (1_000, "xterm"), (2_000, "gimp"), (9_000, "late")):
        segment.focus(start + at, app, None)
    spans = segment.progress(start + 5_000).apps
    assert spans == (AppSpan(start, "xterm", None), AppSpan(start + 2_000, "gimp", None))


def test_the_drawn_instant_hits_only_the_segment_it_falls_in() -> None:
    segment = opened(FakeClock())
    start = segment.start.start_ms
    assert segment.progress(start + 5_000, start).hit
    assert segment.progress(start + 5_000, start + 4_999).hit
    assert not segment.progress(start + 5_000, start + 5_000).hit
    assert not segment.progress(start + 5_000, None).hit


@given(st.integers(0, 29_999), st.integers(0, 60_000), st.integers(0, 100))
def test_buckets_add_up_to_the_tracked_time(offset: int, length: int, pressed: int) -> None:
    clock = FakeClock()
    clock.advance(offset)
    segment = opened(clock, Surroundings(DEMO, "UTC", "b", "full", os.urandom))
    segment.book(segment.start.start_ms, InputCounts(keys=pressed), touched=True)
    clock.advance(length)
    progress = segment.progress(segment.place(read(clock)))
    assert progress.tracked_ms == min(length, 30_000 - offset) == progress.end_ms - segment.start.start_ms
    assert sum(b.len_ms for b in progress.buckets) == progress.tracked_ms
    assert sum(b.keys for b in progress.buckets) == pressed
    assert 1 <= len(progress.buckets) <= 10


def test_names_and_titles_are_cut_to_what_a_record_carries() -> None:
    clock = FakeClock()
    segment = opened(clock)
    segment.focus(segment.start.start_ms, "x" * 300, "\ud800" + "ü" * 300)
    (span,) = segment.progress(segment.start.start_ms + 1).apps
    assert span.app == "x" * 200
    assert span.title == "?" + "ü" * 249
