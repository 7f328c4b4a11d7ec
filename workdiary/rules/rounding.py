"""From counted time to billable time: the contract's rounding rule, permissions and the weekly limit.

A credit is what one segment brings to a line; it can be cut at any instant (a local midnight) and its parts
add up exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from workdiary.rules.agreement import TermsBook
from workdiary.rules.claims import Absence
from workdiary.rules.diary import DiarySegment
from workdiary.rules.policy import PolicySet
from workdiary.rules.spans import Measure, Span
from workdiary.rules.terms import Terms
from workdiary.rules.weeks import cell_start, week_of

LineKind = Literal["tracked", "manual", "idle-claim", "after-lock"]
# What a week's own invoice bills; after-lock time goes on a later one.
LINES: Final[tuple[LineKind, ...]] = ("tracked", "manual", "idle-claim")
# (rate, currency), each None where it is not disclosed.
Price = tuple[int | None, str | None]


@dataclass(frozen=True, slots=True)
class Credit:
    """What a segment brings to its line.

    position: of the segment in the diary; time: what is spread over the wall clock; billable_ms: the first so
    many ms of it are billed; over_ms: the next so many are over the weekly limit; the rest is not billed;
    rate: minor units of `currency` an hour, None where it is not disclosed.
    """

    position: int
    line: LineKind
    time: Measure
    billable_ms: int
    over_ms: int = 0
    rate: int | None = None
    currency: str | None = None

    @property
    def price(self) -> Price:
        """What tells lines of one week and kind apart: amounts of two currencies never meet."""
        return self.rate, self.currency

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

        return reached(window[1]) - reached(window[0]) if window[0] < window[1] else 0


def credits_of(segments: Sequence[DiarySegment], terms: Terms | TermsBook, policy: PolicySet) -> list[Credit]:
    """Every segment's credit under the contract's rounding, permissions and weekly limit; by start.

    What a lock has counted takes its share of limit and permission before what came after it.
    """
    book = terms if isinstance(terms, TermsBook) else TermsBook().or_else(terms)
    crediting = _Crediting(segments, book, policy)
    order = sorted(range(len(segments)), key=lambda k: (segments[k].standing.round, segments[k].start, k))
    found = [crediting.credit(position) for position in order]
    # a whole cell uses up the limit from its own start
    found.sort(key=lambda c: (segments[c.position].standing.round, c.start, c.position))
    return sorted(map(crediting.limited, found), key=lambda credit: (credit.start, credit.position))


def line_of(segment: DiarySegment) -> LineKind:
    """The line a segment's own week bills it on, or `after-lock`."""
    if segment.after_lock:
        return "after-lock"
    return "tracked" if segment.kind == "moved" else segment.kind


class _Crediting:
    """One pass over segments in the order in which they use up cells, permissions and limits."""

    def __init__(self, segments: Sequence[DiarySegment], book: TermsBook, policy: PolicySet) -> None:
        self._segments = segments
        self._book = book
        self._policy = policy
        self._cells: dict[int, int] = {}
        self._claimed: dict[Absence | None, int] = {}
        self._left: dict[int, int] = {}

    def credit(self, position: int) -> Credit:
        """The credit of the segment that comes next, before any limit."""
        segment = self._segments[position]
        book = self._book.below(segment.standing.week)
        terms = book.at(segment.start) or Terms()
        said = segment.kind in {"manual", "idle-claim"}
        by_cell = terms.rounding == "cell" and not said
        credit = self._by_cell(position) if by_cell else self._exact(position)
        billable = self._permitted(credit, terms)
        return replace(credit, billable_ms=billable, rate=terms.rate, currency=terms.currency)

    def limited(self, credit: Credit) -> Credit:
        """The same within what the credits before it have left of the week's limit."""
        week = week_of(credit.start)
        book = self._book.below(self._segments[credit.position].standing.week)
        limit_s = book.limit_s(week, self._policy)
        if limit_s is None:
            return credit
        within = min(credit.billable_ms, self._left.setdefault(week.start, max(limit_s, 0) * 1_000))
        self._left[week.start] -= within
        return replace(credit, billable_ms=within, over_ms=credit.billable_ms - within)

    def _exact(self, position: int) -> Credit:
        segment = self._segments[position]
        return Credit(position, line_of(segment), segment.time, segment.time.total)

    def _by_cell(self, position: int) -> Credit:
        """The whole cell if its drawn instant fell in this segment, else nothing.

        Where inside the segment the instant fell is not recorded, so a segment that lost any of its time (to
        a discard, to another device) does not carry the cell.
        """
        segment, cell_ms = self._segments[position], self._policy.cell_ms
        cell = cell_start(segment.start, self._policy)
        intact = segment.removed == "no" and segment.time.total == segment.time.tracked > 0
        if segment.hit and intact and self._cells.setdefault(cell, position) == position:
            time = Measure.whole(cell, cell + cell_ms, cell_ms)
            return Credit(position, line_of(segment), time, cell_ms)
        return Credit(position, line_of(segment), segment.time, 0)

    def _permitted(self, credit: Credit, terms: Terms) -> int:
        segment = self._segments[credit.position]
        if segment.state == "quarantined" or terms.kind != "hourly":
            return 0
        if terms.manual or segment.granted or segment.kind not in {"manual", "idle-claim"}:
            return credit.billable_ms
        if segment.kind == "manual":
            return 0
        # beyond threshold + 20 min of an absence, in however many claims, it is manual time, which this
        # contract does not allow
        used = self._claimed.get(segment.absence, 0)
        most = terms.idle_ms + self._policy.idle_claim_extra_ms - used
        allowed = min(credit.billable_ms, max(most, 0))
        self._claimed[segment.absence] = used + allowed
        return allowed


def limit_warning(used_ms: int, limit_s: int | None, policy: PolicySet) -> int | None:
    """The highest of the policy's warning marks (per cent) that a week's billable time has reached."""
    if limit_s is None:
        return None
    reached = [mark for mark in policy.limit_warn_pct if used_ms * 100 >= limit_s * 1_000 * mark]
    return max(reached, default=None)
