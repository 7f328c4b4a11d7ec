"""The timer: carries out what the transition table says, and turns seconds into its events.

Runs on the engine's thread. State, session and work live here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final, Protocol

from workdiary.client.capture.port import SessionEventKind
from workdiary.client.errors import KnownError
from workdiary.client.segment.clock import Clock, Reading, Timeline, jump, read
from workdiary.client.segment.model import SegmentClose, SegmentStart
from workdiary.client.segment.segmenter import Entropy, Opening, Work, new_session
from workdiary.client.sign.held import Span
from workdiary.client.tracker.camera import Camera
from workdiary.client.tracker.holds import Holds
from workdiary.client.tracker.machine import Do, Event, Mode, Move, move
from workdiary.client.tracker.recorder import Recorder
from workdiary.rules.policy import PolicySet
from workdiary.rules.terms import Terms

# Input within this time counts as the person's return after idle.
RETURNED_MS: Final = 2_000
# Segments remembered for idle time that began in them: more than any idle threshold spans.
RECENT_KEPT: Final = 60
_AWAY: Final[dict[SessionEventKind, Event]] = {
    "lock": Event.LOCK,
    "suspend": Event.SUSPEND,
    "switch-user": Event.SWITCH_USER,
}
_BACK: Final[dict[SessionEventKind, SessionEventKind]] = {
    "unlock": "lock",
    "resume": "suspend",
    "switch-back": "switch-user",
}
# The same timeline goes on in the next segment after these.
_SEAMLESS: Final = frozenset({"cell", "memo", "label", "terms", "backend", "discarded", "stop"})


class TimerNews(Protocol):
    """Who hears of segments, on the engine's thread."""

    def segment_opened(self, start: SegmentStart) -> None:
        """A segment is durable and open."""
        ...

    def segment_left(self, start: SegmentStart, close: SegmentClose) -> None:
        """A segment has ended; durable as far as its checkpoint at least."""
        ...

    def discard_idle(self, contract: str, spans: list[Span]) -> None:
        """Time before the open segment in which nobody was there. Raises `KnownError`."""
        ...


@dataclass(frozen=True, slots=True)
class TimerParts:
    """What the timer needs.

    terms: a contract's terms in force; trusted_ms: the newest wall time that was certain; resume_alone: go on
    by itself when input returns after idle (a foreground `track`, which has nobody to ask).
    """

    clock: Clock
    policy: PolicySet
    recorder: Recorder
    camera: Camera
    holds: Holds
    news: TimerNews
    entropy: Entropy
    terms: Callable[[str], Terms]
    trusted_ms: Callable[[], int]
    resume_alone: bool = False


@dataclass(frozen=True, slots=True)
class _At:
    """When an event happened: now, and where the open segment ends and the next one begins if not now."""

    now: Reading
    end_ms: int | None = None
    open_total_ms: int | None = None
    book: bool = True


