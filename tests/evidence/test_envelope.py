from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jws as joserfc_jws
from joserfc.jwk import ECKey, OKPKey

from tests.fakes.records import (
    browser,
    common,
    counter_entropy,
    device,
    fixed,
    sample_fields,
    sample_record,
)
from workdiary.evidence import disclosure, envelope, keys
from workdiary.evidence.canonical import JsonObject, JsonValue, b64u, dumps, loads_object, unb64u
from workdiary.evidence.errors import EvidenceError
from workdiary.evidence.kinds.base import JWS_CAP, LARGE_JWS_CAP

RECORD = sample_record("segment")
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def resign(header: bytes, payload: bytes, signer: keys.Signer | None = None) -> str:
    """A JWS over any bytes, truly signed."""
    signing_input = f"{b64u(header)}.{b64u(payload)}"
    return f"{signing_input}.{b64u((signer or device()).sign(signing_input.encode()))}"


def with_header(**changes: JsonValue) -> str:
    header: JsonObject = {"alg": "Ed25519", "kid": device().kid, "typ": "wd-segment+sd-jwt"}
    return resign(json.dumps({**header, **changes}).encode(), dumps(RECORD.payload))


def with_payload(**changes: JsonValue) -> str:
    header: JsonObject = {"alg": "Ed25519", "kid": device().kid, "typ": "wd-segment+sd-jwt"}
    return resign(dumps(header), dumps({**RECORD.payload, **changes}))


@pytest.mark.parametrize("signer", [device(), browser()], ids=["Ed25519", "ES256"])
def test_another_library_verifies_our_records(signer: keys.Ed25519Signer | keys.Es256Signer) -> None:
    record = sample_record("segment", signer)
    if signer.alg == "Ed25519":
        key: OKPKey | ECKey = OKPKey.import_key(dict(signer.jwk))  # type: ignore[arg-type]
    else:
        key = ECKey.import_key(dict(signer.jwk))  # type: ignore[arg-type]
    seen = joserfc_jws.deserialize_compact(record.jws, key, algorithms=[signer.alg])
    assert seen.headers() == {"alg": signer.alg, "kid": signer.kid, "typ": "wd-segment+sd-jwt"}
    assert json.loads(seen.payload or b"") == record.payload
    assert key.thumbprint() == signer.kid


def test_the_same_input_gives_the_same_bytes() -> None:
    assert sample_record("segment").jws == RECORD.jws
    assert len(RECORD.jws) < 3_000


def test_member_order_and_white_space_of_a_signed_text_do_not_matter() -> None:
    header = json.dumps({"typ": "wd-segment+sd-jwt", "kid": device().kid, "alg": "Ed25519"}, indent=1)
    text = resign(header.encode(), json.dumps(dict(reversed(RECORD.payload.items()))).encode())
    parsed = envelope.parse(text)
    envelope.check_signature(parsed, device().jwk)
    assert parsed.payload == RECORD.payload
    assert parsed.id != RECORD.id


@pytest.mark.parametrize(
    "text",
    [
        "",
        "..",
        "a.b",
        RECORD.jws + ".",
        RECORD.jws + ".AAAA",
        RECORD.jws + "=",
        RECORD.jws + "\n",
        " " + RECORD.jws,
        RECORD.jws.replace(".", "..", 1),
        RECORD.jws.rsplit(".", 1)[0] + ".",
        RECORD.jws.rsplit(".", 1)[0] + "." + b64u(bytes(63)),
        RECORD.jws.rsplit(".", 1)[0] + "." + b64u(bytes(65)),
        RECORD.jws + "~",
        RECORD.jws + "é",
        "A" * (LARGE_JWS_CAP + 1),
        with_header(jku="x"),
        with_header(crit=["exp"]),
        with_header(alg="none"),
        with_header(alg="EdDSA"),
        with_header(alg="HS256"),
        with_header(alg=None),
        with_header(kid="x"),
        with_header(kid="A" * 42 + "B"),
        with_header(kid=7),
        with_header(typ="JWT"),
        with_header(typ="wd-segment"),
        with_header(typ="WD-SEGMENT+SD-JWT"),
        with_header(typ="application/wd-segment+sd-jwt"),
        with_header(typ="wd-segment+sd-jwt\n"),
        with_header(typ=["wd-segment+sd-jwt"]),
        with_header(typ="wd-" + "x" * 600 + "+sd-jwt"),
        resign(b'{"alg":"Ed25519","alg":"Ed25519","kid":"x","typ":"y"}', b"{}"),
        resign(b"[]", b"{}"),
        resign(b'{"alg":"Ed25519","typ":"wd-segment+sd-jwt"}', b"{}"),
        with_payload(v=0),
        with_payload(v="1"),
        with_payload(v=None),
        with_payload(extra=1),
        with_payload(iat=1),
        with_payload(_sd=[]),
    ],
)
def test_other_forms_are_refused(text: str) -> None:
    with pytest.raises(EvidenceError):
        envelope.parse(text)


