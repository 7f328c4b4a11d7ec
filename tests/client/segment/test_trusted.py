"""What is believed of the clocks: steps, empty batteries, servers; nothing lies over what was recorded."""

from __future__ import annotations

import pytest

from tests.fakes.clock import FakeClock
from tests.fakes.stages import FULL
from workdiary.client.segment.clock import read
from workdiary.client.segment.trusted import (
    AHEAD_MS,
    Contact,
    Known,
    TrustedTime,
    boot_digest,
    skew_words,
)

SECOND, MINUTE, HOUR = 1_000, 60_000, 3_600_000
DAY, YEAR = 24 * HOUR, 365 * 24 * HOUR


def contact(clock: FakeClock, skew_ms: int = 0, bound_ms: int = 20) -> Contact:
    """A server whose time is that of the clock before anybody set it, but for `skew_ms`."""
    return Contact(
        boot_digest(clock.boot_id()), clock.total_ms(), clock.true_ms - skew_ms, clock.wall_ms(), bound_ms
    )


def begin(time: TrustedTime, *, fresh: bool = False) -> tuple[int, bool]:
    now, unsure = time.begin(read(time), fresh=fresh)
    assert time.wall_ms() == now.wall_ms
    return now.wall_ms, unsure


def test_a_wall_clock_nobody_contradicts_is_believed() -> None:
    clock = FakeClock()
    time = TrustedTime(clock)
    assert begin(time) == (clock.wall_ms(), False)
    clock.advance(8 * HOUR)
    assert not time.unsure()


@pytest.mark.parametrize(("off", "doubt"), [(-120_001, True), (-7 * YEAR, True), (AHEAD_MS + 1, True)])
def test_a_time_that_cannot_be_is_doubted(off: int, doubt: bool) -> None:
    clock = FakeClock()
    time = TrustedTime(clock, floor_ms=clock.wall_ms() - off)
    assert begin(time) == (clock.wall_ms(), doubt)


def test_a_start_a_little_before_what_is_recorded_begins_behind_it() -> None:
    clock = FakeClock()
    reached = clock.wall_ms() + 90 * SECOND
    time = TrustedTime(clock, floor_ms=reached)
    assert begin(time, fresh=True) == (reached, False)


@pytest.mark.parametrize("step", [-3 * HOUR, -90_000, -2_001, 2_001, 90_000, 3 * HOUR, 10 * YEAR])
def test_after_a_step_nothing_is_certain_until_a_server_has_spoken(step: int) -> None:
    clock = FakeClock()
    time = TrustedTime(clock)
    begin(time)
    clock.advance(MINUTE)
    clock.step(step)
    assert begin(time) == (clock.wall_ms(), True)
    clock.step(-step)  # put right again: who knows
    assert begin(time)[1]
    assert time.met(contact(clock))
    assert begin(time) == (clock.wall_ms(), False)


def test_steps_too_small_to_see_change_nothing() -> None:
    clock = FakeClock()
    time = TrustedTime(clock)
    begin(time)
    clock.step(2_000)
    assert begin(time) == (clock.wall_ms(), False)


@pytest.mark.parametrize("step", [-10 * YEAR, -3 * HOUR, -90_000, 5_000, 11 * MINUTE, 10 * YEAR])
def test_after_a_contact_time_goes_on_by_the_server(step: int) -> None:
    clock = FakeClock()
    time = TrustedTime(clock)
    begin(time)
    time.met(contact(clock))
    clock.advance(10 * MINUTE)
    clock.step(step)
    clock.advance(SECOND)
    placed, unsure = begin(time)
    assert (placed, unsure) == (clock.true_ms, True)
    assert time.skew_ms() == step
    clock.step(-step)
    assert begin(time) == (clock.true_ms, False)
    assert time.skew_ms() == 0


def test_what_the_server_corrects_never_lies_over_what_was_recorded() -> None:
    clock = FakeClock()
    clock.step(90 * SECOND)  # fast, and nobody knows
    time = TrustedTime(clock)
    begin(time)
    clock.advance(10 * MINUTE)
    time.recorded(clock.wall_ms())
    time.met(contact(clock))
    placed, unsure = begin(time)
    assert (placed - clock.true_ms, unsure) == (90 * SECOND, False)
    time.recorded(placed)
    clock.advance(HOUR)
    assert begin(time) == (clock.true_ms, False)


def test_a_clock_far_ahead_does_not_hold_the_server_up() -> None:
    clock = FakeClock()
    clock.step(30 * DAY)
    time = TrustedTime(clock)
    begin(time)
    clock.advance(HOUR)
    time.recorded(clock.wall_ms())
    time.met(contact(clock))
    assert begin(time) == (clock.true_ms, True)


