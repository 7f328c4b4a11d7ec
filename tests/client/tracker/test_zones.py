"""Days of 23, 24½ and 25 hours, odd offsets, leap day, year end, and people who travel while they work.

A whole local day is tracked without a break: its total is the day's length, its cells are UTC's, and what
lies before and after it belongs to its neighbours. Short: the hour around the place where it could go wrong.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.client.tracker.test_pipeline import RealRig, contract_of, rig_of
from tests.fakes.clock import FakeClock
from workdiary.rules.policy import STANDARD
from workdiary.rules.projection import day_view
from workdiary.rules.terms import Terms

SECOND, MINUTE, HOUR = 1_000, 60_000, 3_600_000
STEP_S = 5
EVER = 2**52


@dataclass(frozen=True)
class Day:
    """A local day, its length, and the UTC instant around which it is odd (minutes after its midnight)."""

    zone: str
    date: dt.date
    hours: float
    odd_min: int

    @property
    def begins(self) -> int:
        midnight = dt.datetime.combine(self.date, dt.time(), ZoneInfo(self.zone))
        return round(midnight.timestamp() * 1000)

    @property
    def ends(self) -> int:
        return self.begins + round(self.hours * HOUR)


DAYS = [
    Day("Europe/Berlin", dt.date(2026, 3, 29), 23, 120),
    Day("Europe/Berlin", dt.date(2026, 10, 25), 25, 180),
    Day("America/New_York", dt.date(2026, 3, 8), 23, 120),
    Day("America/New_York", dt.date(2026, 11, 1), 25, 120),
    Day("Australia/Lord_Howe", dt.date(2026, 4, 5), 24.5, 120),
    Day("Australia/Lord_Howe", dt.date(2026, 10, 4), 23.5, 120),
    Day("Africa/Casablanca", dt.date(2026, 2, 15), 25, 180),
    Day("Africa/Casablanca", dt.date(2026, 3, 22), 23, 120),
    Day("Asia/Kathmandu", dt.date(2026, 11, 20), 24, 0),
    Day("Australia/Eucla", dt.date(2028, 2, 29), 24, 24 * 60),
    Day("Pacific/Chatham", dt.date(2026, 9, 27), 23, 165),
    Day("Europe/Berlin", dt.date(2026, 12, 31), 24, 24 * 60),
]
NAMES = [f"{day.zone}-{day.date}" for day in DAYS]


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[RealRig]:
    rig = rig_of(tmp_path)
    yield rig
    rig.close()


def pass_time(rig: RealRig, ms: int) -> None:
    """Work, typing now and then."""
    for step in range(ms // (STEP_S * SECOND)):
        if step % 12 == 0:
            rig.desktop.input.feed(keys=3)
            rig.desktop.idle.idle = 0
        rig.clock.advance(STEP_S * SECOND)
        rig.desktop.idle.idle += STEP_S * SECOND
        rig.alarms.ring_due()
        rig.look()
        rig.settle()


def shown(rig: RealRig, date: dt.date, zone: str) -> int:
    """What a day's page says."""
    totals = day_view(rig.diary(), date, zone, STANDARD, Terms())["totals"]
    assert isinstance(totals, dict)
    tracked = totals["tracked_ms"]
    assert isinstance(tracked, int)
    return tracked


def track(folder: Path, day: Day, begins: int, ends: int) -> None:
    """Without a break from one instant to another, and what the diary says then."""
    rig = rig_of(folder, clock=FakeClock(begins))
    try:
        track_on(rig, day.zone, begins, ends)
        judge(rig, day, begins, ends)
    finally:
        rig.close()


def track_on(rig: RealRig, zone: str, begins: int, ends: int) -> None:
    rig.zone_name = zone
    rig.start(contract_of(rig))
    pass_time(rig, ends - begins)
    rig.stop()
    pass_time(rig, 65 * SECOND)


def judge(rig: RealRig, day: Day, begins: int, ends: int) -> None:
    one = dt.timedelta(days=1)
    inside = min(ends, day.ends) - max(begins, day.begins)
    assert shown(rig, day.date, day.zone) == inside
    assert shown(rig, day.date - one, day.zone) == max(0, day.begins - begins)
    assert shown(rig, day.date + one, day.zone) == max(0, ends - day.ends)
    segments = [segment for segment in rig.diary().segments if segment.tracked_ms]
    cell = STANDARD.cell_ms
    assert all(s.start // cell == (s.end - 1) // cell for s in segments), "cells are UTC's"
    assert sorted(s.start for s in segments)[1:] == sorted(s.end for s in segments)[:-1], "without a hole"
    found = rig.enrolled.spool.entries(_id(rig), 0, EVER)
    assert {entry.values.get("zone") for entry in found if entry.kind == "segment"} == {day.zone}


def _id(rig: RealRig) -> str:
    return rig.enrolled.contract


@pytest.mark.parametrize("day", DAYS[::3], ids=NAMES[::3])
def test_the_odd_hours_of_a_day_add_up(tmp_path: Path, day: Day) -> None:
    odd = day.begins + day.odd_min * MINUTE
    track(tmp_path, day, odd - 25 * MINUTE, odd + 25 * MINUTE)


@pytest.mark.full
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("day", DAYS, ids=NAMES)
def test_a_whole_day_is_as_long_as_it_was(tmp_path: Path, day: Day) -> None:
    track(tmp_path, day, day.begins - 30 * MINUTE, day.ends + 30 * MINUTE)


def travel(rig: RealRig, moves: int, minutes: int) -> None:
    """Another zone every few minutes; nothing changes but the day that is shown."""
    places = random.choices(sorted({day.zone for day in DAYS}), k=moves)
    worked = moves * minutes * MINUTE
    begun, rig.zone_name = rig.clock.wall_ms(), places[0]
    rig.start(contract_of(rig))
    for zone in places:
        rig.zone_name = zone
        pass_time(rig, minutes * MINUTE)
        now = rig.clock.wall_ms()
        local = dt.datetime.fromtimestamp(now / 1000, ZoneInfo(zone))
        midnight = round(local.replace(hour=0, minute=0, second=0, microsecond=0).timestamp() * 1000)
        assert rig.now.today_ms == min(now - begun, now - midnight) - (now - rig.now.at_ms)
    rig.stop()
    pass_time(rig, 65 * SECOND)
    assert rig.now.week_ms == worked
    for zone in set(places):
        first = dt.datetime.fromtimestamp(begun / 1000, ZoneInfo(zone)).date()
        days = [first + dt.timedelta(days=number) for number in range(4)]
        assert sum(shown(rig, date, zone) for date in days) == worked
    found = rig.enrolled.spool.entries(_id(rig), 0, EVER)
    for entry in found:
        if entry.kind == "segment":
            index = (entry.number("start") - begun) // (minutes * MINUTE)
            assert entry.values["zone"] in places[max(0, index - 1) : index + 1]


def test_travelling_changes_no_total(rig: RealRig) -> None:
    travel(rig, 3, 12)


@pytest.mark.full
@pytest.mark.timeout(1800)
def test_twenty_moves_change_no_total(rig: RealRig) -> None:
    travel(rig, 20, 31)
