"""The focused window as the window manager tells it (EWMH): application, title, and where it is.

Asked once in a while, never subscribed to: property changes of busy windows would wake us at every tab
switch.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from workdiary.client.capture.port import ActiveWindow, Rect, UnavailableError, WindowArea
from workdiary.client.capture.x11 import identity
from workdiary.client.capture.x11.windows import XWindows
from workdiary.client.capture.x11.xcb import XConnection, XError


class EwmhWindow:
    """`WindowWatcher` and `WindowLocator` for X11; shares the connection it is given."""

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
            facts = {} if window is None else identity.facts_of(self._x, [window])
        except (UnavailableError, XError):
            return None
        if window is None or window not in facts:
            return None
        app, title = (facts[window].classes or ("",))[0], facts[window].title
        # A window that closed just now, or one that tells nothing of itself: nobody to name.
        if not app and title is None:
            return None
        return ActiveWindow(app, title, identity.names(window, facts), identity.titles(window, facts))

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
        shown = [each for each in XWindows(self._x).windows() if each.place is not None]
        order = [each.id for each in shown]
        screen = self._x.place(self._x.root)
        for other in shown[order.index(area.id) + 1 :] if area.id in order else ():
            place = other.place
            if place is not None and screen != (place.x, place.y, place.w, place.h) and _touch(place, area):
                yield WindowArea(other.id, place.x, place.y, place.w, place.h)

    def _window(self, window: int, name: str) -> int | None:
        """The first window id in a property, None if it is not set or 0."""
        found = self._x.property(window, name)
        return (found.cardinals() or (0,))[0] or None if found else None


def _touch(one: Rect, other: WindowArea) -> bool:
    return (
        one.x < other.x + other.w
        and other.x < one.x + one.w
        and one.y < other.y + other.h
        and other.y < one.y + one.h
    )
