"""How far a claim of idle time reaches past the close of the segment it names (product.md, Activity).

The time somebody was away after the close belongs to no record. A claim may take it back, too: up to the
instant at which it was made, to the next start of recorded time, to the end of the billing week, and for a
day at most. All claims on one absence together are billed up to threshold + 20 min, the rest only where
manual time is.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from workdiary.rules.entries import Entry, Place
from workdiary.rules.placing import Placement
from workdiary.rules.policy import DAY
from workdiary.rules.spans import Span, Spans, subtract
from workdiary.rules.weeks import week_of

# Not of the policy set, which every record names by its digest and no reading may change.
REACH_MS: Final = DAY
# Where a segment stands in its device's stream, what is not signed last.
_Turn = tuple[bool, int, int]
# An absence: stream, session, and the segment whose idle close ended the one before it.
Absence = tuple[str, str, _Turn | None]


@dataclass(frozen=True, slots=True)
class Starts:
    """Where the segments of a contract begin, as far as they stood below a place in the log."""

    segments: Sequence[Entry] = ()
    placed: Mapping[str, Placement] = field(default_factory=dict)
    _known: dict[Place | None, list[int]] = field(default_factory=dict, compare=False, repr=False)

    def after(self, instant: int, frozen: Place | None) -> int | None:
        """The first start at or after an instant; frozen: what came later, or moved later, has no say."""
        if frozen not in self._known:
            known = (self._start(entry, frozen) for entry in self.segments)
            self._known[frozen] = sorted(start for start in known if start is not None)
        starts = self._known[frozen]
        position = bisect_left(starts, instant)
        return starts[position] if position < len(starts) else None

    def _start(self, entry: Entry, frozen: Place | None) -> int | None:
        if frozen is not None and entry.place >= frozen:
            return None
        placement = self.placed.get(entry.rid)
        moved = placement is not None and (frozen is None or placement.place < frozen)
        return entry.number("start") + (placement.shift if moved and placement is not None else 0)


@dataclass(frozen=True, slots=True)
class Absences:
    """Which absence a segment's idle time belongs to: that which ends with the session's next idle close.

    It is told by the close before, which no later record can change: neither a second discard nor a second
    claim makes another absence of it.
    """

    segments: Sequence[Entry] = ()
    _known: dict[Place | None, dict[tuple[str, str], list[_Turn]]] = field(
        default_factory=dict, compare=False, repr=False
    )

    def of(self, origin: Entry, frozen: Place | None) -> Absence:
        """The absence in a segment; frozen: of the claim's lock, what came later has no say."""
        if frozen not in self._known:
            self._known[frozen] = self._closes(frozen)
        name = _session(origin)
        closes = self._known[frozen].get(name, [])
        position = bisect_left(closes, _turn(origin))
        return (*name, closes[position - 1] if position else None)

    def _closes(self, frozen: Place | None) -> dict[tuple[str, str], list[_Turn]]:
        closes: dict[tuple[str, str], list[_Turn]] = {}
        for entry in self.segments:
            if entry.text("close") == "idle" and (frozen is None or entry.place < frozen):
                closes.setdefault(_session(entry), []).append(_turn(entry))
        for found in closes.values():
            found.sort()
        return closes


def _session(entry: Entry) -> tuple[str, str]:
    return entry.stream, entry.text("session") or ""


def _turn(entry: Entry) -> _Turn:
    return entry.seq is None, entry.seq or 0, entry.number("start")


@dataclass(frozen=True, slots=True)
class Reach:
    """What bounds claims on one segment. shift: how far its clock was off; frozen: of the claim's lock."""

    origin: Entry
    shift: int
    frozen: Place | None
    starts: Starts

    def past_close(self, claim: Entry, span: Span, idle: Sequence[Span]) -> Spans:
        """What a claimed span has past the close, by the segment's own clock.

        Nothing, unless the segment closed `idle`, the discard reaches to its end and the span begins no
        later; idle: what was discarded of it as idle and not by its owner.
        """
        end = self.origin.number("end")
        if span[0] > end:
            return ()
        if self.origin.text("close") != "idle" or not any(low < end <= high for low, high in idle):
            return ()
        bounds = [span[1], end + REACH_MS, self._made(claim), self._week_end()]
        following = self.starts.after(end + self.shift, self.frozen)
        if following is not None:
            bounds.append(following - self.shift)
        return subtract([(max(span[0], end), min(bounds))], ())

    def _made(self, claim: Entry) -> int:
        """When the claim was made, by the segment's own clock."""
        origin = self.origin
        same_boot = claim.stream == origin.stream and claim.text("boot") == origin.text("boot")
        if self.shift and same_boot and origin.text("boot"):
            return origin.number("end") + claim.number("mono") - origin.number("mono1")
        return claim.number("at") - self.shift

    def _week_end(self) -> int:
        return week_of(self.origin.number("start") + self.shift).end - self.shift
