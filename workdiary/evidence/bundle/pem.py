"""A public key as openssl reads it: SubjectPublicKeyInfo (RFC 8410, RFC 5480) in PEM, one text a key."""

from __future__ import annotations

from collections.abc import Mapping

from workdiary.evidence.canonical import b64, unb64u
from workdiary.evidence.keys import ED25519, alg_of

# DER up to the key's own bytes: SEQUENCE { AlgorithmIdentifier, BIT STRING }; both keys have a fixed length.
_ED25519_HEAD = bytes.fromhex("302a300506032b6570032100")
# id-ecPublicKey with prime256v1, the point uncompressed.
_P256_HEAD = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d03010703420004")
_LINE = 64


def spki_pem(jwk: Mapping[str, str]) -> str:
    """The PEM text of an Ed25519 or P-256 JWK. Raises `EvidenceError` ("key") for other keys."""
    if alg_of(jwk) == ED25519:
        der = _ED25519_HEAD + unb64u(jwk["x"])
    else:
        der = _P256_HEAD + unb64u(jwk["x"]) + unb64u(jwk["y"])
    text = b64(der)
    lines = [text[at : at + _LINE] for at in range(0, len(text), _LINE)]
    return "\n".join(["-----BEGIN PUBLIC KEY-----", *lines, "-----END PUBLIC KEY-----", ""])