@dataclass(slots=True)
class Timer:
    """The tracker's state. Commands raise `KnownError`; what a tick cannot make durable raises it, too."""

    parts: TimerParts
    mode: Mode = Mode.STOPPED
    reason: str = ""
    work: Work | None = None
    session: str | None = None
    _terms: Terms = field(default_factory=Terms)
    _fresh: bool = True  # the session has no segment yet
    _timeline: Timeline | None = None
    _last: Reading | None = None
    _away: set[SessionEventKind] = field(default_factory=set)
    _away_since: int = 0  # total ms
    _recent: list[Span] = field(default_factory=list)  # of this run, for idle time that began in them

    def fire(self, event: Event, at: _At | None = None) -> None:
        """Do what the table says. Raises the first `KnownError` after everything that still can be done."""
        at = at or _At(read(self.parts.clock))
        row = move(self.mode, event)
        failed: KnownError | None = None
        for step in row.do:
            if failed is not None and step in {Do.ARM, Do.OPEN}:
                continue
            try:
                self._do(step, row, at)
            except KnownError as error:
                failed = failed or error
        self.mode = row.to
        self.reason = "" if row.do else self.reason
        if failed is None:
            return
        if row.to is Mode.TRACKING:
            self._block(at)
        self.reason = f"{failed.title}. {failed.message}"
        raise failed

    def tick(self, busy_ms: int = 0) -> bool:
        """Once a second while tracking; True when a checkpoint was written.

        busy_ms: what the engine itself worked since the last tick.
        """
        now = read(self.parts.clock)
        last, self._last = self._last or now, now
        segment, timeline = self.parts.recorder.segment, self._timeline
        if self.mode is Mode.IDLE and self.parts.resume_alone:
            idle = self.parts.recorder.idle_now()
            if idle is not None and idle < RETURNED_MS:
                self.fire(Event.TOUCHED, _At(now))
        if self.mode is not Mode.TRACKING or segment is None or timeline is None:
            return False
        jumped = jump(timeline, last, now, step_ms=self.parts.policy.clock_step_ms, busy_ms=busy_ms)
        if jumped == "suspend":
            self._slept(_At(now, end_ms=segment.place(last), book=False), last)
            return False
        self._cross_cells(now)
        if jumped == "clock-step":
            self.parts.holds.align()
            self.fire(Event.CLOCK_STEP, _At(now))
        saved = self.parts.recorder.tick(now, self.parts.camera.hit_ms)
        if self._terms.apps != "none":
            self.parts.recorder.watch_window(now, titles=self._terms.apps == "titles")
        if self.parts.recorder.lost:
            self.parts.recorder.lost = False
            self.fire(Event.BACKEND, _At(now))
        self._watch_idle(now)
        return saved

    def hear(self, kind: SessionEventKind) -> None:
        """News of the desktop session."""
        if kind == "shutdown":
            self.fire(Event.SHUTDOWN)
        elif kind in _AWAY:
            if not self._away:
                self._away_since = self.parts.clock.total_ms()
            self._away.add(kind)
            self.parts.holds.away(self.parts.clock.total_ms())
            tracked = self.mode is Mode.TRACKING
            self.fire(_AWAY[kind])
            self.reason = kind if tracked else self.reason
        elif _BACK[kind] in self._away:
            self._away.discard(_BACK[kind])
            if not self._away:
                self._come_back(self.parts.clock.total_ms() - self._away_since)

    def wake(self) -> None:
        """A person is there whatever the desktop said last (a Start): nothing keeps them away."""
        self._away.clear()
        self.parts.holds.back()

    def next_tick_ms(self) -> int | None:
        """Milliseconds until the next tick, None if there is none: whole wall seconds, so edges are met."""
        waiting = self.mode is Mode.IDLE and self.parts.resume_alone
        if self.mode is not Mode.TRACKING and not waiting:
            return None
        return 1_000 - self.parts.clock.wall_ms() % 1_000

    def _do(self, step: Do, row: Move, at: _At) -> None:
        parts = self.parts
        if step is Do.BEGIN_SESSION:
            self.session, self._fresh = new_session(parts.entropy), True
        elif step is Do.END_SESSION:
            self.session = None
        elif step is Do.ARM:
            self._recent.clear()
            parts.recorder.arm(at.now)
        elif step is Do.DISARM:
            parts.recorder.disarm(at.now, book=at.book)
        elif step is Do.CLOSE:
            self._close(row, at)
        elif step is Do.OPEN:
            self._open(row, at)

    def _open(self, row: Move, at: _At) -> None:
        if self.work is None or self.session is None or row.open is None:
            raise LookupError("a segment needs work and a session")
        now, old = at.now, self._timeline
        seamless = self.mode is Mode.TRACKING and row.close in _SEAMLESS and old is not None
        timeline = old if seamless and old is not None else Timeline(now)
        stepped = old is not None and abs(old.wall_moved_ms(now)) > self.parts.policy.clock_step_ms
        opening = Opening(
            reason="start" if self._fresh else row.open,
            session=self.session,
            timeline=timeline,
            clock_step=stepped and not seamless,
            clock_unsure=timeline.place(now.total_ms) < self.parts.trusted_ms(),
        )
        self._timeline, self._last = timeline, now
        self._terms = self.parts.terms(self.work.contract)
        total = now.total_ms if at.open_total_ms is None else at.open_total_ms
        segment = self.parts.recorder.open(total, self.work, opening)
        self._fresh = False
        self.parts.news.segment_opened(segment.start)
        self.parts.camera.enter(segment, self._terms.shots)

    def _close(self, row: Move, at: _At) -> None:
        segment = self.parts.recorder.segment
        if segment is None or row.close is None:
            return
        end_ms = segment.place(at.now) if at.end_ms is None else at.end_ms
        _, progress = self.parts.recorder.close(at.now, end_ms, self.parts.camera.hit_ms)
        recent = Span(segment.start.rid, segment.start.start_ms, progress.end_ms)
        self._recent = [*self._recent[-RECENT_KEPT:], recent]
        self.parts.news.segment_left(segment.start, SegmentClose(progress, row.close))
        self.parts.camera.leave(segment, progress, row.close)

    def _cross_cells(self, now: Reading) -> None:
        """Cut at every cell edge passed since the last tick."""
        while (segment := self.parts.recorder.segment) is not None and self.mode is Mode.TRACKING:
            edge = segment.cell_end_ms
            if segment.place(now) < edge:
                return
            self.fire(Event.CELL, _At(now, edge, segment.timeline.total_at(edge)))

    def _watch_idle(self, now: Reading) -> None:
        segment = self.parts.recorder.segment
        if segment is None or self.mode is not Mode.TRACKING:
            return
        contract = segment.start.contract
        threshold = self._terms.idle_ms
        untouched = self.parts.recorder.untouched_ms(now, threshold)
        if untouched < threshold:
            return
        since = segment.timeline.place(now.total_ms - untouched)
        spans = [Span(s.rid, max(s.start_ms, since), s.end_ms) for s in self._recent if s.end_ms > since]
        self.fire(Event.IDLE, _At(now, end_ms=max(since, segment.start.start_ms)))
        self.reason = "idle"
        if spans:
            self.parts.news.discard_idle(contract, spans)

    def _slept(self, at: _At, last: Reading) -> None:
        """The clocks say that the computer slept, or the process stood still: nothing of it was recorded."""
        self.parts.holds.away(last.total_ms)
        self.fire(Event.SUSPEND, at)
        self.reason = "suspend"
        if not self._away:
            self._come_back(at.now.total_ms - last.total_ms)

    def _come_back(self, away_ms: int) -> None:
        late = away_ms > self.parts.policy.idle_ms
        try:
            self.parts.holds.back()
        finally:
            self.fire(Event.BACK_LATE if late else Event.BACK)

    def _block(self, at: _At) -> None:
        """What is recorded cannot be made durable: stop visibly, with what is on disk already."""
        self.parts.recorder.disarm(at.now)
        with suppress(KnownError):  # the first error is the one to tell; the camera tries this close again
            self._close(Move(Mode.BLOCKED, close="stop"), at)
        self.mode = Mode.BLOCKED
