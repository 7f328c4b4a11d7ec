"""Activity: when a bucket is active, and the level of a segment (product.md Activity)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

BackendCounts = Literal["full", "active-only", "none"]
LEVELS = 10


@dataclass(frozen=True, slots=True)
class BucketFacts:
    """What was counted in one bucket: events (keys + clicks + scrolls), how many were injected, active s."""

    events: int
    injected: int
    active_s: int


def bucket_active(facts: BucketFacts, counts: BackendCounts, *, assistive: bool = False) -> bool:
    """Whether a bucket counts as active.

    At least one key press, click or scroll that no software injected; where the backend cannot count, at
    least 1 s of input by the idle monitor. `assistive`: the contract declares assistive or remote input, so
    that injected input counts. Pointer movement alone never makes a bucket active.
    """
    if counts == "none":
        return False
    if counts == "active-only":
        return facts.active_s >= 1
    return facts.events > 0 if assistive else facts.events > facts.injected


def active_ms(buckets: Iterable[tuple[int, bool]]) -> int:
    """Tracked ms in active buckets, from (tracked ms of the bucket, active)."""
    return sum(tracked for tracked, active in buckets if active)


def level(active_ms: int, tracked_ms: int) -> int:
    """10 * active / tracked, rounded half up: 0..10; 0 where nothing was tracked."""
    if tracked_ms <= 0:
        return 0
    active = min(max(active_ms, 0), tracked_ms)
    return (2 * LEVELS * active + tracked_ms) // (2 * tracked_ms)
