"""Across a freelancer's contracts a second is billed once, and a cell credited to one of them (Time 3, 5).

Unless the freelancer chose, the session that began first has what two claim. Only whoever sees both contracts
can ask; what comes out names neither.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from workdiary.rules.diary import Diary
from workdiary.rules.overlap import counted_spans
from workdiary.rules.policy import PolicySet
from workdiary.rules.rounding import credits_of
from workdiary.rules.spans import Span, Spans, clip, merge
from workdiary.rules.terms import Terms


@dataclass(slots=True)
class Sitting:
    """One session: when it began, what it counts, and whole cells that a drawn instant pays in it."""

    start: int
    counted: list[Span] = field(default_factory=list)
    cells: list[Span] = field(default_factory=list)

    @property
    def taken(self) -> Spans:
        """What it leaves no room for elsewhere."""
        return merge([*self.counted, *self.cells])

    def loses(self, taken: Spans) -> Iterable[Span]:
        """What of its own time it loses: the same seconds, and all in a cell that it cannot have whole."""
        yield from (part for span in taken for part in clip(self.counted, span))
        for cell in self.cells:
            if clip(taken, cell):
                yield from clip(self.counted, cell)


def lost_to(mine: Iterable[Sitting], theirs: Iterable[Sitting], *, later: bool) -> Spans:
    """Spans of the first contract's time that the second one counts; later: which is second in a tie."""
    others = list(theirs)
    return merge(
        span
        for own in mine
        for other in others
        if (other.start, not later) < (own.start, later)
        for span in own.loses(other.taken)
    )


def sittings(diary: Diary, policy: PolicySet) -> list[Sitting]:
    """The sessions of one contract, from its diary under its own terms."""
    book = diary.book.or_else(Terms())
    found: dict[str, Sitting] = {}
    for credit in credits_of(diary.segments, book, policy):
        segment = diary.segments[credit.position]
        sitting = found.setdefault(segment.session, Sitting(segment.start))
        sitting.start = min(sitting.start, segment.start)
        sitting.counted.extend(counted_spans([segment]))
        terms = book.below(segment.standing.week).at(segment.start) or Terms()
        if terms.rounding == "cell" and credit.line == "tracked" and credit.billable_ms:
            sitting.cells.append((credit.time.start, credit.time.end))
    return list(found.values())
