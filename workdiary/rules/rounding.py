"""From counted time to billable time: the contract's rounding rule, permissions and the weekly limit.

A credit is what one segment brings to a line; it can be cut at any instant (a local midnight) and its parts
add up exactly.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from workdiary.rules.diary import DiarySegment
from workdiary.rules.policy import PolicySet
from workdiary.rules.spans import Measure, Span
from workdiary.rules.terms import Terms
from workdiary.rules.weeks import cell_start, week_of

LineKind = Literal["tracked", "manual", "idle-claim"]
LINES: Final[tuple[LineKind, ...]] = ("tracked", "manual", "idle-claim")


@dataclass(frozen=True, slots=True)
class Credit:
    """What a segment brings to its line.

    position: of the segment in the diary; time: what is spread over the wall clock; billable_ms: the first so
    many ms of it are billed; over_ms: the next so many are over the weekly limit; the rest is not billed.
    """

    position: int
    line: LineKind
    time: Measure
    billable_ms: int
    over_ms: int = 0

    @property
    def start(self) -> int:
        """Where it stands in the week."""
        return self.time.start

    def billable_in(self, window: Span) -> int:
        """Billable ms inside a window."""
        return self._within(window, 0, self.billable_ms)

    def over_in(self, window: Span) -> int:
        """Ms over the limit inside a window."""
        return self._within(window, self.billable_ms, self.billable_ms + self.over_ms)

    def _within(self, window: Span, least: int, most: int) -> int:
        def reached(instant: int) -> int:
            return min(max(self.time.between(self.time.start, instant), least), most)

        return reached(window[1]) - reached(window[0])


def credits_of(segments: Sequence[DiarySegment], terms: Terms, policy: PolicySet) -> list[Credit]:
    """Every segment's credit under the contract's rounding, permissions and weekly limit; by start."""
    credit = _cell_credit if terms.rounding == "cell" else _exact_credit
    credited: dict[int, int] = {}
    found: list[Credit] = []
    for position, segment in enumerate(segments):
        if segment.kind in {"manual", "idle-claim"}:
            found.append(_said_credit(position, segment))
        else:
            found.append(credit(position, segment, policy, credited))
    return _limited(_permitted(found, segments, terms, policy), terms.limit_s)


def _line(segment: DiarySegment) -> LineKind:
    return "tracked" if segment.kind == "moved" else segment.kind


def _said_credit(position: int, segment: DiarySegment) -> Credit:
    return Credit(position, _line(segment), segment.time, segment.time.total)


def _exact_credit(
    position: int, segment: DiarySegment, _policy: PolicySet, _credited: dict[int, int]
) -> Credit:
    return _said_credit(position, segment)


def _cell_credit(position: int, segment: DiarySegment, policy: PolicySet, credited: dict[int, int]) -> Credit:
    """The whole cell if its drawn instant fell in this segment, else nothing.

    Where inside the segment the instant fell is not recorded, so a segment that lost any of its time (to a
    discard, to another device) does not carry the cell.
    """
    cell = cell_start(segment.start, policy)
    intact = segment.removed == "no" and segment.time.total == segment.time.tracked > 0
    if segment.hit and intact and credited.setdefault(cell, position) == position:
        time = Measure.whole(cell, cell + policy.cell_ms, policy.cell_ms)
        return Credit(position, "tracked", time, policy.cell_ms)
    return Credit(position, "tracked", segment.time, 0)


def _permitted(
    found: Iterable[Credit], segments: Sequence[DiarySegment], terms: Terms, policy: PolicySet
) -> list[Credit]:
    claimed: dict[str, int] = {}
    permitted: list[Credit] = []
    for credit in found:
        segment = segments[credit.position]
        refused = segment.state == "quarantined" or terms.kind != "hourly"
        allowed = credit.billable_ms
        if refused or (credit.line == "manual" and not terms.manual):
            allowed = 0
        elif credit.line == "idle-claim" and not terms.manual:
            # beyond threshold + 20 min a claim is manual time, which this contract does not allow
            most = terms.idle_ms + policy.idle_claim_extra_ms - claimed.get(segment.rid, 0)
            allowed = min(allowed, max(most, 0))
            claimed[segment.rid] = claimed.get(segment.rid, 0) + allowed
        permitted.append(replace(credit, billable_ms=allowed))
    return permitted


def _limited(found: Iterable[Credit], limit_s: int | None) -> list[Credit]:
    ordered = sorted(found, key=lambda credit: (credit.start, credit.position))
    if limit_s is None:
        return ordered
    left: dict[int, int] = {}
    limited: list[Credit] = []
    for credit in ordered:
        week = week_of(credit.start).start
        within = min(credit.billable_ms, left.setdefault(week, limit_s * 1_000))
        left[week] -= within
        over = credit.billable_ms - within
        limited.append(replace(credit, billable_ms=within, over_ms=over))
    return limited


def limit_warning(used_ms: int, limit_s: int | None, policy: PolicySet) -> int | None:
    """The highest of the policy's warning marks (per cent) that a week's billable time has reached."""
    if limit_s is None:
        return None
    reached = [mark for mark in policy.limit_warn_pct if used_ms * 100 >= limit_s * 1_000 * mark]
    return max(reached, default=None)
