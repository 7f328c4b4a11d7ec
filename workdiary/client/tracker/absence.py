"""Time without input: how much of what was recorded it is, and when somebody came back.

Everything is reckoned on the monotonic clock that runs on in suspend; the wall places it, segment by segment,
so that a clock that was set meanwhile neither lengthens nor moves what is taken back.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from workdiary.client.segment.clock import Reading, Timeline
from workdiary.client.segment.model import SegmentProgress, SegmentStart
from workdiary.client.segment.segmenter import OpenSegment
from workdiary.client.sign.held import Span
from workdiary.client.tracker.recorder import Recorder


@dataclass(frozen=True, slots=True)
class Absence:
    """Recorded time in which nobody was there, wall ms: from the last input to the close for `idle`.

    start: of the segment that closes; spans: of it and of those before it, oldest first; until_ms: when
    somebody came back or the computer was left for good, None while nobody knows.
    """

    start: SegmentStart
    spans: tuple[Span, ...]
    until_ms: int | None = None

    @property
    def id(self) -> str:
        """The rid of the segment that closes for it."""
        return self.start.rid

    @property
    def since_ms(self) -> int:
        """When the last input was."""
        return self.spans[0].start_ms

    @property
    def closed_ms(self) -> int:
        """When it was noticed."""
        return self.spans[-1].end_ms


@dataclass(frozen=True, slots=True)
class _Stretch:
    """A segment that has closed: its rid, its place on the wall, and the monotonic clock at both ends."""

    rid: str
    start_ms: int
    end_ms: int
    mono0: int
    mono1: int

    def after(self, mono: int) -> Span | None:
        """What of it lies after a monotonic instant."""
        start_ms = self.start_ms + max(0, mono - self.mono0)
        return Span(self.rid, start_ms, self.end_ms) if start_ms < self.end_ms else None


@dataclass(slots=True)
class Watch:
    """Looks for absences while tracking, and for their end afterwards.

    told: hears of an absence whose end is known now; absence: the newest one of this run.
    """

    recorder: Recorder
    told: Callable[[Absence], None]
    absence: Absence | None = None
    _recent: list[_Stretch] = field(default_factory=list)
    _noticed: Reading | None = None
    _timeline: Timeline | None = None
    _quiet: dict[str, int] = field(default_factory=dict)  # contract: total ms until when nothing is asked

    def begin(self) -> None:
        """A person started: what lies before is none of a later absence."""
        self._recent.clear()

    def announce(self, contract: str, until_total_ms: int) -> None:
        """No input is to be expected until that instant of the total monotonic clock."""
        self._quiet[contract] = max(until_total_ms, self._quiet.get(contract, until_total_ms))

    def quiet_until(self, contract: str) -> int | None:
        """Until when (total ms) no input is expected."""
        return self._quiet.get(contract)

    def left(self, start: SegmentStart, progress: SegmentProgress) -> None:
        """A segment has closed; what ended before the last input is forgotten."""
        touched = self.recorder.touched_ms
        closed = _Stretch(start.rid, start.start_ms, progress.end_ms, start.mono0, progress.mono1)
        self._recent = [one for one in (*self._recent, closed) if touched is None or one.mono1 > touched]

    def look(self, now: Reading, segment: OpenSegment, threshold_ms: int) -> Absence | None:
        """The absence that has just reached the threshold, up to now."""
        quiet = self._quiet.get(segment.start.contract)
        since_quiet = threshold_ms if quiet is None else now.total_ms - quiet
        if since_quiet < threshold_ms:
            return None
        untouched = self.recorder.untouched_ms(now, threshold_ms)
        if quiet is not None:
            untouched = min(untouched, since_quiet)
        if untouched < threshold_ms:
            return None
        start = segment.start
        running = _Stretch(start.rid, start.start_ms, segment.place(now), start.mono0, now.total_ms)
        spans = (one.after(now.total_ms - untouched) for one in (*self._recent, running))
        found = tuple(span for span in spans if span is not None)
        return Absence(start, found) if found else None

    def notice(self, now: Reading, absence: Absence, timeline: Timeline) -> None:
        """Tracking ends for this absence."""
        self.absence, self._noticed, self._timeline = absence, now, timeline

    def returned(self, now: Reading) -> bool:
        """Whether there was input since the absence was noticed, as far as the desktop tells."""
        idle = self.recorder.idle_now()
        if idle is None or self._noticed is None or now.awake_ms - idle <= self._noticed.awake_ms:
            return False
        self.end(now.total_ms - idle)
        return True

    def end(self, total_ms: int) -> None:
        """The absence ended at that instant of the total clock, unless it had ended before."""
        absence, timeline = self.absence, self._timeline
        if absence is None or timeline is None or absence.until_ms is not None:
            return
        self.absence = replace(absence, until_ms=max(absence.closed_ms, timeline.place(total_ms)))
        self.told(self.absence)
