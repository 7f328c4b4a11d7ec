"""The work diary as typed values: what `projection.project` makes of entries. Times are UTC ms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from workdiary.evidence.canonical import JsonObject
from workdiary.rules.entries import EntryState
from workdiary.rules.spans import Measure, Span
from workdiary.rules.terms import Terms

SegmentKind = Literal["tracked", "manual", "moved", "idle-claim"]
ShotState = Literal["held", "kept", "sent", "redacted", "missing"]
TextState = Literal["given", "redacted", "withheld"]
Removal = Literal["no", "part", "owner", "idle"]
GapKind = Literal["pause", "idle", "lock", "suspend", "switch-user", "shutdown", "crash", "removed-by-owner"]


@dataclass(frozen=True, slots=True)
class DiaryShot:
    """One image. id: disclosure digest in hex (spool id while unsigned); facts: `shot.k`, empty if gone."""

    id: str
    state: ShotState
    facts: JsonObject

    @property
    def recorded(self) -> bool:
        """Whether the record still stands for an image, wherever that is now and whoever may see it."""
        return self.state != "redacted"

    @property
    def readable(self) -> bool:
        """Whether the image is there to be looked at."""
        return self.state in {"held", "kept", "sent"}


@dataclass(frozen=True, slots=True)
class DiarySegment:
    """A segment, or an entry that stands for time like one, after every amendment.

    time: what of it counts; removed: whether and by whom time was discarded ("part": some of it);
    active_ms, level: None where nothing is counted; close: None while open.
    """

    rid: str
    id: str | None
    index: int | None
    stream: str
    seq: int | None
    state: EntryState
    kind: SegmentKind
    session: str
    time: Measure
    open: str | None
    close: str | None
    mode: str
    memo: str | None = None
    label: str | None = None
    memo_state: TextState = "given"
    level: int | None = None
    active_ms: int | None = None
    backend_counts: str = "full"
    buckets: tuple[JsonObject, ...] = ()
    shots: tuple[DiaryShot, ...] = ()
    no_shot: str | None = None
    masked_pct: int = 0
    hit: bool = False
    removed: Removal = "no"
    clock_unsure: bool = False
    recovered: bool = False
    policy: str = ""
    axes: Mapping[str, str] = field(default_factory=dict)

    @property
    def start(self) -> int:
        """First instant, wall ms."""
        return self.time.start

    @property
    def end(self) -> int:
        """End, wall ms, not part of it."""
        return self.time.end

    @property
    def tracked_ms(self) -> int:
        """Tracked ms that count."""
        return self.time.total


@dataclass(frozen=True, slots=True, order=True)
class Gap:
    """Time inside a session, or up to the next one, that is not billed, and why."""

    start: int
    end: int
    kind: GapKind

    @property
    def span(self) -> Span:
        """As a span."""
        return self.start, self.end


@dataclass(frozen=True, slots=True)
class Diary:
    """The projection of a contract's records.

    segments, gaps: by start; terms: every version known, by the instant it holds from; dangling: ids of
    amendments whose target is not here; unauthorised: rids whose signer may not make such a record.
    """

    segments: tuple[DiarySegment, ...] = ()
    gaps: tuple[Gap, ...] = ()
    terms: tuple[Terms, ...] = ()
    dangling: tuple[str, ...] = ()
    unauthorised: tuple[str, ...] = ()

    def terms_at(self, ms: int) -> Terms | None:
        """The contract's terms in force at an instant; the first known before they begin."""
        held = [terms for terms in self.terms if terms.from_ms <= ms]
        return held[-1] if held else next(iter(self.terms), None)
