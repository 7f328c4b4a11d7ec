from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workdiary.evidence.canonical import b64u
from workdiary.evidence.errors import EvidenceError
from workdiary.wire import upload
from workdiary.wire.upload import SealedBlob, pack_blob, pack_record, unpack_blob, unpack_record

ASCII = st.text(st.characters(min_codepoint=0, max_codepoint=127), min_size=1, max_size=300)
BLOBS = st.builds(
    SealedBlob,
    kid=st.binary(min_size=32, max_size=32).map(b64u),
    nonce=st.binary(min_size=12, max_size=12),
    key=st.binary(min_size=80, max_size=80),
    ciphertext=st.binary(min_size=17, max_size=500),
)
BLOB = SealedBlob(kid=b64u(bytes(32)), nonce=bytes(12), key=bytes(80), ciphertext=b"\n" * 40)


def record(header: Any, rest: bytes = b"abc") -> bytes:
    return json.dumps(header).encode() + b"\n" + rest


@given(ASCII, st.lists(ASCII, max_size=130))
def test_a_record_arrives_as_it_was_packed(jws: str, disclosures: list[str]) -> None:
    if len(disclosures) > upload.DISCLOSURES_MAX:
        with pytest.raises(EvidenceError):
            pack_record(jws, disclosures)
    else:
        assert unpack_record(pack_record(jws, disclosures)) == (jws, tuple(disclosures))


@given(BLOBS)
def test_a_blob_arrives_as_it_was_packed(blob: SealedBlob) -> None:
    assert unpack_blob(pack_blob(blob)) == blob


def test_the_record_envelope_is_final() -> None:
    # Servers and clients of every release must agree on these bytes.
    assert pack_record("a.b.c", ["x", "yy"]) == b'{"disclosures":[1,2],"jws":5,"v":1}\na.b.cxyy'
    assert unpack_record(b'{"v":1,"jws":5,"disclosures":[]}\na.b.c') == ("a.b.c", ())


def test_the_blob_envelope_is_final() -> None:
    header, _, rest = pack_blob(BLOB).partition(b"\n")
    assert json.loads(header) == {
        "v": 1,
        "alg": "A256GCM",
        "kid": "A" * 43,
        "nonce": "A" * 16,
        "key": "A" * 107,
        "len": 40,
    }
    assert rest == BLOB.ciphertext


@given(st.binary(max_size=400))
def test_any_bytes_lead_to_a_record_or_to_the_one_error(body: bytes) -> None:
    for read in (unpack_record, unpack_blob):
        try:
            read(body)
        except EvidenceError:
            continue


@given(BLOBS, st.data())
def test_a_damaged_envelope_never_raises_anything_else(blob: SealedBlob, data: st.DataObject) -> None:
    for body, read in ((pack_blob(blob), unpack_blob), (pack_record("a.b.c", ["x"]), unpack_record)):
        at = data.draw(st.integers(0, len(body) - 1))
        flipped = body[:at] + bytes([body[at] ^ data.draw(st.integers(1, 255))]) + body[at + 1 :]
        for damaged in (flipped, body[:at], body + b"x"):
            try:
                read(damaged)
            except EvidenceError:
                continue


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"abc",
        b"{}\nabc",
        b"[]\nabc",
        b"\xff\nabc",
        b'{"v":1,"v":1,"jws":3,"disclosures":[]}\nabc',
        record({"v": 2, "jws": 3, "disclosures": []}),
        record({"v": True, "jws": 3, "disclosures": []}),
        record({"v": 1.0, "jws": 3, "disclosures": []}),
        record({"v": 1, "jws": 3}),
        record({"v": 1, "jws": 3, "disclosures": [], "more": 1}),
        record({"v": 1, "jws": "3", "disclosures": []}),
        record({"v": 1, "jws": -3, "disclosures": [6]}),
        record({"v": 1, "jws": 3, "disclosures": None}),
        record({"v": 1, "jws": 3, "disclosures": [True]}),
        record({"v": 1, "jws": 2, "disclosures": []}),
        record({"v": 1, "jws": 4, "disclosures": []}),
        record({"v": 1, "jws": 0, "disclosures": [3]}),
        record({"v": 1, "jws": 3, "disclosures": [0]}),
        record({"v": 1, "jws": 3, "disclosures": []}, b"ab\xc3"),
        record({"v": 1, "jws": 3, "disclosures": [0] * 129}),
        b" " * 3_000 + record({"v": 1, "jws": 3, "disclosures": []}),
    ],
)
def test_a_malformed_record_is_refused(body: bytes) -> None:
    with pytest.raises(EvidenceError):
        unpack_record(body)


@pytest.mark.parametrize(
    ("jws", "disclosures"),
    [
        ("", []),
        ("é", []),
        ("a", ["é"]),
        ("a", [""]),
        ("a" * (upload.JWS_MAX + 1), []),
        ("a", ["a" * (upload.DISCLOSURE_MAX + 1)]),
        ("a", ["a"] * (upload.DISCLOSURES_MAX + 1)),
    ],
)
def test_what_is_over_a_cap_is_not_packed(jws: str, disclosures: list[str]) -> None:
    with pytest.raises(EvidenceError):
        pack_record(jws, disclosures)


def test_the_widest_record_fits_its_body_cap() -> None:
    body = pack_record("a" * upload.JWS_MAX, ["a" * upload.DISCLOSURE_MAX] * upload.DISCLOSURES_MAX)
    assert len(body) <= upload.RECORD_BODY_MAX
    assert len(unpack_record(body)[1]) == upload.DISCLOSURES_MAX


@pytest.mark.parametrize(
    "changes",
    [
        {"kid": "A" * 42},
        {"kid": "A" * 42 + "B"},
        {"kid": "*" * 43},
        {"nonce": bytes(11)},
        {"key": bytes(79)},
        {"ciphertext": bytes(16)},
        {"ciphertext": bytes(upload.BLOB_MAX + 1)},
    ],
)
def test_a_blob_of_other_sizes_is_not_packed(changes: dict[str, Any]) -> None:
    with pytest.raises(EvidenceError):
        pack_blob(replace(BLOB, **changes))


@pytest.mark.parametrize(
    "changes",
    [
        {"alg": "A128GCM"},
        {"alg": None},
        {"v": 2},
        {"kid": 7},
        {"nonce": "A" * 15},
        {"nonce": "+" * 16},
        {"key": None},
        {"len": 39},
        {"len": "40"},
        {"more": 1},
    ],
)
def test_a_malformed_blob_is_refused(changes: dict[str, Any]) -> None:
    header, _, rest = pack_blob(BLOB).partition(b"\n")
    with pytest.raises(EvidenceError):
        unpack_blob(json.dumps(json.loads(header) | changes).encode() + b"\n" + rest)
