"""Alarms at wall instants, by APScheduler: one DateTrigger each, nothing dropped, nothing slept through.

A job only posts to the engine, which checks again whether it is due; so jobs run on the scheduler's own
thread. APScheduler waits on the monotonic clock and sleeps through resume and clock steps: waits are capped
at 30 s while an alarm is set, and `wake` looks again at once. Without alarms the thread does not wake at all.

APScheduler compares with the computer's wall clock, which somebody may set: what is kept of an alarm is how
long it was to last when it was set, on the monotonic clock, and its wall instant is moved after every step.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol, cast

from apscheduler.executors.debug import DebugExecutor
from apscheduler.jobstores.base import JobLookupError
from apscheduler.schedulers.background import BackgroundScheduler

from workdiary.client.segment.clock import Clock, SystemClock

WAIT_CAP_S: Final = 30.0
MOVED_MS: Final = 1_000


class Alarms(Protocol):
    """Named alarms; setting one again moves it."""

    def set(self, name: str, at_ms: int, ring: Callable[[], None]) -> None:
        """Call `ring` once at wall `at_ms` or as soon after as can be; it must not block."""
        ...

    def cancel(self, name: str) -> None:
        """Forget an alarm; nothing to do if there is none."""
        ...

    def wake(self) -> None:
        """The clocks may have jumped: look now which alarms are due."""
        ...

    def close(self) -> None:
        """Forget all and end; idempotent."""
        ...


class _CappedScheduler(BackgroundScheduler):  # type: ignore[misc] # apscheduler has no types
    """Never waits longer than the cap while there is something to wait for.

    total_ms: the monotonic clock by which alarms last; due: when each is to ring on it, by name.
    """

    def __init__(self, total_ms: Callable[[], int]) -> None:
        super().__init__(timezone=UTC, executors={"default": DebugExecutor()})
        self._total_ms = total_ms
        self.due: dict[str, int] = {}
        self._offset_ms = self._wall_offset()

    def instant(self, due_ms: int) -> datetime:
        """The wall instant, as the wall stands now, of one on the monotonic clock."""
        return datetime.now(UTC) + timedelta(milliseconds=due_ms - self._total_ms())

    def _process_jobs(self) -> float | None:
        offset = self._wall_offset()
        if abs(offset - self._offset_ms) > MOVED_MS:
            self._offset_ms = offset
            for name, due_ms in list(self.due.items()):
                with suppress(JobLookupError):  # it rang
                    self.modify_job(name, next_run_time=self.instant(due_ms))
        wait = cast("float | None", super()._process_jobs())
        return None if wait is None else min(wait, WAIT_CAP_S)

    def _wall_offset(self) -> int:
        return int(datetime.now(UTC).timestamp() * 1000) - self._total_ms()


class SchedulerAlarms:
    """The real alarms; the thread starts with the first one. clock: by which the instants are meant."""

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self._scheduler: _CappedScheduler | None = None
        self._closed = False

    def set(self, name: str, at_ms: int, ring: Callable[[], None]) -> None:
        """See `Alarms.set`."""
        if self._closed:
            return
        scheduler = self._started()
        scheduler.due[name] = due_ms = self._clock.total_ms() + at_ms - self._clock.wall_ms()
        scheduler.add_job(
            ring,
            "date",
            run_date=scheduler.instant(due_ms),
            id=name,
            replace_existing=True,
            misfire_grace_time=None,
        )

    def cancel(self, name: str) -> None:
        """See `Alarms.cancel`."""
        if self._scheduler is not None:
            self._scheduler.due.pop(name, None)
            with suppress(JobLookupError):  # it rang, or was never set
                self._scheduler.remove_job(name)

    def wake(self) -> None:
        """See `Alarms.wake`."""
        if self._scheduler is not None:
            self._scheduler.wakeup()

    def close(self) -> None:
        """See `Alarms.close`."""
        self._closed = True
        scheduler, self._scheduler = self._scheduler, None
        if scheduler is not None:
            scheduler.shutdown()

    def _started(self) -> _CappedScheduler:
        if self._scheduler is None:
            scheduler = _CappedScheduler(self._clock.total_ms)
            scheduler.start()
            # The library's default name would tell nobody whose thread this is.
            scheduler._thread.name = "workdiary-alarms"  # noqa: SLF001 - BackgroundScheduler takes no name
            self._scheduler = scheduler
        return self._scheduler
