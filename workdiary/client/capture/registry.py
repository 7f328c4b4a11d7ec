"""Chooses a backend per capability, and keeps the reason why each one tried before it was refused.

The only module that imports an operating system's backend, and only when it is that backend's turn.
Refused means tried and failed, here and now: `choose` again after a desktop went away or changed.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping
from typing import TypeVar

from workdiary.client.capture import null
from workdiary.client.capture.port import (
    NO_BACKEND,
    Backends,
    Choice,
    IdleClock,
    InputCounter,
    Refusal,
    ScreenGrabber,
    SessionWatcher,
    UnavailableError,
    WindowList,
    WindowLocator,
    WindowWatcher,
)
from workdiary.client.capture.x11.xcb import XConnection

T = TypeVar("T")
_WAYLAND = "this is a Wayland session: X11 shows black screens there and hides most input"
_SHOT_PACKAGES = ("mss", "PIL")


def x11_display(env: Mapping[str, str]) -> str:
    """The X display of a real X11 session. Raises `UnavailableError` with the reason if it is not one.

    mss answers all black and without an error under Xwayland, and hooks undercount in silence; both variables
    are asked because desktops set one without the other.
    """
    if env.get("WAYLAND_DISPLAY") or env.get("XDG_SESSION_TYPE") == "wayland":
        raise UnavailableError(_WAYLAND)
    display = env.get("DISPLAY")
    if not display:
        raise UnavailableError("no DISPLAY is set")
    return display


def _connect(env: Mapping[str, str]) -> XConnection:
    """A connection to a server that is no Xwayland, whatever the environment says of the session."""
    x = XConnection(x11_display(env))
    try:
        x.extension("XWAYLAND")
    except UnavailableError:
        return x
    x.close()
    raise UnavailableError(_WAYLAND)


def _first(tries: list[tuple[str, Callable[[], T]]], otherwise: tuple[str, Callable[[str], T]]) -> Choice[T]:
    """The first backend that comes up; the null one, told all the reasons, if none does."""
    refused: list[Refusal] = []
    for name, make in tries:
        try:
            return Choice(make(), name, tuple(refused))
        except UnavailableError as error:
            refused.append(Refusal(name, str(error)))
        except ImportError as error:
            refused.append(Refusal(name, f"{error.name} is not installed"))
    name, make_null = otherwise
    reasons = dict.fromkeys(refusal.reason for refusal in refused)
    return Choice(make_null("; ".join(reasons)), name, tuple(refused))


class _X11:
    """The X11 backends around one shared connection, made when first asked for."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self._env = env
        self._x: XConnection | None = None

    def connection(self) -> XConnection:
        if self._x is None:
            self._x = _connect(self._env)
        return self._x

    def close(self) -> None:
        if self._x is not None:
            self._x.close()

    def input(self) -> InputCounter:
        from workdiary.client.capture.x11.input import X11InputCounter  # noqa: PLC0415 - only on X11

        self.connection()
        counter = X11InputCounter(x11_display(self._env))
        counter.probe()
        return counter

    def hooks(self) -> InputCounter:
        from workdiary.client.capture.hooks import HookInputCounter  # noqa: PLC0415 - raises without X11

        self.connection()
        counter = HookInputCounter()
        counter.probe()
        return counter

    def idle(self) -> IdleClock:
        from workdiary.client.capture.x11.idle import X11Idle  # noqa: PLC0415 - only on X11

        idle = X11Idle(self.connection())
        idle.probe()
        return idle

    def window(self) -> WindowWatcher:
        from workdiary.client.capture.x11.window import EwmhWindow  # noqa: PLC0415 - only on X11

        window = EwmhWindow(self.connection())
        window.probe()
        return window

    def windows(self) -> WindowList:
        """What the shot child will list windows with, tried once here."""
        from workdiary.client.capture.x11.windows import XWindows  # noqa: PLC0415 - only on X11

        listed = XWindows(self.connection())
        listed.windows()
        return listed

    def screen(self) -> str:
        """Whether the shot child will be able to grab, without loading what it grabs with."""
        self.connection()
        for package in _SHOT_PACKAGES:
            if importlib.util.find_spec(package) is None:
                raise UnavailableError(f"{package} is not installed")
        return "mss"


def _session(env: Mapping[str, str]) -> SessionWatcher:
    from workdiary.client.capture.logind import LogindSession  # noqa: PLC0415 - needs a package of its own

    watcher = LogindSession(env)
    watcher.probe()
    return watcher


def choose(env: Mapping[str, str]) -> Backends:
    """Try every capability's backends in order (platforms.md). Talks to the desktop; never raises.

    env: the process's environment. Close the result when it is replaced or no longer used.
    """
    x11 = _X11(env)
    idle = _first([("xscreensaver", x11.idle)], (NO_BACKEND, null.NullIdle))
    idle_works = idle.name != NO_BACKEND
    shot = _first([("mss", x11.screen)], (NO_BACKEND, lambda _: NO_BACKEND))
    windows = _first([("xtree", x11.windows)], (NO_BACKEND, null.NullWindowList))
    return Backends(
        input=_first(
            [("xi2", x11.input), ("pynput", x11.hooks)],
            (NO_BACKEND, lambda reason: null.NullInput(reason, idle_works=idle_works)),
        ),
        idle=idle,
        window=_first([("ewmh", x11.window)], (NO_BACKEND, null.NullWindow)),
        session=_first([("logind", lambda: _session(env))], (NO_BACKEND, null.NullSession)),
        shot=shot.name,
        shot_refused=shot.refused,
        windows=windows.name,
        windows_refused=windows.refused,
        close=x11.close,
    )


def screens(env: Mapping[str, str]) -> ScreenGrabber:
    """What the shot child grabs with. Raises `UnavailableError` with every reason."""
    try:
        _connect(env).close()
        from workdiary.client.capture.x11.screen import MssScreens  # noqa: PLC0415 - the child's alone
    except ImportError as error:
        raise UnavailableError(f"{error.name} is not installed") from None
    return MssScreens(x11_display(env))


def window_locator(env: Mapping[str, str]) -> WindowLocator:
    """Where the active window is, for mode `window`. Raises `UnavailableError`."""
    from workdiary.client.capture.x11.window import EwmhWindow  # noqa: PLC0415 - the child's alone

    window = EwmhWindow(_connect(env))
    window.probe()
    return window


def window_list(env: Mapping[str, str]) -> WindowList:
    """What the shot child masks private windows by. Raises `UnavailableError`."""
    from workdiary.client.capture.x11.windows import XWindows  # noqa: PLC0415 - the child's alone

    return XWindows(_connect(env))
