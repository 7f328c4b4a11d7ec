"""What was discarded of a segment, signed or waiting, and whether idle time of it was taken back."""

from __future__ import annotations

from dataclasses import dataclass

from workdiary.client.sign.book import Book, Target
from workdiary.client.sign.drafts import spans_of, why_of
from workdiary.client.sign.held import DiscardWhy


@dataclass(frozen=True, slots=True)
class Hole:
    """Wall ms [start, end) that count no more."""

    start_ms: int
    end_ms: int
    why: DiscardWhy


def holes_of(book: Book, target: Target) -> tuple[Hole, ...]:
    """Everything that was discarded of a segment."""
    found = [
        Hole(span.start_ms, span.end_ms, "idle" if item.wish.why == "idle" else "owner")
        for item in book.pending()
        if item.wish.kind == "discard"
        for span in item.wish.spans
        if span.rid == target.rid
    ]
    for said in book.about(target.rid, "discard") if target.id is not None else ():
        text = book.text(said.rid)
        why: DiscardWhy = "idle" if why_of(text) == "idle" else "owner"
        found += [Hole(start, end, why) for tgt, start, end in spans_of(text) if tgt == target.id]
    return tuple(found)


def is_claimed(book: Book, rid: str) -> bool:
    """Whether a claim of idle time in a segment stands."""
    waiting = [item.wish for item in book.pending()]
    if any(wish.kind == "idle-claim" and any(s.rid == rid for s in wish.spans) for wish in waiting):
        return True
    for claim in book.about(rid, "idle-claim"):
        undone = any(wish.kind == "discard" and claim.rid in wish.names for wish in waiting)
        if not undone and not book.about(claim.rid, "discard"):
            return True
    return False
