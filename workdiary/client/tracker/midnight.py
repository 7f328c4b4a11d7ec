"""The day that is shown turns at local midnight, also while nothing is tracked and nobody looks.

One alarm at the next one: while the timer is off nothing else wakes the tracker.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from workdiary.client.segment.clock import Clock
from workdiary.client.tracker.schedule import Alarms
from workdiary.client.tracker.work import Job
from workdiary.rules.weeks import local_date, local_day

ALARM: Final = "midnight"


@dataclass(slots=True)
class Midnight:
    """turned(): the day is another one, or the clock was set; called by `post`."""

    clock: Clock
    alarms: Alarms
    post: Callable[[Job], None]
    turned: Job
    _armed: int | None = None

    def watch(self, zone: str) -> None:
        """What is shown now is the day of this zone: wake when it ends."""
        now = self.clock.wall_ms()
        end = local_day(local_date(now, zone), zone)[1]
        if end != self._armed:
            self._armed = end
            self.alarms.set(ALARM, end, lambda: self.post(self._ring))

    def _ring(self) -> None:
        self._armed = None
        self.turned()
