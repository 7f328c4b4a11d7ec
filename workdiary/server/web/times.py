"""Instants, spans and money as pages print them: always with their zone, 24-hour clock, integers only."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.utils import formats
from django.utils.translation import gettext as _

from workdiary.evidence.times import TIME_MAX_MS
from workdiary.rules.weeks import zone_named

SECOND, MINUTE, HOUR = 1_000, 60_000, 3_600_000
# A record may claim any instant up to the end of 9999; a day later no zone has a name for it.
_LAST_MS = TIME_MAX_MS - 24 * HOUR
# Below this a span is told with its seconds: the demo's cells are 30 s, and parts of a minute matter there.
_SECONDS_BELOW = 10 * MINUTE


@dataclass(frozen=True, slots=True)
class Clock:
    """Prints UTC milliseconds in one IANA zone; `seconds`: rows are shorter than minutes can tell (demo)."""

    zone: str
    seconds: bool = False

    @property
    def info(self) -> ZoneInfo:
        """The zone's rules. Raises UnknownZoneError."""
        return zone_named(self.zone)

    def local(self, ms: int) -> dt.datetime:
        """The instant as an aware datetime in the zone."""
        shown = min(ms, _LAST_MS)
        return dt.datetime.fromtimestamp(shown // 1_000, tz=self.info) + dt.timedelta(
            milliseconds=shown % 1_000
        )

    def time(self, ms: int) -> str:
        """`09:40`, or `09:40:30` where the grid is finer than minutes."""
        return f"{self.local(ms):%H:%M:%S}" if self.seconds else f"{self.local(ms):%H:%M}"

    def exact(self, ms: int) -> str:
        """`09:40:30`."""
        return f"{self.local(ms):%H:%M:%S}"

    def stamp(self, ms: int) -> str:
        """`20 Nov 2026, 09:40:30 (UTC+1)`: complete, for tables of records."""
        local = self.local(ms)
        return f"{day_text(local.date())}, {local:%H:%M:%S} ({offset_text(self.offset_s(ms))})"

    def offset_s(self, ms: int) -> int:
        """Seconds ahead of UTC at that instant."""
        return int((self.local(ms).utcoffset() or dt.timedelta()).total_seconds())

    @property
    def name(self) -> str:
        """The place, as people say it: `Berlin`, `Buenos Aires`, `UTC`."""
        return self.zone.rpartition("/")[2].replace("_", " ")


def offset_text(seconds: int) -> str:
    """`UTC`, `UTC+1`, `UTC+5:45`, `UTC−3:30` (a real minus sign: it is text)."""
    if seconds == 0:
        return "UTC"
    hours, minutes = divmod(abs(seconds) // 60, 60)
    sign = "+" if seconds > 0 else "−"
    return f"UTC{sign}{hours}" + (f":{minutes:02d}" if minutes else "")


def day_text(day: dt.date) -> str:
    """`20 Nov 2026` in the reader's language."""
    return formats.date_format(day, "j M Y")


def long_day_text(day: dt.date) -> str:
    """`Fri 20 Nov 2026` in the reader's language."""
    return formats.date_format(day, "D j M Y")


def duration(ms: int) -> str:
    """`25 s`, `2 min 30 s`, `47 min`, `1 h`, `6 h 33 min`; seconds are floored, never rounded up."""
    seconds = ms // SECOND
    hours, minutes, rest = seconds // 3_600, seconds // 60 % 60, seconds % 60
    if hours and not minutes:
        return _("%(h)d h") % {"h": hours}
    if hours:
        return _("%(h)d h %(m)02d min") % {"h": hours, "m": minutes}
    if ms >= _SECONDS_BELOW or (minutes and not rest):
        return _("%(m)d min") % {"m": minutes}
    if minutes:
        return _("%(m)d min %(s)02d s") % {"m": minutes, "s": rest}
    return _("%(s)d s") % {"s": rest}


def short_duration(ms: int) -> str:
    """`6:05 h`, for places as narrow as a day of a calendar."""
    minutes = ms // MINUTE
    return _("%(h)d:%(m)02d h") % {"h": minutes // 60, "m": minutes % 60}


def exact_duration(ms: int) -> str:
    """`6:33:07.250`: to the millisecond, for who adds up."""
    seconds = ms // SECOND
    return f"{seconds // 3_600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.{ms % SECOND:03d}"


def money(minor: int, currency: str, exponent: int) -> str:
    """`USD 314.73`: the currency's code, so that no symbol is guessed; `exponent` digits after the point."""
    amount = Decimal(minor).scaleb(-exponent)
    return f"{currency} {formats.number_format(amount, exponent, use_l10n=True, force_grouping=True)}"
