"""The lines of a lock: what a billing week comes to, by kind and rate, as made and as recomputed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from workdiary.evidence.canonical import JsonObject
from workdiary.rules import money
from workdiary.rules.entries import Entry
from workdiary.rules.policy import KNOWN, STANDARD, PolicySet
from workdiary.rules.projection import project
from workdiary.rules.rounding import LINES, credits_of
from workdiary.rules.spans import Span, Spans
from workdiary.rules.terms import Terms


@dataclass(frozen=True, slots=True)
class Line:
    """One line: ms summed, seconds floored once, amount in minor units rounded once."""

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


@dataclass(frozen=True, slots=True)
class WeekLines:
    """A lock's `lines` and `excluded` [{tgt, start, end}], ready for the record."""

    lines: tuple[Line, ...]
    excluded: tuple[JsonObject, ...] = ()

    def to_json(self) -> JsonObject:
        """The two fields of the `lock` record."""
        return {"lines": [line.to_json() for line in self.lines], "excluded": list(self.excluded)}


def lock_lines(entries: Iterable[Entry], closing: Closing) -> WeekLines:
    """What a lock states, from all records of one contract: the server makes it, the verifier compares it."""
    below = [entry for entry in entries if entry.index is not None and entry.index < closing.size]
    diary = project(below, elsewhere=closing.elsewhere)
    terms = diary.terms_at(closing.span[1] - 1) or Terms()
    low, high = closing.span
    found = [c for c in credits_of(diary.segments, terms, STANDARD) if low <= c.start < high]
    lines = [_line(kind, sum(c.billable_ms for c in found if c.line == kind), terms.rate) for kind in LINES]
    return WeekLines(tuple(line for line in lines if line.ms))


def _line(kind: str, ms: int, rate: int | None) -> Line:
    return Line(kind, ms, money.seconds(ms), money.line_amount(ms, rate or 0))
