"""Counting into the open segment: drains, active seconds, idle time, and the 10-second checkpoint.

Runs on the engine's thread. Input is counted between `arm` and `disarm` only; every event counted in between
lands in exactly one bucket of exactly one segment, because whoever closes a segment drains first.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from workdiary.client.capture.port import BackendCounts, Backends, InputCounts, UnavailableError
from workdiary.client.capture.private import WORD, PrivateLists
from workdiary.client.segment.clock import Clock, Reading
from workdiary.client.segment.model import SegmentProgress, SegmentStart
from workdiary.client.segment.segmenter import Entropy, Opening, OpenSegment, Surroundings, Work
from workdiary.rules.policy import PolicySet

_LOG = logging.getLogger(__name__)


class SegmentStore(Protocol):
    """What recording needs of the spool; every call is durable on return and may raise `KnownError`."""

    def begin(self, start: SegmentStart) -> None:
        """The segment's row."""
        ...

    def checkpoint(self, rid: str, progress: SegmentProgress) -> None:
        """Its state now."""
        ...


@dataclass(frozen=True, slots=True)
class Recording:
    """What a recorder needs; zone: the person's IANA zone now; private: what a contract must not learn."""

    clock: Clock
    policy: PolicySet
    backends: Backends
    store: SegmentStore
    zone: Callable[[], str]
    entropy: Entropy
    private: Callable[[str], PrivateLists] = lambda _: PrivateLists()


class Recorder:
    """The open segment and the counters that fill it."""

    def __init__(self, parts: Recording) -> None:
        self._parts = parts
        self._armed = False
        self._counts: BackendCounts = "none"
        self.segment: OpenSegment | None = None
        self._drained: Reading | None = None  # when the drain now running began
        self._touched: Reading | None = None  # last input known
        self._saved_ms = 0  # total ms of the last checkpoint
        self.note = ""  # why input is not counted, for the snapshot
        self.lost = False  # the counter went away while tracking

    @property
    def counts(self) -> BackendCounts:
        """What the input of this moment can be counted with."""
        return self._counts

    @property
    def touched_ms(self) -> int | None:
        """The last input that was counted, total monotonic ms; None before counting began."""
        return None if self._touched is None else self._touched.total_ms

    def arm(self, now: Reading) -> None:
        """Start counting; where that fails, active seconds by the idle clock, or nothing, said in `note`."""
        counter = self._parts.backends.input.backend
        self.note, self.lost = "", False
        self._drained = self._touched = now
        try:
            counter.start()
            self._counts = counter.counts
            self._armed = True
            if self._counts == "none":
                self._fall_back("")
        except UnavailableError as error:
            self._fall_back(str(error))

    def disarm(self, now: Reading, *, book: bool = True) -> None:
        """Stop counting and book what was counted (not after a sleep: that input came later)."""
        if not self._armed:
            return
        counter = self._parts.backends.input.backend
        self._drain(now, book=book)
        counter.stop()
        self._drain(now, book=book)  # what the backend still had in hand
        self._armed = False

    def open(self, total_ms: int, work: Work, opening: Opening) -> OpenSegment:
        """Begin a segment at a monotonic instant; durable on return. Raises `KnownError`."""
        parts = self._parts
        around = Surroundings(parts.policy, parts.zone(), parts.clock.boot_id(), self._counts, parts.entropy)
        segment = OpenSegment(total_ms, work, around, opening)
        parts.store.begin(segment.start)
        self.segment = segment
        self._saved_ms = total_ms
        return segment

    def close(self, now: Reading, end_ms: int, hit_ms: int | None) -> tuple[OpenSegment, SegmentProgress]:
        """Drain, freeze and let go of the open segment at `end_ms` (wall); `LookupError` if none is open."""
        if self.segment is None:
            raise LookupError("no segment is open")
        self._drain(now)
        segment, self.segment = self.segment, None
        return segment, segment.progress(end_ms, hit_ms)

    def drain(self, now: Reading) -> None:
        """Once a second: what was counted goes to the open segment."""
        self._drain(now)

    def save(self, now: Reading, hit_ms: int | None) -> bool:
        """A checkpoint when one is due (True). Raises `KnownError`."""
        segment = self.segment
        if segment is None or now.total_ms - self._saved_ms < self._parts.policy.checkpoint_ms:
            return False
        self._parts.store.checkpoint(segment.start.rid, segment.progress(segment.place(now), hit_ms))
        self._saved_ms = now.total_ms
        return True

    def watch_window(self, now: Reading, *, titles: bool) -> None:
        """Book the focused application, a private one as one word; where nobody tells, nothing is booked."""
        segment = self.segment
        window = self._parts.backends.window.backend.active() if segment is not None else None
        if segment is not None and window is not None:
            private = self._parts.private(segment.start.contract).hides(window)
            title = window.title if titles and not private else None
            segment.focus(segment.place(now), WORD if private else window.app, title)

    def untouched_ms(self, now: Reading, threshold_ms: int) -> int:
        """Awake ms since the last input; the desktop is asked only once our own count says `threshold_ms`."""
        touched = self._touched or now
        own = now.awake_ms - touched.awake_ms
        if own < threshold_ms:
            return own
        known = self._idle_now()
        if known is None:
            return 0 if self._counts == "none" else own  # nobody can tell: silence is not absence
        return min(own, known)

    def idle_now(self) -> int | None:
        """What the desktop's idle clock says, None where it does not tell."""
        return self._idle_now()

    def _drain(self, now: Reading, *, book: bool = True) -> None:
        """Move what was counted since the last drain into the open segment."""
        since = self._drained or now
        try:
            counts = self._parts.backends.input.backend.drain() if self._armed else InputCounts()
        except UnavailableError as error:
            counts, self.lost = InputCounts(), True
            self._armed = False
            self._parts.backends.input.backend.stop()
            self._fall_back(str(error))
        self._drained = now
        touched = counts.any()
        if not touched and self._counts == "active-only":
            idle = self._idle_now()
            touched = idle is not None and idle < max(1, now.awake_ms - since.awake_ms)
        if touched:
            self._touched = now
        if book and self.segment is not None and (touched or counts.any()):
            self.segment.book(self.segment.place(since), counts, touched=touched)

    def _fall_back(self, note: str) -> None:
        """Nobody counts any more: active seconds where the idle clock works, never a zero as if measured."""
        self.note = note
        self._counts = "none" if self._idle_now() is None else "active-only"

    def _idle_now(self) -> int | None:
        try:
            return self._parts.backends.idle.backend.idle_ms()
        except UnavailableError as error:
            _LOG.debug("idle clock: %s", error)
            return None
