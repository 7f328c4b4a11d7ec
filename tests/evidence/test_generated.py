"""The documents, schemas and vectors others implement from say what the code does."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

import pytest

from tests.evidence.generate import ROOT, documents
from workdiary.evidence import log
from workdiary.evidence.canonical import unb64, unb64u
from workdiary.evidence.envelope import check_signature, open_disclosures, parse
from workdiary.evidence.errors import EvidenceError
from workdiary.evidence.keys import Ed25519Signer
from workdiary.evidence.kinds import base
from workdiary.evidence.notes import NOTE_CAP, SIGNATURES_CAP
from workdiary.evidence.records import KINDS
from workdiary.verify.checks import verify_receipt
from workdiary.verify.words import VERDICTS


def vectors(name: str) -> dict[str, Any]:
    value = json.loads(files("workdiary.resources").joinpath("vectors", name).read_text())
    assert isinstance(value, dict)
    return value


@pytest.mark.parametrize("name", sorted(documents()))
def test_generated_files_are_up_to_date(name: str) -> None:
    expected = documents()[name]
    assert (ROOT / name).read_text() == expected, "run: python -m tests.evidence.generate"


def test_no_schema_is_left_of_a_kind_that_is_gone() -> None:
    names = {path.name for path in (ROOT / "resources" / "schemas").glob("record-*.json")}
    assert names == {f"record-{kind}.json" for kind in KINDS}


def test_accepted_vectors_are_accepted() -> None:
    given = vectors("records.json")
    keys = {key["kid"]: key["jwk"] for key in given["keys"]}
    assert {record["kind"] for record in given["records"]} == set(KINDS)
    for record in given["records"]:
        parsed = parse(record["jws"])
        check_signature(parsed, keys[record["kid"]])
        assert (parsed.id, parsed.kind, parsed.payload) == (record["id"], record["kind"], record["payload"])
        opened = open_disclosures(parsed, [*record["disclosures"].values()])
        assert opened.withheld == ()
        assert set(opened.values) == set(record["disclosures"])


def test_refused_vectors_are_refused() -> None:
    jwk = vectors("records.json")["keys"][0]["jwk"]
    given = vectors("refused.json")
    assert len(given["jws"]) >= 20
    for case in given["jws"]:
        with pytest.raises(EvidenceError):
            check_signature(parse(case["jws"]), jwk)
    parsed = parse(given["disclosures_of"])
    check_signature(parsed, jwk)
    for case in given["disclosures"]:
        with pytest.raises(EvidenceError):
            open_disclosures(parsed, case["texts"])


def test_the_vectors_private_keys_are_theirs() -> None:
    key = vectors("records.json")["keys"][0]
    assert Ed25519Signer(unb64u(key["private"])).kid == key["kid"]


def test_log_vectors_hold() -> None:
    given = vectors("log.json")
    roots = {row["size"]: unb64(row["root"]) for row in given["roots"]}
    leaves = [log.leaf_hash(str(index).encode()) for index in range(300)]
    read = log.leaf_reader(leaves)
    for row in given["inclusion"]:
        root = log.root(row["size"], read)
        assert roots.get(row["size"], root) == root
        path = [unb64(item) for item in row["path"]]
        log.verify_inclusion(leaves[row["index"]], row["index"], row["size"], path, root)
    for row in given["consistency"]:
        proof = [unb64(item) for item in row["proof"]]
        old, new = row["old"], row["new"]
        log.verify_consistency(old, new, proof, log.root(old, read), log.root(new, read))


def test_receipt_vectors_verify() -> None:
    given = vectors("receipts.json")
    for index, row in enumerate(given["receipts"]):
        verified = verify_receipt(row["jws"], row["receipt"], given["vkey"], given["origin"])
        assert (verified.index, verified.note) == (index, given["note"])


def test_schemas_name_every_field() -> None:
    for name, kind in KINDS.items():
        schema = json.loads((ROOT / "resources" / "schemas" / f"record-{name}.json").read_text())
        assert schema["required"] == [*kind.clear_types()]
        assert schema["additionalProperties"] is False


def test_the_document_states_the_caps_and_words_of_the_code() -> None:
    text = (ROOT / "docs" / "evidence-format.md").read_text()
    for cap in (
        f"{base.JWS_CAP // 1024} KiB",
        f"{base.LARGE_JWS_CAP // 1024} KiB",
        f"{base.DISCLOSURE_CAP // 1024} KiB of text, {base.DISCLOSURES_CAP} for a record",
        f"{base.MEMO_CAP:,} bytes",
        f"{NOTE_CAP // 1024} KiB, {SIGNATURES_CAP} signatures",
        f"{log.PROOF_CAP} hashes",
    ):
        assert cap in text
    for axis, words in VERDICTS.items():
        row = next(line for line in text.splitlines() if line.startswith(f"| {axis} |"))
        for word in words:
            assert word in row
