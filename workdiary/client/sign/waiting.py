"""What somebody said of records before these are signed: durable at once, signed right after them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from workdiary.client.sign.held import Span
from workdiary.evidence.canonical import JsonValue

PendingKind = Literal["discard", "idle-claim", "annotate", "memo", "redact"]

# A handle stands for the rid that a waiting record will have, and goes on meaning it once it is signed.
HANDLE: Final = "pending-"


@dataclass(frozen=True, slots=True)
class Wish:
    """An amendment as it was asked for.

    spans, tgt: name records by rid, or by handle while those wait themselves; of: the segment that is spoken
    of where `tgt` is another amendment; more: the kind's own fields and slots, sealed at rest; at_ms: when it
    was asked for (wall).
    """

    contract: str
    kind: PendingKind
    spans: tuple[Span, ...] = ()
    why: str = ""
    tgt: str | None = None
    of: str | None = None
    more: Mapping[str, JsonValue] = field(default_factory=dict)
    at_ms: int | None = None

    @property
    def names(self) -> frozenset[str]:
        """Everything that has to be signed before it."""
        return frozenset({span.rid for span in self.spans} | ({self.tgt} if self.tgt else set()))


@dataclass(frozen=True, slots=True)
class Pending:
    """A wish in the spool: its place in the order of asking, and its handle."""

    ord: int
    handle: str
    wish: Wish
