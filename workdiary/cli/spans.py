"""The spans people name on the command line: a local day, or a billing week."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass

import click

from workdiary.evidence.times import TIME_MAX_MS
from workdiary.rules.weeks import UnknownZoneError, local_day, week_named
from workdiary.wire.known import ExitCode, KnownError

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Period:
    """What --day, --week and --zone said."""

    day: str | None
    week: str | None
    zone: str | None

    def span(self, zone: str) -> Span:
        """UTC ms of the day (in `zone`, if none was named) or week.

        Raises `KnownError` (exit 2): not exactly one of both, or none such.
        """
        if (self.day is None) == (self.week is None):
            raise _usage("Name a day or a week", "--day 2026-11-20, or --week 2026-W47.", "")
        place = self.zone or zone
        try:
            return self._bounds(place)
        except UnknownZoneError as error:
            raise _usage("There is no such time zone", "Name one like Europe/Berlin.", place) from error
        except (ValueError, OverflowError) as error:
            named = self.day or self.week or ""
            raise _usage("This is no day or week", "Write 2026-11-20 or 2026-W47.", named) from error

    def _bounds(self, zone: str) -> Span:
        start, end = local_day(self.day or "", zone) if self.week is None else week_named(self.week)[1:]
        if not 0 <= start < end <= TIME_MAX_MS:
            raise ValueError("before or after all time that records can name")
        return start, end


def period_options(command: Callable[..., None]) -> Callable[..., None]:
    """Options --day, --week and --zone, given to the command as one `period`."""

    @functools.wraps(command)
    def with_period(
        *args: object, day: str | None, week: str | None, zone: str | None, **named: object
    ) -> None:
        command(*args, period=Period(day, week, zone), **named)

    for option in (
        click.option("--zone", metavar="ZONE", help="IANA time zone of the day (default: this computer's)."),
        click.option("--week", metavar="YYYY-Www", help="One billing week (UTC), like 2026-W47."),
        click.option("--day", metavar="YYYY-MM-DD", help="One local day."),
    ):
        option(with_period)
    return with_period


def _usage(title: str, message: str, subject: str) -> KnownError:
    return KnownError(title, message, subject=subject, exit_code=ExitCode.USAGE)
