from __future__ import annotations

import datetime as dt
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workdiary.evidence.times import iso_utc, parse_iso
from workdiary.rules import weeks
from workdiary.rules.policy import DEMO, STANDARD

HOUR = 3_600_000
INSTANTS = st.integers(0, 4_102_444_800_000)
ZONES = st.sampled_from(
    [
        "UTC",
        "Europe/Berlin",
        "America/New_York",
        "America/Havana",
        "America/Asuncion",
        "America/St_Johns",
        "Asia/Kathmandu",
        "Australia/Lord_Howe",
        "Pacific/Apia",
        "Pacific/Chatham",
        "Africa/Casablanca",
        "Asia/Beirut",
    ]
)
DAYS = st.dates(dt.date(1990, 1, 1), dt.date(2037, 12, 30))


def test_a_week_runs_from_monday_to_monday_utc() -> None:
    week = weeks.week_of(parse_iso("2026-11-22T23:59:59.999Z"))
    assert week.iso == "2026-W47"
    assert iso_utc(week.start) == "2026-11-16T00:00:00.000Z"
    assert weeks.week_of(week.end).iso == "2026-W48"


def test_the_week_of_new_year_belongs_to_the_year_of_its_thursday() -> None:
    assert weeks.week_of(parse_iso("2027-01-01T12:00:00Z")).iso == "2026-W53"
    assert weeks.week_of(0).iso == "1970-W01"


@given(INSTANTS)
def test_a_week_is_found_by_its_name(ms: int) -> None:
    week = weeks.week_of(ms)
    assert week.start <= ms < week.end
    assert weeks.week_named(week.iso) == week


@pytest.mark.parametrize("name", ["2026-W54", "2025-W53", "2026", "W47", "2026-W1x", "2026-W07 ", "26-W07"])
def test_what_is_no_week_is_refused(name: str) -> None:
    with pytest.raises(ValueError):
        weeks.week_named(name)


@given(INSTANTS, st.sampled_from([STANDARD, DEMO]))
def test_cells_and_buckets_stand_on_the_utc_clock(ms: int, policy: weeks.PolicySet) -> None:
    cell, bucket = weeks.cell_start(ms, policy), weeks.bucket_start(ms, policy)
    assert cell <= bucket <= ms < bucket + policy.bucket_ms <= cell + policy.cell_ms
    assert cell % policy.cell_ms == 0


@pytest.mark.parametrize(
    ("day", "zone", "hours"),
    [
        ("2026-03-29", "Europe/Berlin", 23),
        ("2026-10-25", "Europe/Berlin", 25),
        ("2026-06-01", "Europe/Berlin", 24),
        ("2026-10-04", "Australia/Lord_Howe", 23.5),
        ("2026-04-05", "Australia/Lord_Howe", 24.5),
        ("2026-11-22", "Asia/Kathmandu", 24),
        ("2011-12-30", "Pacific/Apia", 0),
    ],
)
def test_a_local_day_has_the_hours_its_zone_gives_it(day: str, zone: str, hours: float) -> None:
    start, end = weeks.local_day(day, zone)
    assert (end - start) / HOUR == hours
    assert sum(row.end - row.start for row in weeks.hour_rows(day, zone, STANDARD)) == end - start


def test_berlin_shows_the_hour_that_comes_twice_as_two_rows() -> None:
    rows = weeks.hour_rows("2026-10-25", "Europe/Berlin", STANDARD)
    assert len(rows) == 25
    assert [row.label for row in rows[1:5]] == ["01:00", "02:00", "02:00", "03:00"]
    assert [row.offset_s for row in rows[2:4]] == [7_200, 3_600]


def test_berlin_leaves_out_the_hour_that_does_not_come() -> None:
    labels = [row.label for row in weeks.hour_rows("2026-03-29", "Europe/Berlin", STANDARD)]
    assert labels[1:4] == ["01:00", "03:00", "04:00"]


def test_lord_howe_has_a_row_of_half_an_hour() -> None:
    spring = weeks.hour_rows("2026-10-04", "Australia/Lord_Howe", STANDARD)
    assert [(row.label, len(row.cells)) for row in spring[1:4]] == [("01:00", 6), ("02:30", 3), ("03:00", 6)]
    autumn = weeks.hour_rows("2026-04-05", "Australia/Lord_Howe", STANDARD)
    assert [(row.label, len(row.cells)) for row in autumn[1:4]] == [("01:00", 6), ("01:30", 3), ("02:00", 6)]


def test_in_kathmandu_a_cell_stands_in_the_row_where_it_starts() -> None:
    row = weeks.hour_rows("2026-11-22", "Asia/Kathmandu", STANDARD)[0]
    assert iso_utc(row.start) == "2026-11-21T18:15:00.000Z"
    assert iso_utc(row.cells[0]) == "2026-11-21T18:20:00.000Z"
    assert iso_utc(row.cells[-1]) == "2026-11-21T19:10:00.000Z"
    assert row.cells[-1] < row.end < row.cells[-1] + STANDARD.cell_ms


def test_the_demo_grid_keeps_six_cells_a_row() -> None:
    rows = weeks.hour_rows("2026-11-22", "UTC", DEMO)
    assert len(rows) == 480
    assert {len(row.cells) for row in rows} == {6}
    assert rows[1].label == "00:03"


@given(DAYS, ZONES)
def test_rows_fill_the_day_without_gap_and_hold_each_cell_once(day: dt.date, zone: str) -> None:
    start, end = weeks.local_day(day, zone)
    rows = weeks.hour_rows(day, zone, STANDARD)
    assert [row.start for row in rows] == [start, *(row.end for row in rows)][: len(rows)]
    assert sum(row.end - row.start for row in rows) == end - start
    cells = [cell for row in rows for cell in row.cells]
    assert cells == sorted(set(cells))
    assert cells == list(range(-(-start // 600_000) * 600_000, end, 600_000))
    assert all(row.start <= cell < row.end for row in rows for cell in row.cells)


@given(DAYS, ZONES)
def test_days_follow_each_other_without_gap(day: dt.date, zone: str) -> None:
    start, end = weeks.local_day(day, zone)
    assert weeks.local_day(day + dt.timedelta(days=1), zone)[0] == end
    if start < end:
        assert weeks.local_date(start, zone) == day == weeks.local_date(end - 1, zone)


@given(DAYS, ZONES)
def test_a_day_needs_the_whole_weeks_it_touches(day: dt.date, zone: str) -> None:
    start, end = weeks.local_day(day, zone)
    low, high = weeks.entries_span(day, zone)
    assert low <= start <= end <= high
    assert weeks.week_of(low).start == low
    assert weeks.week_of(high).start == high
    named = weeks.weeks_between(low, high)
    assert all(before.end == after.start for before, after in pairwise(named))


@pytest.mark.parametrize("zone", ["", "Mars/Olympus", "../../etc/passwd", "/etc/localtime", "Europe", "a\0b"])
def test_an_unknown_zone_is_told_apart(zone: str) -> None:
    with pytest.raises(weeks.UnknownZoneError):
        weeks.local_day("2026-11-22", zone)


def test_what_is_no_date_is_refused() -> None:
    with pytest.raises(ValueError):
        weeks.local_day("2026-02-30", "UTC")
