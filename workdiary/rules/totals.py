"""Totals of a window of the diary, and what a part of it is worth (product.md Time 3, 4)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from workdiary.evidence.canonical import JsonObject
from workdiary.rules import money
from workdiary.rules.agreement import TermsBook
from workdiary.rules.diary import Diary, DiarySegment
from workdiary.rules.policy import PolicySet
from workdiary.rules.protection import CRITERIA, Basis, Protection, assess, is_protected
from workdiary.rules.rounding import LINES, Credit, LineKind, Price, credits_of
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

    book, policy: what it is judged under.
    """

    segments: tuple[DiarySegment, ...]
    credits: tuple[Credit, ...]
    protection: tuple[Protection, ...]
    book: TermsBook
    policy: PolicySet

    def totals(self, window: Span) -> Totals:
        """What falls inside a window: a local day, a session's span, a week."""
        protected = [credit for credit in self.credits if is_protected(self.protection[credit.position])]
        return Totals(
            tracked_ms=sum(
                segment.time.between(*window)
                for segment in self.segments
                if segment.kind in {"tracked", "moved"}
            ),
            billable_s=_seconds(_line_ms(self.credits, window)),
            protected_s=_seconds(_line_ms(_on(protected, "tracked"), window)),
            manual_s=self._counted_s("manual", window),
            idle_claim_s=self._counted_s("idle-claim", window),
            over_limit_s=self._over_s(window),
            after_lock_s=money.seconds(sum(s.time.between(*window) for s in self.segments if s.after_lock)),
            amount=self.amount(window),
        )

    def unprotected_s(self, window: Span) -> dict[str, int]:
        """Billable seconds of what was tracked and is not protected, by the first criterion that fails.

        Each second has one reason, so that they add up with `protected_s` but for the floors of lines.
        """
        found: dict[str, dict[_LineKey, int]] = defaultdict(lambda: defaultdict(int))
        for credit in _on(self.credits, "tracked"):
            protection = self.protection[credit.position]
            failing = (code for code in CRITERIA if code != "limit" and protection[code] == "fail")
            if (reason := next(failing, None)) is not None:
                found[reason][_key(credit)] += credit.billable_in(window)
        seconds = ((code, _seconds(found[code])) for code in CRITERIA if code in found)
        return {code: number for code, number in seconds if number}

    def amount(self, window: Span) -> int | None:
        """The window's value: in each week, line(all) - line(without it), for every line.

        None where a rate is not disclosed, or where the window holds two currencies: nothing is converted.
        """
        here = self.book.at(window[0])
        if here is None or here.rate is None:
            return None
        whole, part = _line_ms(self.credits, EVER), _line_ms(self.credits, window)
        return _lost(whole, {key: ms - part[key] for key, ms in whole.items()})

    def value_of(self, rids: Iterable[str]) -> int | None:
        """What the lines lose without these segments: the price on a button.

        Until its week is locked, time over the limit takes the place of what is removed below it; what a lock
        has counted keeps its share.
        """
        named = set(rids)
        frozen = {k for k, s in enumerate(self.segments) if s.rid in named and s.standing.frozen is not None}
        kept = [s if s.rid not in named or k in frozen else _emptied(s) for k, s in enumerate(self.segments)]
        left = credits_of(kept, self.book, self.policy)
        return _lost(
            _line_ms(self.credits, EVER), _line_ms([c for c in left if c.position not in frozen], EVER)
        )

    def _counted_s(self, line: LineKind, window: Span) -> int:
        counted = (s for s in self.segments if s.kind == line and not s.after_lock)
        return money.seconds(sum(s.time.between(*window) for s in counted))

    def _over_s(self, window: Span) -> int:
        """One line a week, whatever it would have cost."""
        weeks: dict[int, int] = defaultdict(int)
        for credit in self.credits:
            weeks[week_of(credit.start).start] += credit.over_in(window)
        return sum(map(money.seconds, weeks.values()))


# One line: the week's start, its kind, its price.
_LineKey = tuple[int, LineKind, Price]
_LineMs = Mapping[_LineKey, int]
EVER: Final[Span] = (0, 2**62)


def account(diary: Diary, terms: Terms, policy: PolicySet, now_ms: int | None = None) -> Account:
    """Judge a diary. It must hold the whole billing weeks asked about (`weeks.entries_span`).

    terms: what it is judged under where its records agree on none; now_ms: see `Basis`.
    """
    book = diary.book.or_else(terms)
    found = credits_of(diary.segments, book, policy)
    annotated = tuple(annotation.span for annotation in diary.annotations)
    protection = assess(diary.segments, found, Basis(book, policy, annotated=annotated, now_ms=now_ms))
    return Account(diary.segments, tuple(found), tuple(protection), book, policy)


def _on(found: Iterable[Credit], line: LineKind) -> list[Credit]:
    return [credit for credit in found if credit.line == line]


def _key(credit: Credit) -> _LineKey:
    return week_of(credit.start).start, credit.line, credit.price


def _line_ms(found: Iterable[Credit], window: Span) -> _LineMs:
    """Billable ms of the window on each line of a week's own invoice."""
    sums: dict[_LineKey, int] = defaultdict(int)
    for credit in found:
        if credit.line in LINES:
            sums[_key(credit)] += credit.billable_in(window)
    return sums


def _seconds(lines: _LineMs) -> int:
    return sum(map(money.seconds, lines.values()))


def _lost(whole: _LineMs, left: _LineMs) -> int | None:
    """What lines are worth less; None where a rate is not disclosed or currencies would meet."""
    changed = [key for key in {*whole, *left} if whole.get(key, 0) != left.get(key, 0)]
    if any(rate is None for _, _, (rate, _) in changed) or len({price[1] for _, _, price in changed}) > 1:
        return None
    return sum(
        money.line_amount(whole.get(key, 0), key[2][0] or 0)
        - money.line_amount(left.get(key, 0), key[2][0] or 0)
        for key in changed
    )


def _emptied(segment: DiarySegment) -> DiarySegment:
    """As if its owner had removed its time."""
    return replace(segment, time=replace(segment.time, spans=()), hit=False)
