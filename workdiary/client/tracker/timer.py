"""The timer: carries out what the transition table says, and turns seconds into its events.

Runs on the engine's thread. State, session and work live here and nowhere else.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from workdiary.client.capture.port import SessionEventKind
from workdiary.client.errors import KnownError
from workdiary.client.segment.clock import SLEPT_MS, Reading, Timeline, jump, read
from workdiary.client.segment.model import SegmentClose
from workdiary.client.segment.segmenter import Opening, Work, new_session
from workdiary.client.tracker.absence import Watch
from workdiary.client.tracker.machine import Do, Event, Mode, Move, move
from workdiary.client.tracker.timing import At, TimerParts
from workdiary.rules.terms import Terms

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
    watch: Watch = field(init=False)

    def __post_init__(self) -> None:
        self.watch = Watch(self.parts.recorder, self.parts.news.returned)

    def fire(self, event: Event, at: At | None = None) -> None:
        """Do what the table says. Raises the first `KnownError` after everything that still can be done."""
        if at is None:
            at = At(read(self.parts.clock))
            # The tick that would have seen it is late, or waits behind this.
            self._notice_sleep(at.now)
            self._cross_cells(at.now)
        if event is not Event.LIMIT:
            self._stop_at_limit(at)
        row = move(self.mode, event)
        if self.mode is Mode.IDLE and row.to is not Mode.IDLE:
            self._absent_until(at.now.total_ms)  # whoever ends it is there
        failed: KnownError | None = None
        for step in row.do:
            if failed is not None and step in {Do.ARM, Do.OPEN}:
                continue
            try:
                self._do(step, row, at)
            except KnownError as error:
                failed = failed or error
                at = at.kept_nothing() if step is Do.SET_ASIDE else at
        self.mode = row.to
        self.reason = "" if set(row.do) - {Do.REMEMBER} else self.reason
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
        if self.mode is Mode.IDLE:
            self._watch_return(last, now, busy_ms)
        if self.mode is not Mode.TRACKING or segment is None or timeline is None:
            return False
        jumped = jump(timeline, last, now, step_ms=self.parts.policy.clock_step_ms, busy_ms=busy_ms)
        if jumped == "suspend":
            self._slept(At(now, end_ms=segment.place(last), book=False), last)
            return False
        if segment.place(now) > segment.cell_end_ms:
            self._cross_cells(now)
        # Before anything is saved or cut: time that has to be asked about is on no checkpoint.
        self.parts.recorder.drain(now)
        if self._watch_idle(now):
            return False
        self._cross_cells(now)
        if self._stop_at_limit(At(now)):
            return False
        return self._go_on(now, stepped=jumped == "clock-step")

    def hear(self, kind: SessionEventKind) -> None:
        """News of the desktop session."""
        if kind == "shutdown" or kind in _AWAY:
            self.parts.camera.abandon(kind)  # also what was asked for before tracking ended
        if kind == "shutdown":
            self.fire(Event.SHUTDOWN)
        elif kind in _AWAY:
            if not self._away:
                self._away_since = self.parts.clock.total_ms()
            self._away.add(kind)
            self.parts.holds.away(self.parts.clock.total_ms())
            self._absent_until(self.parts.clock.total_ms())
            tracked = self.mode is Mode.TRACKING
            self.fire(_AWAY[kind])
            self.reason = kind if tracked and self.mode is Mode.AWAY else self.reason
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
        absence = self.watch.absence
        unknown = absence is None or absence.until_ms is None
        waiting = self.mode is Mode.IDLE and (unknown or self.parts.resume_alone)
        if self.mode is not Mode.TRACKING and not waiting:
            return None
        return 1_000 - self.parts.clock.wall_ms() % 1_000

    def _do(self, step: Do, row: Move, at: At) -> None:
        parts = self.parts
        if step is Do.BEGIN_SESSION:
            self.session, self._fresh = new_session(parts.entropy), True
        elif step is Do.END_SESSION:
            self.session = None
        elif step is Do.ARM:
            self.watch.begin()
            parts.recorder.arm(at.now)
        elif step is Do.DISARM:
            parts.recorder.disarm(at.now, book=at.book)
        elif step is Do.SET_ASIDE:
            self._set_aside(at)
        elif step is Do.CLOSE:
            self._close(row, at)
        elif step is Do.OPEN:
            self._open(row, at)

    def _open(self, row: Move, at: At) -> None:
        if self.work is None or self.session is None or row.open is None:
            raise LookupError("a segment needs work and a session")
        now, old = at.now, self._timeline
        stepped = old is not None and abs(old.wall_moved_ms(now)) > self.parts.policy.clock_step_ms
        if old is not None and self.mode is Mode.TRACKING and row.close in _SEAMLESS:
            timeline, unsure, stepped = old, self.parts.clock.unsure(), False
        else:
            now, unsure = self.parts.clock.begin(now, fresh=self._fresh)
            timeline = Timeline(now)
            self.parts.holds.align()  # the wall may have been corrected
        opening = Opening(
            reason="start" if self._fresh else row.open,
            session=self.session,
            timeline=timeline,
            clock_step=stepped,
            clock_unsure=unsure,
        )
        self._timeline, self._last = timeline, now
        self._terms = self.parts.terms(self.work.contract)
        total = now.total_ms if at.open_total_ms is None else at.open_total_ms
        segment = self.parts.recorder.open(total, self.work, opening)
        self._fresh = False
        self.parts.news.segment_opened(segment.start)
        self.parts.camera.enter(segment, self._terms.shots)

    def _close(self, row: Move, at: At) -> None:
        segment = self.parts.recorder.segment
        if segment is None or row.close is None:
            return
        end_ms = segment.place(at.now) if at.end_ms is None else at.end_ms
        _, progress = self.parts.recorder.close(at.now, end_ms, self.parts.camera.hit_ms)
        self.parts.clock.recorded(progress.end_ms)
        self.watch.left(segment.start, progress)
        self.parts.news.segment_left(segment.start, SegmentClose(progress, row.close))
        self.parts.camera.leave(segment, progress, row.close)

    def _cross_cells(self, now: Reading) -> None:
        """Cut at every cell edge passed since the last tick."""
        while (segment := self.parts.recorder.segment) is not None and self.mode is Mode.TRACKING:
            edge = segment.cell_end_ms
            if segment.place(now) < edge:
                return
            self.fire(Event.CELL, At(now, edge, segment.timeline.total_at(edge)))

    def _go_on(self, now: Reading, *, stepped: bool) -> bool:
        """The rest of a second somebody was there; True when a checkpoint was written."""
        recorder = self.parts.recorder
        if stepped:
            self.parts.holds.align()
            self.fire(Event.CLOCK_STEP, At(now))
        saved = recorder.save(now, self.parts.camera.hit_ms)
        if self._terms.apps != "none":
            recorder.watch_window(now, titles=self._terms.apps == "titles")
        if recorder.lost:
            recorder.lost = False
            self.fire(Event.BACKEND, At(now))
        return saved

    def _watch_idle(self, now: Reading) -> bool:
        """Whether nobody has been there for as long as the terms say; then tracking has ended."""
        segment = self.parts.recorder.segment
        if segment is None:
            return False
        absence = self.watch.look(now, segment, self._terms.idle_ms)
        if absence is None:
            return False
        self.fire(Event.IDLE, At(now, absence=absence))
        self.reason = "idle" if self.mode is Mode.IDLE else self.reason
        return True

    def _set_aside(self, at: At) -> None:
        if at.absence is not None and self._timeline is not None:
            self.watch.notice(at.now, at.absence, self._timeline)
            self.parts.news.set_aside(at.absence)

    def _watch_return(self, last: Reading, now: Reading, busy_ms: int) -> None:
        """While nobody was there: input again, or the computer slept."""
        timeline = self._timeline
        if timeline is not None and jump(timeline, last, now, step_ms=0, busy_ms=busy_ms) == "suspend":
            self._absent_until(last.total_ms)
        if not self._away and self.watch.returned(now) and self.parts.resume_alone:
            self.fire(Event.TOUCHED, At(now))

    def _absent_until(self, total_ms: int) -> None:
        """The computer was left for good: whatever came after is no absence that could be claimed."""
        if self.mode is Mode.IDLE:
            self.watch.end(total_ms)

    def _stop_at_limit(self, at: At) -> bool:
        """Whether the week's limit was used up by then: the segment ended at that very instant."""
        segment, stop = self.parts.recorder.segment, self.parts.limits.stop_ms
        if segment is None or stop is None or self.mode is not Mode.TRACKING:
            return False
        end_total = at.now.total_ms if at.end_ms is None else segment.timeline.total_at(at.end_ms)
        if end_total < stop:
            return False
        self.fire(Event.LIMIT, At(at.now, end_ms=segment.timeline.place(stop), book=at.book))
        self.reason = self.parts.limits.reason
        return True

    def _notice_sleep(self, now: Reading) -> None:
        segment, timeline, last = self.parts.recorder.segment, self._timeline, self._last
        if self.mode is not Mode.TRACKING or segment is None or timeline is None or last is None:
            return
        if timeline.slept_ms(now) > SLEPT_MS:
            self._slept(At(now, end_ms=segment.place(last), book=False), last)

    def _slept(self, at: At, last: Reading) -> None:
        """The clocks say that the computer slept, or the process stood still: nothing of it was recorded."""
        self.parts.holds.away(last.total_ms)
        self.fire(Event.SUSPEND, at)
        self.reason = "suspend" if self.mode is Mode.AWAY else self.reason
        if not self._away:
            self._come_back(at.now.total_ms - last.total_ms)

    def _come_back(self, away_ms: int) -> None:
        late = away_ms > self.parts.policy.idle_ms
        try:
            self.parts.holds.back()
        finally:
            self.fire(Event.BACK_LATE if late else Event.BACK)

    def _block(self, at: At) -> None:
        """What is recorded cannot be made durable: stop visibly, with what is on disk already."""
        self.parts.recorder.disarm(at.now)
        self.parts.camera.abandon("stop")
        with suppress(KnownError):  # the first error is the one to tell; the camera tries this close again
            self._close(Move(Mode.BLOCKED, close="stop"), at)
        self.mode = Mode.BLOCKED
