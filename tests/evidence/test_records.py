from __future__ import annotations

from typing import get_args

import pytest

from tests.fakes.records import CONTRACT, common, device, sample_fields, sample_record
from workdiary.client.segment import model
from workdiary.evidence import records
from workdiary.evidence.canonical import JsonObject, JsonValue, clip
from workdiary.evidence.envelope import check_signature, open_disclosures, parse
from workdiary.evidence.errors import EvidenceError
from workdiary.evidence.fields import Nullable, Text, as_jwk
from workdiary.evidence.kinds import base, time
from workdiary.evidence.records import KINDS

# Every kind that evidence.md names.
NAMED = [
    *("open", "segment", "memo", "redact", "replace", "discard", "idle-claim", "manual", "annotate"),
    *("clock-place", "terms", "consent", "approve", "client-verdict", "dispute", "answer", "withdraw"),
    *("appeal", "decision", "refund", "access", "policy", "lock", "seal", "expire", "erase", "refusal"),
    *("cert", "rotate", "revoke", "endorse", "rejoin", "ceiling"),
]
WRONG: tuple[JsonValue, ...] = (
    None,
    True,
    -1,
    2**53 - 1,
    "",
    "x",
    "x" * 20_000,
    [],
    [0],
    {},
    {"x": 1},
    "../..",
    "A" * 43,
)


def payload_of(kind: str) -> JsonObject:
    return dict(parse(sample_record(kind).jws).payload)


def test_the_table_has_every_kind() -> None:
    assert sorted(KINDS) == sorted(NAMED)
    for name, kind in KINDS.items():
        assert name == kind.name
        slots = [*kind.slots, *(f"{prefix}.0" for prefix in kind.counted)]
        assert not set(slots) & set(kind.clear_types()), "a slot may not collide with a clear field"
        assert set(base.COMMON) & set(kind.clear) == set()
        assert kind.signers
        assert all(isinstance(field, Nullable) for field in kind.slots.values()), "a slot's value may be null"


def test_the_caps_fit_into_one_another() -> None:
    slots = len(KINDS["segment"].slots)
    assert slots + time.SHOTS_CAP + time.BUCKETS_CAP + time.APPS_CAP <= base.DISCLOSURES_CAP


def test_the_words_are_those_of_the_tracker() -> None:
    assert set(get_args(model.OpenReason)) == set(time.OPEN_REASONS)
    assert set(get_args(model.CloseReason)) == set(time.CLOSE_REASONS)
    assert set(get_args(model.NoShot)) == set(time.NO_SHOT_REASONS)


@pytest.mark.parametrize("kind", NAMED)
def test_every_kind_is_signed_parsed_and_opened(kind: str) -> None:
    record = sample_record(kind)
    parsed = parse(record.jws)
    check_signature(parsed, device().jwk)
    assert (parsed.kind, parsed.id, parsed.payload) == (kind, record.id, record.payload)
    opened = open_disclosures(parsed, [*record.disclosures.values()])
    assert set(opened.values) == set(record.disclosures) == set(records.slot_names(kind, record.payload))
    assert opened.withheld == ()
    assert {name: record.digest(name) for name in record.disclosures} == dict(opened.digests)


@pytest.mark.parametrize("kind", NAMED)
def test_every_clear_field_is_needed_and_none_more(kind: str) -> None:
    payload = payload_of(kind)
    records.check_clear(kind, payload)
    for name in payload:
        with pytest.raises(EvidenceError):
            records.check_clear(kind, {key: value for key, value in payload.items() if key != name})
    with pytest.raises(EvidenceError, match="unknown clear field") as caught:
        records.check_clear(kind, {**payload, "secret-note": 1})
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("kind", NAMED)
def test_wrong_values_are_refused_field_by_field(kind: str) -> None:
    payload = payload_of(kind)
    for name, field in KINDS[kind].clear_types().items():
        refused = 0
        for value in WRONG:
            try:
                field.check(value, name)
            except EvidenceError as error:
                assert error.code == "field"  # noqa: PT017 - every refusal is looked at
                refused += 1
                with pytest.raises(EvidenceError):
                    records.check_clear(kind, {**payload, name: value})
        assert refused >= len(WRONG) // 2, f"{kind}.{name} takes nearly anything"


