"""When this device may speak: its own place in every cell, a spread after an outage, and the server's word.

Durations are counted on the monotonic clock: a wall clock that is set must not silence a device.
"""

from __future__ import annotations

from collections.abc import Callable

from workdiary.client.account import Enrolment
from workdiary.client.sign.journal import Instants
from workdiary.client.upload.answers import LaterError
from workdiary.client.upload.backoff import FIRST_S, offset_ms
from workdiary.rules.policy import STANDARD


class Turns:
    """One uploader's turns; jitter() draws from [0, 1)."""

    def __init__(self, clock: Instants, jitter: Callable[[], float]) -> None:
        self._clock = clock
        self._jitter = jitter
        self._quiet_ms = 0
        self._soon_ms: int | None = None
        self.reason = ""

    def quiet_s(self) -> float:
        """Seconds for which the server asked not to be asked; whatever happens here, they are kept."""
        return max(self._quiet_ms - self._clock.total_ms(), 0) / 1000

    def asked_for(self, error: LaterError) -> None:
        """The server is there and said when to come again."""
        if error.retry_after_s:
            self._quiet_ms = self._clock.total_ms() + error.retry_after_s * 1000
            self.reason = error.message

    def link_up(self, enrolment: Enrolment | None) -> None:
        """The network came back: soon, but not in the same instant as everybody else on it."""
        alone = enrolment is None or enrolment.server == "solo"
        spread_ms = 0 if alone else int(self._jitter() * FIRST_S * 1000)
        self._soon_ms = self._clock.total_ms() + spread_ms

    def at_once(self) -> None:
        """The next pass waits for nothing of our own."""
        self._soon_ms = self._clock.total_ms()

    def wait_s(self, enrolment: Enrolment) -> float:
        """Seconds until this device's place in the cell has come; 0 in solo."""
        if enrolment.server == "solo":
            return 0.0
        if self._soon_ms is not None:
            left = self._soon_ms - self._clock.total_ms()
            if left <= 0:
                self._soon_ms = None
            return max(left, 0) / 1000
        cell_ms = STANDARD.cell_ms
        missing = offset_ms(enrolment.device, cell_ms) - self._clock.wall_ms() % cell_ms
        return max(missing, 0) / 1000
