"""Time zones of a reader: the one asked for, their own, and the freelancer's."""

from __future__ import annotations

import zoneinfo

from django.conf import settings
from django.http import HttpRequest

from workdiary.rules.weeks import UnknownZoneError, zone_named

COOKIE = "workdiary_zone"
COOKIE_MAX_AGE_S = 400 * 86_400  # what browsers allow at most
UTC = "UTC"
# What computers without a place call their zone; offered beside UTC these would be a choice of the same.
_UTC_TOO = frozenset({"Etc/UTC", "Etc/UCT", "Etc/Universal", "Etc/Zulu", "UCT", "Universal", "Zulu"})


def known(zone: str | None) -> str | None:
    """The name if it is an IANA zone, else None; whatever is but another name of UTC is UTC."""
    if not zone:
        return None
    try:
        zone_named(zone)
    except UnknownZoneError:
        return None
    return UTC if zone in _UTC_TOO else zone


def own_zone(request: HttpRequest) -> str:
    """The reader's zone: chosen on /zone, else that of the embedded server's computer, else UTC."""
    chosen = known(request.COOKIES.get(COOKIE))
    return chosen or known(getattr(settings, "WORKDIARY_ZONE", None)) or UTC


def all_zones() -> list[str]:
    """Every zone that is named after a place, UTC first."""
    other = ("Etc/", "SystemV/", "posix/", "right/")
    places = (z for z in zoneinfo.available_timezones() if "/" in z and not z.startswith(other))
    return [UTC, *sorted(places)]
