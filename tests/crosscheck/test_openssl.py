"""OpenSSL's command line, with the key as a PEM, says of our signatures what we say."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from tests.crosscheck.random_cases import Drawn, draw_record, flip
from tests.crosscheck.tools import openssl, tool
from workdiary.evidence.bundle.pem import spki_pem
from workdiary.evidence.canonical import b64u, unb64u
from workdiary.evidence.cosign import Cosigner
from workdiary.evidence.notes import signature_line

COUNT = 16


@pytest.fixture
def records() -> tuple[random.Random, list[Drawn]]:
    draw = random.Random(int(os.environ.get("WORKDIARY_TEST_SEED", "1")))
    return draw, [draw_record(draw) for _ in range(COUNT)]


def test_openssl_is_here() -> None:
    assert tool("openssl")


def test_signatures_hold_and_changed_ones_do_not(
    records: tuple[random.Random, list[Drawn]], tmp_path: Path
) -> None:
    draw, drawn = records
    for one in drawn:
        signed, _, signature = one.record.jws.rpartition(".")
        assert _holds(one.signer.jwk, signed, signature, tmp_path)
        assert not _holds(one.signer.jwk, signed, flip(draw, signature), tmp_path)
        head, _, body = signed.partition(".")
        assert not _holds(one.signer.jwk, f"{head}.{flip(draw, body)}", signature, tmp_path)


def test_cosignatures_hold(tmp_path: Path) -> None:
    text = "workdiary/00112233445566778899aabbccddeeff/0\n6\n" + "A" * 43 + "=\n"
    witness = Cosigner("witness.example/w1", bytes(32))
    _, _, payload = signature_line(witness.cosign(text, 1_795_382_400).rstrip())
    message = f"cosignature/v1\ntime 1795382400\n{text}".encode()
    pem = spki_pem({"kty": "OKP", "crv": "Ed25519", "x": b64u(witness.vkey.public)})
    assert _ed25519(pem, message, payload[8:], tmp_path)
    assert not _ed25519(pem, message.replace(b"400", b"401"), payload[8:], tmp_path)


def _holds(jwk: dict[str, str], signed: str, signature: str, scratch: Path) -> bool:
    data, raw, pem = signed.encode(), unb64u(signature), spki_pem(jwk)
    if jwk["kty"] == "OKP":
        return _ed25519(pem, data, raw, scratch)
    r, s = int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big")
    key, sig = scratch / "key.pem", scratch / "sig"
    key.write_text(pem)
    sig.write_bytes(encode_dss_signature(r, s))
    return openssl("dgst", "-sha256", "-verify", str(key), "-signature", str(sig), stdin=data)


def _ed25519(pem: str, data: bytes, signature: bytes, scratch: Path) -> bool:
    key, sig, text = scratch / "key.pem", scratch / "sig", scratch / "data"
    key.write_text(pem)
    sig.write_bytes(signature)
    text.write_bytes(data)
    return openssl(
        "pkeyutl", "-verify", "-pubin", "-inkey", str(key), "-rawin", "-in", str(text), "-sigfile", str(sig)
    )
