"""The forms of single files in a bundle: bytes to what they say, or `EvidenceError`."""

from __future__ import annotations

import binascii
import re

from workdiary.evidence.canonical import dumps, loads_object
from workdiary.evidence.errors import EvidenceError
from workdiary.evidence.fields import as_jwk
from workdiary.evidence.keys import check_key
from workdiary.evidence.kinds.base import DISCLOSURES_CAP
from workdiary.evidence.log import PROOF_CAP

# 32 bytes have 43 characters and a padding; the last of them holds 4 bits, its two others being 0.
_HASHES = re.compile(rb"(?:[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=\n){0,%d}" % PROOF_CAP)


def ascii_text(data: bytes) -> str:
    """A text of ASCII characters."""
    if not data.isascii():
        raise EvidenceError("bundle", "not ASCII")
    return data.decode("ascii")


def utf8_text(data: bytes) -> str:
    """A text in UTF-8."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise EvidenceError("bundle", "not UTF-8") from None


def disclosures(data: bytes) -> tuple[str, ...]:
    """One a line, at least one."""
    lines = _lines(data, DISCLOSURES_CAP)
    if not lines:
        raise EvidenceError("bundle", "a file for no disclosure")
    return tuple(lines)


def hashes(data: bytes) -> tuple[bytes, ...]:
    """A path or proof: one hash a line in base64; an empty file is an empty proof."""
    if not _HASHES.fullmatch(data):
        raise EvidenceError("proof", f"not at most {PROOF_CAP} lines of base64, 32 bytes each")
    return tuple(map(binascii.a2b_base64, data.splitlines()))


def key(data: bytes) -> dict[str, str]:
    """A JWK in its canonical spelling, of which its thumbprint is the SHA-256 (RFC 7638)."""
    jwk = as_jwk(loads_object(data), "key")
    check_key(jwk)
    if dumps(dict(jwk)) != data:
        raise EvidenceError("key", "not in canonical form")
    return jwk


def _lines(data: bytes, most: int) -> list[str]:
    lines = ascii_text(data).split("\n")
    if lines.pop() != "" or len(lines) > most:
        raise EvidenceError("bundle", f"not at most {most} whole lines")
    return lines
