"""The duty to have a shot, judged over (contract, cell): the criterion `evidence` (product.md Shots 1, 2)."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Final, Literal

from workdiary.rules import shots
from workdiary.rules.deadlines import week_dates
from workdiary.rules.diary import DiarySegment, DiaryShot
from workdiary.rules.policy import PolicySet
from workdiary.rules.spans import Span
from workdiary.rules.weeks import cell_start, week_of

Verdict = Literal["pass", "fail", "not-required", "not-assessed"]

# After these closes tracking goes on in the same cell: the duty is not judged before it ends there, which
# time in a later cell shows.
_GOES_ON: Final = frozenset({None, "memo", "label", "terms", "backend", "clock-step"})


@dataclass(slots=True)
class _Cell:
    segments: list[DiarySegment] = field(default_factory=list)
    span: Span = (0, 0)  # on the axis of tracked time


@dataclass(frozen=True, slots=True)
class _Judging:
    """readable, pending: where images lie on the axis of tracked time; newest: cell with recorded time."""

    policy: PolicySet
    now_ms: int | None
    readable: list[int]
    pending: list[int]
    newest: int


def evidence(
    segments: Sequence[DiarySegment], policy: PolicySet, now_ms: int | None = None
) -> dict[int, Verdict]:
    """The verdict of every cell that holds tracked segments, by the cell's start.

    A reason that needs a readable shot near by finds it within so many *tracked* minutes of the cell, and
    excuses at most 2 of 6 consecutive cells in which anything was tracked. now_ms: where it is known, nobody
    waits longer for an image than 72 h after its week's lock.
    """
    recorded = sorted(
        (segment for segment in segments if segment.kind in {"tracked", "moved"}),
        key=lambda segment: (segment.start, segment.end, segment.rid),
    )
    ends = list(accumulate(segment.tracked_ms for segment in recorded))
    cells: dict[int, _Cell] = {}
    judging = _Judging(policy, now_ms, [], [], cell_start(recorded[-1].start, policy) if recorded else 0)
    for segment, reached in zip(recorded, ends, strict=True):
        begun = reached - segment.tracked_ms
        cell = cells.setdefault(cell_start(segment.start, policy), _Cell(span=(begun, reached)))
        cell.segments.append(segment)
        cell.span = (cell.span[0], reached)
        for shot in _shown(segment, policy):
            found = judging.readable if _stands(shot) else judging.pending if shot.recorded else []
            found.extend(begun + instant for instant in _instants(segment, shot))
    judging.readable.sort()
    judging.pending.sort()
    return _judged(cells, judging)


def _judged(cells: dict[int, _Cell], judging: _Judging) -> dict[int, Verdict]:
    policy = judging.policy
    verdicts: dict[int, Verdict] = {}
    excused: list[bool] = []
    for start in sorted(cells):
        verdict = _own_verdict(start, cells[start], judging)
        by_neighbour = False
        if verdict is None:
            recent = sum(excused[-(policy.evidence_of_cells - 1) :])
            verdict = (
                _by_neighbour(start, cells[start], judging) if recent < policy.evidence_max_cells else "fail"
            )
            by_neighbour = verdict == "pass"
        verdicts[start] = verdict
        excused.append(by_neighbour)
    return verdicts


def _own_verdict(start: int, cell: _Cell, judging: _Judging) -> Verdict | None:
    """What the cell's own segments say; None where it rests on a shot near by."""
    last, policy = cell.segments[-1], judging.policy
    images = [shot for segment in cell.segments for shot in _shown(segment, policy)]
    if last.mode == "none":
        return "fail"
    if not shots.takes_images(last.mode) or any(map(_stands, images)):
        return "pass"
    if any(shot.recorded for shot in images) and _awaited(start, judging):
        return "not-assessed"  # recorded, not arrived yet: pending, not unprotected
    if last.close in _GOES_ON and last.no_shot is None and start == judging.newest:
        return "not-assessed"
    if not shots.owes_shot(last.mode, sum(segment.tracked_ms for segment in cell.segments), policy):
        return "pass"
    return None if _reason(cell, policy) in shots.NEEDS_NEIGHBOUR else "fail"


def _by_neighbour(start: int, cell: _Cell, judging: _Judging) -> Verdict:
    if _near(cell.span, judging.readable, judging.policy):
        return "pass"
    pending = _near(cell.span, judging.pending, judging.policy) and _awaited(start, judging)
    return "not-assessed" if pending else "fail"


def _reason(cell: _Cell, policy: PolicySet) -> str | None:
    """The last reason in the cell, whatever came behind it; images that hide everything are one."""
    said = next((segment.no_shot for segment in reversed(cell.segments) if segment.no_shot is not None), None)
    masked = any(segment.images and segment.masked_pct >= policy.masked_pct for segment in cell.segments)
    return "private-app" if said is None and masked else said


def _shown(segment: DiarySegment, policy: PolicySet) -> tuple[DiaryShot, ...]:
    """Its images, unless so much of them is masked that they show nothing."""
    return segment.images if segment.masked_pct < policy.masked_pct else ()


def _stands(shot: DiaryShot) -> bool:
    """Whether it is there to be looked at, or was until its retention ended."""
    return shot.readable or shot.state == "expired"


def _awaited(start: int, judging: _Judging) -> bool:
    until = week_dates(week_of(start), judging.policy).images_until
    return judging.now_ms is None or judging.now_ms < until


def _instants(segment: DiarySegment, shot: DiaryShot) -> tuple[int, ...]:
    """Where an image lies on the segment's own tracked time; one of unknown instant anywhere in it."""
    at = shot.facts.get("at")
    return (segment.time.between(segment.start, at),) if isinstance(at, int) else (0, segment.tracked_ms)


def _near(span: Span, instants: list[int], policy: PolicySet) -> bool:
    low = bisect_left(instants, span[0] - policy.evidence_window_ms)
    high = bisect_right(instants, span[1] + policy.evidence_window_ms)
    return low < high
