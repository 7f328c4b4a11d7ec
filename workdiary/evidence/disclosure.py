"""SD-JWT disclosures (RFC 9901 section 4.2.1): a salted field beside the record, destroyed to redact it."""

from __future__ import annotations

from dataclasses import dataclass

from workdiary.evidence.canonical import JsonValue, b64u, dumps, loads, unb64u
from workdiary.evidence.digest import ascii_bytes, sha256_b64u
from workdiary.evidence.errors import EvidenceError
from workdiary.evidence.kinds.base import DISCLOSURE_CAP

# RFC 9901 section 4.2.1 recommends 128 random bits; here exactly that many, so that nobody can shorten them.
SALT_BYTES = 16
_PARTS = 3
# RFC 9901 section 7.1: a disclosure must not smuggle in the format's own member names.
_RESERVED = frozenset({"_sd", "_sd_alg", "..."})


@dataclass(frozen=True, slots=True)
class Disclosure:
    """One opened slot; `salt` 16 bytes."""

    salt: bytes
    name: str
    value: JsonValue


def make(name: str, value: JsonValue, salt: bytes) -> str:
    """Encode a disclosure. `salt`: 16 fresh random bytes, never used twice. Raises `EvidenceError`."""
    if len(salt) != SALT_BYTES:
        raise ValueError(f"a salt has {SALT_BYTES} bytes")
    text = b64u(dumps([b64u(salt), name, value]))
    if len(text) > DISCLOSURE_CAP:
        raise EvidenceError("cap", f"{name}: a disclosure over {DISCLOSURE_CAP} bytes")
    return text


def digest(text: str) -> str:
    """What `_sd` holds of a disclosure: base64url SHA-256 over its encoded text, 43 characters."""
    return sha256_b64u(ascii_bytes(text))


def parse(text: str) -> Disclosure:
    """Decode a disclosure strictly. Raises `EvidenceError`."""
    if len(text) > DISCLOSURE_CAP:
        raise EvidenceError("cap", f"a disclosure over {DISCLOSURE_CAP} bytes")
    parts = loads(unb64u(text))
    if not isinstance(parts, list) or len(parts) != _PARTS:
        raise EvidenceError("disclosure", "not [salt, name, value]")
    salt_text, name, value = parts
    if not isinstance(salt_text, str) or not isinstance(name, str):
        raise EvidenceError("disclosure", "salt and name are texts")
    salt = unb64u(salt_text)
    if len(salt) != SALT_BYTES:
        raise EvidenceError("disclosure", f"a salt has {SALT_BYTES} bytes")
    if name in _RESERVED:
        raise EvidenceError("disclosure", "a reserved name")
    return Disclosure(salt, name, value)
