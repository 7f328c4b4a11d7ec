"""Counts per bucket of one segment: how many, never which (product.md, Activity).

A drain of the input counter covers the time since the last drain. The tracker drains at every bucket edge, so
the whole drain belongs to the bucket in which that time began; late ones lose and double nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from workdiary.client.capture.port import BackendCounts, InputCounts
from workdiary.client.segment.model import Bucket
from workdiary.rules.activity import BucketFacts, bucket_active


@dataclass(frozen=True, slots=True)
class BucketRules:
    """What makes buckets: their grid (wall ms), what the backend counts, whether injected input counts."""

    cell_ms: int  # start of the cell
    bucket_ms: int  # length of a bucket
    counts: BackendCounts
    assistive: bool = False  # the contract declares assistive or remote input


@dataclass(slots=True)
class _Sum:
    """One bucket while it is being filled; `seconds` are wall seconds, so that two drains share one."""

    keys: int = 0
    clicks: int = 0
    scrolls: int = 0
    moves: int = 0
    injected: int = 0
    seconds: set[int] = field(default_factory=set)


class Tally:
    """The buckets of one segment."""

    def __init__(self, rules: BucketRules) -> None:
        self._rules = rules
        self._sums: dict[int, _Sum] = {}

    def add(self, since_ms: int, counts: InputCounts, *, touched: bool) -> None:
        """Book one drain: `since_ms` is the wall instant it began at, touched whether there was any input."""
        total = self._sums.setdefault(self._bucket(since_ms), _Sum())
        total.keys += counts.keys
        total.clicks += counts.clicks
        total.scrolls += counts.scrolls
        total.moves += counts.moves
        total.injected += counts.injected
        if touched:
            total.seconds.add(since_ms // 1000)

    def buckets(self, start_ms: int, end_ms: int) -> tuple[Bucket, ...]:
        """Every bucket the segment [start_ms, end_ms) touches, quiet ones included, adding up to its length.

        Counts booked outside the span (a segment closed at its last input) go to the nearest bucket.
        """
        edges = range(self._bucket(start_ms), max(end_ms, start_ms + 1), self._rules.bucket_ms)
        sums = {edge: _Sum() for edge in edges}
        for edge, booked in self._sums.items():
            _merge(sums[min(max(edge, edges[0]), edges[-1])], booked)
        return tuple(self._bucket_of(edge, total, start_ms, end_ms) for edge, total in sums.items())

    def _bucket(self, at_ms: int) -> int:
        """Start of the bucket that holds `at_ms`."""
        rules = self._rules
        return rules.cell_ms + (at_ms - rules.cell_ms) // rules.bucket_ms * rules.bucket_ms

    def _bucket_of(self, edge: int, total: _Sum, start_ms: int, end_ms: int) -> Bucket:
        start = max(edge, start_ms)
        length = max(0, min(edge + self._rules.bucket_ms, end_ms) - start)
        seconds = min(len(total.seconds), -(-length // 1000))  # a second cut by an edge is one, not two
        return Bucket(
            start_ms=start,
            len_ms=length,
            keys=total.keys,
            clicks=total.clicks,
            scrolls=total.scrolls,
            moves=total.moves,
            active_s=seconds,
            injected=total.injected,
            active=bucket_active(
                BucketFacts(total.keys + total.clicks + total.scrolls, total.injected, seconds),
                self._rules.counts,
                assistive=self._rules.assistive,
            ),
        )


def _merge(into: _Sum, booked: _Sum) -> None:
    into.keys += booked.keys
    into.clicks += booked.clicks
    into.scrolls += booked.scrolls
    into.moves += booked.moves
    into.injected += booked.injected
    into.seconds |= booked.seconds
