"""Wall clocks that are set, by a second or by ten years: no second is lost, doubled or left in a wrong place.

A person works on a computer whose wall clock anybody may set at any time, with the network there or not; once
it is there the diary has to be what really happened (tests/oracle), to the millisecond.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from tests.client.tracker.test_pipeline import RealRig, contract_of, rig_of
from tests.oracle.spans import length, union
from tests.oracle.truth import Fact, Truth
from workdiary.client.tracker.machine import Event

SECOND, MINUTE, HOUR = 1_000, 60_000, 3_600_000
DAY, YEAR = 24 * HOUR, 365 * 24 * HOUR
# How far a certain clock may be off, and what a second contact may differ from the first.
OFF_MS = 122 * SECOND
EVER = 2**52


class Person:
    """Works, walks away, sets clocks; everything is noted in true time."""

    def __init__(self, rig: RealRig) -> None:
        self.rig, self.truth = rig, Truth()
        self.contract = contract_of(rig)
        rig.enrolled.uploader.run_once()

    def note(self, what: str) -> None:
        self.truth.note(Fact(self.rig.clock.true_ms, what, self.contract if what == "start" else ""))

    def start(self) -> None:
        self.note("start")
        self.rig.start(self.contract)

    def work(self, seconds: int) -> None:
        for _ in range(seconds):
            self.note("input")
            self.rig.second(1, keys=2)

    def stop(self) -> None:
        self.note("stop")
        self.rig.stop()

    def pause(self) -> None:
        self.note("pause")
        self.rig.core.fire(Event.PAUSE)
        self.rig.settle()

    def away(self, seconds: int) -> None:
        self.note("lock")
        self.rig.core.hear("lock")
        self.rig.second(seconds)
        self.note("unlock")
        self.rig.core.hear("unlock")
        self.rig.settle()

    def sleep(self, seconds: int) -> None:
        """Nobody tells; only the clocks know."""
        self.note("sleep")
        self.rig.clock.suspend(seconds * SECOND)
        self.rig.look()
        self.rig.settle()
        self.note("wake")

    def frozen(self, seconds: int) -> None:
        """The process stood still while the computer was awake."""
        self.note("sleep")
        self.rig.clock.advance(seconds * SECOND)
        self.rig.look()
        self.rig.settle()
        self.note("wake")

    def set_clock(self, ms: int) -> None:
        self.rig.clock.step(ms)
        self.rig.look()
        self.rig.settle()

    def set_right(self) -> None:
        self.set_clock(self.rig.clock.true_ms - self.rig.clock.wall_ms())

    def network(self, there: int) -> None:
        self.rig.enrolled.server.offline = not there
        self.rig.core.outgoing.link_up()
        self.rig.settle()

    def switched_off(self, seconds: int) -> None:
        """After everything was sent: what nobody was told before a boot ends, nobody can place after it."""
        self.network(1)
        self.note("shutdown")
        self.rig.core.hear("shutdown")
        self.rig.settle()
        self.rig.second(61)
        self.network(1)
        self.rig.clock.off(seconds * SECOND)
        self.rig.boot()
        self.rig.core.learn()

    def finish(self) -> None:
        """The evening: everything is sent."""
        self.network(1)
        self.stop()
        self.rig.core.keep_all()
        self.rig.settle()
        self.network(1)
        self.rig.second(2)

    def judge(self) -> None:
        """The diary against the truth."""
        diary = self.rig.diary()
        spans = [span for segment in diary.segments for span in segment.time.spans]
        true = self.truth.intervals(self.contract)
        assert sum(s.tracked_ms for s in diary.segments) == length(true)
        assert length(union(spans)) == length(true), "nothing lies over anything else"
        assert not [s.rid for s in diary.segments if s.clock_unsure], "everything is placed"
        shown = union(spans)
        for start, end in true:
            near = union((max(a, start - OFF_MS), min(b, end + OFF_MS)) for a, b in shown)
            assert length([s for s in near if s[0] < s[1]]) >= min(end - start, 1), (start, end)
        assert min(start for start, _ in spans) >= min(start for start, _ in true) - OFF_MS
        assert max(end for _, end in spans) <= max(end for _, end in true) + OFF_MS
        assert self.rig.now.outbox.waiting == self.rig.now.outbox.quarantined == 0


@pytest.fixture
def person(tmp_path: Path) -> Person:
    return Person(rig_of(tmp_path))


def test_a_clock_set_forth_and_back_offline_eats_no_second(person: Person) -> None:
    """What is placed late by the first step must not lie over what follows the second."""
    person.network(0)
    person.start()
    person.work(60)
    person.set_clock(90 * SECOND)
    person.work(120)
    person.set_clock(-90 * SECOND)
    person.work(60)
    person.finish()
    person.judge()


def test_back_over_the_edge_of_a_cell(person: Person) -> None:
    person.network(0)
    person.start()
    person.work(30)
    person.rig.clock.advance(0)
    person.set_clock(-11 * MINUTE)
    person.work(630)
    person.set_clock(11 * MINUTE)
    person.work(30)
    person.finish()
    person.judge()


def test_a_clock_that_was_wrong_before_anybody_could_know(person: Person) -> None:
    """Fast by an hour at the boot, offline, put right by the person: all of it is placed at the contact."""
    person.switched_off(600)
    person.network(0)
    person.set_clock(HOUR)
    person.start()
    person.work(300)
    person.set_clock(-HOUR)
    person.work(300)
    person.finish()
    person.judge()


@pytest.mark.parametrize("years", [-10, 10])
def test_ten_years_off_for_a_whole_boot(person: Person, years: int) -> None:
    person.switched_off(600)
    person.network(0)
    person.set_clock(years * YEAR)
    person.start()
    person.work(200)
    person.sleep(60)
    person.work(100)
    person.away(20)
    person.work(30)
    person.finish()
    person.judge()


def test_a_clock_that_is_a_minute_fast_all_day_is_told_and_loses_nothing(person: Person) -> None:
    person.set_clock(MINUTE)
    person.network(1)
    assert person.rig.now.skew_ms == MINUTE
    person.start()
    person.work(90)
    person.stop()
    person.start()
    person.work(90)
    person.finish()
    person.judge()


def test_today_is_the_day_on_which_it_was_worked_once_that_is_known(person: Person) -> None:
    person.switched_off(600)
    person.network(0)
    person.set_clock(-7 * YEAR)
    person.start()
    person.work(100)
    person.stop()
    person.set_right()
    person.rig.core.learn()
    assert person.rig.now.week_ms == 0, "nobody has told yet when that was"
    person.network(1)
    person.rig.second(61)
    person.network(1)
    assert person.rig.now.today_ms == 100 * SECOND


numbers = itertools.count()
sizes = st.one_of(
    st.sampled_from([1, 2, 3, 5, 90, 119, 121, 600, 660, 3_600, 86_400]),
    st.integers(1, 10 * YEAR // SECOND),
    st.integers(1, 1_300),
)
steps = st.builds(
    lambda sign, size, ms: sign * (size * SECOND + ms), st.sampled_from([-1, 1]), sizes, st.integers(0, 999)
)
happenings = st.lists(
    st.one_of(
        st.tuples(st.just("work"), st.integers(1, 90)),
        st.tuples(st.just("set"), steps),
        st.tuples(st.just("set"), steps),
        st.tuples(st.just("network"), st.integers(0, 1)),
        st.tuples(st.sampled_from(["stop", "start", "pause", "right"]), st.just(0)),
        st.tuples(st.sampled_from(["away", "sleep", "frozen"]), st.integers(6, 900)),
        st.tuples(st.just("off"), st.integers(10, 4_000)),
    ),
    min_size=2,
    max_size=14,
)


def live(folder: Path, day: list[tuple[str, int]], into_cell_s: int) -> None:
    rig = rig_of(folder)
    try:
        rig.clock.advance(into_cell_s * SECOND)
        person = Person(rig)
        acts: dict[str, Callable[[int], object]] = {
            "work": person.work,
            "set": person.set_clock,
            "network": person.network,
            "stop": lambda _n: person.stop(),
            "start": lambda _n: person.start(),
            "pause": lambda _n: person.pause(),
            "right": lambda _n: person.set_right(),
            "away": person.away,
            "sleep": person.sleep,
            "frozen": person.frozen,
            "off": person.switched_off,
        }
        person.start()
        person.work(5)
        for what, number in day:
            acts[what](number)
        person.finish()
        person.judge()
    finally:
        rig.close()


_SLOW = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]


@settings(max_examples=8, suppress_health_check=_SLOW)
@given(happenings, st.integers(0, 599))
def test_whatever_is_done_to_the_clock_the_diary_is_what_happened(
    tmp_path: Path, day: list[tuple[str, int]], into_cell_s: int
) -> None:
    live(tmp_path / str(next(numbers)), day, into_cell_s)


@pytest.mark.full
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("batch", range(8))
def test_two_thousand_days_of_clocks_that_are_set(tmp_path: Path, batch: int) -> None:
    @seed(int(os.environ["WORKDIARY_TEST_SEED"]) * 8 + batch)
    @settings(max_examples=250, suppress_health_check=_SLOW, database=None)
    @given(happenings, st.integers(0, 599))
    def days(day: list[tuple[str, int]], into_cell_s: int) -> None:
        live(tmp_path / str(next(numbers)), day, into_cell_s)

    days()


@pytest.mark.parametrize("act", ["stop", "pause", "memo"])
def test_a_command_right_after_an_untold_sleep_bills_none_of_it(person: Person, act: str) -> None:
    """Before any tick could see it: the loop ticks by the clock that stands still in sleep."""
    person.start()
    person.work(10)
    person.note("sleep")
    person.rig.clock.suspend(300 * SECOND)
    person.note("wake")
    if act == "memo":
        person.rig.core.set_memo("another chapter", None)
        person.rig.settle()
    else:
        {"stop": person.stop, "pause": person.pause}[act]()
    person.finish()
    person.judge()
    closes = [row.close for row in person.rig.diary().segments]
    assert closes[0] == "suspend"
