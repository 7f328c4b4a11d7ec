"""Where the newest snapshot hangs: written on the engine's thread, read and awaited from any other."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from workdiary.client.segment.clock import Clock
from workdiary.client.tracker.events import Listener, Snapshot

_LOG = logging.getLogger(__name__)
LOOK_S: Final = 0.5  # looks again this often, should something have changed without being told


class Board:
    """The newest snapshot and who wants to hear of it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._changed = threading.Condition()
        self._latest: Snapshot | None = None
        self._since = 0  # total ms at which `_latest` was told
        self._listeners: list[Listener] = []

    def tell(self, snapshot: Snapshot) -> None:
        """On the engine's thread: this is the present state now."""
        with self._changed:
            self._latest, self._since = snapshot, self._clock.total_ms()
            listeners = list(self._listeners)
            self._changed.notify_all()
        for listener in listeners:
            try:
                listener(snapshot)
            except Exception:  # noqa: BLE001 - a window's bug must not end the tracker
                _LOG.exception("a listener failed")

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` with every snapshot told from now on; returns the way to undo it."""
        with self._changed:
            self._listeners.append(listener)

        def undo() -> None:
            with self._changed:
                if listener in self._listeners:
                    self._listeners.remove(listener)

        return undo

    def now(self) -> Snapshot:
        """The newest snapshot, its durations carried on to this instant while it tracks."""
        with self._changed:
            latest, since = self._latest, self._since
        if latest is None:
            return Snapshot(at_ms=self._clock.wall_ms(), state="stopped", sync="ok")
        if latest.state != "tracking":
            return replace(latest, at_ms=self._clock.wall_ms())
        passed = self._clock.total_ms() - since
        return replace(
            latest,
            at_ms=latest.at_ms + passed,
            session_ms=latest.session_ms + passed,
            today_ms=latest.today_ms + passed,
            week_ms=latest.week_ms + passed,
        )

    def until(self, reached: Callable[[], bool], wait_s: float) -> bool:
        """Wait for changes until `reached()`; whether it was in time. Not for the engine's thread."""
        deadline = self._clock.awake_ms() + int(wait_s * 1000)
        while not reached():
            left = (deadline - self._clock.awake_ms()) / 1000
            if left <= 0:
                return False
            with self._changed:
                self._changed.wait(min(left, LOOK_S))
        return True
