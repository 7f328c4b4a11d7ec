"""What was tracked on one contract this week, for totals, strip and prices: read once, then kept along.

Projecting a week's records each second would cost more than tracking does; so the projection is read at the
start and after anything was removed, and every closed segment is added as it closes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from workdiary.client.segment.model import CloseReason, SegmentProgress, SegmentStart
from workdiary.client.tracker.events import CellView, StripCell
from workdiary.evidence.canonical import JsonValue
from workdiary.rules.activity import BucketFacts, bucket_active
from workdiary.rules.diary import Diary, DiarySegment
from workdiary.rules.entries import Entry
from workdiary.rules.policy import BUCKETS_PER_CELL, PolicySet
from workdiary.rules.projection import project
from workdiary.rules.rounding import credits_of
from workdiary.rules.spans import Measure, Span
from workdiary.rules.terms import Terms
from workdiary.rules.weeks import bucket_start, cell_start, week_of

ReadEntries = Callable[[str, int, int], Iterable[Entry]]
# What closing for this reason shows until the session goes on (rules.gaps has the same for records).
_GAPS: Final[Mapping[str, str]] = {
    name: name for name in ("pause", "idle", "lock", "suspend", "switch-user", "shutdown", "crash")
}


# Entered by hand or claimed back: never open, and counted as far as the terms permit.
_SAID: Final = frozenset({"manual", "idle-claim"})


@dataclass(frozen=True, slots=True)
class Piece:
    """A recorded segment: where it lies, what of it counts, and which of its buckets were active."""

    rid: str
    session: str
    kind: str
    time: Measure
    buckets: tuple[tuple[int, bool], ...] = ()


@dataclass(slots=True)
class Ledger:
    """One contract's week. Spans are wall ms; `gaps` are (start, end, kind)."""

    contract: str
    policy: PolicySet
    pieces: dict[str, Piece] = field(default_factory=dict)
    gaps: list[tuple[int, int, str]] = field(default_factory=list)
    _open: set[str] = field(default_factory=set)  # rids that were open on disk when it was read
    _holes: dict[str, list[Span]] = field(default_factory=dict)  # by rid
    _left: tuple[int, str, str] | None = None  # (end, session, kind) of the segment closed last

    @classmethod
    def read(cls, contract: str, policy: PolicySet, now_ms: int, entries: ReadEntries) -> Ledger:
        """The week that holds `now_ms`, and the day before it where a local day reaches back."""
        week = week_of(now_ms)
        diary = project(entries(contract, week.start - _DAY_MS, week.end))
        ledger = cls(contract, policy)
        ledger._fill(diary)
        return ledger

    def add(self, start: SegmentStart, progress: SegmentProgress, close: CloseReason) -> None:
        """A segment has closed; one of another contract is none of this book's."""
        if start.contract != self.contract:
            return
        self.pieces[start.rid] = self.piece(start, progress)
        kind = _GAPS.get(close)
        self._left = (progress.end_ms, start.session, kind) if kind is not None else None

    def opened(self, start: SegmentStart) -> None:
        """A segment has begun: what lies before it is a gap if the one before was left for a reason."""
        if start.contract != self.contract:
            return
        if self._left is not None and self._left[1] == start.session and self._left[0] < start.start_ms:
            self.gaps.append((self._left[0], start.start_ms, self._left[2]))
        self._left = None

    def piece(self, start: SegmentStart, progress: SegmentProgress) -> Piece:
        """A segment as a piece; the open one, too, for what is shown now."""
        return Piece(
            start.rid,
            start.session,
            "tracked",
            Measure.whole(start.start_ms, progress.end_ms, progress.tracked_ms).without(
                self._holes.get(start.rid, ())
            ),
            tuple((bucket_start(b.start_ms, self.policy), b.active) for b in progress.buckets),
        )

    def forget(self, rid: str, kind: str) -> None:
        """A segment's time was removed."""
        piece = self.pieces.pop(rid, None)
        if piece is not None:
            self.gaps.append((piece.time.start, piece.time.end, kind))

    def set_aside(self, rid: str, span: Span) -> None:
        """A part of a segment, closed or still open, counts no more: nobody was there."""
        self._holes.setdefault(rid, []).append(span)
        self.gaps.append((*span, "idle"))
        piece = self.pieces.get(rid)
        if piece is not None:
            self.pieces[rid] = replace(piece, time=piece.time.without(self._holes[rid]))

    def keep_leaving(self, before: Ledger) -> None:
        """Segments that have ended and wait for their last shot are open on disk: they stay as they were."""
        for rid in self._open & before.pieces.keys() - self.pieces.keys():
            self.pieces[rid] = before.pieces[rid]
        for rid in self._open:
            if rid in before._holes:
                self._holes.setdefault(rid, before._holes[rid])
        self._left = before._left

    def used_ms(self, week: Span) -> int:
        """What consumes a week's limit: all that counts, by the start of its segment."""
        return sum(p.time.total for p in self.pieces.values() if week[0] <= p.time.start < week[1])

    def claimed_ms(self, window: Span) -> int:
        """Idle time claimed back inside a window."""
        return sum(p.time.between(*window) for p in self.pieces.values() if p.kind == "idle-claim")

    def tracked_ms(self, window: Span) -> int:
        """Tracked ms inside a window."""
        return sum(piece.time.between(*window) for piece in self.pieces.values())

    def session_ms(self, session: str | None) -> int:
        """Tracked ms of one session."""
        return sum(piece.time.total for piece in self.pieces.values() if piece.session == session)

    def strip(self, window: Span, live: Piece | None) -> tuple[StripCell, ...]:
        """The cells of a window in which something was tracked or missed, in order."""
        tracked: dict[int, int] = {}
        kinds: dict[int, str] = {}
        for piece in (*self.pieces.values(), *([live] if live is not None else [])):
            # time that was said may lie over several cells
            low, high = max(piece.time.start, window[0]), min(piece.time.end, window[1])
            for cell in range(cell_start(low, self.policy), high, self._cell):
                inside = piece.time.between(max(cell, low), min(cell + self._cell, high))
                if inside > 0:
                    tracked[cell] = tracked.get(cell, 0) + inside
                    kinds[cell] = piece.kind
        missed: dict[int, str] = {}
        for start, end, kind in self.gaps:
            for cell in range(
                cell_start(max(start, window[0]), self.policy), min(end, window[1]), self._cell
            ):
                missed[cell] = kind
        return tuple(
            StripCell(cell, tracked.get(cell, 0), kinds.get(cell, ""), missed.get(cell))
            for cell in sorted(tracked.keys() | missed.keys())
        )

    def cell_view(self, now_ms: int, live: Piece | None) -> CellView:
        """The cell that runs now."""
        start = cell_start(now_ms, self.policy)
        here = [piece for piece in self.pieces.values() if cell_start(piece.time.start, self.policy) == start]
        known: dict[int, bool] = {}
        for piece in (*here, *([live] if live is not None else [])):
            for bucket, active in piece.buckets:
                known[bucket] = known.get(bucket, False) or active
        now_bucket = bucket_start(now_ms, self.policy)
        if live is not None:
            known.setdefault(now_bucket, False)
        states = tuple(
            _bucket_state(known.get(bucket), future=bucket > now_bucket)
            for bucket in range(start, start + self._cell, self._cell // BUCKETS_PER_CELL)
        )
        return CellView(start, start + self._cell, states)

    @property
    def _cell(self) -> int:
        return self.policy.cell_ms

    def _fill(self, diary: Diary) -> None:
        for credit in credits_of(diary.segments, diary.book.or_else(Terms()), self.policy):
            segment, time = diary.segments[credit.position], diary.segments[credit.position].time
            if segment.kind in _SAID:
                # beyond what the contract permits nothing counts, and nothing is shown as if it did
                time = Measure.whole(time.start, time.end, credit.billable_ms + credit.over_ms)
            elif segment.close is None:
                self._open.add(segment.rid)
                continue
            if time.total > 0:
                # of a claim and of a segment that was placed there may be several
                name = segment.rid if segment.rid not in self.pieces else f"{segment.rid} {segment.start}"
                self.pieces[name] = Piece(
                    segment.rid, segment.session, segment.kind, time, self._known_buckets(segment)
                )
        self.gaps = [(gap.start, gap.end, gap.kind) for gap in diary.gaps]

    def _known_buckets(self, segment: DiarySegment) -> tuple[tuple[int, bool], ...]:
        counts = segment.backend_counts
        found = []
        for bucket in segment.buckets:
            numbers = {name: _int(bucket.get(name)) for name in ("start", "keys", "clicks", "scrolls")}
            events = numbers["keys"] + numbers["clicks"] + numbers["scrolls"]
            facts = BucketFacts(events, _int(bucket.get("injected")), _int(bucket.get("active_s")))
            backend = counts if counts in {"full", "active-only"} else "none"
            active = bucket_active(facts, backend)  # type: ignore[arg-type] # narrowed to its Literal above
            found.append((bucket_start(numbers["start"], self.policy), active))
        return tuple(found)


_DAY_MS: Final = 24 * 3600 * 1000


def _bucket_state(active: bool | None, *, future: bool) -> str:
    if active is None:
        return "future" if future else "untracked"
    return "active" if active else "quiet"


def _int(value: JsonValue) -> int:
    return value if isinstance(value, int) else 0
