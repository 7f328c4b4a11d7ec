from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from tests.fakes.records import browser, device
from workdiary.evidence import keys
from workdiary.evidence.canonical import b64u, unb64u
from workdiary.evidence.errors import EvidenceError

P = 2**255 - 19
D = -121665 * pow(121666, -1, P) % P
L = 2**252 + 27742317777372353535851937790883648493
N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
# RFC 8032 section 7.1, TEST 3.
RFC8032 = (
    "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
    "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
    "af82",
    "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac",
    "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
)


def square_root(value: int) -> int:
    """A square root modulo P of a square (RFC 8032 section 5.1.3)."""
    root = pow(value, (P + 3) // 8, P)
    return root if root * root % P == value % P else root * pow(2, (P - 1) // 4, P) % P


def add(a: tuple[int, int], b: tuple[int, int]) -> tuple[int, int]:
    """The sum of two points of the curve."""
    k = D * a[0] * b[0] * a[1] * b[1] % P
    x = (a[0] * b[1] + a[1] * b[0]) * pow(1 + k, -1, P)
    y = (a[1] * b[1] + a[0] * b[0]) * pow(1 - k, -1, P)
    return x % P, y % P


def small_points() -> set[tuple[int, int]]:
    """Both points of every y that the product lists."""
    found = set()
    for y in keys._SMALL_ORDER_Y:
        x = square_root((y * y - 1) * pow(D * y * y + 1, -1, P) % P)
        found |= {(x, y), (-x % P, y)}
    return found


def small_order_encodings() -> list[bytes]:
    """Every 32 bytes that some reader takes for such a point: y or y + P, either sign."""
    ys = {y + more for _x, y in small_points() for more in (0, P) if y + more < 2**255}
    return [(y | sign << 255).to_bytes(32, "little") for y in sorted(ys) for sign in (0, 1)]


def test_the_small_order_list_is_complete() -> None:
    # The curve has cofactor 8, so exactly eight points vanish when doubled three times.
    points = small_points()
    assert len(points) == 8
    for point in points:
        doubled = point
        for _ in range(3):
            doubled = add(doubled, doubled)
        assert doubled == (0, 1)


def test_ed25519_signs_as_rfc_8032() -> None:
    seed, public, message, r, s = (bytes.fromhex(part) for part in RFC8032)
    signer = keys.Ed25519Signer(seed)
    assert signer.public_bytes == public
    assert signer.sign(message) == r + s
    keys.verify(signer.jwk, "Ed25519", message, r + s)


def test_ed25519_jwk_thumbprint_and_jws_as_rfc_8037() -> None:
    signer = keys.Ed25519Signer(unb64u("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"))
    assert signer.jwk["x"] == "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
    assert signer.kid == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
    signing_input = b"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc"
    expected = "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
    assert b64u(signer.sign(signing_input)) == expected


def test_es256_signs_as_rfc_6979() -> None:
    # Appendix A.2.5, message "sample" with SHA-256; its s is the low one.
    signer = keys.Es256Signer(
        bytes.fromhex("C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721")
    )
    r = "EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716"
    s = 0xF7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8
    assert signer.sign(b"sample").hex().upper() == r + f"{N - s:064X}"
    keys.verify(signer.jwk, "ES256", b"sample", signer.sign(b"sample"))


def test_a_second_s_is_refused() -> None:
    signer = device()
    signature = signer.sign(b"x")
    s = int.from_bytes(signature[32:], "little") + L
    malleated = signature[:32] + s.to_bytes(32, "little")
    with pytest.raises(EvidenceError, match="canonical"):
        keys.verify(signer.jwk, "Ed25519", b"x", malleated)
    other = browser()
    signature = other.sign(b"x")
    high = N - int.from_bytes(signature[32:], "big")
    with pytest.raises(EvidenceError, match="low"):
        keys.verify(other.jwk, "ES256", b"x", signature[:32] + high.to_bytes(32, "big"))
    assert keys.low_s(int.from_bytes(signature[:32], "big"), high) == signature


def test_keys_of_small_order_are_refused_in_every_encoding() -> None:
    encodings = small_order_encodings()
    assert len(encodings) >= 14
    for encoded in encodings:
        jwk = {"crv": "Ed25519", "kty": "OKP", "x": b64u(encoded)}
        with pytest.raises(EvidenceError) as caught:
            keys.check_key(jwk)
        assert caught.value.code == "key"
        # A signature that nobody made: R the identity, S zero.
        with pytest.raises(EvidenceError):
            keys.verify(jwk, "Ed25519", b"anything", bytes([1]) + bytes(63))


def test_a_key_beyond_the_field_is_refused() -> None:
    jwk = {"crv": "Ed25519", "kty": "OKP", "x": b64u((P + 3).to_bytes(32, "little"))}
    with pytest.raises(EvidenceError, match="canonical"):
        keys.check_key(jwk)


@pytest.mark.parametrize(
    "change",
    [
        {"kid": "x"},
        {"x": b64u(bytes(31))},
        {"x": "A" * 43 + "="},
        {"crv": "Ed448"},
        {"kty": "EC"},
        {"crv": "P-256"},
        {"crv": "X25519"},
        {"y": b64u(bytes(32))},
        {"d": b64u(bytes(32))},
        {"x": 7},
    ],
)
def test_other_jwks_are_refused(change: dict[str, str]) -> None:
    with pytest.raises(EvidenceError):
        keys.check_key({**device().jwk, **change})


def test_a_point_off_the_curve_is_refused() -> None:
    with pytest.raises(EvidenceError, match="P-256"):
        keys.check_key({**browser().jwk, "y": b64u(bytes(32))})
    with pytest.raises(EvidenceError, match="members"):
        keys.thumbprint({"crv": "P-256", "kty": "EC", "x": b64u(bytes(32))})


def test_a_p256_key_has_one_text() -> None:
    p = 2**256 - 2**224 + 2**192 + 2**96 - 1
    b = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B  # SP 800-186, P-256
    y = pow(5**3 - 3 * 5 + b, (p + 1) // 4, p)  # p % 4 == 3
    jwk = {"crv": "P-256", "kty": "EC", "x": b64u((5).to_bytes(32, "big")), "y": b64u(y.to_bytes(32, "big"))}
    keys.check_key(jwk)
    with pytest.raises(EvidenceError, match="canonical"):
        keys.check_key({**jwk, "x": b64u((5 + p).to_bytes(32, "big"))})


def test_an_encryption_key_has_a_thumbprint_but_signs_nothing() -> None:
    jwk = {"crv": "X25519", "kty": "OKP", "x": "3p7bfXt9wbTTW2HC7OQ1Nz-DQ8hbeGdNrfx-FG-IK08"}
    assert len(keys.thumbprint(jwk)) == 43
    with pytest.raises(EvidenceError):
        keys.alg_of(jwk)


@pytest.mark.parametrize("signer", [device(), browser()], ids=["Ed25519", "ES256"])
def test_only_the_signature_verifies(signer: keys.Signer) -> None:
    data, signature = b"data", signer.sign(b"data")
    keys.verify(signer.jwk, signer.alg, data, signature)
    wrong_alg = "ES256" if signer.alg == "Ed25519" else "Ed25519"
    flipped = bytes([signature[0] ^ 1]) + signature[1:]
    for alg, text, value in (
        (wrong_alg, data, signature),
        ("none", data, signature),
        (signer.alg, b"Data", signature),
        (signer.alg, data, flipped),
        (signer.alg, data, signature[:63]),
        (signer.alg, data, signature + b"\0"),
        (signer.alg, data, bytes(64)),
        (signer.alg, data, b"\xff" * 64),
        (signer.alg, data, b""),
    ):
        with pytest.raises(EvidenceError):
            keys.verify(signer.jwk, alg, text, value)


@given(st.binary(min_size=32, max_size=32), st.binary(min_size=60, max_size=66), st.sampled_from(keys.ALGS))
def test_hostile_keys_and_signatures_raise_only_evidence_errors(x: bytes, signature: bytes, alg: str) -> None:
    jwk = {"crv": "Ed25519", "kty": "OKP", "x": b64u(x)}
    if alg == "ES256":
        jwk = {"crv": "P-256", "kty": "EC", "x": b64u(x), "y": b64u(x[::-1])}
    with pytest.raises(EvidenceError):
        keys.verify(jwk, alg, b"data", signature)


def test_openssl_verifies_our_signatures(tmp_path: Path) -> None:
    signer = device()
    public = Ed25519PublicKey.from_public_bytes(signer.public_bytes)
    (tmp_path / "key.pem").write_bytes(public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    (tmp_path / "data").write_bytes(b"header.payload")
    (tmp_path / "sig").write_bytes(signer.sign(b"header.payload"))
    command = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", "key.pem", "-rawin"]
    done = subprocess.run(
        [*command, "-in", "data", "-sigfile", "sig"], cwd=tmp_path, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
