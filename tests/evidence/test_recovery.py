from __future__ import annotations

import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fakes.records import fixed
from workdiary.evidence import recovery
from workdiary.evidence.canonical import b64u
from workdiary.evidence.errors import EvidenceError

SECRET = bytes(range(20))
CODE = recovery.recovery_code(SECRET)
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


@given(st.binary(min_size=20, max_size=20))
def test_a_code_goes_there_and_back(secret: bytes) -> None:
    code = recovery.recovery_code(secret)
    assert [len(group) for group in code.split("-")] == [4] * 9
    assert recovery.parse_recovery(code) == secret


def test_the_code_is_what_the_format_says() -> None:
    check = int.from_bytes(hashlib.sha256(b"workdiary recovery v1" + SECRET).digest()[:3], "big") >> 4
    bits = int.from_bytes(SECRET, "big") << 20 | check
    digits = "".join(ALPHABET[bits >> 5 * place & 31] for place in reversed(range(36)))
    assert CODE.replace("-", "") == digits


def test_it_is_read_as_people_type_it() -> None:
    for typed in (
        CODE.lower(),
        CODE.replace("-", " "),
        CODE.replace("-", ""),
        f"  {CODE}\n",
        CODE.replace("-", " – "),
        CODE.replace("0", "O").replace("1", "l"),
        CODE.replace("0", "o").replace("1", "I"),
        CODE.replace("1", "i").replace("-", "\u00a0"),
    ):
        assert recovery.parse_recovery(typed) == SECRET


def test_one_wrong_character_is_noticed_everywhere() -> None:
    plain = CODE.replace("-", "")
    for place, char in enumerate(plain):
        for other in ALPHABET:
            if other == char:
                continue
            with pytest.raises(EvidenceError):
                recovery.parse_recovery(plain[:place] + other + plain[place + 1 :])


def test_two_neighbours_exchanged_are_noticed() -> None:
    plain = CODE.replace("-", "")
    for place in range(35):
        if plain[place] == plain[place + 1]:
            continue
        with pytest.raises(EvidenceError):
            recovery.parse_recovery(plain[:place] + plain[place + 1] + plain[place] + plain[place + 2 :])


@pytest.mark.parametrize(
    "text", ["", CODE[:-1], CODE + "0", CODE.replace(CODE[3], "U"), "\u017f" * 36, "\u0660" * 36]
)
def test_what_is_no_code_is_refused(text: str) -> None:
    with pytest.raises(EvidenceError) as caught:
        recovery.parse_recovery(text)
    assert caught.value.code == "key"


def test_the_seed_is_hkdf_of_the_secret() -> None:
    # RFC 5869 by hand: extract with a salt of zeroes, expand one block.
    prk = hmac.digest(bytes(32), SECRET, "sha256")
    assert recovery.root_seed(SECRET) == hmac.digest(prk, b"workdiary root v1\x01", "sha256")


def test_a_secret_has_twenty_bytes() -> None:
    for secret in (b"", bytes(19), bytes(21)):
        with pytest.raises(ValueError, match="20 bytes"):
            recovery.recovery_code(secret)
        with pytest.raises(ValueError, match="20 bytes"):
            recovery.root_seed(secret)


@pytest.mark.parametrize(
    ("address", "quints"),
    [
        # The examples of the proposal (arXiv 0901.4016).
        ("127.0.0.1", ("lusab", "babad")),
        ("63.84.220.193", ("gutih", "tugad")),
        ("63.118.7.35", ("gutuk", "bisog")),
        ("140.98.193.141", ("mudof", "sakat")),
        ("64.255.6.200", ("haguz", "biram")),
        ("128.30.52.45", ("mabiv", "gibot")),
        ("147.67.119.2", ("natag", "lisaf")),
        ("212.58.253.68", ("tibup", "zujah")),
        ("216.35.68.215", ("tobog", "higil")),
        ("216.68.232.21", ("todah", "vobij")),
        ("198.81.129.136", ("sinid", "makam")),
        ("12.110.110.204", ("budov", "kuras")),
    ],
)
def test_words_are_proquints(address: str, quints: tuple[str, str]) -> None:
    digest = bytes(map(int, address.split("."))) + bytes(28)
    assert recovery.words(b64u(digest), 2) == quints


def test_words_are_the_start_of_the_thumbprint() -> None:
    kid = b64u(fixed("kid"))
    assert len(recovery.words(kid)) == recovery.WORDS == 8
    assert recovery.words(kid, recovery.SHORT_WORDS) == recovery.words(kid)[:4]
    assert len(recovery.words(kid, 16)) == 16
    for count in (0, 17):
        with pytest.raises(ValueError, match="words"):
            recovery.words(kid, count)
    for wrong in ("", b64u(bytes(31)), kid + "=", "ü"):
        with pytest.raises(EvidenceError):
            recovery.words(wrong)
