"""The window's day turns at local midnight: tracking, stopped, in odd zones, on days of 23 and 25 hours."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.fakes.clock import FakeClock
from tests.fakes.rig import Rig
from workdiary.client.tracker.midnight import ALARM

SECOND, MINUTE, HOUR = 1_000, 60_000, 3_600_000


def at(zone: str, *when: int) -> int:
    """Wall ms of a local time."""
    return round(dt.datetime(*when, tzinfo=ZoneInfo(zone)).timestamp() * 1000)  # type: ignore[arg-type, misc]


def rig_at(folder: Path, zone: str, ms: int) -> Rig:
    return Rig(folder, clock=FakeClock(ms), zone_name=zone)


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Berlin", (2026, 3, 29), 23),
        ("Europe/Berlin", (2026, 10, 25), 25),
        ("America/New_York", (2026, 3, 8), 23),
        ("Australia/Lord_Howe", (2026, 4, 5), 24.5),
        ("Australia/Lord_Howe", (2026, 10, 4), 23.5),
        ("Asia/Kathmandu", (2026, 11, 20), 24),
        ("Pacific/Chatham", (2026, 9, 27), 23),
        ("Africa/Casablanca", (2026, 2, 15), 25),
        ("Australia/Eucla", (2028, 2, 29), 24),
        ("UTC", (2026, 12, 31), 24),
    ],
)
def test_the_day_that_is_shown_ends_at_local_midnight(
    tmp_path: Path, zone: str, day: tuple[int, int, int], hours: float
) -> None:
    begins = at(zone, *day)
    rig = rig_at(tmp_path, zone, begins - MINUTE)
    rig.start()
    rig.second(30, keys=1)
    rig.stop()
    assert rig.now.today_ms == 30 * SECOND
    assert rig.alarms.pending[ALARM][0] == begins
    told = len(rig.snapshots)
    rig.second(30)
    assert len(rig.snapshots) > told, "nobody touched anything"
    assert rig.now.today_ms == 0
    assert rig.alarms.pending[ALARM][0] == begins + hours * HOUR


def test_it_is_told_once_a_day(tmp_path: Path) -> None:
    rig = rig_at(tmp_path, "Asia/Kathmandu", at("Asia/Kathmandu", 2026, 11, 20, 12))
    told = len(rig.snapshots)
    for _ in range(3 * 24):
        rig.clock.advance(HOUR)
        rig.alarms.ring_due()
        rig.settle()
    assert len(rig.snapshots) == told + 3


def test_today_follows_the_traveller(tmp_path: Path) -> None:
    """Half past eleven in the evening in New York is half past five in the morning in Berlin."""
    rig = rig_at(tmp_path, "America/New_York", at("America/New_York", 2026, 11, 20, 23, 30))
    rig.start()
    rig.second(120, keys=1)
    rig.zone_name = "Europe/Berlin"
    rig.second(60, keys=1)
    assert rig.now.today_ms == 180 * SECOND
    assert rig.alarms.pending[ALARM][0] == at("Europe/Berlin", 2026, 11, 22)
    rig.zone_name = "Asia/Kathmandu"
    rig.second(600, keys=1)
    zones = [row.start.zone for row in rig.store.rows.values()]
    assert (zones[0], zones[-1]) == ("America/New_York", "Asia/Kathmandu")


def test_time_over_midnight_is_split_between_two_days(tmp_path: Path) -> None:
    rig = rig_at(tmp_path, "Asia/Kathmandu", at("Asia/Kathmandu", 2026, 11, 20, 23, 59, 20))
    rig.start()
    rig.second(60, keys=1)
    rig.stop()
    assert rig.now.today_ms == 20 * SECOND
    assert rig.now.session_ms == 60 * SECOND
