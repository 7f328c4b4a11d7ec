r"""The two envelopes of an upload: a record with its disclosures, and a sealed image. Final from the start.

Both are one JSON header line that gives every length, `\n`, and then bytes as they are: nothing is escaped,
re-encoded or trimmed on the way, so what is signed arrives as it was signed.

    record  {"disclosures":[n,…],"v":1,"jws":n}\n  <JWS> <disclosure> <disclosure> …
    blob    {"v":1,"alg":"A256GCM","kid":…,"nonce":…,"key":…,"len":n}\n  <ciphertext>
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from workdiary.evidence.canonical import JsonObject, b64u, dumps, loads_object, unb64u
from workdiary.evidence.errors import EvidenceError

VERSION: Final = 1
RECORD_TYPE: Final = "application/vnd.workdiary.record"
BLOB_TYPE: Final = "application/vnd.workdiary.blob"

# Caps of evidence.md at their widest; the kind's own, smaller one is checked where the record is parsed.
JWS_MAX: Final = 60 * 1024
DISCLOSURE_MAX: Final = 8 * 1024
DISCLOSURES_MAX: Final = 128
# 128 lengths of four digits and the names around them stay well below this.
HEADER_MAX: Final = 2 * 1024
# 8K monitors compress to 1-3 MiB at the qualities in use; four times that leaves room for noise.
BLOB_MAX: Final = 12 * 1024 * 1024
RECORD_BODY_MAX: Final = HEADER_MAX + JWS_MAX + DISCLOSURES_MAX * DISCLOSURE_MAX
BLOB_BODY_MAX: Final = HEADER_MAX + BLOB_MAX

NONCE_BYTES: Final = 12
TAG_BYTES: Final = 16
SEALED_KEY_BYTES: Final = 80  # HPKE: 32 encapsulated + 32 data key + 16 tag
_KID_CHARS: Final = 43  # an RFC 7638 thumbprint


@dataclass(frozen=True, slots=True)
class SealedBlob:
    """One image as it travels and as the server keeps it: AES-256-GCM under a data key only the server opens.

    kid: fingerprint of the server's upload key; nonce: 12 bytes; key: the data key sealed by HPKE;
    ciphertext: tag included; its AAD is the disclosure digest as 64 lower-case hex digits.
    """

    kid: str
    nonce: bytes
    key: bytes
    ciphertext: bytes


def pack_record(jws: str, disclosures: Sequence[str]) -> bytes:
    """The body of PUT /api/v1/records/{rid}. Raises `EvidenceError` over a cap."""
    parts = [_ascii(jws, "the JWS"), *(_ascii(text, "a disclosure") for text in disclosures)]
    _check_lengths(len(parts[0]), [len(part) for part in parts[1:]])
    header: JsonObject = {
        "v": VERSION,
        "jws": len(parts[0]),
        "disclosures": [len(part) for part in parts[1:]],
    }
    return dumps(header) + b"\n" + b"".join(parts)


def unpack_record(body: bytes) -> tuple[str, tuple[str, ...]]:
    """(JWS, disclosures) exactly as they were packed, not looked at any further. Raises `EvidenceError`."""
    header, rest = _split(body, {"v", "jws", "disclosures"})
    listed = header["disclosures"]
    if not isinstance(listed, list):
        raise EvidenceError("field", "disclosures is no list")
    lengths = [_length(item, "disclosures") for item in listed]
    jws_length = _length(header["jws"], "jws")
    _check_lengths(jws_length, lengths)
    if len(rest) != jws_length + sum(lengths):
        raise EvidenceError("field", "the body is not as long as its header says")
    text = _text(rest)
    parts: list[str] = []
    start = jws_length
    for length in lengths:
        parts.append(text[start : start + length])
        start += length
    return text[:jws_length], tuple(parts)


def pack_blob(blob: SealedBlob) -> bytes:
    """The body of PUT /api/v1/blobs/{disclosure digest, hex}. Raises `EvidenceError` over a cap."""
    _check_blob(blob)
    header: JsonObject = {
        "v": VERSION,
        "alg": "A256GCM",
        "kid": blob.kid,
        "nonce": b64u(blob.nonce),
        "key": b64u(blob.key),
        "len": len(blob.ciphertext),
    }
    return dumps(header) + b"\n" + blob.ciphertext


def unpack_blob(body: bytes) -> SealedBlob:
    """The sealed image exactly as packed. Raises `EvidenceError`."""
    header, rest = _split(body, {"v", "alg", "kid", "nonce", "key", "len"})
    if header["alg"] != "A256GCM":
        raise EvidenceError("field", "alg is not A256GCM")
    if _length(header["len"], "len") != len(rest):
        raise EvidenceError("field", "the body is not as long as its header says")
    blob = SealedBlob(
        kid=_string(header, "kid"),
        nonce=unb64u(_string(header, "nonce")),
        key=unb64u(_string(header, "key")),
        ciphertext=rest,
    )
    _check_blob(blob)
    return blob


def _split(body: bytes, names: set[str]) -> tuple[JsonObject, bytes]:
    end = body.find(b"\n", 0, HEADER_MAX)
    if end < 0:
        raise EvidenceError("cap", f"no header line within {HEADER_MAX} bytes")
    header = loads_object(body[:end])
    if header.keys() != names:
        raise EvidenceError("field", "the header's members are not " + ", ".join(sorted(names)))
    if _length(header["v"], "v") != VERSION:
        raise EvidenceError("field", "an envelope of another version")
    return header, body[end + 1 :]


def _check_lengths(jws: int, disclosures: Sequence[int]) -> None:
    if not 0 < jws <= JWS_MAX:
        raise EvidenceError("cap", f"a JWS of more than {JWS_MAX} bytes, or none")
    if len(disclosures) > DISCLOSURES_MAX:
        raise EvidenceError("cap", f"more than {DISCLOSURES_MAX} disclosures")
    if any(not 0 < length <= DISCLOSURE_MAX for length in disclosures):
        raise EvidenceError("cap", f"a disclosure of more than {DISCLOSURE_MAX} bytes, or an empty one")


def _check_blob(blob: SealedBlob) -> None:
    if len(blob.kid) != _KID_CHARS or len(unb64u(blob.kid)) != 32:  # noqa: PLR2004 - SHA-256
        raise EvidenceError("field", "kid is no key fingerprint")
    if len(blob.nonce) != NONCE_BYTES:
        raise EvidenceError("field", f"nonce is not {NONCE_BYTES} bytes")
    if len(blob.key) != SEALED_KEY_BYTES:
        raise EvidenceError("field", f"key is not {SEALED_KEY_BYTES} bytes")
    if not TAG_BYTES < len(blob.ciphertext) <= BLOB_MAX:
        raise EvidenceError("cap", f"an image of more than {BLOB_MAX} bytes, or an empty one")


def _ascii(text: str, what: str) -> bytes:
    try:
        return text.encode("ascii")
    except UnicodeEncodeError:
        raise EvidenceError("jws", f"{what} is not ASCII") from None


def _text(data: bytes) -> str:
    try:
        return data.decode("ascii")
    except UnicodeDecodeError:
        raise EvidenceError("jws", "the body is not ASCII") from None


def _length(value: object, name: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise EvidenceError("field", f"{name} is no length")
    return value


def _string(header: JsonObject, name: str) -> str:
    value = header[name]
    if not isinstance(value, str):
        raise EvidenceError("field", f"{name} is no text")
    return value
