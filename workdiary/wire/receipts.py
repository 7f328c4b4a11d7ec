"""POST /api/v1/records/receipts: the best receipts there are now, a batch in one exchange."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from workdiary.evidence.canonical import JsonObject, JsonValue
from workdiary.wire.reading import BadMessage, Reader

# A receipt with a path of 40 hashes and 16 cosignatures has below 6 KB; an answer may have 1 MiB.
RECEIPTS_MAX: Final = 100


@dataclass(frozen=True, slots=True)
class ReceiptsRequest:
    """The records, by their rids."""

    rids: tuple[str, ...]

    def to_json(self) -> JsonObject:
        """The request."""
        rids: list[JsonValue] = list(self.rids)
        return {"rids": rids}

    @classmethod
    def from_json(cls, value: JsonValue) -> ReceiptsRequest:
        """Read the request."""
        return cls(Reader(value, "receipts request").texts("rids", RECEIPTS_MAX))


@dataclass(frozen=True, slots=True)
class ReceiptsReply:
    """rid → tlog-proof text; what is not the asker's, or not there, is left out."""

    receipts: Mapping[str, str]

    def to_json(self) -> JsonObject:
        """The reply."""
        receipts: JsonObject = dict(self.receipts)
        return {"receipts": receipts}

    @classmethod
    def from_json(cls, value: JsonValue) -> ReceiptsReply:
        """Read the reply."""
        found = Reader(value, "receipts reply").text_mapping("receipts")
        if len(found) > RECEIPTS_MAX:
            raise BadMessage(f"receipts reply: more than {RECEIPTS_MAX}")
        return cls(found)
