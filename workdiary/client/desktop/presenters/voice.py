"""How presenters speak: translation, plural, money and times as plain functions, so that they need no Qt.

`i18n` builds a `Voice` from the translator, the locale and the time zone of the computer; tests use the
default, which is the English of the source.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

MINUS = "\u2212"  # a hyphen is too short to be seen before a price
NARROW = "\u202f"  # keeps a code and its amount on one line
SIGNS = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "INR": "₹", "UAH": "₴", "NGN": "₦", "PHP": "₱"}


def _as_written(text: str) -> str:
    return text


def _count_as_written(text: str, n: int) -> str:
    return text.replace("%n", str(n))


@dataclass(frozen=True, slots=True)
class Voice:
    """The person's language, number style and zone.

    translate: text of the source -> text shown; plural: likewise for a text with %n.
    """

    translate: Callable[[str], str] = _as_written
    plural: Callable[[str, int], str] = _count_as_written
    group: str = ","
    point: str = "."
    zone: tzinfo = UTC
    zone_name: str = "UTC"

    def say(self, text: str, /, **values: str | int) -> str:
        """The text in the person's language, with its {places} filled."""
        return self.translate(text).format(**values) if values else self.translate(text)

    def count(self, one: str, many: str, n: int, /) -> str:
        """`one` or `many` by the language's own rule; %n is the number."""
        return self.plural(one if n == 1 else many, n)

    def money(self, minor: int, currency: str, exponent: int) -> str:
        """An amount in minor units, for example "$1,371.20"; other currencies stand with their code."""
        whole, rest = divmod(abs(minor), 10**exponent)
        digits = f"{whole:,}".replace(",", self.group)
        if exponent:
            digits += f"{self.point}{rest:0{exponent}}"
        sign = SIGNS.get(currency)
        amount = f"{sign}{digits}" if sign else f"{currency}{NARROW}{digits}"
        return MINUS + amount if minor < 0 else amount

    def time(self, ms: int, *, seconds: bool = False) -> str:
        """Time of day in the person's zone: "16:23" or "16:23:38"; the zone's name stands beside it."""
        at = datetime.fromtimestamp(ms // 1000, self.zone)
        return at.strftime("%H:%M:%S" if seconds else "%H:%M")

    def day(self, ms: int) -> tuple[int, int, int]:
        """The local day an instant lies in: year, month, day."""
        at = datetime.fromtimestamp(ms // 1000, self.zone)
        return at.year, at.month, at.day

    def span(self, ms: int) -> str:
        """A length in words: "38 s", "3 min 51 s", "23 min", "1 h 05 min"."""
        seconds = max(0, ms) // 1000
        hours, minutes = seconds // 3600, seconds // 60 % 60
        if hours:
            return self.say("{h} h {m} min", h=hours, m=f"{minutes:02}")
        if not minutes:
            return self.say("{s} s", s=seconds)
        if seconds % 60:
            return self.say("{m} min {s} s", m=minutes, s=seconds % 60)
        return self.say("{m} min", m=minutes)


def clock(ms: int) -> str:
    """A running clock: "1:32:50"; whole seconds, never rounded up."""
    seconds = max(0, ms) // 1000
    return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def hours(ms: int) -> str:
    """Hours and minutes: "28:34"; whole minutes, never rounded up."""
    minutes = max(0, ms) // 60_000
    return f"{minutes // 60}:{minutes % 60:02}"
