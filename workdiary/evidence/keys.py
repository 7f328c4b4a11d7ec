"""Keys and signatures: Ed25519 (RFC 8032, alg of RFC 9864) and ES256, each with exactly one valid form.

Without the strict forms anyone could turn one valid signature into another valid text: another record id.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from workdiary.evidence.canonical import b64u, dumps, unb64u
from workdiary.evidence.digest import sha256_b64u
from workdiary.evidence.errors import EvidenceError

ED25519 = "Ed25519"
ES256 = "ES256"
ALGS = (ED25519, ES256)

KEY_BYTES = 32
SIGNATURE_BYTES = 64

# RFC 8032 section 5.1: the field's prime and the order of the base point.
_P = 2**255 - 19
_L = 2**252 + 27742317777372353535851937790883648493
# The y of all points whose order divides 8: 0, 1, -1 and the two of order 8. Such a key verifies signatures
# that nobody made.
_ORDER_8_Y = 2707385501144840649318225287225658788936804267575313519463743609750303402022
_SMALL_ORDER_Y = frozenset({0, 1, _P - 1, _ORDER_8_Y, _P - _ORDER_8_Y})
# SP 800-186: the field's prime and the order of P-256.
_P256 = 2**256 - 2**224 + 2**192 + 2**96 - 1
_N256 = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551

# (raw public key, data, signature) → nothing, or `EvidenceError`: see `verify_ed25519`.
Check = Callable[[bytes, bytes, bytes], None]

_MEMBERS = {
    ("OKP", "Ed25519"): ("crv", "kty", "x"),
    ("OKP", "X25519"): ("crv", "kty", "x"),
    ("EC", "P-256"): ("crv", "kty", "x", "y"),
}


class Signer(Protocol):
    """Whatever holds a private key: a seed in memory, a keyring, a TPM."""

    @property
    def alg(self) -> str:
        """`Ed25519` or `ES256`."""
        ...

    @property
    def kid(self) -> str:
        """RFC 7638 thumbprint of `jwk`."""
        ...

    @property
    def jwk(self) -> dict[str, str]:
        """The public key, required members only."""
        ...

    def sign(self, data: bytes) -> bytes:
        """64 bytes: R‖S, or r‖s with s ≤ n/2."""
        ...


class Ed25519Signer:
    """Signs with an Ed25519 seed held in memory."""

    def __init__(self, seed: bytes) -> None:
        """`seed`: 32 secret bytes (RFC 8032 private key)."""
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.public_bytes = self._key.public_key().public_bytes_raw()
        self.alg = ED25519
        self.jwk = {"crv": "Ed25519", "kty": "OKP", "x": b64u(self.public_bytes)}
        self.kid = thumbprint(self.jwk)

    def sign(self, data: bytes) -> bytes:
        """R‖S over `data` (pure Ed25519)."""
        return self._key.sign(data)


class Es256Signer:
    """Signs with a P-256 scalar held in memory; deterministic (RFC 6979) and with low s."""

    def __init__(self, scalar: bytes) -> None:
        """`scalar`: 32 secret bytes, big-endian, 1 ≤ scalar < n."""
        self._key = ec.derive_private_key(int.from_bytes(scalar, "big"), ec.SECP256R1())
        numbers = self._key.public_key().public_numbers()
        self.alg = ES256
        self.jwk = {
            "crv": "P-256",
            "kty": "EC",
            "x": b64u(numbers.x.to_bytes(KEY_BYTES, "big")),
            "y": b64u(numbers.y.to_bytes(KEY_BYTES, "big")),
        }
        self.kid = thumbprint(self.jwk)

    def sign(self, data: bytes) -> bytes:
        """r‖s over SHA-256 of `data`, s normalised to the lower half."""
        der = self._key.sign(data, ec.ECDSA(hashes.SHA256(), deterministic_signing=True))
        return low_s(*decode_dss_signature(der))


def low_s(r: int, s: int) -> bytes:
    """r‖s with the smaller of the two equivalent s; for signers whose hardware returns either."""
    s = min(s, _N256 - s)
    return r.to_bytes(KEY_BYTES, "big") + s.to_bytes(KEY_BYTES, "big")


def thumbprint(jwk: Mapping[str, str]) -> str:
    """Kid of a public key: RFC 7638 SHA-256 thumbprint over its required members, base64url.

    Raises `EvidenceError` ("key") unless `jwk` has exactly those members and is Ed25519, X25519 or P-256.
    """
    _coordinates(jwk)
    return sha256_b64u(dumps(dict(jwk)))


def alg_of(jwk: Mapping[str, str]) -> str:
    """The one algorithm a signing key is enrolled for. Raises `EvidenceError` ("key") for others."""
    curve = jwk.get("crv")
    if curve == "Ed25519":
        return ED25519
    if curve == "P-256":
        return ES256
    raise EvidenceError("key", "not a signing key of this profile")


def check_key(jwk: Mapping[str, str]) -> None:
    """Raise `EvidenceError` ("key") unless `jwk` is a signing key that the profile accepts."""
    if alg_of(jwk) == ED25519:
        check_ed25519(_coordinates(jwk)[0])
    else:
        _p256_key(*_coordinates(jwk))


def verify(jwk: Mapping[str, str], alg: str, data: bytes, signature: bytes) -> None:
    """Raise `EvidenceError` unless `signature` is the canonical signature of `data` by `jwk` under `alg`."""
    if alg != alg_of(jwk):
        raise EvidenceError("key", "the algorithm is not the one the key is enrolled for")
    if alg == ED25519:
        verify_ed25519(_coordinates(jwk)[0], data, signature)
    else:
        _verify_es256(jwk, data, signature)


def verify_ed25519(public: bytes, data: bytes, signature: bytes) -> None:
    """Raise `EvidenceError` unless `signature` is R‖S with S < L by the raw 32-byte key `public`."""
    key = _ed25519_key(public)
    if len(signature) != SIGNATURE_BYTES:
        raise EvidenceError("signature", "not 64 bytes")
    # RFC 8032 section 5.1.7: S must be in 0 ≤ S < L; without it S + L signs the same.
    if int.from_bytes(signature[KEY_BYTES:], "little") >= _L:
        raise EvidenceError("signature", "S is not canonical")
    try:
        key.verify(signature, data)
    except InvalidSignature:
        raise EvidenceError("signature", "does not verify") from None


# A bundle has thousands of signatures by a handful of keys, and reading a key costs a tenth of a check.
@lru_cache(maxsize=256)
def _ed25519_key(public: bytes) -> Ed25519PublicKey:
    check_ed25519(public)
    try:
        return Ed25519PublicKey.from_public_bytes(public)
    except ValueError:
        raise EvidenceError("signature", "does not verify") from None


def check_ed25519(public: bytes) -> None:
    """Raise `EvidenceError` ("key") unless `public` is 32 canonical bytes of a key without small order."""
    if len(public) != KEY_BYTES:
        raise EvidenceError("key", "an Ed25519 key has 32 bytes")
    y = int.from_bytes(public, "little") & ((1 << 255) - 1)
    if y >= _P:
        raise EvidenceError("key", "the key is not canonical")
    if y in _SMALL_ORDER_Y:
        raise EvidenceError("key", "the key has small order")


def _verify_es256(jwk: Mapping[str, str], data: bytes, signature: bytes) -> None:
    key = _p256_key(*_coordinates(jwk))
    if len(signature) != SIGNATURE_BYTES:
        raise EvidenceError("signature", "not 64 bytes")
    r = int.from_bytes(signature[:KEY_BYTES], "big")
    s = int.from_bytes(signature[KEY_BYTES:], "big")
    if not (0 < r < _N256 and 0 < s <= _N256 // 2):
        raise EvidenceError("signature", "r or s is out of range, or s is not the low one")
    try:
        key.verify(encode_dss_signature(r, s), data, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        raise EvidenceError("signature", "does not verify") from None


def _p256_key(x: bytes, y: bytes) -> ec.EllipticCurvePublicKey:
    numbers = ec.EllipticCurvePublicNumbers(
        int.from_bytes(x, "big"), int.from_bytes(y, "big"), ec.SECP256R1()
    )
    # SEC 1, 2.3.4: OpenSSL reduces larger ones, and one key would have two thumbprints.
    if numbers.x >= _P256 or numbers.y >= _P256:
        raise EvidenceError("key", "the key is not canonical")
    try:
        return numbers.public_key()
    except ValueError:
        raise EvidenceError("key", "not a point of P-256") from None


def _coordinates(jwk: Mapping[str, str]) -> tuple[bytes, ...]:
    if not all(isinstance(value, str) for value in jwk.values()):
        raise EvidenceError("key", "a key member that is no text")
    members = _MEMBERS.get((jwk.get("kty", ""), jwk.get("crv", "")))
    if members is None or sorted(jwk) != list(members):
        raise EvidenceError("key", "not exactly the members of an Ed25519, X25519 or P-256 key")
    parts = tuple(unb64u(jwk[name]) for name in members if name in {"x", "y"})
    if any(len(part) != KEY_BYTES for part in parts):
        raise EvidenceError("key", "a key coordinate has 32 bytes")
    return parts
