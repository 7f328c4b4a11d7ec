from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workdiary.wire import messages, reading
from workdiary.wire.messages import (
    BlobReply,
    CheckReply,
    CheckRequest,
    ContractRef,
    EnrolReply,
    EnrolRequest,
    Installation,
    RecordReply,
    Refusal,
    StreamHead,
)
from workdiary.wire.reading import BadMessage
from workdiary.wire.receipts import RECEIPTS_MAX, ReceiptsReply, ReceiptsRequest
from workdiary.wire.tokens import Challenge, ChallengeRequest, TokenReply, TokenRequest

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
TEXTS = st.lists(TEXT, max_size=6).map(tuple)
COUNT = st.integers(0, 2**53 - 1)
JWK = st.dictionaries(st.sampled_from(["kty", "crv", "x", "y"]), TEXT)

# Servers of the releases before these were said: read as none.
OPTIONAL = {"witnesses", "k", "tsas", "role", "expires_ms"}

MESSAGES = st.one_of(
    st.builds(
        Installation,
        origin=TEXT,
        log_vkey=TEXT,
        upload_jwk=JWK,
        operator_jwk=JWK,
        solo=st.booleans(),
        demo_allowed=st.booleans(),
        time_ms=COUNT,
        name=TEXT,
        witnesses=TEXTS,
        k=COUNT,
        tsas=TEXTS,
        v=st.just(1),
    ),
    st.builds(EnrolRequest, jwk=JWK, proof=TEXT, device_name=TEXT, key_class=TEXT, token=TEXT),
    st.builds(
        EnrolReply,
        account=TEXT,
        device=TEXT,
        device_token=TEXT,
        role=TEXT,
        contracts=st.lists(st.builds(ContractRef, id=TEXT, name=TEXT), max_size=4).map(tuple),
    ),
    st.builds(RecordReply, rid=TEXT, id=TEXT, index=COUNT, receipt=TEXT),
    st.builds(CheckRequest, rids=TEXTS),
    st.builds(ReceiptsRequest, rids=TEXTS),
    st.builds(ReceiptsReply, receipts=st.dictionaries(TEXT, TEXT, max_size=4)),
    st.builds(CheckReply, known=TEXTS, missing=TEXTS, gone=TEXTS),
    st.builds(StreamHead, stream=TEXT, seq=COUNT, id=TEXT, index=COUNT),
    st.builds(BlobReply, digest=TEXT, stored=st.booleans()),
    st.builds(Refusal, refusal=TEXT),
    st.builds(ChallengeRequest, kid=TEXT),
    st.builds(Challenge, nonce=TEXT, time_ms=COUNT),
    st.builds(TokenRequest, kid=TEXT, nonce=TEXT, proof=TEXT),
    st.builds(TokenReply, device_token=TEXT, expires_ms=COUNT),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | TEXT | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)


@given(MESSAGES)
def test_a_message_is_read_as_it_was_written(message: Any) -> None:
    line = reading.encode(message.to_json())
    assert b"\n" not in line
    assert type(message).from_json(reading.decode(line)) == message


@given(MESSAGES, st.data())
def test_every_member_is_needed_and_typed(message: Any, data: st.DataObject) -> None:
    document = message.to_json()
    name = data.draw(st.sampled_from(sorted(document.keys() - OPTIONAL)))
    for damaged in (
        {key: value for key, value in document.items() if key != name},
        document | {name: None},
        document | {name: 1.5},
    ):
        with pytest.raises(BadMessage):
            type(message).from_json(damaged)


@given(MESSAGES, JSON)
def test_any_value_leads_to_a_message_or_to_the_one_error(message: Any, value: Any) -> None:
    for candidate in (value, message.to_json() | {"v": value}, [message.to_json()]):
        try:
            type(message).from_json(candidate)
        except BadMessage:
            continue


