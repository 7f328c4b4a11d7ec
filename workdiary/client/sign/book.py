"""What the journal needs of the spool.

Streams, what is ready to be signed, and one transaction per record.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from workdiary.client.account import Checkpoint
from workdiary.client.errors import KnownError
from workdiary.client.segment.model import ShotImage
from workdiary.client.sign.held import HeldSegment, RedactScope
from workdiary.client.sign.waiting import Pending, Wish
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
    pending: row it carries out; replaced: the image that a `replace` puts in place, its files durable;
    chosen: (shot, choice) of a segment's shots that were not simply kept, as they were when it was read.
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
    replaced: ShotImage | None = None
    chosen: frozenset[tuple[str, str]] = frozenset()


@dataclass(frozen=True, slots=True)
class Target:
    """A record of this home, or a segment or an amendment that waits to be one: its id is None until then.

    digests: slot name to disclosure digest, of what nobody destroyed; start_ms, end_ms: of an open segment
    both are its start; removed: its owner removed the whole segment before it was signed; of: the segments
    that a `replace` or `idle-claim` speaks of; takes_back: the discard that an `idle-claim` answers.
    """

    rid: str
    contract: str
    id: str | None
    digests: Mapping[str, str]
    kind: str = "segment"
    start_ms: int = 0
    end_ms: int = 0
    is_open: bool = False
    removed: bool = False
    of: tuple[str, ...] = ()
    takes_back: str | None = None


Strip = RedactScope | Literal["time"]


class ChangedError(KnownError):
    """A segment was changed by its owner, or signed, between reading and writing it: once more, as it is."""

    def __init__(self, rid: str) -> None:
        super().__init__("This segment has just changed", "Try again.", subject=rid, permanent=False)


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

    def values(self, rid: str) -> Mapping[str, Any]:
        """What a record disclosed and nobody destroyed, by slot; Any: JSON."""
        ...

    def held(self, now_ms: int, *, force: bool = False) -> Sequence[HeldSegment]:
        """Closed segments ready to be signed, per contract strictly in order."""
        ...

    def stuck(self, rid: str, why: str) -> None:
        """Note for the person why a held segment cannot be signed."""
        ...

    def target(self, rid: str) -> Target | None:
        """What a rid or a handle stands for, None if this spool does not know it."""
        ...

    def about(self, rid: str, kind: str) -> Sequence[Target]:
        """Signed records of a kind that name this one, oldest first."""
        ...

    def pend(self, wish: Wish) -> str:
        """Make an amendment durable before it is signed; its handle."""
        ...

    def pending(self) -> Sequence[Pending]:
        """Amendments that wait, oldest first."""
        ...

    def drop_pending(self, number: int) -> None:
        """Forget an amendment of which nothing is left to sign."""
        ...

    def strip(self, rid: str, what: Strip) -> bool:
        """Take something out of a segment that is not signed yet; whether there was any of it.

        Application names only once it is closed: until then it is False. What waits to be said of a segment,
        signed or not, loses its memo with the memo; with the time also a claim of nothing else ends.
        """
        ...

    def rename(self, rid: str, memo: str, label: str | None) -> bool:
        """Give a closed segment that is not signed yet another memo and label; whether they were others."""
        ...

    def commit(self, new: NewRecord) -> None:
        """One transaction.

        Raises KnownError when the stream's head is not the record's `prev` (another signer).
        """
        ...
