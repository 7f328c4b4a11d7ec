"""Totals of a window of the diary, and what a part of it is worth (product.md Time 3, 4)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from workdiary.evidence.canonical import JsonObject
from workdiary.rules import money
from workdiary.rules.diary import Diary, DiarySegment
from workdiary.rules.policy import PolicySet
from workdiary.rules.protection import Basis, Protection, assess, is_protected
from workdiary.rules.rounding import LINES, Credit, LineKind, credits_of
from workdiary.rules.spans import Span
from workdiary.rules.terms import Terms
from workdiary.rules.weeks import Week, week_of, weeks_between


@dataclass(frozen=True, slots=True)
class Totals:
    """A window's totals: ms summed, seconds floored once per line; amount in minor units.

    amount is None where the rate is not disclosed; after_lock_s is 0 until a week has a lock to be after.
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
    """A diary judged under terms and policy: credits and protection stand beside its segments."""

    segments: tuple[DiarySegment, ...]
    credits: tuple[Credit, ...]
    protection: tuple[Protection, ...]
    terms: Terms

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
            after_lock_s=0,
            amount=self.amount(window),
        )

    def amount(self, window: Span) -> int | None:
        """The window's value: in each week, line(all) - line(without it), for every line."""
        if self.terms.rate is None:
            return None
        return sum(
            self._line_value(week, line, window, self.terms.rate)
            for week in weeks_between(*window)
            for line in LINES
        )

    def value_of(self, rids: Iterable[str]) -> int | None:
        """What the lines lose without these segments: the price on a button."""
        if self.terms.rate is None:
            return None
        named = set(rids)
        parts: dict[tuple[Week, LineKind], int] = {}
        for credit in self.credits:
            if self.segments[credit.position].rid in named:
                key = (week_of(credit.start), credit.line)
                parts[key] = parts.get(key, 0) + credit.billable_ms
        return sum(
            money.part_value(self._line_ms(week, line), part, self.terms.rate)
            for (week, line), part in parts.items()
        )

    def _line_value(self, week: Week, line: LineKind, window: Span, rate: int) -> int:
        within = (max(window[0], week.start), min(window[1], week.end))
        part = _billable(self.credits, line, within) if within[0] < within[1] else 0
        return money.part_value(self._line_ms(week, line), part, rate)

    def _line_ms(self, week: Week, line: LineKind) -> int:
        return _billable(self.credits, line, (week.start, week.end))

    def _counted_s(self, line: LineKind, window: Span) -> int:
        return money.seconds(sum(s.time.between(*window) for s in self.segments if s.kind == line))


def account(diary: Diary, terms: Terms, policy: PolicySet) -> Account:
    """Judge a diary. It must hold the whole billing weeks asked about (`weeks.entries_span`)."""
    found = credits_of(diary.segments, terms, policy)
    protection = assess(diary.segments, found, Basis(terms, policy))
    return Account(diary.segments, tuple(found), tuple(protection), terms)


def _billable(found: Sequence[Credit], line: LineKind, window: Span) -> int:
    return sum(credit.billable_in(window) for credit in found if credit.line == line)
