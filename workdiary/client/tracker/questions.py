"""Questions about time without input: found again in what was recorded, and worth what they are worth.

Nothing of a question is kept beside the records: the idle discard is the question, a claim is its answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from workdiary.client.sign.held import Span
from workdiary.client.tracker.absence import Absence
from workdiary.client.tracker.events import IdleAnswer, IdleView
from workdiary.rules.amendments import targeted_spans
from workdiary.rules.claims import REACH_MS
from workdiary.rules.entries import Entry
from workdiary.rules.money import part_value
from workdiary.rules.policy import PolicySet
from workdiary.rules.terms import Terms
from workdiary.rules.weeks import week_of


@dataclass(frozen=True, slots=True)
class Question:
    """Time that was set aside, wall ms.

    id: rid of the segment that closed for it; discard: what removed it (rid or handle), "" while that could
    not be made durable; until_ms: when somebody came back, None while nobody knows; claims: what took it
    back (rids or handles).
    """

    id: str
    contract: str
    session: str
    memo: str
    label: str | None
    discard: str
    spans: tuple[Span, ...]
    until_ms: int | None = None
    answer: IdleAnswer | None = None
    claims: tuple[str, ...] = ()

    @classmethod
    def of(cls, absence: Absence) -> Question:
        """What has to be asked about an absence."""
        start = absence.start
        return cls(
            absence.id,
            start.contract,
            start.session,
            start.memo,
            start.label,
            "",
            absence.spans,
            absence.until_ms,
        )

    @property
    def since_ms(self) -> int:
        """When the last input was."""
        return self.spans[0].start_ms

    @property
    def closed_ms(self) -> int:
        """When tracking ended for it."""
        return self.spans[-1].end_ms

    def reach(self, now_ms: int) -> int:
        """How far a claim made now can reach: the return, as far as rules.claims lets it."""
        closed = self.closed_ms
        until = now_ms if self.until_ms is None else min(self.until_ms, now_ms)
        return max(closed, min(until, closed + REACH_MS, week_of(max(closed - 1, 0)).end))

    def claimed(self, now_ms: int) -> tuple[Span, ...]:
        """The spans of a claim made now."""
        last = self.spans[-1]
        return (*self.spans[:-1], Span(last.rid, last.start_ms, self.reach(now_ms)))

    def length_ms(self, now_ms: int) -> int:
        """How much time that is."""
        return sum(span.end_ms - span.start_ms for span in self.claimed(now_ms))


@dataclass(frozen=True, slots=True)
class Worth:
    """What a claim is reckoned by: terms, and what the week has already (ms; left: within its limit)."""

    terms: Terms
    policy: PolicySet
    claimed_ms: int = 0
    left_ms: int | None = None


def view(question: Question, worth: Worth, now_ms: int) -> IdleView:
    """A question as it is shown: what a claim would bill, and what it is worth."""
    terms, total = worth.terms, question.length_ms(now_ms)
    billed = min(total, terms.idle_ms + worth.policy.idle_claim_extra_ms)
    paid = total if terms.manual else billed
    paid = paid if worth.left_ms is None else min(paid, max(worth.left_ms, 0))
    line = worth.claimed_ms if question.claims else worth.claimed_ms + paid
    return IdleView(
        id=question.id,
        since_ms=question.since_ms,
        until_ms=question.until_ms,
        price=part_value(max(line, paid), paid, terms.rate or 0),
        billed_ms=billed,
        manual_ms=total - billed,
        manual_allowed=terms.manual,
        memo=question.memo,
        answer=question.answer,
        currency=terms.currency or "",
        exponent=terms.exponent,
    )


def found(contract: str, entries: Iterable[Entry]) -> list[Question]:
    """Every question that a contract's records hold, oldest first."""
    known = list(entries)
    segments = {entry.id: entry for entry in known if entry.kind == "segment" and entry.id is not None}
    discards = [entry for entry in known if entry.kind == "discard" and entry.text("why") == "idle"]
    claims = _Claims(known)
    questions: list[Question] = []
    carried: tuple[Span, ...] = ()  # of more spans than one record holds
    for discard in sorted(
        discards, key=lambda entry: min((s[0] for _, s in targeted_spans(entry)), default=0)
    ):
        pieces = [(segments[tgt], span) for tgt, span in targeted_spans(discard) if tgt in segments]
        pieces.sort(key=lambda piece: piece[1])
        carried += tuple(Span(entry.rid, *span) for entry, span in pieces)
        if pieces and pieces[-1][0].text("close") in _ASKED:
            questions.append(_question(contract, pieces[-1][0], discard, carried, claims))
            carried = ()
    return questions


def unanswered(contract: str, entries: Sequence[Entry]) -> Question | None:
    """The newest question nobody has answered and nothing was recorded after, for a start of the app."""
    newest = max(found(contract, entries), key=lambda question: question.closed_ms, default=None)
    if newest is None or newest.answer is not None:
        return None
    later = (e for e in entries if e.kind == "segment" and e.number("start") >= newest.closed_ms)
    return newest if all(entry.rid == newest.id for entry in later) else None


# An idle close, or a crash between the discard and the close.
_ASKED: Final = frozenset({"idle", "crash"})


def _question(
    contract: str, closing: Entry, discard: Entry, spans: tuple[Span, ...], claims: _Claims
) -> Question:
    memo, label = closing.values.get("memo"), closing.values.get("label")
    taken = claims.of(discard, spans)
    return Question(
        id=closing.rid,
        contract=contract,
        session=closing.text("session") or "",
        memo=memo if isinstance(memo, str) else "",
        label=label if isinstance(label, str) else None,
        discard=discard.rid,
        spans=spans,
        until_ms=_until(closing, taken),
        answer="separate"
        if any(e.text("choice") == "separate" for e in taken)
        else "keep"
        if taken
        else None,
        claims=tuple(entry.rid for entry in taken),
    )


def _until(closing: Entry, taken: Sequence[Entry]) -> int:
    """When somebody came back, as far as a record says: what was claimed once, else the close."""
    claimed = (end for entry in taken for tgt, (_, end) in targeted_spans(entry) if tgt == closing.id)
    return max(claimed, default=closing.number("end"))


class _Claims:
    """The claims that still stand, by what they take back."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        undone = {
            tgt
            for entry in entries
            if entry.kind == "discard" and entry.text("why") == "owner"
            for tgt, _ in targeted_spans(entry)
        }
        self._standing = [e for e in entries if e.kind == "idle-claim" and e.id not in undone]
        self._rids = {entry.id: entry.rid for entry in entries if entry.id is not None}

    def of(self, discard: Entry, spans: Sequence[Span]) -> list[Entry]:
        """Claims on a discard, or on a segment of it."""
        rids = {span.rid for span in spans}
        return [
            entry
            for entry in self._standing
            if entry.text("tgt") == discard.id
            or any(self._rids.get(tgt) in rids for tgt, _ in targeted_spans(entry))
        ]
