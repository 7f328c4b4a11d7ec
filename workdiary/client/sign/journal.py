"""Signs, each record exactly once: seq, prev, salts, JWS, disclosures and head in one SQLite transaction,
then the head into the key store. One signer per home; thread-safe."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from workdiary.client.account import Account
from workdiary.client.sign.held import DiscardWhy, HeldSegment, Span
from workdiary.client.sign.signer import DeviceKeys
from workdiary.rules.policy import PolicySet


class Instants(Protocol):
    """The clock readings a record carries (segment/clock.py has them)."""

    def wall_ms(self) -> int:
        """UTC wall clock."""

    def total_ms(self) -> int:
        """Monotonic, suspend included."""

    def boot_id(self) -> str:
        """The OS boot id."""


@dataclass(frozen=True, slots=True)
class SigningContext:
    """What every record takes from outside; build: {version, commit, os, backend} texts.

    Entropy: os.urandom.
    """

    clock: Instants
    build: Mapping[str, str]
    entropy: Callable[[int], bytes]


class Book(Protocol):
    """What the journal needs of the spool (`Spool.book`)."""


class Journal:
    """The one signer.

    Every method returns once the record is durable; raises KnownError, nothing half-signed.
    """

    def __init__(self, book: Book, keys: DeviceKeys, account: Account, context: SigningContext) -> None: ...

    def ensure_stream(self, contract: str, policy: PolicySet) -> None:
        """Open the contract's stream if need be: open (seq 0), in solo also terms and consent.

        Needs enrolment.
        """

    def sign_segment(self, held: HeldSegment) -> str:
        """Sign one closed segment (`Spool.held` gives them in order); returns the record's id."""

    def sign_due(self, now_ms: int, *, force: bool = False) -> list[str]:
        """Sign everything whose hold ended, segments and pending discards, strictly in order; returns rids.

        force: end the holds now as *keep* (Quit, Ctrl-C of `track`, crash recovery).
        """

    def sign_amendment(
        self, kind: str, contract: str, clear: Mapping[str, Any], slots: Mapping[str, Any]
    ) -> str:
        """Sign any other record of the own contract stream; returns its rid."""

    def redact(self, contract: str, rids: Sequence[str], why: str = "owner") -> list[str]:
        """Remove the images of signed segments.

        Signs `redact`, then destroys keys, images and disclosures here.
        """

    def discard(self, contract: str, spans: Sequence[Span], why: DiscardWhy = "owner") -> str:
        """Remove time.

        Spans of segments still held or open are durable at once and signed right after those.
        """
