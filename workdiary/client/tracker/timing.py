"""What the timer needs, what it tells, and when something happened to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from workdiary.client.segment.clock import Reading
from workdiary.client.segment.model import SegmentClose, SegmentStart
from workdiary.client.segment.segmenter import Entropy
from workdiary.client.segment.trusted import PlacingClock
from workdiary.client.tracker.absence import Absence
from workdiary.client.tracker.camera import Camera
from workdiary.client.tracker.holds import Holds
from workdiary.client.tracker.limits import Limits
from workdiary.client.tracker.recorder import Recorder
from workdiary.rules.policy import PolicySet
from workdiary.rules.terms import Terms


class TimerNews(Protocol):
    """Who hears of segments, on the engine's thread."""

    def segment_opened(self, start: SegmentStart) -> None:
        """A segment is durable and open."""
        ...

    def segment_left(self, start: SegmentStart, close: SegmentClose) -> None:
        """A segment has ended; durable as far as its checkpoint at least."""
        ...

    def set_aside(self, absence: Absence) -> None:
        """Recorded time in which nobody was there counts no more, durably. Raises `KnownError`."""
        ...

    def returned(self, absence: Absence) -> None:
        """It is known when the absence ended."""
        ...


@dataclass(frozen=True, slots=True)
class TimerParts:
    """What the timer needs.

    terms: a contract's terms in force; resume_alone: go on by itself when input returns after idle (a
    foreground `track`, which has nobody to ask).
    """

    clock: PlacingClock
    policy: PolicySet
    recorder: Recorder
    camera: Camera
    holds: Holds
    news: TimerNews
    limits: Limits
    entropy: Entropy
    terms: Callable[[str], Terms]
    resume_alone: bool = False


@dataclass(frozen=True, slots=True)
class At:
    """When an event happened: now, and where the open segment ends and the next one begins if not now."""

    now: Reading
    end_ms: int | None = None
    open_total_ms: int | None = None
    book: bool = True
    absence: Absence | None = None

    def kept_nothing(self) -> At:
        """The absence could not be made durable: what is still open ends where it began."""
        spans = () if self.absence is None else self.absence.spans
        return replace(self, end_ms=spans[-1].start_ms) if spans else self
