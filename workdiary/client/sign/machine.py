"""What names this computer, so that a home that was copied to another one notices."""

from __future__ import annotations

from pathlib import Path

# systemd's id of the installation; copies of a whole disk share it, which no program can tell.
_PLACES = ("/etc/machine-id", "/var/lib/dbus/machine-id")
_CHARS = 32


def machine_id(places: tuple[str, ...] = _PLACES) -> str:
    """An id that stays with the computer, "" where there is none (Windows, macOS, bare containers)."""
    for place in places:
        try:
            text = Path(place).read_text("ascii").strip()
        except (OSError, UnicodeDecodeError):
            continue
        if len(text) == _CHARS:
            return text
    return ""