def test_the_cap_of_a_kind_is_kept() -> None:
    clear, slots = sample_fields("approve")
    with pytest.raises(EvidenceError) as caught:
        envelope.parse(with_payload(zone="x" * JWS_CAP))
    assert caught.value.code == "cap"
    clear, slots = sample_fields("seal")
    head: JsonValue = {**clear["heads"][0], "holes": [2**53 - 1] * 100}  # type: ignore[dict-item,index,call-overload]
    with pytest.raises(EvidenceError) as caught:
        envelope.build("seal", {**clear, "heads": [head] * 40}, slots, device(), counter_entropy("x"))
    assert caught.value.code == "cap"
    clear, slots = sample_fields("dispute")
    span = clear["targets"][0]  # type: ignore[index,call-overload] # the sample has one
    large = envelope.build(
        "dispute", {**clear, "targets": [span] * 400}, slots, device(), counter_entropy("x")
    )
    assert JWS_CAP < len(large.jws) <= LARGE_JWS_CAP
    assert envelope.parse(large.jws).supported


def test_the_fullest_segment_fits() -> None:
    clear, slots = sample_fields("segment")
    skip: JsonValue = {"seq": 2**53 - 1, "id": b64u(fixed("s")), "code": "x" * 40}
    clear.update({"shots": 42, "buckets": 10, "apps": 64, "skips": [skip] * 32})
    for prefix, count in (("shot", 42), ("act", 10), ("app", 64)):
        slots.update({f"{prefix}.{index}": slots[f"{prefix}.0"] for index in range(count)})
    record = envelope.build("segment", clear, slots, browser(), counter_entropy("full"))
    opened = envelope.open_disclosures(envelope.parse(record.jws), [*record.disclosures.values()])
    assert len(opened.values) == 120


@pytest.mark.parametrize(("version", "kind"), [(2, "segment"), (1, "telepathy"), (99, "new-kind")])
def test_newer_versions_and_kinds_keep_their_place(version: int, kind: str) -> None:
    header: JsonObject = {"alg": "Ed25519", "kid": device().kid, "typ": envelope.typ_of(kind)}
    payload: JsonObject = {**common(5, b64u(fixed("prev"))).fields(), "v": version, "future": {"x": [1]}}
    parsed = envelope.parse(resign(dumps(header), dumps(payload)))
    envelope.check_signature(parsed, device().jwk)
    assert not parsed.supported
    assert (parsed.seq, parsed.stream, parsed.prev) == (5, payload["stream"], payload["prev"])
    with pytest.raises(EvidenceError, match="not supported"):
        envelope.open_disclosures(parsed, [])
    for name in ("log", "ctr", "stream", "seq", "prev", "rid", "at"):
        broken = {key: value for key, value in payload.items() if key != name}
        with pytest.raises(EvidenceError):
            envelope.parse(resign(dumps(header), dumps(broken)))


def test_only_the_named_key_verifies() -> None:
    parsed = envelope.parse(RECORD.jws)
    for jwk in (device("other").jwk, browser().jwk):
        with pytest.raises(EvidenceError) as caught:
            envelope.check_signature(parsed, jwk)
        assert caught.value.code == "key"
    forged = envelope.parse(with_header(kid=device("other").kid))
    with pytest.raises(EvidenceError) as caught:
        envelope.check_signature(forged, device("other").jwk)
    assert caught.value.code == "signature"
    mixed = envelope.parse(with_header(alg="ES256"))
    with pytest.raises(EvidenceError, match="algorithm"):
        envelope.check_signature(mixed, device().jwk)


def test_an_opening_introduces_the_key_that_signs_it() -> None:
    clear, slots = sample_fields("open")
    with pytest.raises(EvidenceError, match="another key"):
        envelope.build("open", clear, slots, device(), counter_entropy("x"))
    clear["jwk"] = dict(device().jwk)
    record = envelope.build("open", clear, slots, device(), counter_entropy("x"))
    assert envelope.parse(record.jws).seq == 0
    header: JsonObject = {"alg": "Ed25519", "kid": device("other").kid, "typ": "wd-open+sd-jwt"}
    with pytest.raises(EvidenceError, match="another key"):
        envelope.parse(resign(dumps(header), dumps(record.payload), device("other")))


def test_disclosures_may_be_withheld_one_by_one() -> None:
    parsed = envelope.parse(RECORD.jws)
    texts = dict(RECORD.disclosures)
    hidden = disclosure.digest(texts.pop("shot.0"))
    opened = envelope.open_disclosures(parsed, [*texts.values()])
    assert opened.withheld == (hidden,)
    assert "shot.0" not in opened.values
    assert len(envelope.open_disclosures(parsed, []).withheld) == len(RECORD.disclosures)


