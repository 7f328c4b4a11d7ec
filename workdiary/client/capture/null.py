"""What stands in where a desktop tells nothing: says so once, loudly, and never passes for a measurement."""

from __future__ import annotations

import logging
from collections.abc import Callable

from workdiary.client.capture.port import (
    NO_BACKEND,
    ActiveWindow,
    BackendCounts,
    InputCounts,
    OpenWindow,
    SessionEventKind,
    UnavailableError,
)

_LOG = logging.getLogger(__name__)


def _shout(capability: str, reason: str) -> None:
    _LOG.warning("%s is not available: %s", capability, reason)


class NullInput:
    """Counts nothing. `counts` is `active-only` where an idle clock can still say that somebody was there."""

    name = NO_BACKEND

    def __init__(self, reason: str, *, idle_works: bool) -> None:
        self.counts: BackendCounts = "active-only" if idle_works else "none"
        _shout("input counting", reason)

    def start(self) -> None:
        """There is nothing to start."""

    def drain(self) -> InputCounts:
        """Zeros that `counts` declares to be no measurement."""
        return InputCounts()

    def stop(self) -> None:
        """There is nothing to stop."""


class NullIdle:
    """Never knows; a caller must not take silence for presence."""

    name = NO_BACKEND

    def __init__(self, reason: str) -> None:
        self._reason = reason
        _shout("idle time", reason)

    def idle_ms(self) -> int:
        """Always raises `UnavailableError`."""
        raise UnavailableError(self._reason)


class NullWindow:
    """Sees no window."""

    name = NO_BACKEND

    def __init__(self, reason: str) -> None:
        _shout("the active window", reason)

    def active(self) -> ActiveWindow | None:
        """Always None."""
        return None


class NullWindowList:
    """Lists no window, and says so: a picture taken without a list may show private windows."""

    name = NO_BACKEND
    lag_ms = 0

    def __init__(self, reason: str) -> None:
        self._reason = reason
        _shout("the list of windows", reason)

    def windows(self) -> tuple[OpenWindow, ...]:
        """Always raises `UnavailableError`."""
        raise UnavailableError(self._reason)


class NullSession:
    """Hears of no lock or sleep; the tracker's clocks still notice a suspend."""

    name = NO_BACKEND

    def __init__(self, reason: str) -> None:
        _shout("notice of lock and sleep", reason)

    def start(self, notify: Callable[[SessionEventKind], None]) -> None:
        """Nothing will ever be told."""

    def stop(self) -> None:
        """There is nothing to stop."""