@given(MESSAGES)
def test_what_a_newer_half_adds_is_ignored(message: Any) -> None:
    assert type(message).from_json(message.to_json() | {"added_later": {"a": 1}}) == message


@given(st.binary(max_size=60))
def test_any_bytes_are_json_or_the_one_error(data: bytes) -> None:
    try:
        reading.decode(data)
    except BadMessage:
        return


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"\xff",
        b"\xef\xbb\xbf{}",
        b'{"a":1,"a":2}',
        b'{"a":"\\ud800"}',
        b"NaN",
        b"1" * 5_000,
        b"[" * 100_000,
    ],
)
def test_what_is_no_json_of_one_meaning_is_refused(data: bytes) -> None:
    with pytest.raises(BadMessage):
        reading.decode(data)


def test_messages_may_nest_deeper_than_records() -> None:
    assert reading.decode(b'{"a":[[[[[[[[1.5]]]]]]]]}') == {"a": [[[[[[[[1.5]]]]]]]]}


def test_another_version_of_the_protocol_is_refused() -> None:
    document = Installation("o", "k", {}, {}, solo=True, demo_allowed=True, time_ms=0, name="n").to_json()
    with pytest.raises(BadMessage, match="version"):
        Installation.from_json(document | {"v": 2})


def test_an_older_server_names_no_witness() -> None:
    document = Installation("o", "k", {}, {}, solo=True, demo_allowed=True, time_ms=0, name="n").to_json()
    read = Installation.from_json({key: value for key, value in document.items() if key not in OPTIONAL})
    assert (read.witnesses, read.k, read.tsas) == ((), 0, ())
    with pytest.raises(BadMessage, match="witnesses"):
        Installation.from_json(document | {"witnesses": [1]})


def test_no_more_than_a_batch_of_receipts() -> None:
    many = {str(number): "r" for number in range(RECEIPTS_MAX + 1)}
    with pytest.raises(BadMessage, match="receipts"):
        ReceiptsReply.from_json({"receipts": many})
    with pytest.raises(BadMessage, match="rids"):
        ReceiptsRequest.from_json({"rids": list(many)})


def test_no_more_than_five_hundred_are_asked_about_at_once() -> None:
    assert len(CheckRequest.from_json({"rids": ["r"] * 500}).rids) == 500
    with pytest.raises(BadMessage, match="500"):
        CheckRequest.from_json({"rids": ["r"] * 501})
    with pytest.raises(BadMessage, match="texts"):
        CheckRequest.from_json({"rids": ["r", 1]})


@pytest.mark.parametrize("index", [True, -1, 2**53, "0", 0.0, None])
def test_an_index_is_an_integer(index: Any) -> None:
    with pytest.raises(BadMessage, match="index"):
        RecordReply.from_json({"rid": "r", "id": "i", "index": index, "receipt": "t"})


def test_an_error_never_quotes_what_was_sent() -> None:
    secret = "a very private memo"
    with pytest.raises(BadMessage) as caught:
        EnrolRequest.from_json({"jwk": {"kty": secret, "x": 1}, "proof": secret})
    assert secret not in str(caught.value)
    with pytest.raises(BadMessage) as caught:
        EnrolRequest.from_json({"jwk": {}, "proof": [secret]})
    assert secret not in str(caught.value)


def test_the_proof_binds_installation_and_token() -> None:
    signed = messages.enrol_proof_input("workdiary/00/0", "token")
    assert signed == (
        b"workdiary enrol v1\nworkdiary/00/0\n"
        b"3c469e9d6c5875d37a43f353d4f88e61fcf812c66eee3457465a40b0da4153e0\n"
    )
    assert b"token" not in signed.splitlines()[-1]
    assert signed != messages.enrol_proof_input("workdiary/00/1", "token")


def test_messages_are_plain_json() -> None:
    assert json.loads(reading.encode(Refusal("a.b.c").to_json())) == {"refusal": "a.b.c"}
