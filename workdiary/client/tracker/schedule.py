"""Alarms at wall instants, by APScheduler: one DateTrigger each, nothing dropped, nothing slept through.

A job only posts to the engine, which checks again whether it is due; so jobs run on the scheduler's own
thread. APScheduler waits on the monotonic clock and sleeps through resume and clock steps: waits are capped
at 30 s while an alarm is set, and `wake` looks again at once. Without alarms the thread does not wake at all.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

from apscheduler.executors.debug import DebugExecutor
from apscheduler.jobstores.base import JobLookupError
from apscheduler.schedulers.background import BackgroundScheduler

WAIT_CAP_S: Final = 30.0
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


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
    """Never waits longer than the cap while there is something to wait for."""

    def _process_jobs(self) -> float | None:
        wait: float | None = super()._process_jobs()
        return None if wait is None else min(wait, WAIT_CAP_S)


class SchedulerAlarms:
    """The real alarms; the thread starts with the first one."""

    def __init__(self) -> None:
        self._scheduler: _CappedScheduler | None = None
        self._closed = False

    def set(self, name: str, at_ms: int, ring: Callable[[], None]) -> None:
        """See `Alarms.set`."""
        if self._closed:
            return
        self._started().add_job(
            ring,
            "date",
            run_date=_EPOCH + timedelta(milliseconds=at_ms),
            id=name,
            replace_existing=True,
            misfire_grace_time=None,
        )

    def cancel(self, name: str) -> None:
        """See `Alarms.cancel`."""
        if self._scheduler is not None:
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
            scheduler = _CappedScheduler(timezone=UTC, executors={"default": DebugExecutor()})
            scheduler.start()
            # The library's default name would tell nobody whose thread this is.
            scheduler._thread.name = "workdiary-alarms"  # noqa: SLF001 - BackgroundScheduler takes no name
            self._scheduler = scheduler
        return self._scheduler
