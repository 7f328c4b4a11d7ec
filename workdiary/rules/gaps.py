"""Typed gaps: the time inside and between sessions that is not billed, and why (product.md Time 1)."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from typing import Final, get_args

from workdiary.rules.diary import DiarySegment, Gap, GapKind
from workdiary.rules.spans import Span, Spans, merge, subtract

GAP_KINDS: Final[tuple[GapKind, ...]] = get_args(GapKind)

# Closes that leave a gap until the session goes on.
_WITHIN_SESSION: Final[dict[str, GapKind]] = {"pause": "pause", "idle": "idle"}
# Nobody chose these: the gap reaches to the next start even if a new session made it.
_INVOLUNTARY: Final[dict[str, GapKind]] = {
    "lock": "lock",
    "suspend": "suspend",
    "switch-user": "switch-user",
    "shutdown": "shutdown",
    "crash": "crash",
}


def typed_gaps(segments: Iterable[DiarySegment], removed: dict[GapKind, Spans]) -> tuple[Gap, ...]:
    """The gaps of one contract's segments, disjoint, in order.

    removed: spans whose time was taken out, by the kind they are shown as. After `stop` there is no gap, and
    none where another segment counts the time.
    """
    ordered = sorted(segments, key=lambda segment: (segment.start, segment.end, segment.rid))
    found: dict[GapKind, list[Span]] = {kind: list(removed.get(kind, ())) for kind in GAP_KINDS}
    following = _Following(ordered)
    for segment in ordered:
        gap = _after(segment, following)
        if gap is not None:
            found[gap.kind].append(gap.span)
    taken = merge(span for segment in ordered for span in segment.time.spans)
    gaps: list[Gap] = []
    # what the owner removed comes first: it stays what it is, whatever else fell on the same time
    for kind in ("removed-by-owner", "idle", *(kind for kind in GAP_KINDS if kind not in _SHOWN_FIRST)):
        spans = subtract(found[kind], taken)
        taken = merge([*taken, *spans])
        gaps.extend(Gap(start, end, kind) for start, end in spans)
    return tuple(sorted(gaps))


_SHOWN_FIRST: Final[frozenset[GapKind]] = frozenset({"removed-by-owner", "idle"})


def _after(segment: DiarySegment, following: _Following) -> Gap | None:
    close = segment.close or ""
    kind = _WITHIN_SESSION.get(close) or _INVOLUNTARY.get(close)
    if kind is None or segment.kind not in {"tracked", "moved"}:
        return None
    until = following.start_of(segment, segment.session)
    if until is None and close in _INVOLUNTARY:
        until = following.start_of(segment, None)
    return Gap(segment.end, until, kind) if until is not None and until > segment.end else None


class _Following:
    """Which segment comes next, in its session or at all; what was said by hand ends no gap."""

    def __init__(self, ordered: Iterable[DiarySegment]) -> None:
        self._starts: dict[str | None, list[int]] = {None: []}
        for segment in ordered:
            if segment.kind not in {"manual", "idle-claim"}:
                self._starts[None].append(segment.start)
                self._starts.setdefault(segment.session, []).append(segment.start)

    def start_of(self, segment: DiarySegment, session: str | None) -> int | None:
        """The first start at or after the end of `segment`, not its own; session None: in any."""
        starts = self._starts[session]
        position = bisect_left(starts, segment.end)
        position += segment.start == segment.end  # one without length finds itself first
        return starts[position] if position < len(starts) else None
