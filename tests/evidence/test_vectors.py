"""What stands in resources/vectors is accepted and refused as it says: the contract with other programs."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

import pytest

from workdiary.evidence import cosign, leaves, log, recovery
from workdiary.evidence.canonical import b64, b64u, unb64, unb64u
from workdiary.evidence.envelope import check_signature, open_disclosures, parse
from workdiary.evidence.errors import EvidenceError
from workdiary.evidence.keys import Ed25519Signer, check_key
from workdiary.evidence.notes import open_note, parse_checkpoint, parse_vkey, split_note
from workdiary.evidence.records import KINDS
from workdiary.evidence.tiles import parse_path
from workdiary.verify.checks import verify_checkpoint, verify_receipt


def vectors(name: str) -> dict[str, Any]:
    value = json.loads(files("workdiary.resources").joinpath("vectors", name).read_text())
    assert isinstance(value, dict)
    return value


RECORDS = vectors("records.json")
REFUSED = vectors("refused.json")
NOTES = vectors("notes.json")
LEAVES = vectors("leaves.json")
LOG = vectors("log.json")
RECEIPTS = vectors("receipts.json")
RECOVERY = vectors("recovery.json")
KEYS = {key["kid"]: key["jwk"] for key in RECORDS["keys"]}


def why(case: dict[str, Any]) -> str:
    return str(case.get("why", ""))


def test_accepted_records_are_accepted() -> None:
    assert {record["kind"] for record in RECORDS["records"]} == set(KINDS)
    assert {KEYS[record["kid"]]["kty"] for record in RECORDS["records"]} == {"OKP", "EC"}
    for record in RECORDS["records"]:
        parsed = parse(record["jws"])
        check_signature(parsed, KEYS[record["kid"]])
        assert (parsed.id, parsed.kind, parsed.payload) == (record["id"], record["kind"], record["payload"])
        opened = open_disclosures(parsed, [*record["disclosures"].values()])
        assert opened.withheld == ()
        assert set(opened.values) == set(record["disclosures"])


@pytest.mark.parametrize("case", RECORDS["other_forms"], ids=why)
def test_other_forms_are_accepted(case: dict[str, Any]) -> None:
    parsed = parse(case["jws"])
    check_signature(parsed, KEYS[case["kid"]])
    assert (parsed.id, parsed.supported) == (case["id"], True)


@pytest.mark.parametrize("case", RECORDS["unsupported"], ids=why)
def test_what_is_not_supported_keeps_its_place(case: dict[str, Any]) -> None:
    parsed = parse(case["jws"])
    check_signature(parsed, KEYS[case["kid"]])
    assert (parsed.id, parsed.supported) == (case["id"], False)
    assert {name: parsed.payload[name] for name in case["place"]} == case["place"]


@pytest.mark.parametrize("case", REFUSED["jws"], ids=why)
def test_refused_records_are_refused(case: dict[str, Any]) -> None:
    with pytest.raises(EvidenceError):
        check_signature(parse(case["jws"]), KEYS[case["kid"]])


def test_most_refused_records_are_well_signed() -> None:
    # Otherwise a reader that checks nothing but signatures would pass them all.
    assert sum(_signed(case) for case in REFUSED["jws"]) > len(REFUSED["jws"]) / 2


def _signed(case: dict[str, Any]) -> bool:
    head, _, signature = case["jws"].rpartition(".")
    jwk = KEYS[case["kid"]]
    try:
        check_signature_of(jwk, head.encode(), unb64u(signature))
    except EvidenceError:
        return False
    return True


def check_signature_of(jwk: dict[str, str], data: bytes, signature: bytes) -> None:
    from workdiary.evidence.keys import alg_of, verify

    verify(jwk, alg_of(jwk), data, signature)


@pytest.mark.parametrize("case", REFUSED["disclosures"], ids=why)
def test_refused_disclosures_are_refused(case: dict[str, Any]) -> None:
    parsed = parse(case["jws"])
    check_signature(parsed, RECORDS["keys"][0]["jwk"])
    with pytest.raises(EvidenceError):
        open_disclosures(parsed, case["texts"])


@pytest.mark.parametrize("case", REFUSED["keys"], ids=why)
def test_refused_keys_are_refused(case: dict[str, Any]) -> None:
    with pytest.raises(EvidenceError):
        check_key(case["jwk"])


def test_the_vectors_private_keys_are_theirs() -> None:
    key = RECORDS["keys"][0]
    assert Ed25519Signer(unb64u(key["private"])).kid == key["kid"]
    for row in NOTES["cosigners"]:
        vkey = cosign.parse_cosigner(row["vkey"])
        assert cosign.Cosigner(vkey.name, unb64u(row["private"])).vkey == vkey


@pytest.mark.parametrize("case", NOTES["notes"], ids=why)
def test_notes_open(case: dict[str, Any]) -> None:
    checkpoint = verify_checkpoint(case["note"], NOTES["vkey"], NOTES["origin"])
    assert (checkpoint.size, b64(checkpoint.root)) == (case["size"], case["root"])
    keys = [cosign.parse_cosigner(row["vkey"]) for row in NOTES["cosigners"]]
    found = [{"name": item.name, "time": item.time_s} for item in cosign.cosignatures(case["note"], keys)]
    assert found == case["cosignatures"]


@pytest.mark.parametrize("case", NOTES["refused"], ids=why)
def test_refused_notes_are_refused(case: dict[str, Any]) -> None:
    keys = [cosign.parse_cosigner(row["vkey"]) for row in NOTES["cosigners"]]
    with pytest.raises(EvidenceError):
        _open_whole(case["note"], keys)


def _open_whole(note: str, keys: list[cosign.CosignerKey]) -> None:
    verify_checkpoint(note, NOTES["vkey"], NOTES["origin"])
    cosign.cosignatures(note, keys)


@pytest.mark.parametrize("case", NOTES["refused_vkeys"], ids=why)
def test_refused_vkeys_are_refused(case: dict[str, Any]) -> None:
    for read in (parse_vkey, cosign.parse_cosigner):
        with pytest.raises(EvidenceError):
            read(case["vkey"])


def test_leaves_are_what_they_say() -> None:
    for row in LEAVES["leaves"]:
        leaf = unb64(row["leaf"])
        assert b64(log.leaf_hash(leaf)) == row["hash"]
        if leaf[:1] == log.LEAF_EPOCH:
            assert leaves.parse_epoch(leaf) == row["note"]
            continue
        beacon = leaves.parse_beacon(leaf)
        assert (beacon.note, beacon.token and b64(beacon.token)) == (row["note"], row["token"])


@pytest.mark.parametrize("case", LEAVES["refused"], ids=why)
def test_refused_leaves_are_refused(case: dict[str, Any]) -> None:
    for read in (leaves.parse_beacon, leaves.parse_epoch):
        with pytest.raises(EvidenceError):
            read(unb64(case["leaf"]))


def test_log_vectors_hold() -> None:
    roots = {row["size"]: unb64(row["root"]) for row in LOG["roots"]}
    hashes = [log.leaf_hash(str(index).encode()) for index in range(300)]
    read = log.leaf_reader(hashes)
    assert all(log.root(size, read) == root for size, root in roots.items())
    for row in LOG["inclusion"]:
        assert unb64(row["leaf"]) == hashes[row["index"]]
        assert unb64(row["root"]) == log.root(row["size"], read)
        _include(row)
    for row in LOG["consistency"]:
        _extend(row)


@pytest.mark.parametrize("case", LOG["refused_inclusion"], ids=why)
def test_refused_inclusions_are_refused(case: dict[str, Any]) -> None:
    with pytest.raises(EvidenceError):
        _include(case)


@pytest.mark.parametrize("case", LOG["refused_consistency"], ids=why)
def test_refused_consistencies_are_refused(case: dict[str, Any]) -> None:
    with pytest.raises(EvidenceError):
        _extend(case)


@pytest.mark.parametrize("path", LOG["refused_tile_paths"])
def test_refused_tile_paths_are_refused(path: str) -> None:
    with pytest.raises(EvidenceError):
        parse_path(path)


def _include(row: dict[str, Any]) -> None:
    path = [unb64(item) for item in row["path"]]
    log.verify_inclusion(unb64(row["leaf"]), row["index"], row["size"], path, unb64(row["root"]))


def _extend(row: dict[str, Any]) -> None:
    proof = [unb64(item) for item in row["proof"]]
    roots = unb64(row["old_root"]), unb64(row["new_root"])
    log.verify_consistency(row["old"], row["new"], proof, *roots)


def test_receipts_verify() -> None:
    for row in RECEIPTS["receipts"]:
        verified = verify_receipt(row["jws"], row["receipt"], RECEIPTS["vkey"], RECEIPTS["origin"])
        assert split_note(verified.note)[0] == split_note(RECEIPTS["note"])[0]
    text = open_note(RECEIPTS["note"], [parse_vkey(RECEIPTS["vkey"])]).text
    assert parse_checkpoint(text).size == 6


@pytest.mark.parametrize("case", RECEIPTS["refused"], ids=why)
def test_refused_receipts_are_refused(case: dict[str, Any]) -> None:
    with pytest.raises(EvidenceError):
        verify_receipt(case["jws"], case["receipt"], RECEIPTS["vkey"], RECEIPTS["origin"])


def test_recovery_codes_lead_to_their_roots() -> None:
    for row in RECOVERY["codes"]:
        secret = recovery.parse_recovery(row["code"])
        assert b64u(secret) == row["secret"]
        assert recovery.recovery_code(secret) == row["code"]
        assert b64u(recovery.root_seed(secret)) == row["seed"]
        assert Ed25519Signer(unb64u(row["seed"])).kid == row["kid"]
        assert [*recovery.words(row["kid"])] == row["words"]
        assert [*recovery.words(row["kid"], recovery.SHORT_WORDS)] == row["short"]
    for row in RECOVERY["typed"]:
        assert b64u(recovery.parse_recovery(row["text"])) == row["secret"]


@pytest.mark.parametrize("case", RECOVERY["refused"], ids=why)
def test_refused_codes_are_refused(case: dict[str, Any]) -> None:
    with pytest.raises(EvidenceError):
        recovery.parse_recovery(case["text"])


def test_every_vector_says_why_once() -> None:
    for name, rows in (
        ("jws", REFUSED["jws"]),
        ("disclosures", REFUSED["disclosures"]),
        ("keys", REFUSED["keys"]),
        ("notes", NOTES["refused"]),
        ("receipts", RECEIPTS["refused"]),
    ):
        assert len({row["why"] for row in rows}) == len(rows), name
