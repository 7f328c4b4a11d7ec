"""Half-open spans of milliseconds, and tracked time spread over them without losing or doubling any."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

Span = tuple[int, int]
Spans = tuple[Span, ...]


def merge(spans: Iterable[Span]) -> Spans:
    """The same instants as disjoint spans in order; empty ones vanish, touching ones join."""
    merged: list[Span] = []
    for start, end in sorted(span for span in spans if span[0] < span[1]):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return tuple(merged)


def subtract(spans: Iterable[Span], holes: Iterable[Span]) -> Spans:
    """The instants of `spans` that lie in no hole, as disjoint spans in order."""
    cut = merge(holes)
    left: list[Span] = []
    position = 0
    for start, end in merge(spans):
        begin = start
        while position < len(cut) and cut[position][0] < end:
            low, high = cut[position]
            if begin < low:
                left.append((begin, low))
            begin = max(begin, high)
            if high > end:
                break  # it may reach into the next span as well
            position += 1
        if begin < end:
            left.append((begin, end))
    return tuple(left)


def clip(spans: Iterable[Span], window: Span) -> Spans:
    """The instants of `spans` inside the window."""
    low, high = window
    return merge((max(start, low), min(end, high)) for start, end in spans)


def length(spans: Iterable[Span]) -> int:
    """Milliseconds in disjoint spans."""
    return sum(end - start for start, end in spans)


@dataclass(frozen=True, slots=True)
class Measure:
    """`tracked` ms spread evenly over the wall span [start, end), of which `spans` count.

    The monotonic clock measured `tracked`; the wall span only places it, and the two may differ by a little.
    Whatever way [start, end) is cut, the parts add up to the whole exactly.
    """

    start: int
    end: int
    tracked: int
    spans: Spans

    @classmethod
    def whole(cls, start: int, end: int, tracked: int) -> Measure:
        """All of it counts; where nothing was tracked, nothing of the span is taken."""
        return cls(start, end, tracked, merge([(start, end)]) if tracked else ())

    @property
    def total(self) -> int:
        """Tracked ms that count."""
        if self.spans == ((self.start, self.end),):
            return self.tracked
        return sum(self._at(end) - self._at(start) for start, end in self.spans)

    def between(self, low: int, high: int) -> int:
        """Tracked ms that count inside [low, high)."""
        if low <= self.start and self.end <= high:
            return self.total
        if high <= self.start or self.end <= low:
            return 0
        return sum(self._at(end) - self._at(start) for start, end in clip(self.spans, (low, high)))

    def without(self, holes: Sequence[Span]) -> Measure:
        """The same, with the holes not counting."""
        if not holes:
            return self
        return Measure(self.start, self.end, self.tracked, subtract(self.spans, holes))

    def _at(self, instant: int) -> int:
        return self.tracked * (instant - self.start) // (self.end - self.start)
