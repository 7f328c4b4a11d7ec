"""AES-256-GCM for images and HPKE for their data keys: one pair of functions for client and server.

Entropy is an argument wherever the library allows it: data keys, nonces and the upload key's private half are
made from bytes the caller drew. The one exception is `seal_key`: `cryptography`'s HPKE draws the ephemeral
X25519 key itself, from the operating system, and offers no way to hand it in.

HPKE is base mode, DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM (RFC 9180); the sealed key is bound to
one image through `info`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from workdiary.evidence.canonical import b64u, dumps, unb64u
from workdiary.evidence.digest import sha256_b64u
from workdiary.evidence.errors import EvidenceError

KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12
_INFO: Final = b"workdiary data key v1\n"


class SealError(ValueError):
    """Not what was sealed: another key, another image's, or changed bytes; which of them cannot be told."""


def encrypt(key: bytes, nonce: bytes, plaintext: bytes, aad: bytes = b"") -> bytes:
    """AES-256-GCM, tag appended. `nonce`: 12 fresh random bytes for every write under one key."""
    _check(key, KEY_BYTES, "key")
    _check(nonce, NONCE_BYTES, "nonce")
    return AESGCM(key).encrypt(nonce, plaintext, aad)


def decrypt(key: bytes, nonce: bytes, ciphertext: bytes, aad: bytes = b"") -> bytes:
    """The plaintext. Raises `SealError`."""
    _check(key, KEY_BYTES, "key")
    _check(nonce, NONCE_BYTES, "nonce")
    try:
        return AESGCM(key).decrypt(nonce, ciphertext, aad)
    except InvalidTag:
        raise SealError("the bytes are not what was encrypted under this key") from None


def blob_aad(digest_hex: str) -> bytes:
    """What an image's ciphertext is bound to: its disclosure digest, 64 lower-case hex digits."""
    return digest_hex.encode("ascii")


def upload_private_key(entropy: bytes) -> X25519PrivateKey:
    """The server's upload key from 32 random bytes, which are what is to be kept of it."""
    _check(entropy, KEY_BYTES, "entropy")
    return X25519PrivateKey.from_private_bytes(entropy)


def upload_jwk(key: X25519PrivateKey | X25519PublicKey) -> dict[str, str]:
    """The public half as a JWK (RFC 8037)."""
    public = key.public_key() if isinstance(key, X25519PrivateKey) else key
    return {"kty": "OKP", "crv": "X25519", "x": b64u(public.public_bytes_raw())}


def upload_public_key(jwk: Mapping[str, str]) -> X25519PublicKey:
    """The key of a JWK. Raises `EvidenceError` ("key") for any other kind of key."""
    if jwk.keys() != {"kty", "crv", "x"} or (jwk["kty"], jwk["crv"]) != ("OKP", "X25519"):
        raise EvidenceError("key", "not an X25519 key")
    raw = unb64u(jwk["x"])
    if len(raw) != KEY_BYTES:
        raise EvidenceError("key", f"x is not {KEY_BYTES} bytes")
    return X25519PublicKey.from_public_bytes(raw)


def upload_kid(jwk: Mapping[str, str]) -> str:
    """The fingerprint that `terms` and blob envelopes name (RFC 7638)."""
    upload_public_key(jwk)
    return sha256_b64u(dumps({"crv": jwk["crv"], "kty": jwk["kty"], "x": jwk["x"]}))


def seal_key(data_key: bytes, jwk: Mapping[str, str], digest_hex: str) -> bytes:
    """Seal a 32-byte data key to the server's upload key for the image of one disclosure: 80 bytes."""
    _check(data_key, KEY_BYTES, "data key")
    return _suite().encrypt(data_key, upload_public_key(jwk), info=_info(digest_hex))


def open_key(sealed: bytes, private: X25519PrivateKey, digest_hex: str) -> bytes:
    """The data key. Raises `SealError`."""
    try:
        key = _suite().decrypt(sealed, private, info=_info(digest_hex))
    except (InvalidTag, ValueError):
        # ValueError: the library's answer to an encapsulated point of small order
        raise SealError("the data key was not sealed to this key for this image") from None
    if len(key) != KEY_BYTES:
        raise SealError("what was sealed is no data key")
    return key


def _suite() -> Suite:
    return Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


def _info(digest_hex: str) -> bytes:
    return _INFO + digest_hex.encode("ascii")


def _check(value: bytes, length: int, name: str) -> None:
    if len(value) != length:
        raise ValueError(f"{name} is not {length} bytes")
