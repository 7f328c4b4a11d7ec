"""A second is billed once: which of several segments counts it (product.md Time 5)."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import replace

from workdiary.rules.diary import DiarySegment
from workdiary.rules.entries import Place
from workdiary.rules.spans import Span, Spans, merge

_KINDS = ("tracked", "moved", "idle-claim", "manual")


def once(segments: Sequence[DiarySegment], elsewhere: Iterable[Span] = ()) -> list[DiarySegment]:
    """The segments of one contract with every instant left to one of them.

    What an earlier lock has counted stays counted; then what the app recorded wins over what was said, then
    the record with evidence, then the earlier start.
    elsewhere: spans that the freelancer's other contracts count.
    """
    taken = _Taken(elsewhere)
    counted: list[DiarySegment] = []
    for segment in sorted(segments, key=_rank):
        time = segment.time.without(taken.over((segment.start, segment.end)))
        taken.add(time.spans)
        counted.append(segment if time == segment.time else replace(segment, time=time))
    return counted


class _Taken:
    """Disjoint spans in order, so that a week of segments costs no more than n log n look-ups."""

    def __init__(self, spans: Iterable[Span]) -> None:
        self._spans: list[Span] = list(merge(spans))

    def over(self, window: Span) -> list[Span]:
        """The taken spans that touch a window."""
        low, high = self._range(window)
        return self._spans[low:high]

    def add(self, spans: Spans) -> None:
        """Take more; what touches joins."""
        for span in spans:
            low, high = self._range(span)
            self._spans[low:high] = merge([span, *self._spans[low:high]])

    def _range(self, window: Span) -> tuple[int, int]:
        # disjoint spans in order have their ends in order too
        low = bisect_left(self._spans, window[0], key=lambda span: span[1])
        high = bisect_right(self._spans, window[1], key=lambda span: span[0])
        return low, max(low, high)


def counted_spans(segments: Iterable[DiarySegment]) -> Spans:
    """The wall spans that segments count: what they leave no room for in another contract."""
    return merge(span for segment in segments for span in segment.time.spans)


def _rank(segment: DiarySegment) -> tuple[int, int, bool, int, Place, str, int]:
    said = _KINDS.index(segment.kind) // 2
    # recorded, not readable: whether an image has arrived or may be seen here never moves time
    evidence = segment.evidenced
    billed = segment.standing.round
    return billed, said, not evidence, segment.start, segment.place, segment.rid, segment.end
