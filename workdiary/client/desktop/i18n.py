"""Language, number style and zone of this computer, as the `Voice` that presenters speak with."""

from __future__ import annotations

from datetime import UTC, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from PySide6.QtCore import QCoreApplication, QLocale, QTimeZone

from workdiary.client.desktop.presenters.voice import Voice

CONTEXT = "workdiary"


def translate(text: str) -> str:
    """A text of the source in the person's language."""
    return QCoreApplication.translate(CONTEXT, text)


def plural(text: str, n: int) -> str:
    """A text with %n in the form that the language uses for that number."""
    return QCoreApplication.translate(CONTEXT, text, None, n)


def voice() -> Voice:
    """How this computer wants to be spoken to."""
    locale = QLocale()
    zone, name = _zone()
    return Voice(
        translate=translate,
        plural=plural,
        group=locale.groupSeparator(),
        point=locale.decimalPoint(),
        zone=zone,
        zone_name=name,
    )


def _zone() -> tuple[tzinfo, str]:
    """The system's zone and the name it is shown by: the city of its IANA id."""
    name = bytes(QTimeZone.systemTimeZoneId().data()).decode("ascii", "replace")
    try:
        return ZoneInfo(name), name.rpartition("/")[2].replace("_", " ")
    except (ZoneInfoNotFoundError, ValueError):
        return UTC, "UTC"