def test_disclosures_that_the_record_does_not_name_are_refused() -> None:
    parsed = envelope.parse(RECORD.jws)
    memo = RECORD.disclosures["memo"]
    padded = b64u(unb64u(memo) + b" ")
    other_salt = disclosure.make("memo", "Écris le test", bytes(16))
    for texts in ([memo, memo], [padded], [other_salt], [memo + "="], ["x"], [memo] * 129):
        with pytest.raises(EvidenceError):
            envelope.open_disclosures(parsed, texts)


def test_a_signer_cannot_smuggle_in_slots() -> None:
    """A hostile device signs digests of disclosures that the table does not have, or two for one slot."""
    shot = disclosure.parse(RECORD.disclosures["shot.0"]).value
    texts = [
        disclosure.make(name, value, fixed(f"salt {index}", 16))
        for index, (name, value) in enumerate(
            [("memo", "a"), ("memo", "b"), ("secret", 1), ("shot.1", shot), ("at", 5), ("label", 7)]
        )
    ]
    count = len(RECORD.disclosures)
    filler = [b64u(fixed(f"digest {index}")) for index in range(count - len(texts))]
    digests = sorted([*map(disclosure.digest, texts), *filler])
    parsed = envelope.parse(with_payload(_sd=[*digests]))
    envelope.open_disclosures(parsed, texts[:1])
    for shown in (texts[:2], [texts[2]], [texts[3]], [texts[4]], [texts[5]]):
        with pytest.raises(EvidenceError):
            envelope.open_disclosures(parsed, shown)


def test_the_writer_refuses_what_the_reader_would() -> None:
    clear, slots = sample_fields("segment")
    entropy = counter_entropy("x")
    for fields, values in (
        ({**clear, "more": 1}, slots),
        ({**clear, "shots": 2}, slots),
        ({**clear, "shots": "1"}, slots),
        ({name: clear[name] for name in clear if name != "shots"}, slots),
        ({name: clear[name] for name in clear if name != "mode"}, slots),
        (clear, {**slots, "more": 1}),
        (clear, {name: slots[name] for name in slots if name != "memo"}),
        (clear, {**slots, "memo": 5}),
        (clear, {**slots, "memo": "x" * 2001}),
        (clear, {**slots, "memo": "\ud800"}),
        (clear, {**slots, "shot.0": None}),
    ):
        with pytest.raises(EvidenceError):
            envelope.build("segment", fields, values, device(), entropy)
    with pytest.raises(EvidenceError, match="unknown kind"):
        envelope.build("telepathy", clear, slots, device(), entropy)


def test_messages_never_quote_content() -> None:
    clear, slots = sample_fields("segment")
    for values in ({**slots, "memo": "confidential" * 400}, {**slots, "label": ["confidential"]}):
        with pytest.raises(EvidenceError) as caught:
            envelope.build("segment", clear, values, device(), counter_entropy("x"))
        assert "confidential" not in str(caught.value)


@given(st.integers(0, len(RECORD.jws) - 1), st.sampled_from(ALPHABET + ".=~ \n"))
def test_no_second_text_of_a_record_verifies(place: int, char: str) -> None:
    changed = RECORD.jws[:place] + char + RECORD.jws[place + 1 :]
    if changed == RECORD.jws:
        return
    with pytest.raises(EvidenceError):
        envelope.check_signature(envelope.parse(changed), device().jwk)


@given(
    st.text(st.characters(exclude_categories=[]))
    | st.lists(st.binary(max_size=40).map(b64u), min_size=3, max_size=3).map(".".join)
)
def test_hostile_texts_raise_only_evidence_errors(text: str) -> None:
    with pytest.raises(EvidenceError):
        envelope.parse(text)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


@given(st.sampled_from(sorted(RECORD.payload)), JSON)
def test_hostile_fields_raise_only_evidence_errors(name: str, value: JsonValue) -> None:
    header: JsonObject = {"alg": "Ed25519", "kid": device().kid, "typ": "wd-segment+sd-jwt"}
    payload = json.dumps({**RECORD.payload, name: value}).encode("utf-8", "surrogatepass")
    try:
        parsed = envelope.parse(resign(dumps(header), payload))
    except EvidenceError:
        return
    if parsed.supported:
        envelope.open_disclosures(parsed, [])


@given(st.lists(st.sampled_from([*RECORD.disclosures.values(), "x", ""]) | st.text(max_size=30), max_size=5))
def test_hostile_disclosures_raise_only_evidence_errors(texts: list[str]) -> None:
    parsed = envelope.parse(RECORD.jws)
    try:
        opened = envelope.open_disclosures(parsed, texts)
    except EvidenceError:
        return
    assert len(opened.values) == len(texts) == len(set(texts))


def test_a_payload_is_read_as_it_was_signed() -> None:
    parsed = envelope.parse(RECORD.jws)
    assert loads_object(unb64u(RECORD.jws.split(".")[1])) == parsed.payload
    assert parsed.signing_input.decode() == RECORD.jws.rsplit(".", 1)[0]
    assert (parsed.log, parsed.ctr, parsed.rid) == tuple(RECORD.payload[n] for n in ("log", "ctr", "rid"))