@pytest.mark.parametrize("kind", NAMED)
def test_wrong_slot_values_are_refused(kind: str) -> None:
    for name in sample_record(kind).disclosures:
        refused = 0
        for value in WRONG:
            try:
                records.check_value(kind, name, value)
            except EvidenceError:
                refused += 1
        assert refused >= len(WRONG) // 2
    for name in ("nothing", "shot.", "shot.00", "shot.x", "act.-1", "shot.\u0661", "memo.0", ""):
        with pytest.raises(EvidenceError):
            records.slot_type(kind, name)


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("segment", {"seq": 0}),
        ("segment", {"prev": None}),
        ("segment", {"ctr": None}),
        ("segment", {"start": 1_795_382_400_001}),
        ("segment", {"at": -1}),
        ("segment", {"shots": 2}),
        ("segment", {"shots": True}),
        ("segment", {"log": "workdiary/host.example/0"}),
        ("segment", {"log": "workdiary/00112233445566778899AABBCCDDEEFF/0"}),
        ("segment", {"log": "workdiary/00112233445566778899aabbccddeeff/01"}),
        ("segment", {"open": "lock"}),
        ("segment", {"close": "start"}),
        ("segment", {"skips": [{"seq": 1, "id": "A" * 43, "code": "Not A Code"}]}),
        ("segment", {"_sd_alg": "sha-512"}),
        ("segment", {"v": 2}),
        ("segment", {"v": True}),
        ("open", {"seq": 1}),
        ("open", {"prev": "A" * 43}),
        ("memo", {"at": 1_795_382_400_000}),
        ("cert", {"ctr": CONTRACT}),
        ("approve", {"week": "2026-W54"}),
        ("dispute", {"minutes": 30}),
        ("dispute", {"targets": []}),
        ("terms", {"roots": {"freelancer": None, "client": None}}),
    ],
)
def test_what_does_not_belong_together_is_refused(kind: str, change: JsonObject) -> None:
    with pytest.raises(EvidenceError):
        records.check_clear(kind, {**payload_of(kind), **change})


def test_impossible_times_are_no_matter_of_form() -> None:
    payload = payload_of("segment")
    start = payload["start"]
    assert isinstance(start, int)
    records.check_clear("segment", {**payload, "end": start - 1, "tracked": 10**9, "mono1": 0})


@pytest.mark.parametrize("order", ["reversed", "twice", "short", "long"])
def test_digests_are_sorted_unique_and_complete(order: str) -> None:
    payload = payload_of("segment")
    digests = payload["_sd"]
    assert isinstance(digests, list)
    changed: dict[str, list[JsonValue]] = {
        "reversed": digests[::-1],
        "twice": [digests[0], *digests[:-1]],
        "short": digests[:-1],
        "long": [*digests, "_" * 42 + "8"],
    }
    with pytest.raises(EvidenceError, match="_sd"):
        records.check_clear("segment", {**payload, "_sd": changed[order]})


def test_names_from_a_desktop_are_cut_to_what_fits() -> None:
    assert clip("Ünïcode", 3) == "Ün"
    assert clip("x" * 300, 200) == "x" * 200
    assert clip("a\ud800b", 10) == "a?b"
    field = Text(time.TITLE_CAP)
    field.check(clip("😂" * 400, time.TITLE_CAP), "title")


def test_a_jwk_is_an_object_of_texts() -> None:
    assert as_jwk({"crv": "Ed25519"}, "jwk") == {"crv": "Ed25519"}
    for value in (None, "x", [], {"crv": 1}, {"x": None}):
        with pytest.raises(EvidenceError, match="jwk"):
            as_jwk(value, "jwk")


def test_common_fields_take_their_place_in_every_kind() -> None:
    clear, slots = sample_fields("memo", common(7, "B" * 42 + "A", terms=None, cp=None))
    assert (clear["seq"], clear["terms"], clear["cp"]) == (7, None, None)
    assert set(slots) == {"memo", "label"}
