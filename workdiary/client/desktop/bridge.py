"""The one place where other threads' results reach the GUI thread.

Calls that may wait (they are durable when they return) run one after another on a thread of their own;
snapshots come from the engine's thread. Both arrive by queued signals, and only what a hidden window still
needs wakes it.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject, Qt, Signal, Slot

from workdiary.client.tracker.events import Snapshot, Tracker

THREAD = "desktop-calls"
JOIN_S = 10.0  # a call under way is a commit to disk: it ends


@dataclass(frozen=True, slots=True)
class _Call:
    """Something to do elsewhere, and who hears of its end; results are Any because each call has its own."""

    work: Callable[[], Any]
    done: Callable[[Any], None] | None
    failed: Callable[[Exception], None]


@dataclass(frozen=True, slots=True)
class Heard:
    """A snapshot and when it came (monotonic seconds), so that a clock can go on from it."""

    snapshot: Snapshot
    at: float


@dataclass(frozen=True, slots=True)
class _Answer:
    call: _Call
    result: Any = None
    error: Exception | None = None


class Bridge(QObject):
    """Runs calls off the GUI thread and brings answers and snapshots back to it."""

    heard = Signal(object)
    _answered = Signal(object)
    _told = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._calls: queue.SimpleQueue[_Call | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._unsubscribe: Callable[[], None] | None = None
        self._lock = threading.Lock()
        self._latest: Heard | None = None
        self._shown: Heard | None = None
        self._pending = False
        self._attentive = True
        self._closed = False
        queued = Qt.ConnectionType.QueuedConnection
        self._answered.connect(self._on_answer, queued)
        self._told.connect(self._on_told, queued)

    def call(
        self,
        work: Callable[[], Any],
        done: Callable[[Any], None] | None,
        failed: Callable[[Exception], None],
    ) -> None:
        """Run `work` on the calls' thread; then `done` with its result or `failed`, on the GUI thread."""
        if self._closed:
            return
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name=THREAD)
            self._thread.start()
        self._calls.put(_Call(work, done, failed))

    def watch(self, tracker: Tracker) -> None:
        """Follow this tracker's snapshots from now on."""
        self._unsubscribe = tracker.subscribe(self._heard)
        self._heard(tracker.snapshot())

    def attend(self, attentive: bool) -> None:
        """False while nobody sees the window: then only what the tray says still wakes the GUI thread."""
        with self._lock:
            self._attentive = attentive
            behind = attentive and self._latest is not self._shown and not self._pending
            self._pending = self._pending or behind
        if behind:
            self._told.emit()

    def close(self) -> None:
        """Hear nothing more, finish the call under way, end the thread; idempotent."""
        self._closed = True
        if self._unsubscribe is not None:
            self._unsubscribe()
            self._unsubscribe = None
        if self._thread is not None:
            self._calls.put(None)
            self._thread.join(JOIN_S)
            self._thread = None

    def _run(self) -> None:
        while (call := self._calls.get()) is not None:
            try:
                answer = _Answer(call, result=call.work())
            except Exception as error:  # noqa: BLE001 - told to the person as what it is, known or a bug
                answer = _Answer(call, error=error)
            if not self._closed:
                self._answered.emit(answer)

    @Slot(object)
    def _on_answer(self, answer: _Answer) -> None:
        if self._closed:
            return
        if answer.error is not None:
            answer.call.failed(answer.error)
        elif answer.call.done is not None:
            answer.call.done(answer.result)

    def _heard(self, snapshot: Snapshot) -> None:
        """On the engine's thread: keep the newest, wake the GUI thread once for all that came meanwhile."""
        with self._lock:
            self._latest = Heard(snapshot, time.monotonic())
            if self._pending or self._closed or not (self._attentive or self._news(snapshot)):
                return
            self._pending = True
        self._told.emit()

    @Slot()
    def _on_told(self) -> None:
        with self._lock:
            self._pending = False
            newest = self._shown = self._latest
        if newest is not None and not self._closed:
            self.heard.emit(newest)

    def _news(self, snapshot: Snapshot) -> bool:
        return self._shown is None or headline(snapshot) != headline(self._shown.snapshot)


def headline(snapshot: Snapshot) -> tuple[object, ...]:
    """What a hidden window still has to hear of: the tray's icon and words, and a shot to announce."""
    shot = snapshot.shot
    return (
        snapshot.state,
        snapshot.sync,
        snapshot.reason,
        snapshot.contract.id if snapshot.contract else None,
        shot.shot_id if shot else None,
        shot.choice if shot else None,
        snapshot.outbox.quarantined,
    )
