from __future__ import annotations

import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from hypothesis import given
from hypothesis import strategies as st

from workdiary.evidence.errors import EvidenceError
from workdiary.wire import sealing
from workdiary.wire.sealing import SealError

KEYS = st.binary(min_size=32, max_size=32)
PRIVATE = sealing.upload_private_key(b"\x07" * 32)
JWK = sealing.upload_jwk(PRIVATE)
DIGEST = hashlib.sha256(b"image").hexdigest()


@given(KEYS, st.binary(min_size=12, max_size=12), st.binary(max_size=200), st.binary(max_size=80))
def test_what_is_encrypted_is_decrypted(key: bytes, nonce: bytes, plain: bytes, aad: bytes) -> None:
    sealed = sealing.encrypt(key, nonce, plain, aad)
    assert len(sealed) == len(plain) + 16
    assert sealing.decrypt(key, nonce, sealed, aad) == plain


def test_it_is_aes_256_gcm() -> None:
    # NIST GCM test case 14: key, IV and plaintext of zeros
    sealed = sealing.encrypt(bytes(32), bytes(12), bytes(16))
    assert sealed.hex() == "cea7403d4d606b6e074ec5d3baf39d18" + "d0d1c8a799996bf0265b98b5d48ab919"


@pytest.mark.parametrize("part", ["key", "nonce", "ciphertext", "aad"])
def test_anything_else_than_what_was_sealed_is_refused(part: str) -> None:
    given = {"key": bytes(32), "nonce": bytes(12), "aad": sealing.blob_aad(DIGEST)}
    given["ciphertext"] = sealing.encrypt(bytes(32), bytes(12), b"pixels", given["aad"])
    given[part] = bytes([given[part][0] ^ 1]) + given[part][1:]
    with pytest.raises(SealError):
        sealing.decrypt(given["key"], given["nonce"], given["ciphertext"], given["aad"])


def test_lengths_are_checked_before_the_library_sees_them() -> None:
    with pytest.raises(ValueError, match="key is not 32"):
        sealing.encrypt(bytes(16), bytes(12), b"")
    with pytest.raises(ValueError, match="nonce is not 12"):
        sealing.decrypt(bytes(32), bytes(8), bytes(16))
    with pytest.raises(ValueError, match="entropy is not 32"):
        sealing.upload_private_key(bytes(31))
    with pytest.raises(ValueError, match="data key is not 32"):
        sealing.seal_key(bytes(31), JWK, DIGEST)


@given(KEYS)
def test_a_data_key_is_opened_by_the_server_only(key: bytes) -> None:
    sealed = sealing.seal_key(key, JWK, DIGEST)
    assert len(sealed) == 80
    assert sealing.open_key(sealed, PRIVATE, DIGEST) == key
    with pytest.raises(SealError):
        sealing.open_key(sealed, sealing.upload_private_key(b"\x08" * 32), DIGEST)


def test_a_data_key_belongs_to_one_image() -> None:
    sealed = sealing.seal_key(bytes(32), JWK, DIGEST)
    with pytest.raises(SealError):
        sealing.open_key(sealed, PRIVATE, hashlib.sha256(b"another").hexdigest())


@pytest.mark.parametrize(
    "sealed", [b"", bytes(31), bytes(32), bytes(80), b"\xff" * 80, b"\x01" + bytes(79), bytes(200)]
)
def test_hostile_bytes_open_nothing(sealed: bytes) -> None:
    with pytest.raises(SealError):
        sealing.open_key(sealed, PRIVATE, DIGEST)


@given(st.binary(max_size=120))
def test_any_bytes_lead_to_the_one_error(sealed: bytes) -> None:
    with pytest.raises(SealError):
        sealing.open_key(sealed, PRIVATE, DIGEST)


def test_what_is_no_data_key_is_refused() -> None:
    from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

    suite = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
    sealed = suite.encrypt(b"short", PRIVATE.public_key(), info=b"workdiary data key v1\n" + DIGEST.encode())
    with pytest.raises(SealError):
        sealing.open_key(sealed, PRIVATE, DIGEST)


def test_the_upload_key_is_made_from_what_is_kept_of_it() -> None:
    assert sealing.upload_jwk(sealing.upload_private_key(b"\x07" * 32)) == JWK
    assert sealing.upload_public_key(JWK).public_bytes_raw() == PRIVATE.public_key().public_bytes_raw()


def test_its_fingerprint_is_rfc_7638() -> None:
    text = f'{{"crv":"X25519","kty":"OKP","x":"{JWK["x"]}"}}'
    expected = hashlib.sha256(text.encode()).digest()
    assert sealing.unb64u(sealing.upload_kid(JWK)) == expected


@pytest.mark.parametrize(
    "jwk",
    [
        {},
        {**JWK, "kid": "x"},
        {**JWK, "crv": "Ed25519"},
        {**JWK, "kty": "EC"},
        {**JWK, "x": "AAAA"},
        {**JWK, "x": "*" * 43},
    ],
)
def test_another_kind_of_key_is_refused(jwk: dict[str, str]) -> None:
    with pytest.raises(EvidenceError):
        sealing.upload_public_key(jwk)


def test_it_is_hpke_of_rfc_9180() -> None:
    """Opened by an independent writing of base mode, so that another implementation can do it too."""
    key = bytes(range(32))
    sealed = sealing.seal_key(key, JWK, DIGEST)
    enc, ciphertext = sealed[:32], sealed[32:]
    info = b"workdiary data key v1\n" + DIGEST.encode()
    aead_key, nonce = _key_schedule(_decap(enc), info)
    assert AESGCM(aead_key).decrypt(nonce, ciphertext, b"") == key


# RFC 9180: DHKEM(X25519, HKDF-SHA256) 0x0020, HKDF-SHA256 0x0001, AES-256-GCM 0x0002
_KEM = b"KEM\x00\x20"
_SUITE = b"HPKE\x00\x20\x00\x01\x00\x02"


def _hmac(key: bytes, data: bytes) -> bytes:
    mac = HMAC(key or bytes(32), SHA256())
    mac.update(data)
    return mac.finalize()


def _extract(suite: bytes, salt: bytes, label: bytes, ikm: bytes) -> bytes:
    return _hmac(salt, b"HPKE-v1" + suite + label + ikm)


def _expand(suite: bytes, prk: bytes, label_info: bytes, length: int) -> bytes:
    info = length.to_bytes(2, "big") + b"HPKE-v1" + suite + label_info
    return HKDFExpand(SHA256(), length, info).derive(prk)


def _decap(enc: bytes) -> bytes:
    private = X25519PrivateKey.from_private_bytes(b"\x07" * 32)
    shared = private.exchange(X25519PublicKey.from_public_bytes(enc))
    context = enc + private.public_key().public_bytes_raw()
    prk = _extract(_KEM, b"", b"eae_prk", shared)
    return _expand(_KEM, prk, b"shared_secret" + context, 32)


def _key_schedule(shared: bytes, info: bytes) -> tuple[bytes, bytes]:
    context = b"\x00" + _extract(_SUITE, b"", b"psk_id_hash", b"") + _extract(_SUITE, b"", b"info_hash", info)
    secret = _extract(_SUITE, shared, b"secret", b"")
    return _expand(_SUITE, secret, b"key" + context, 32), _expand(_SUITE, secret, b"base_nonce" + context, 12)
