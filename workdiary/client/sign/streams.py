"""Which stream the next record of a scope belongs to.

The spool and the key store must agree (evidence.md, Streams). A scope is a contract's id, the device's own
account stream, or a root's: each key has an account stream of its own, so that two devices which certify at
once fork nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from workdiary.client.sign.book import Book, StreamState
from workdiary.evidence.canonical import JsonObject, unb64u
from workdiary.evidence.keys import Signer
from workdiary.evidence.streams import StreamHead as Head

ACCOUNT = "account"
ROOT = "root-"
_KID_BYTES = 16  # as much as names it in a key store, whose names are short and know no capitals


class Hand(Protocol):
    """A key that signs, and the store that keeps its streams' heads."""

    @property
    def signer(self) -> Signer:
        """The key."""
        ...

    @property
    def key_class(self) -> str:
        """As `open` states it."""
        ...

    @property
    def place(self) -> Literal["keyring", "file"]:
        """Where the heads are kept."""
        ...

    def head(self, scope: str) -> Head | None:
        """The newest head, None if nothing was ever signed."""
        ...

    def put_head(self, scope: str, head: Head) -> None:
        """Keep a head after its record is committed."""
        ...

    def elsewhere(self, scope: str) -> bool:
        """Whether that head was kept on another computer."""
        ...

    def stream_key(self, stream: str) -> bytes:
        """32 bytes that hide the boot id in this stream."""
        ...


@dataclass(frozen=True, slots=True)
class Opening:
    """A new stream has to be opened first; resume: what it continues, None for a scope's first."""

    generation: int
    resume: JsonObject | None


def root_scope(kid: str) -> str:
    """The scope of a root's account stream."""
    return ROOT + unb64u(kid).hex()[: 2 * _KID_BYTES]


def contract_of(scope: str) -> str | None:
    """`ctr` of a scope's records: null in account streams."""
    return None if scope == ACCOUNT or scope.startswith(ROOT) else scope


def whereto(book: Book, hand: Hand, scope: str) -> StreamState | Opening:
    """The stream to sign on, or that one has to be opened.

    The spool may sign on if it holds the record that the key store calls the head: then it is not behind.
    It may be ahead by what was committed just before a crash, and the key store is brought up to it before
    anything new is signed. Raises KnownError when the key store refuses.
    """
    state, kept = book.stream(scope), hand.head(scope)
    if state is None:
        return Opening(0, None) if kept is None else Opening(0, _resume(kept, "lost"))
    head = Head(state.stream, state.seq, state.head)
    if kept is None:
        # A crash between the first commit and the first note in the key store leaves exactly the opening.
        if state.seq > 0:
            return Opening(state.generation + 1, _resume(head, "restored"))
    elif book.id_at(kept.stream, kept.seq) != kept.id:
        return Opening(state.generation + 1, _resume(kept, "restored"))
    elif kept.stream == state.stream and hand.elsewhere(scope):
        # Whoever copied the home may go on where it came from: never two computers on one stream.
        return Opening(state.generation + 1, _resume(head, "moved"))
    if book.signer_of(state.stream) not in {None, hand.signer.kid}:
        return Opening(state.generation + 1, _resume(head, "moved"))
    if kept != head:
        hand.put_head(scope, head)
    return state


def _resume(head: Head, why: str) -> JsonObject:
    return {"stream": head.stream, "seq": head.seq, "id": head.id, "why": why}
