"""The engine's one thread: a queue of jobs, and a tick at whole wall seconds while one is wanted.

While the timer is off there is no tick: the thread sleeps in the queue until something is posted.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from queue import Empty, SimpleQueue
from typing import Final, TypeVar

from workdiary.client.errors import KnownError
from workdiary.client.segment.clock import Clock
from workdiary.client.tracker.work import JOIN_S, Job

_LOG = logging.getLogger(__name__)
T = TypeVar("T")
# Disks that spin up and full ones that are being freed are slow; longer than this is a fault worth saying.
ANSWER_S: Final = 60.0
EARLY_MS: Final = 2  # the wait's own rounding must not wake before the second


@dataclass(frozen=True, slots=True)
class Ticking:
    """What the loop asks the timer.

    tick(ms): ms the loop itself worked since the last tick began; next_ms(): ms until the next, None: none.
    """

    tick: Callable[[int], None]
    next_ms: Callable[[], int | None]


class Loop:
    """Runs jobs one after the other on a named thread."""

    def __init__(self, name: str, clock: Clock) -> None:
        self._name = name
        self._clock = clock
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._closed = False

    def start(self, ticking: Ticking) -> None:
        """Start the thread."""
        self._thread = threading.Thread(target=self._run, args=(ticking,), name=self._name, daemon=True)
        self._thread.start()

    def post(self, job: Job) -> None:
        """Run `job` soon; from any thread. After `close` it is dropped."""
        if not self._closed:
            self._jobs.put(job)

    def call(self, work: Callable[[], T], *, wait_s: float = ANSWER_S) -> T:
        """Run `work` on the loop's thread and return what it returns or raise what it raises.

        Raises `KnownError` if the loop is closed or does not answer in `wait_s`.
        """
        if threading.current_thread() is self._thread:
            return work()
        if self._closed or self._thread is None:
            raise KnownError("The tracker is not running", "Start it again.", permanent=False)
        future: Future[T] = Future()
        self._jobs.put(lambda: _answer(future, work))
        try:
            return future.result(wait_s)
        except TimeoutError:
            raise KnownError(
                "The tracker does not answer",
                "The disk may be very slow. What was recorded before is safe; try again.",
                permanent=False,
            ) from None

    def close(self) -> None:
        """Run what was posted, then end; idempotent."""
        thread, self._thread = self._thread, None
        self._closed = True
        if thread is None:
            return
        self._jobs.put(None)
        thread.join(JOIN_S)
        if thread.is_alive():
            _LOG.error("thread %s did not end within %s s", self._name, JOIN_S)

    def _run(self, ticking: Ticking) -> None:
        busy, due = 0, self._due(ticking)
        while True:
            try:
                job = self._jobs.get(timeout=None if due is None else max(0, due - self._now()) / 1000)
            except Empty:
                began = self._now()
                _guard(partial(ticking.tick, busy))
                busy, due = self._now() - began, self._due(ticking)
                continue
            if job is None:
                return
            began = self._now()
            if due is not None and began >= due:
                # The computer may have slept: what happened meanwhile comes before what is asked now.
                _guard(partial(ticking.tick, busy))
                busy, due = 0, self._due(ticking)
            _guard(job)
            busy += self._now() - began
            if due is None or ticking.next_ms() is None:
                busy, due = 0, self._due(ticking)

    def _due(self, ticking: Ticking) -> int | None:
        """When the next tick is due on the awake clock."""
        wait = ticking.next_ms()
        return None if wait is None else self._now() + wait + EARLY_MS

    def _now(self) -> int:
        return self._clock.awake_ms()


def _guard(job: Job) -> None:
    """A job's fault must not end the tracker: it is told in the snapshot where known, logged where a bug."""
    try:
        job()
    except KnownError as error:
        _LOG.warning("%s", error.title)
    except Exception:  # noqa: BLE001 - see above
        _LOG.exception("a job of the engine failed")


def _answer(future: Future[T], work: Callable[[], T]) -> None:
    try:
        future.set_result(work())
    except BaseException as error:  # noqa: BLE001 - raised again where it was asked for
        future.set_exception(error)
