"""The computer's time zone as an IANA name, asked anew for every segment: people travel."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from workdiary.rules.weeks import UnknownZoneError, zone_named

UNKNOWN: Final = "UTC"
_LOCALTIME: Final = Path("/etc/localtime")
_DEBIAN: Final = Path("/etc/timezone")


def computer_zone(env: Mapping[str, str]) -> str:
    """An IANA name, "UTC" where the system does not tell one: TZ, /etc/localtime's target, /etc/timezone."""
    candidates = [env.get("TZ", "").removeprefix(":"), *_system_names()]
    return next((name for name in candidates if _known(name)), UNKNOWN)


def _system_names() -> list[str]:
    if sys.platform == "win32":
        from tzlocal import get_localzone_name  # noqa: PLC0415 - maps Windows' names; APScheduler brings it

        return [str(get_localzone_name())]
    names = []
    try:
        target = os.path.realpath(_LOCALTIME)
        names.append(target.partition("zoneinfo/")[2].removeprefix("posix/").removeprefix("right/"))
        names.append(_DEBIAN.read_text("ascii").strip())
    except (OSError, ValueError):
        return names  # what was found so far
    return names


def _known(name: str) -> bool:
    if not name or name.startswith("/"):
        return False
    try:
        zone_named(name)
    except UnknownZoneError:
        return False
    return True
