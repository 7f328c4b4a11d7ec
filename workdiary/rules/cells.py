"""The duty to have a shot, judged over (contract, cell): the criterion `evidence` (product.md Shots 1, 2)."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Final, Literal

from workdiary.rules import shots
from workdiary.rules.diary import DiarySegment
from workdiary.rules.policy import PolicySet
from workdiary.rules.spans import Span
from workdiary.rules.weeks import cell_start

Verdict = Literal["pass", "fail", "not-required", "not-assessed"]

# After these closes tracking goes on in the same cell: the duty is not judged before it ends there.
_GOES_ON: Final = frozenset({None, "memo", "label", "terms", "backend", "clock-step"})


@dataclass(slots=True)
class _Cell:
    segments: list[DiarySegment] = field(default_factory=list)
    span: Span = (0, 0)  # on the axis of tracked time


def evidence(segments: Sequence[DiarySegment], policy: PolicySet) -> dict[int, Verdict]:
    """The verdict of every cell that holds tracked segments, by the cell's start.

    A reason that needs a readable shot near by finds it within so many *tracked* minutes of the cell, and
    excuses at most 2 of 6 consecutive cells in which anything was tracked.
    """
    recorded = sorted(
        (segment for segment in segments if segment.kind in {"tracked", "moved"}),
        key=lambda segment: (segment.start, segment.end, segment.rid),
    )
    ends = list(accumulate(segment.tracked_ms for segment in recorded))
    cells: dict[int, _Cell] = {}
    readable: list[int] = []
    for segment, reached in zip(recorded, ends, strict=True):
        begun = reached - segment.tracked_ms
        cell = cells.setdefault(cell_start(segment.start, policy), _Cell(span=(begun, reached)))
        cell.segments.append(segment)
        cell.span = (cell.span[0], reached)
        readable.extend(begun + instant for instant in _shot_instants(segment))
    return _judged(cells, sorted(readable), policy)


def _judged(cells: dict[int, _Cell], readable: list[int], policy: PolicySet) -> dict[int, Verdict]:
    verdicts: dict[int, Verdict] = {}
    excused: list[bool] = []
    for start in sorted(cells):
        cell = cells[start]
        recent = sum(excused[-(policy.evidence_of_cells - 1) :])
        may_excuse = recent < policy.evidence_max_cells and _near(cell.span, readable, policy)
        verdict, by_neighbour = _cell_verdict(cell, policy, may_excuse=may_excuse)
        verdicts[start] = verdict
        excused.append(by_neighbour)
    return verdicts


def _cell_verdict(cell: _Cell, policy: PolicySet, *, may_excuse: bool) -> tuple[Verdict, bool]:
    """(verdict, whether only a neighbouring shot made it pass)."""
    last = cell.segments[-1]
    images = [shot for segment in cell.segments for shot in segment.images]
    tracked = sum(segment.tracked_ms for segment in cell.segments)
    if last.mode == "none":
        return "fail", False
    if not shots.takes_images(last.mode) or any(shot.readable for shot in images):
        return "pass", False
    if any(shot.state == "expired" for shot in images):
        return "pass", False  # it was there until its retention ended
    if any(shot.recorded for shot in images):
        return "not-assessed", False  # recorded, not arrived yet: pending, not unprotected
    if last.close in _GOES_ON and last.no_shot is None:
        return "not-assessed", False
    if not shots.owes_shot(last.mode, tracked, policy):
        return "pass", False
    if last.no_shot in shots.NEEDS_NEIGHBOUR and may_excuse:
        return "pass", True
    return "fail", False


def _shot_instants(segment: DiarySegment) -> list[int]:
    """Where readable shots lie on the segment's own tracked time."""
    instants = (shot.facts.get("at") for shot in segment.shots if shot.readable)
    return [segment.time.between(segment.start, instant) for instant in instants if isinstance(instant, int)]


def _near(span: Span, readable: list[int], policy: PolicySet) -> bool:
    low = bisect_left(readable, span[0] - policy.evidence_window_ms)
    high = bisect_right(readable, span[1] + policy.evidence_window_ms)
    return low < high
