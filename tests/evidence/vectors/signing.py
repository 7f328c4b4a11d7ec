"""Signing what no writer of ours would write: the bytes of header and payload as given."""

from __future__ import annotations

from collections.abc import Mapping

from tests.fakes.records import device
from workdiary.evidence.canonical import JsonObject, b64u, dumps
from workdiary.evidence.keys import Signer

# SP 800-186, RFC 8032: the orders of the two groups.
N256 = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
L25519 = 2**252 + 27742317777372353535851937790883648493


def signed(header: JsonObject, payload: JsonObject, signer: Signer | None = None) -> str:
    return signed_bytes(header, dumps(payload), signer)


def signed_bytes(header: JsonObject | bytes, payload: bytes, signer: Signer | None = None) -> str:
    head = header if isinstance(header, bytes) else dumps(header)
    return signed_parts(b64u(head), b64u(payload), signer)


def signed_parts(head: str, body: str, signer: Signer | None = None) -> str:
    signature = (signer or device()).sign(f"{head}.{body}".encode())
    return f"{head}.{body}.{b64u(signature)}"


def header_of(signer: Signer, kind: str, changes: Mapping[str, str] | None = None) -> JsonObject:
    return {"alg": signer.alg, "kid": signer.kid, "typ": f"wd-{kind}+sd-jwt", **(changes or {})}


def stray_bits(text: str) -> str:
    """The same bytes to a careless base64 decoder: one bit set behind the last byte."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    assert len(text) % 4 in {2, 3}
    return text[:-1] + alphabet[alphabet.index(text[-1]) + 1]
