"""Times on the wire: UTC milliseconds, UUIDv7 (RFC 9562) and one ISO 8601 form; no clock is read here."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from uuid import UUID

from workdiary.evidence.errors import EvidenceError

# 9999-12-31T23:59:59.999Z: the last instant that ISO 8601 writes with four digits; below UUIDv7's 48 bits.
TIME_MAX_MS = 253_402_300_799_999
UUID7_ENTROPY_BYTES = 10

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)
_UUID7 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\Z")
_ISO = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{3})?Z\Z")


def uuid7(ms: int, entropy: bytes) -> str:
    """The UUIDv7 of an instant (UTC ms) and 10 random bytes, of which 74 bits are used."""
    _check_ms(ms)
    if len(entropy) != UUID7_ENTROPY_BYTES:
        raise ValueError(f"uuid7 takes {UUID7_ENTROPY_BYTES} bytes of entropy")
    rand = int.from_bytes(entropy, "big")
    rand_a = (rand >> 68) & 0xFFF
    rand_b = rand & ((1 << 62) - 1)
    return str(UUID(int=(ms << 80) | (7 << 76) | (rand_a << 64) | (2 << 62) | rand_b))


def is_uuid7(text: str) -> bool:
    """Whether `text` is a UUIDv7 in its one accepted spelling: lower case, with hyphens."""
    return bool(_UUID7.match(text))


def uuid7_ms(text: str) -> int:
    """The instant (UTC ms) inside a UUIDv7. Raises `EvidenceError` ("time")."""
    if not is_uuid7(text):
        raise EvidenceError("time", "not a UUIDv7")
    return int(text[:8] + text[9:13], 16)


def iso_utc(ms: int) -> str:
    """`2026-11-22T21:12:57.123Z`. Raises `EvidenceError` ("time") outside 1970-9999."""
    _check_ms(ms)
    return (_EPOCH + ms * _MS).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def parse_iso(text: str) -> int:
    """UTC ms of `2026-11-22T21:12:57.123Z` or the same without milliseconds; no other form is accepted."""
    if not _ISO.match(text):
        raise EvidenceError("time", "not a UTC time as 2026-11-22T21:12:57.123Z")
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise EvidenceError("time", "no such date or time of day") from None
    ms = (moment - _EPOCH) // _MS
    _check_ms(ms)
    return ms


def floor_to(ms: int, step_ms: int) -> int:
    """The last multiple of `step_ms` at or before `ms`."""
    return ms - ms % step_ms


def _check_ms(ms: int) -> None:
    if not 0 <= ms <= TIME_MAX_MS:
        raise EvidenceError("time", "an instant outside 1970-9999")
