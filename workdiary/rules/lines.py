"""The lines of a lock: what a billing week comes to, by kind and rate, as made and as recomputed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from workdiary.evidence.canonical import JsonObject
from workdiary.evidence.kinds.operator import ITEMS_CAP
from workdiary.rules import money
from workdiary.rules.diary import Acceptance, Diary, DiarySegment
from workdiary.rules.entries import Entry, Place
from workdiary.rules.locks import NEXT
from workdiary.rules.overlap import counted_spans
from workdiary.rules.policy import KNOWN, STANDARD, PolicySet
from workdiary.rules.projection import project
from workdiary.rules.rounding import LINES, Credit, Price, credits_of
from workdiary.rules.spans import Span, Spans, clip, length, merge
from workdiary.rules.terms import Terms
from workdiary.rules.weeks import week_of

OVER: Final = "over-limit"
LATE: Final = "after-lock"
ACCEPTED: Final = "over-limit-paid"
# In this order a lock lists them. The last two are of earlier weeks.
KINDS: Final = (*LINES, OVER, LATE, ACCEPTED)
EARLIER: Final = frozenset({LATE, ACCEPTED})


@dataclass(frozen=True, slots=True)
class Line:
    """One line (contract, week, price, kind): ms summed, seconds floored once, amount rounded once.

    amount: minor units; 0 for what is not billed and for a rate that is not disclosed.
    """

    kind: str
    ms: int
    seconds: int
    amount: int

    def to_json(self) -> JsonObject:
        """As the `lock` record has it."""
        return {"kind": self.kind, "ms": self.ms, "seconds": self.seconds, "amount": self.amount}


@dataclass(frozen=True, slots=True)
class Closing:
    """What a lock closes: the time that starts in `span`, from the records below leaf `size` of `epoch`.

    elsewhere: spans that the freelancer's other contracts count; policies: sets by digest.
    """

    span: Span
    size: int
    epoch: int = 0
    elsewhere: Spans = ()
    policies: Mapping[str, PolicySet] = field(default_factory=lambda: KNOWN)

    @property
    def bound(self) -> Place:
        """The first place that no longer counts."""
        return self.epoch, self.size


@dataclass(frozen=True, slots=True)
class WeekLines:
    """A lock's `lines` and `excluded` [{tgt, start, end}], ready for the record.

    excluded: the span counts elsewhere for all time of this contract in it; `tgt` is the first record there.
    rated: every rate that the lines rest on is disclosed; agreed: there are terms that count. Without any,
    time stands there at no price.
    """

    lines: tuple[Line, ...]
    excluded: tuple[JsonObject, ...] = ()
    rated: bool = True
    agreed: bool = True

    def to_json(self) -> JsonObject:
        """The two fields of the `lock` record."""
        return {"lines": [line.to_json() for line in self.lines], "excluded": list(self.excluded)}


def lock_lines(entries: Iterable[Entry], closing: Closing) -> WeekLines:
    """What a lock states, from all records of one contract: the server makes it, the verifier compares it."""
    below = [entry for entry in entries if entry.place < closing.bound]
    excluded = _excluded(project(below), closing) if closing.elsewhere else ()
    diary = project(below, elsewhere=[span for _, span in excluded])
    book = diary.book.or_else(Terms())
    terms = book.at(closing.span[0]) or Terms()
    items: tuple[JsonObject, ...] = tuple(
        {"tgt": target, "start": start, "end": end} for target, (start, end) in excluded
    )
    policy = closing.policies.get(terms.policy, STANDARD)
    parts = list(_Parts(diary, closing, credits_of(diary.segments, book, policy)).all())
    rated = all(rate is not None for kind, _, (rate, _), _ in parts if kind != OVER)
    return WeekLines(tuple(_lines(parts)), items, rated=rated, agreed=bool(diary.book.versions))


# What one credit brings to a line: (kind, start of its week, price, ms).
_Part = tuple[str, int, Price, int]
_FREE: Final[Price] = (None, None)


def _lines(parts: Sequence[_Part]) -> Iterator[Line]:
    sums: dict[tuple[str, int, Price], int] = defaultdict(int)
    for kind, week, price, ms in parts:
        # what is not billed is one line, whatever it would have cost
        sums[kind, week, _FREE if kind == OVER else price] += ms
    # in order of appearance, that is of time, within a kind
    for (kind, _, (rate, _)), ms in sorted(sums.items(), key=lambda item: KINDS.index(item[0][0])):
        if ms:
            yield Line(kind, ms, money.seconds(ms), money.line_amount(ms, rate or 0))


class _Parts:
    """What every credit of a diary brings to the lines of one lock."""

    def __init__(self, diary: Diary, closing: Closing, found: Sequence[Credit]) -> None:
        self._diary = diary
        self._closing = closing
        self._credits = found

    def all(self) -> Iterator[_Part]:
        """Parts of this week's time, then what earlier weeks bring now."""
        low, high = self._closing.span
        for credit in self._credits:
            segment = self._diary.segments[credit.position]
            week = week_of(credit.start).start
            if low <= segment.start < high and not segment.after_lock:
                if credit.billable_ms:
                    yield credit.line, week, credit.price, credit.billable_ms
                if credit.over_ms:
                    yield OVER, week, credit.price, credit.over_ms
            elif segment.start < low:
                if segment.standing.round == NEXT and credit.billable_ms:
                    yield LATE, week, credit.price, credit.billable_ms
                accepted = self._accepted(segment, credit) if credit.over_ms else 0
                if accepted:
                    yield ACCEPTED, week, credit.price, accepted

    def _accepted(self, segment: DiarySegment, credit: Credit) -> int:
        """Ms over the limit that the client accepted since the last lock that could have billed them."""
        own = self._diary.locks.of(segment.start)
        if own is None:
            return 0
        later = (lock.bound for lock in self._diary.locks.all if lock.place > own.place)
        since = max(later, default=own.bound)
        mine = [item for item in self._diary.accepted if item.target == segment.id]
        now = _over(credit, mine)
        return now - _over(credit, [item for item in mine if item.place < since])


def _over(credit: Credit, accepted: Iterable[Acceptance]) -> int:
    return sum(credit.over_in(span) for span in merge(item.span for item in accepted))


def _excluded(diary: Diary, closing: Closing) -> tuple[tuple[str, Span], ...]:
    """(id of the first record there, span) of what counts elsewhere: joined where nothing lies between."""
    segments = [s for s in diary.segments if closing.span[0] <= s.start < closing.span[1]]
    counted = clip(counted_spans(segments), closing.span)
    elsewhere = merge(closing.elsewhere)
    lost = merge(part for span in elsewhere for part in clip(counted, span))
    joined: list[Span] = []
    for span in lost:
        between = clip(counted, (joined[-1][1], span[0])) if joined else ()
        if joined and not length(between):
            joined[-1] = (joined[-1][0], span[1])
        else:
            joined.append(span)
    return tuple((_first(segments, span), span) for span in joined[:ITEMS_CAP])


def _first(segments: Sequence[DiarySegment], span: Span) -> str:
    return next(s.id or "" for s in segments if clip(s.time.spans, span))
