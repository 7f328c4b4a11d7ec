"""Which stream a contract's next record belongs to.

The spool and the key store must agree (evidence.md, Streams).
"""

from __future__ import annotations

from dataclasses import dataclass

from workdiary.client.sign.book import Book, StreamState
from workdiary.client.sign.signer import DeviceKeys, Head
from workdiary.evidence.canonical import JsonObject


@dataclass(frozen=True, slots=True)
class Opening:
    """A new stream has to be opened first; resume: what it continues, None for a contract's first."""

    generation: int
    resume: JsonObject | None


def whereto(book: Book, keys: DeviceKeys, contract: str) -> StreamState | Opening:
    """The stream to sign on, or that one has to be opened.

    The spool may sign on if it holds the record that the key store calls the head: then it is not behind.
    It may be ahead by what was committed just before a crash, and the key store is brought up to it before
    anything new is signed. Raises KnownError when the key store refuses.
    """
    state, kept = book.stream(contract), keys.head(contract)
    if state is None:
        return Opening(0, None) if kept is None else Opening(0, _resume(kept, "lost"))
    if kept is None:
        # A crash between the first commit and the first note in the key store leaves exactly the opening.
        if state.seq > 0:
            return Opening(
                state.generation + 1, _resume(Head(state.stream, state.seq, state.head), "restored")
            )
    elif book.id_at(kept.stream, kept.seq) != kept.id:
        return Opening(state.generation + 1, _resume(kept, "restored"))
    head = _head(state)
    if kept != head:
        keys.put_head(contract, head)
    return state


def _head(state: StreamState) -> Head:
    return Head(state.stream, state.seq, state.head)


def _resume(head: Head, why: str) -> JsonObject:
    return {"stream": head.stream, "seq": head.seq, "id": head.id, "why": why}
