"""What the journal needs of the spool.

Streams, what is ready to be signed, and one transaction per record.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from workdiary.client.account import Checkpoint
from workdiary.client.sign.held import DiscardWhy, HeldSegment, Span
from workdiary.evidence.envelope import SignedRecord
from workdiary.evidence.kinds.base import Skip


@dataclass(frozen=True, slots=True)
class StreamState:
    """The newest stream of a scope (a contract, the device's account, a root) in the spool, and its head."""

    stream: str
    generation: int
    seq: int
    head: str


@dataclass(frozen=True, slots=True)
class SealedImage:
    """An image as it is signed.

    Its file, the slot, the disclosure digest (hex), its key sealed to the server.
    """

    image: str
    slot: str
    digest: str
    sealed_key: bytes


@dataclass(frozen=True, slots=True)
class NewRecord:
    """Everything that one signing commits at once.

    targets: rids of what the record amends; images: queued for upload; skips: refusals now reported; destroy:
    digests (base64url) of the target's disclosures whose keys, texts and images end with this record;
    pending: row it carries out.
    """

    contract: str  # or another scope of sign/streams.py
    generation: int
    record: SignedRecord
    checkpoint: Checkpoint | None
    targets: tuple[str, ...] = ()
    images: tuple[SealedImage, ...] = ()
    skips: tuple[Skip, ...] = ()
    destroy: tuple[str, ...] = ()
    pending: int | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """A recorded segment: its id once it is signed, None before.

    `digests`: slot name to disclosure digest.
    """

    rid: str
    contract: str
    id: str | None
    digests: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class PendingDiscard:
    """A discard durable before the segments it names were signed."""

    ord: int
    contract: str
    spans: tuple[Span, ...]
    why: DiscardWhy


class Book(Protocol):
    """Implemented by spool/book.py. Every method raises KnownError only."""

    def stream(self, contract: str) -> StreamState | None:
        """The newest generation, None if nothing was signed for this contract in this spool."""
        ...

    def id_at(self, stream: str, seq: int) -> str | None:
        """Id of an own record by its place."""
        ...

    def signer_of(self, stream: str) -> str | None:
        """The kid that opened a stream; None if its first record is not here."""
        ...

    def skips(self, stream: str) -> Sequence[Skip]:
        """Refused records of the stream that no later record has reported yet, at most 32."""
        ...

    def last(self, contract: str, kind: str) -> tuple[str, Mapping[str, Any]] | None:
        """(id, clear fields and disclosed values) of the newest own record of a kind."""
        ...

    def text(self, rid: str) -> str:
        """The compact JWS of an own record, "" if it is not here."""
        ...

    def held(self, now_ms: int, *, force: bool = False) -> Sequence[HeldSegment]:
        """Closed segments ready to be signed, per contract strictly in order."""
        ...

    def stuck(self, rid: str, why: str) -> None:
        """Note for the person why a held segment cannot be signed."""
        ...

    def target(self, rid: str) -> Target | None:
        """A recorded segment, None if this spool does not know it."""
        ...

    def pend(self, contract: str, spans: Sequence[Span], why: DiscardWhy) -> None:
        """Make a discard durable whose segments are not signed yet."""
        ...

    def pending(self) -> Sequence[PendingDiscard]:
        """Discards that wait, oldest first."""
        ...

    def drop_pending(self, number: int) -> None:
        """Forget a discard none of whose segments is known here any more."""
        ...

    def remove_shots(self, rid: str) -> None:
        """Remove all images of a segment that is not signed yet."""
        ...

    def commit(self, new: NewRecord) -> None:
        """One transaction.

        Raises KnownError when the stream's head is not the record's `prev` (another signer).
        """
        ...
