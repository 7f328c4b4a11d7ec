"""Sleep, freezes and steps told apart; placement does not move with the wall."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.fakes.clock import FakeClock
from workdiary.client.segment.clock import SystemClock, Timeline, jump, read

STEP = 2_000


def after(clock: FakeClock, timeline: Timeline, *, busy_ms: int = 0) -> str | None:
    last = timeline.anchor
    return jump(timeline, last, read(clock), step_ms=STEP, busy_ms=busy_ms)


def test_an_ordinary_second_is_no_jump() -> None:
    clock = FakeClock()
    timeline = Timeline(read(clock))
    clock.advance(1_000)
    assert after(clock, timeline) is None


def test_sleep_is_seen_though_the_wall_moved_too() -> None:
    clock = FakeClock()
    timeline = Timeline(read(clock))
    clock.advance(300)
    clock.suspend(2_001)
    assert after(clock, timeline) == "suspend"


def test_short_sleeps_add_up() -> None:
    clock = FakeClock()
    timeline = Timeline(read(clock))
    for _ in range(3):
        clock.suspend(900)
        clock.advance(1_000)
    assert jump(timeline, read(clock), read(clock), step_ms=STEP) == "suspend"


def test_a_stopped_process_recorded_nothing() -> None:
    clock = FakeClock()
    timeline = Timeline(read(clock))
    clock.advance(5_001)
    assert after(clock, timeline) == "suspend"


def test_a_busy_engine_was_not_stopped() -> None:
    clock = FakeClock()
    timeline = Timeline(read(clock))
    clock.advance(5_001)
    assert after(clock, timeline, busy_ms=4_000) is None


def test_steps_both_ways_beyond_the_tolerance() -> None:
    for step in (2_001, -2_001, -86_400_000):
        clock = FakeClock()
        timeline = Timeline(read(clock))
        clock.step(step)
        clock.advance(1_000)
        assert after(clock, timeline) == "clock-step"
    clock = FakeClock()
    timeline = Timeline(read(clock))
    clock.step(2_000)
    assert after(clock, timeline) is None


@given(st.lists(st.integers(-(10**12), 10**12), max_size=5), st.integers(0, 10**9))
def test_a_placement_never_moves_with_the_wall(steps: list[int], passed: int) -> None:
    clock = FakeClock()
    timeline = Timeline(read(clock))
    begun = clock.wall_ms()
    for step in steps:
        clock.step(step)
    clock.advance(passed)
    assert timeline.place(clock.total_ms()) == begun + passed
    assert timeline.total_at(begun + passed) == clock.total_ms()
    assert timeline.wall_moved_ms(read(clock)) == sum(steps)


def test_the_system_clock_reads_all_three() -> None:
    clock = SystemClock()
    first = read(clock)
    second = read(clock)
    assert second.total_ms >= first.total_ms
    assert second.awake_ms >= first.awake_ms
    assert first.wall_ms > 1_700_000_000_000
    assert clock.boot_id() == clock.boot_id() != ""
