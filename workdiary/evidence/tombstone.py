"""What removal leaves: a segment without content after `discard` in the hold, a line after `erase`."""

from __future__ import annotations

from collections.abc import Mapping

from workdiary.evidence.canonical import JsonObject, JsonValue, b64u
from workdiary.evidence.envelope import ParsedRecord
from workdiary.evidence.log import record_leaf_hash

# evidence.md, Signing: "a tombstone (`tracked` 0, `close` discarded, no counts, shots, memo)". `hit` goes
# too, or a contract that counts whole cells would still credit the one removed.
_CLEAR: JsonObject = {
    "tracked": 0,
    "close": "discarded",
    "shots": 0,
    "apps": 0,
    "buckets": 0,
    "no_shot": None,
    "masked_pct": 0,
    "hit": False,
    "active_ms": None,
    "injected": None,
}


def segment_tombstone(clear: Mapping[str, JsonValue]) -> tuple[JsonObject, JsonObject]:
    """(clear fields, slots) of the segment that takes a removed one's place: when it was, nothing of what."""
    return {**clear, **_CLEAR}, {"memo": None, "label": None, "zone": None, "build": None}


def is_tombstone(record: ParsedRecord) -> bool:
    """Whether a segment says that its time was removed."""
    return record.kind == "segment" and record.payload["close"] == "discarded"


def is_clean(record: ParsedRecord) -> bool:
    """Whether a tombstone carries nothing in the clear that it must not."""
    return all(record.payload[name] == value for name, value in _CLEAR.items())


def erased(record: ParsedRecord, index: int) -> JsonObject:
    """The item of an `erase` record, all that is left of a record in log place `index`."""
    return {
        "stream": record.stream,
        "seq": record.seq,
        "id": record.id,
        "leaf": b64u(record_leaf_hash(record.jws)),
        "index": index,
    }
