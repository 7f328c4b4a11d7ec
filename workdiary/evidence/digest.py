"""Digests: what names a record, an image and a disclosure."""

from __future__ import annotations

import hashlib

from workdiary.evidence.canonical import b64u
from workdiary.evidence.errors import EvidenceError

DIGEST_BYTES = 32


def record_id(jws: str) -> str:
    """id(X): base64url SHA-256 over the ASCII bytes of X's compact JWS (43 characters)."""
    return sha256_b64u(ascii_bytes(jws))


def sha256(data: bytes) -> bytes:
    """32 bytes."""
    return hashlib.sha256(data).digest()


def sha256_hex(data: bytes) -> str:
    """64 lower-case hex digits, as `sha256sum` prints them."""
    return hashlib.sha256(data).hexdigest()


def sha256_b64u(data: bytes) -> str:
    """43 characters, as records carry digests."""
    return b64u(sha256(data))


def ascii_bytes(text: str) -> bytes:
    """The bytes of an ASCII text. Raises `EvidenceError` ("jws") for any other character."""
    try:
        return text.encode("ascii")
    except UnicodeEncodeError:
        raise EvidenceError("jws", "not ASCII") from None
