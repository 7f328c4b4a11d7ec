"""Totals of a window of the diary, and what a part of it is worth (product.md Time 3, 4)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from workdiary.evidence.canonical import JsonObject
from workdiary.rules import money
from workdiary.rules.agreement import TermsBook
from workdiary.rules.diary import Diary, DiarySegment
from workdiary.rules.policy import PolicySet
from workdiary.rules.protection import Basis, Protection, assess, is_protected
from workdiary.rules.rounding import LINES, Credit, LineKind, credits_of
from workdiary.rules.spans import Span
from workdiary.rules.terms import Terms
from workdiary.rules.weeks import week_of


@dataclass(frozen=True, slots=True)
class Totals:
    """A window's totals: ms summed, seconds floored once per line; amount in minor units.

    amount is None where the rate is not disclosed. Time that came after its week's lock is in `tracked_ms`
    and `after_lock_s`; the invoice that bills it is another week's.
    """

    tracked_ms: int
    billable_s: int
    protected_s: int
    manual_s: int
    idle_claim_s: int
    over_limit_s: int
    after_lock_s: int
    amount: int | None

    def to_json(self) -> JsonObject:
        """As `diary --json` writes them."""
        return {
            "tracked_ms": self.tracked_ms,
            "billable_s": self.billable_s,
            "protected_s": self.protected_s,
            "manual_s": self.manual_s,
            "idle_claim_s": self.idle_claim_s,
            "over_limit_s": self.over_limit_s,
            "after_lock_s": self.after_lock_s,
            "amount": self.amount,
        }


@dataclass(frozen=True, slots=True)
class Account:
    """A diary judged under terms and policy: credits and protection stand beside its segments.

    book: the terms it is judged under.
    """

    segments: tuple[DiarySegment, ...]
    credits: tuple[Credit, ...]
    protection: tuple[Protection, ...]
    book: TermsBook

    def totals(self, window: Span) -> Totals:
        """What falls inside a window: a local day, a session's span, a week."""
        protected = [credit for credit in self.credits if is_protected(self.protection[credit.position])]
        return Totals(
            tracked_ms=sum(
                segment.time.between(*window)
                for segment in self.segments
                if segment.kind in {"tracked", "moved"}
            ),
            billable_s=sum(money.seconds(_billable(self.credits, line, window)) for line in LINES),
            protected_s=money.seconds(_billable(protected, "tracked", window)),
            manual_s=self._counted_s("manual", window),
            idle_claim_s=self._counted_s("idle-claim", window),
            over_limit_s=money.seconds(sum(credit.over_in(window) for credit in self.credits)),
            after_lock_s=money.seconds(sum(s.time.between(*window) for s in self.segments if s.after_lock)),
            amount=self.amount(window),
        )

    def amount(self, window: Span) -> int | None:
        """The window's value: in each week, line(all) - line(without it), for every line.

        None where a rate is not disclosed.
        """
        here = self.book.at(window[0])
        if here is None or here.rate is None:
            return None
        return self._value({c.position: c.billable_in(window) for c in self.credits})

    def value_of(self, rids: Iterable[str]) -> int | None:
        """What the lines lose without these segments: the price on a button."""
        named = set(rids)
        return self._value(
            {c.position: c.billable_ms for c in self.credits if self.segments[c.position].rid in named}
        )

    def _value(self, part_ms: Mapping[int, int]) -> int | None:
        parts: dict[_LineKey, int] = defaultdict(int)
        whole: dict[_LineKey, int] = defaultdict(int)
        for credit in self.credits:
            if credit.line in LINES:
                key = (week_of(credit.start).start, credit.line, credit.rate)
                whole[key] += credit.billable_ms
                parts[key] += part_ms.get(credit.position, 0)
        found = 0
        for key, part in parts.items():
            rate = key[2]
            if part and rate is None:
                return None
            found += money.part_value(whole[key], part, rate or 0)
        return found

    def _counted_s(self, line: LineKind, window: Span) -> int:
        counted = (s for s in self.segments if s.kind == line and not s.after_lock)
        return money.seconds(sum(s.time.between(*window) for s in counted))


# One line: the week's start, its kind, its rate.
_LineKey = tuple[int, LineKind, int | None]


def account(diary: Diary, terms: Terms, policy: PolicySet) -> Account:
    """Judge a diary. It must hold the whole billing weeks asked about (`weeks.entries_span`).

    terms: what it is judged under where its records agree on none.
    """
    book = diary.book.or_else(terms)
    found = credits_of(diary.segments, book, policy)
    annotated = tuple(annotation.span for annotation in diary.annotations)
    protection = assess(diary.segments, found, Basis(book, policy, annotated=annotated))
    return Account(diary.segments, tuple(found), tuple(protection), book)


def _billable(found: Sequence[Credit], line: LineKind, window: Span) -> int:
    return sum(credit.billable_in(window) for credit in found if credit.line == line)
