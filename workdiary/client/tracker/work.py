"""Where slow things happen: one named thread per kind of work, one job after the other, joined on close."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Final, Protocol

_LOG = logging.getLogger(__name__)

Job = Callable[[], None]
# A screenshot is the longest job (shots.TIMEOUT_S); whoever closes waits a little longer than that.
JOIN_S: Final = 35.0


class Worker(Protocol):
    """Takes jobs that may block; results come back by posting to the engine."""

    def submit(self, job: Job) -> None:
        """Run `job` after those submitted before it. After `close` it is dropped."""
        ...

    def close(self) -> None:
        """Finish what was submitted, then end; idempotent."""
        ...


class ThreadWorker:
    """A thread that starts with the first job."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._closed = False

    def submit(self, job: Job) -> None:
        """See `Worker.submit`."""
        with self._lock:
            if self._closed:
                return
            self._jobs.put(job)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                self._thread.start()

    def close(self) -> None:
        """See `Worker.close`. A job that outlives JOIN_S keeps its daemon thread and is logged."""
        with self._lock:
            self._closed = True
            thread, self._thread = self._thread, None
        if thread is None:
            return
        self._jobs.put(None)
        thread.join(JOIN_S)
        if thread.is_alive():
            _LOG.error("thread %s did not end within %s s", self._name, JOIN_S)

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            try:
                job()
            except Exception:  # noqa: BLE001 - a bug in one job must not keep the next segment unsigned
                _LOG.exception("a job of %s failed", self._name)
