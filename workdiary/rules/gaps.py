"""Typed gaps: the time inside and between sessions that is not billed, and why (product.md Time 1)."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
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
    for position, segment in enumerate(ordered):
        gap = _after(segment, islice(ordered, position + 1, None))
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


def _after(segment: DiarySegment, later: Iterable[DiarySegment]) -> Gap | None:
    close = segment.close or ""
    if segment.kind not in {"tracked", "moved"} or close not in {**_WITHIN_SESSION, **_INVOLUNTARY}:
        return None
    candidates = [other for other in later if other.start >= segment.end and other.kind != "manual"]
    same = next((other for other in candidates if other.session == segment.session), None)
    following = same or (next(iter(candidates), None) if close in _INVOLUNTARY else None)
    if following is None or following.start <= segment.end:
        return None
    return Gap(segment.end, following.start, {**_WITHIN_SESSION, **_INVOLUNTARY}[close])
