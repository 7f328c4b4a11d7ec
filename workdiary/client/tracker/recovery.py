"""After a crash: what was open ends at its last checkpoint, and no time is invented."""

from __future__ import annotations

from workdiary.client.segment.model import NoShot, SegmentClose, SegmentProgress
from workdiary.client.spool.store import RecoveredSegment
from workdiary.client.tracker.ports import Store
from workdiary.rules.policy import by_name
from workdiary.rules.shots import reason_without_shot


def recover(store: Store) -> list[str]:
    """Close every segment that an earlier process left open; returns their rids. Raises `KnownError`."""
    closed = []
    for segment in store.open_segments():
        store.close_segment(segment.start.rid, _close(store, segment))
        closed.append(segment.start.rid)
    return closed


def _close(store: Store, segment: RecoveredSegment) -> SegmentClose:
    start = segment.start
    progress = segment.progress
    if progress is None:  # killed before the first checkpoint: it began, and nothing more is known
        progress = SegmentProgress(end_ms=start.start_ms, mono1=start.mono0, tracked_ms=0)
    policy = by_name(start.policy)
    others = [
        entry
        for entry in store.entries(
            start.contract, start.cell_ms, start.cell_ms + policy.cell_ms, verdicts=False
        )
        if entry.kind == "segment" and entry.rid != start.rid and entry.number("start") >= start.cell_ms
    ]
    no_shot: NoShot | None = None
    if not segment.shots and not any(entry.number("shots") for entry in others):
        tracked = progress.tracked_ms + sum(entry.number("tracked") for entry in others)
        reason = reason_without_shot(start.mode, tracked, "crash", policy)
        no_shot = reason  # type: ignore[assignment] # rules.shots.NO_SHOT are the same words
    return SegmentClose(progress=progress, close="crash", no_shot=no_shot, recovered=True)