def test_a_contact_outlives_the_process_but_not_the_boot() -> None:
    clock, kept = FakeClock(), list[Known]()
    time = TrustedTime(clock, keep=kept.append)
    time.met(contact(clock))
    clock.advance(HOUR)
    clock.step(-7 * YEAR)
    again = TrustedTime(clock, kept[-1], floor_ms=kept[-1].last_ms)
    assert begin(again, fresh=True) == (clock.true_ms, True)
    clock.reboot()
    later = TrustedTime(clock, kept[-1], floor_ms=kept[-1].last_ms)
    assert later.contact is None
    assert begin(later, fresh=True) == (clock.wall_ms(), True)


def test_an_answer_inside_its_own_uncertainty_is_no_skew() -> None:
    clock = FakeClock()
    time = TrustedTime(clock)
    begin(time)
    time.met(contact(clock, skew_ms=-4_000, bound_ms=5_000))
    assert time.skew_ms() == 0
    assert time.contact is not None
    assert time.contact.server_ms == clock.wall_ms()


def test_a_server_on_this_computer_goes_by_the_clock_that_was_set() -> None:
    clock = FakeClock()
    time = TrustedTime(clock, floor_ms=clock.wall_ms() - DAY, own=lambda: True)
    begin(time, fresh=True)
    assert time.met(contact(clock))
    clock.step(3 * HOUR)
    own = Contact(boot_digest(clock.boot_id()), clock.total_ms(), clock.wall_ms(), clock.wall_ms(), 2)
    assert not time.met(own)
    assert begin(time) == (clock.true_ms, True)
    # the person goes on with the clock as it is
    assert begin(time, fresh=True)[0] == clock.wall_ms()
    assert time.met(own)
    assert begin(time) == (clock.wall_ms(), False)


@pytest.mark.parametrize(
    ("skew", "words"),
    [
        (0, ""),
        (120_000, ""),
        (-121_000, "2 minutes behind"),
        (3 * HOUR, "3 hours ahead"),
        (9 * YEAR, "days ahead"),
    ],
)
def test_a_clock_that_is_far_off_is_told_in_words(skew: int, words: str) -> None:
    told = skew_words(skew)
    assert words in told
    assert bool(words) == bool(told)


def test_a_server_on_this_computer_is_no_witness_for_2019() -> None:
    clock = FakeClock()
    time = TrustedTime(clock, floor_ms=clock.wall_ms(), own=lambda: True)
    clock.step(-7 * YEAR)
    own = Contact(boot_digest(clock.boot_id()), clock.total_ms(), clock.wall_ms(), clock.wall_ms(), 2)
    assert not time.met(own)
    assert time.contact is None


class Disk:
    """Where what outlives a process goes; full: there is no room."""

    def __init__(self) -> None:
        self.kept: list[Known] = []
        self.full = False

    def keep(self, known: Known) -> None:
        if self.full:
            raise FULL
        self.kept.append(known)


def test_a_contact_that_says_nothing_new_is_not_written_again() -> None:
    clock, disk = FakeClock(), Disk()
    time = TrustedTime(clock, keep=disk.keep)
    for _ in range(30):
        assert time.met(contact(clock))
        clock.advance(30 * SECOND)
    assert len(disk.kept) == 2
    again = TrustedTime(clock, disk.kept[-1], floor_ms=disk.kept[-1].last_ms, keep=disk.keep)
    assert again.met(contact(clock))
    assert len(disk.kept) == 2


@pytest.mark.parametrize("step", [-3 * HOUR, -2_001, 2_001, 10 * YEAR])
def test_a_contact_that_finds_another_wall_is_written_at_once(step: int) -> None:
    clock, disk = FakeClock(), Disk()
    time = TrustedTime(clock, keep=disk.keep)
    time.met(contact(clock))
    clock.step(step)
    time.met(contact(clock))
    time.met(contact(clock))
    assert len(disk.kept) == 2
    again = TrustedTime(clock, disk.kept[-1], floor_ms=disk.kept[-1].last_ms)
    assert again.skew_ms() == step


def test_a_server_that_says_another_time_is_written_at_once() -> None:
    clock, disk = FakeClock(), Disk()
    time = TrustedTime(clock, keep=disk.keep)
    time.met(contact(clock))
    time.met(contact(clock, skew_ms=HOUR))
    assert len(disk.kept) == 2


def test_what_was_recorded_ahead_of_the_server_is_written_at_once() -> None:
    clock, disk = FakeClock(), Disk()
    time = TrustedTime(clock, keep=disk.keep)
    begin(time)
    time.met(contact(clock))
    time.recorded(clock.wall_ms() + HOUR)
    time.met(contact(clock))
    assert [known.seen_ms > 0 for known in disk.kept] == [False, True]


def test_a_contact_counts_where_it_cannot_be_written_and_is_tried_again() -> None:
    clock, disk = FakeClock(), Disk()
    time = TrustedTime(clock, keep=disk.keep)
    disk.full = True
    clock.step(3 * HOUR)
    assert time.met(contact(clock))
    assert begin(time) == (clock.true_ms, True)
    assert disk.kept == []
    disk.full = False
    clock.advance(SECOND)
    assert time.met(contact(clock))
    assert [known.contact for known in disk.kept] == [time.contact]
