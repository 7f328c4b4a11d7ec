"""A contract on the index: its last weeks as a calendar, each day with what it adds up to."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from django.utils import formats

from workdiary.server.web.day_page import ContractHead
from workdiary.server.web.links import DayLinks
from workdiary.server.web.recent import Recent
from workdiary.server.web.times import MINUTE, duration, long_day_text, short_duration

WEEKS = 5
CALENDAR_DAYS = WEEKS * 7
_METER = 100


@dataclass(frozen=True, slots=True)
class CalendarDay:
    """One day; href None where nothing is; width 0..100: its share of the longest day shown."""

    label: str
    name: str
    text: str
    length: str
    href: str | None
    width: int
    today: bool
    future: bool


@dataclass(frozen=True, slots=True)
class CalendarWeek:
    """Monday to Sunday with its sum."""

    label: str
    days: tuple[CalendarDay, ...]
    total: str


@dataclass(frozen=True, slots=True)
class ContractCard:
    """A contract of the index."""

    head: ContractHead
    heads: tuple[str, ...]
    weeks: tuple[CalendarWeek, ...]
    total: str
    empty: bool
    today: str
    recent: Recent | None


def contract_card(
    head: ContractHead, tracked: Mapping[dt.date, int], today: dt.date, recent: Recent | None
) -> ContractCard:
    """Lay the last five weeks out, the present one last; tracked: ms by local day."""
    monday = today - dt.timedelta(days=today.weekday())
    starts = [monday - dt.timedelta(weeks=n) for n in reversed(range(WEEKS))]
    longest = max(max(tracked.values(), default=0), MINUTE)
    weeks = tuple(_week(start, head, tracked, today, longest) for start in starts)
    return ContractCard(
        head=head,
        heads=tuple(formats.date_format(monday + dt.timedelta(days=n), "D") for n in range(7)),
        weeks=weeks,
        total=duration(sum(tracked.values())),
        empty=not tracked,
        today=DayLinks(head.id, today.isoformat()).here(),
        recent=recent,
    )


def _week(
    start: dt.date, head: ContractHead, tracked: Mapping[dt.date, int], today: dt.date, longest: int
) -> CalendarWeek:
    dates = [start + dt.timedelta(days=n) for n in range(7)]
    return CalendarWeek(
        label=formats.date_format(start, "j M"),
        days=tuple(_day(date, head, tracked.get(date), today, longest) for date in dates),
        total=short_duration(total) if (total := sum(tracked.get(date, 0) for date in dates)) else "",
    )


def _day(date: dt.date, head: ContractHead, ms: int | None, today: dt.date, longest: int) -> CalendarDay:
    return CalendarDay(
        label=str(date.day),
        name=long_day_text(date),
        text="" if ms is None else short_duration(ms),
        length="" if ms is None else duration(ms),
        href=None if ms is None else DayLinks(head.id, date.isoformat()).here(),
        width=0 if not ms else max(4, ms * _METER // longest),
        today=date == today,
        future=date > today,
    )
