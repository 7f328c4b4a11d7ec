from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workdiary.evidence import disclosure
from workdiary.evidence.canonical import b64u, dumps, unb64u
from workdiary.evidence.errors import EvidenceError

# RFC 9901 section 5.1: contents and SHA-256 digests of its example's disclosures.
ADDRESS = '{"street_address": "123 Main St", "locality": "Anytown", "region": "Anystate", "country": "US"}'
RFC9901 = [
    ('["2GLC42sKQveCfGfryNRN9w", "given_name", "John"]', "jsu9yVulwQQlhFlM_3JlzMaSFzglhQG0DpfayQwLUK4"),
    ('["eluV5Og3gSNII8EYnsxA_A", "family_name", "Doe"]', "TGf4oLbgwd5JQaHyKVQZU9UdGE0w5rtDsrZzfUaomLo"),
    (
        '["6Ij7tM-a5iVPGboS5tmvVA", "email", "johndoe@example.com"]',
        "JzYjH4svliH0R3PyEMfeZu6Jt69u5qehZo7F7EPYlSE",
    ),
    (
        '["eI8ZWm9QnKPpNPeNenHdhQ", "phone_number", "+1-202-555-0101"]',
        "PorFbpKuVu6xymJagvkFsFXAbRoc2JGlAUA2BA4o7cI",
    ),
    (
        '["Qg_O64zqAxe412a108iroA", "phone_number_verified", true]',
        "XQ_3kPKt1XyX7KANkqVR6yZ2Va5NrPIvPYbyMvRKBMM",
    ),
    (
        f'["AJx-095VPrpTtN4QMOqROA", "address", {ADDRESS}]',
        "XzFrzwscM6Gn6CJDc6vVK8BkMnfG8vOSKfpPIZdAfdE",
    ),
    (
        '["Pc33JM2LchcU_lHggv_ufQ", "birthdate", "1940-01-01"]',
        "gbOsI4Edq2x2Kw-w5wPEzakob9hV1cRD0ATN3oQL9JM",
    ),
    (
        '["G02NSrQfjFXQ7Io09syajA", "updated_at", 1570000000]',
        "CrQe7S5kqBAHt-nMYXgc6bdt2SH5aTY1sU_M-PgkjPI",
    ),
]
SALT = bytes(range(16))


@pytest.mark.parametrize(("content", "digest"), RFC9901)
def test_digests_are_those_of_rfc_9901(content: str, digest: str) -> None:
    text = b64u(content.encode())
    assert disclosure.digest(text) == digest
    opened = disclosure.parse(text)
    assert content.startswith(f'["{b64u(opened.salt)}", "{opened.name}", ')


def test_what_is_made_is_canonical_and_comes_back() -> None:
    text = disclosure.make("memo", {"b": 1, "a": "ü"}, SALT)
    assert unb64u(text) == '["AAECAwQFBgcICQoLDA0ODw","memo",{"a":"ü","b":1}]'.encode()
    assert disclosure.parse(text) == disclosure.Disclosure(SALT, "memo", {"b": 1, "a": "ü"})


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b"[]",
        b'["AAECAwQFBgcICQoLDA0ODw","memo"]',
        b'["AAECAwQFBgcICQoLDA0ODw","memo",1,2]',
        b'[1,"memo",1]',
        b'["AAECAwQFBgcICQoLDA0ODw",1,1]',
        b'["AAECAwQFBgcICQoLDA0O","memo",1]',
        b'["AAECAwQFBgcICQoLDA0ODxA","memo",1]',
        b'["AAECAwQFBgcICQoLDA0ODw==","memo",1]',
        b'["AAECAwQFBgcICQoLDA0ODx","memo",1]',
        b'["AAECAwQFBgcICQoLDA0ODw","_sd",[]]',
        b'["AAECAwQFBgcICQoLDA0ODw","...","x"]',
        b'["AAECAwQFBgcICQoLDA0ODw","_sd_alg","x"]',
        b'["AAECAwQFBgcICQoLDA0ODw","memo",1.5]',
        b'["AAECAwQFBgcICQoLDA0ODw","memo",{"a":1,"a":2}]',
    ],
)
def test_other_contents_are_refused(content: bytes) -> None:
    with pytest.raises(EvidenceError):
        disclosure.parse(b64u(content))


def test_size_and_salt_are_limited() -> None:
    with pytest.raises(EvidenceError) as caught:
        disclosure.make("memo", "x" * 7_000, SALT)
    assert caught.value.code == "cap"
    with pytest.raises(EvidenceError) as caught:
        disclosure.parse("A" * 8_193)
    assert caught.value.code == "cap"
    with pytest.raises(ValueError, match="16"):
        disclosure.make("memo", "x", SALT[:15])


@given(st.text(st.characters(exclude_categories=[])) | st.binary(max_size=60).map(b64u))
def test_hostile_texts_raise_only_evidence_errors(text: str) -> None:
    with pytest.raises(EvidenceError):
        disclosure.parse(text)


@given(st.binary(min_size=16, max_size=16), st.text(max_size=20), st.integers(-9, 9) | st.text(max_size=20))
def test_every_disclosure_comes_back(salt: bytes, name: str, value: int | str) -> None:
    try:
        dumps([name, value])
        text = disclosure.make(name, value, salt)
    except EvidenceError:
        return
    if name not in {"_sd", "_sd_alg", "..."}:
        assert disclosure.parse(text) == disclosure.Disclosure(salt, name, value)
