"""The open segment: placed on the wall once, measured by the monotonic clock, cut at the cell's end.

Nothing here reads a clock or writes a file: the engine brings readings and drains, and takes away the parts
that the spool keeps (`SegmentStart`, `SegmentProgress`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from workdiary.client.capture.port import BackendCounts, InputCounts
from workdiary.client.segment.activity import BucketRules, Tally
from workdiary.client.segment.clock import Reading, Timeline
from workdiary.client.segment.model import AppSpan, OpenReason, SegmentProgress, SegmentStart
from workdiary.evidence.canonical import b64u, clip
from workdiary.evidence.kinds.base import NAME_CAP
from workdiary.evidence.kinds.time import TITLE_CAP
from workdiary.evidence.times import uuid7
from workdiary.rules.policy import PolicySet
from workdiary.rules.weeks import cell_start

Entropy = Callable[[int], bytes]
SESSION_BYTES = 16
UUID_BYTES = 10


@dataclass(frozen=True, slots=True)
class Work:
    """What a person works on, and the contract's terms that shape a segment."""

    contract: str
    memo: str
    label: str | None
    mode: str
    assistive: bool = False


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What every segment takes from outside the work: policy, zone, computer, what the backend can count."""

    policy: PolicySet
    zone: str
    boot_id: str
    counts: BackendCounts
    entropy: Entropy


@dataclass(frozen=True, slots=True)
class Opening:
    """How a segment begins: why, in which session and timeline, and what is doubtful about the clock."""

    reason: OpenReason
    session: str
    timeline: Timeline
    clock_step: bool = False
    clock_unsure: bool = False


def new_session(entropy: Entropy) -> str:
    """A session's identifier: 16 random bytes, base64url."""
    return b64u(entropy(SESSION_BYTES))


class OpenSegment:
    """One segment from its first instant on; `start` is what has to be durable before the UI says so."""

    def __init__(self, total_ms: int, work: Work, around: Surroundings, opening: Opening) -> None:
        start_ms = opening.timeline.place(total_ms)
        self.timeline = opening.timeline
        self.start = SegmentStart(
            rid=uuid7(start_ms, around.entropy(UUID_BYTES)),
            session=opening.session,
            contract=work.contract,
            start_ms=start_ms,
            mono0=total_ms,
            open=opening.reason,
            memo=work.memo,
            label=work.label,
            zone=around.zone,
            policy=around.policy.name,
            mode=work.mode,
            backend_counts=around.counts,
            boot_id=around.boot_id,
            clock_step=opening.clock_step,
            clock_unsure=opening.clock_unsure,
            cell_ms=cell_start(start_ms, around.policy),
        )
        self.cell_end_ms = self.start.cell_ms + around.policy.cell_ms
        self._tally = Tally(
            BucketRules(self.start.cell_ms, around.policy.bucket_ms, around.counts, work.assistive)
        )
        self._apps: list[AppSpan] = []

    def place(self, now: Reading) -> int:
        """Where `now` lies on this segment's timeline, wall ms, never before its start."""
        return max(self.start.start_ms, self.timeline.place(now.total_ms))

    def book(self, since_ms: int, counts: InputCounts, *, touched: bool) -> None:
        """Book a drain of the counter that began at `since_ms` (wall)."""
        self._tally.add(since_ms, counts, touched=touched)

    def focus(self, at_ms: int, app: str, title: str | None) -> None:
        """The focused application from `at_ms` on; the same one again changes nothing.

        Names and titles are cut to what a record carries.
        """
        span = AppSpan(at_ms, clip(app, NAME_CAP), None if title is None else clip(title, TITLE_CAP))
        if not self._apps or replace(self._apps[-1], start_ms=at_ms) != span:
            self._apps.append(span)

    def progress(self, end_ms: int, hit_ms: int | None = None) -> SegmentProgress:
        """What was recorded up to `end_ms` (wall, held inside start and the cell's end).

        hit_ms: the cell's first drawn instant, if there is one.
        """
        start = self.start.start_ms
        end = min(max(end_ms, start), self.cell_end_ms)
        return SegmentProgress(
            end_ms=end,
            mono1=self.timeline.total_at(end),
            tracked_ms=end - start,
            buckets=self._tally.buckets(start, end),
            apps=tuple(span for span in self._apps if span.start_ms < end or span.start_ms == start),
            hit=hit_ms is not None and start <= hit_ms < end,
        )
