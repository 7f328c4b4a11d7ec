"""The calendar: UTC weeks and cells for billing, local days and hour rows for pages (product.md Time 6).

Instants are integer milliseconds UTC; every span is half-open.
"""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple
from zoneinfo import ZoneInfo

from workdiary.rules.policy import DAY, PolicySet

WEEK = 7 * DAY
_FIRST_MONDAY = 4 * DAY  # 1970-01-05, the epoch was a Thursday
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MS = dt.timedelta(milliseconds=1)


class UnknownZoneError(ValueError):
    """Not an IANA time zone this installation knows."""


class Week(NamedTuple):
    """Monday 00:00 to Monday 00:00 UTC; `iso` like 2026-W47."""

    iso: str
    start: int
    end: int


class Row(NamedTuple):
    """A row of the day grid: local clock label, bounds, UTC offset in s, starts of its cells."""

    label: str
    start: int
    end: int
    offset_s: int
    cells: tuple[int, ...]


def week_of(ms: int) -> Week:
    """The billing week that holds an instant."""
    start = (ms - _FIRST_MONDAY) // WEEK * WEEK + _FIRST_MONDAY
    year, week, _ = _utc(start).isocalendar()
    return Week(f"{year:04d}-W{week:02d}", start, start + WEEK)


def weeks_between(start: int, end: int) -> list[Week]:
    """The billing weeks that a span touches, in order."""
    weeks = [week_of(start)]
    while weeks[-1].end < end:
        weeks.append(week_of(weeks[-1].end))
    return weeks


def week_named(iso: str) -> Week:
    """The week called 2026-W47. Raises ValueError."""
    year, _, number = iso.partition("-W")
    monday = dt.date.fromisocalendar(int(year), int(number), 1)
    week = week_of((monday - _EPOCH.date()).days * DAY)
    if week.iso != iso:
        raise ValueError(f"not a week like 2026-W47: {iso!r}")
    return week


def cell_start(ms: int, policy: PolicySet) -> int:
    """Start of the cell an instant lies in; cells stand on the UTC clock."""
    return ms // policy.cell_ms * policy.cell_ms


def bucket_start(ms: int, policy: PolicySet) -> int:
    """Start of the bucket an instant lies in."""
    return ms // policy.bucket_ms * policy.bucket_ms


def zone_named(zone: str) -> ZoneInfo:
    """The IANA zone. Raises `UnknownZoneError`; a name may come from a person or a record."""
    try:
        return ZoneInfo(zone)
    except (KeyError, ValueError, OSError) as error:
        raise UnknownZoneError(f"unknown time zone: {zone!r}") from error


def local_date(ms: int, zone: str) -> dt.date:
    """The calendar day an instant falls on in a zone."""
    return _utc(ms).astimezone(zone_named(zone)).date()


def local_day(day: dt.date | str, zone: str) -> tuple[int, int]:
    """[start, end) of a local calendar day ("2026-11-22"): 23, 24 or 25 h, or what the zone's law made of it.

    Raises `UnknownZoneError`, ValueError for what is no date.
    """
    date = dt.date.fromisoformat(day) if isinstance(day, str) else day
    info = zone_named(zone)
    return _midnight(date, info), _midnight(date + dt.timedelta(days=1), info)


def hour_rows(day: dt.date | str, zone: str, policy: PolicySet) -> tuple[Row, ...]:
    """The rows of a day's grid: local hours (six cells), split where the zone changes its offset.

    A cell stands in the row where it starts; the cell in which the day begins belongs to the day before, so
    a segment of this day may start before the first row's first cell.
    """
    start, end = local_day(day, zone)
    info = zone_named(zone)
    rows: list[Row] = []
    while start < end:
        until = min(_row_end(start, info, policy.row_ms), end)
        local = _utc(start).astimezone(info)
        first = -(-start // policy.cell_ms) * policy.cell_ms
        cells = tuple(range(first, until, policy.cell_ms))
        label = f"{local:%H:%M:%S}" if policy.row_ms % 60_000 else f"{local:%H:%M}"
        rows.append(Row(label, start, until, _offset(start, info) // 1_000, cells))
        start = until
    return tuple(rows)


def entries_span(day: dt.date | str, zone: str) -> tuple[int, int]:
    """Which segments' starts a day's view must be given: the whole billing weeks that the local day touches.

    The weekly limit and the money of a day are shares of the week's line. Amendments of these segments belong
    to them whenever they were made.
    """
    start, end = local_day(day, zone)
    weeks = weeks_between(start, max(end, start + 1))
    return weeks[0].start, weeks[-1].end


def _utc(ms: int) -> dt.datetime:
    return _EPOCH + ms * _MS


def _midnight(date: dt.date, info: ZoneInfo) -> int:
    # fold=0 takes the first of two midnights, and in a gap the offset before it: the day's first instant
    local = dt.datetime(date.year, date.month, date.day, tzinfo=info)
    return (local.astimezone(dt.UTC) - _EPOCH) // _MS


def _offset(ms: int, info: ZoneInfo) -> int:
    offset = _utc(ms).astimezone(info).utcoffset()
    return (offset or dt.timedelta()) // _MS


def _row_end(start: int, info: ZoneInfo, row_ms: int) -> int:
    offset = _offset(start, info)
    until = start + row_ms - (start + offset) % row_ms
    if _offset(until - 1, info) == offset:
        return until
    low, high = start, until - 1  # the offset is the old one at low, another at high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _offset(middle, info) == offset else (low, middle)
    return high
