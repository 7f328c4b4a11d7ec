"""Text as X11 programs write it into properties, in the encoding each one names."""

from __future__ import annotations

import re

from workdiary.client.capture.x11.xcb import Property

_STRING = 31  # the predefined atom XA_STRING: Latin-1
_UTF8_PART = re.compile(rb"(.*?)(?:\x1b%G(.*?)\x1b%@|\Z)", re.DOTALL)
_ESCAPE = re.compile(rb"\x1b[\x20-\x2f]*[\x30-\x7e]")


def decoded(found: Property | None, compound: int) -> str | None:
    """A text property; None if there is none. compound: the atom COMPOUND_TEXT."""
    if found is None:
        return None
    data = found.data.rstrip(b"\0")
    if found.type == _STRING:
        return data.decode("latin-1")
    if found.type == compound:
        return _compound(data)
    return data.decode("utf-8", "replace")


def _compound(data: bytes) -> str:
    """COMPOUND_TEXT as it is met today: Latin-1 with UTF-8 in brackets (xterm without utf8Title)."""
    text = ""
    for plain, utf8 in _UTF8_PART.findall(data):
        text += _ESCAPE.sub(b"", plain).decode("latin-1") + utf8.decode("utf-8", "replace")
    return text


def class_names(found: Property | None) -> tuple[str, ...]:
    """WM_CLASS (instance, NUL, class, NUL) as class, instance: the program's name first; () without."""
    parts = [] if found is None else [part.decode("utf-8", "replace") for part in found.data.split(b"\0")]
    return tuple(dict.fromkeys(part for part in (*parts[1:2], *parts[:1]) if part))
