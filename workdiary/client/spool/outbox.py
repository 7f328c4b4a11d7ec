"""What waits to be sent, why, since when."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal


@dataclass(frozen=True, slots=True)
class OutboxCounts:
    """The fields of tracker.events.OutboxView."""

    waiting: int
    quarantined: int
    oldest_ms: int | None
    last_receipt_ms: int | None
    images: int


@dataclass(frozen=True, slots=True)
class OutboxItem:
    """One waiting thing: state held, signed (record waits), image (blob waits) or quarantined; since wall ms."""

    rid: str
    kind: str
    state: Literal["open", "held", "signed", "image", "quarantined"]
    since_ms: int
    why: str
    code: str


class Outbox:
    """Sending queue over the spool's rows."""

    def counts(self) -> OutboxCounts:
        """What waits, in numbers."""

    def list(self) -> list[OutboxItem]:
        """Everything not yet receipted, oldest first."""

    def retry(self, rid: str | None = None) -> int:
        """Put quarantined ones (all, or one) back in the queue; returns how many. Raises KnownError (exit 6)."""

    def export(self, target: Path) -> int:
        """Write records (jws, disclosures) and decrypted images not yet sent into a new folder; returns files."""
