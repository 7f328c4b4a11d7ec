"""The focused window as the window manager tells it (EWMH): application, title, and where it is.

Asked once in a while, never subscribed to: property changes of busy windows would wake us at every tab
switch.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from workdiary.client.capture.port import ActiveWindow, UnavailableError, WindowArea
from workdiary.client.capture.x11.xcb import Property, XConnection, XError

_STRING = 31  # the predefined atom XA_STRING: Latin-1
_UTF8_PART = re.compile(rb"(.*?)(?:\x1b%G(.*?)\x1b%@|\Z)", re.DOTALL)
_ESCAPE = re.compile(rb"\x1b[\x20-\x2f]*[\x30-\x7e]")


class EwmhWindow:
    """`WindowWatcher` for X11; shares the connection it is given."""

    name = "ewmh"

    def __init__(self, x: XConnection) -> None:
        self._x = x

    def probe(self) -> None:
        """Raises `UnavailableError` unless a window manager that follows EWMH runs now."""
        keeper = self._window(self._x.root, "_NET_SUPPORTING_WM_CHECK")
        # The property outlives a crashed window manager; its window, pointing at itself, does not.
        if keeper is None or self._window(keeper, "_NET_SUPPORTING_WM_CHECK") != keeper:
            raise UnavailableError("no window manager tells which window is active")
        supported = self._x.property(self._x.root, "_NET_SUPPORTED")
        if supported is None or self._x.atom("_NET_ACTIVE_WINDOW") not in supported.cardinals():
            raise UnavailableError("the window manager does not tell which window is active")

    def active(self) -> ActiveWindow | None:
        """See `WindowWatcher.active`; None as well once the server has gone: the counter reports that."""
        try:
            window = self._window(self._x.root, "_NET_ACTIVE_WINDOW")
            if window is None:
                return None
            title = self._text(self._x.property(window, "_NET_WM_NAME"))
            if title is None:
                title = self._text(self._x.property(window, "WM_NAME"))
            app = self._app(window)
            # A window that closed just now, or one that tells nothing of itself: nobody to name.
            return ActiveWindow(app, title) if app or title is not None else None
        except (UnavailableError, XError):
            return None

    def area(self) -> WindowArea | None:
        """See `WindowLocator.area`."""
        window = self._window(self._x.root, "_NET_ACTIVE_WINDOW")
        place = None if window is None or self._is_desktop(window) else self._x.place(window)
        if window is None or place is None:
            return None
        x, y, width, height = place
        # GTK draws its shadow inside the window; through it one sees what lies beneath.
        shadow = self._x.property(window, "_GTK_FRAME_EXTENTS")
        left, right, top, bottom = (shadow.cardinals() if shadow else ()) or (0, 0, 0, 0)
        area = WindowArea(window, x + left, y + top, width - left - right, height - top - bottom)
        return replace(area, covered=tuple(self._above(area)))

    def _is_desktop(self, window: int) -> bool:
        """Whether this is a file manager's desktop: as large as the screen and under everybody's windows."""
        kinds = self._x.property(window, "_NET_WM_WINDOW_TYPE")
        return kinds is not None and self._x.atom("_NET_WM_WINDOW_TYPE_DESKTOP") in kinds.cardinals()

    def _above(self, area: WindowArea) -> Iterator[WindowArea]:
        """What is stacked over a window and touches it, its own program's menus included.

        A compositor's full-screen overlay shows this very window and is no cover.
        """
        try:
            frame = area.id
            while (parent := self._x.family(frame)[0]) not in (0, self._x.root):
                frame = parent
            _, stack = self._x.family(self._x.root)
        except XError:
            return
        screen = self._x.place(self._x.root)
        for other in stack[stack.index(frame) + 1 :] if frame in stack else ():
            place = self._x.place(other) if self._x.shown(other) else None
            if place is not None and place != screen and _touch(WindowArea(other, *place), area):
                yield WindowArea(other, *place)

    def _window(self, window: int, name: str) -> int | None:
        """The first window id in a property, None if it is not set or 0."""
        found = self._x.property(window, name)
        return (found.cardinals() or (0,))[0] or None if found else None

    def _app(self, window: int) -> str:
        """The class of WM_CLASS (instance, NUL, class, NUL), which names the program; "" without."""
        found = self._x.property(window, "WM_CLASS")
        if found is None:
            return ""
        parts = found.data.split(b"\0")
        return (parts[1] if len(parts) > 1 and parts[1] else parts[0]).decode("utf-8", "replace")

    def _text(self, found: Property | None) -> str | None:
        """A text property in the encoding its type names; None if there is none."""
        if found is None:
            return None
        data = found.data.rstrip(b"\0")
        if found.type == _STRING:
            return data.decode("latin-1")
        if found.type == self._x.atom("COMPOUND_TEXT"):
            return _compound(data)
        return data.decode("utf-8", "replace")


def _touch(one: WindowArea, other: WindowArea) -> bool:
    return (
        one.x < other.x + other.w
        and other.x < one.x + one.w
        and one.y < other.y + other.h
        and other.y < one.y + one.h
    )


def _compound(data: bytes) -> str:
    """COMPOUND_TEXT as it is met today: Latin-1 with UTF-8 in brackets (xterm without utf8Title)."""
    text = ""
    for plain, utf8 in _UTF8_PART.findall(data):
        text += _ESCAPE.sub(b"", plain).decode("latin-1") + utf8.decode("utf-8", "replace")
    return text
