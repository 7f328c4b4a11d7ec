"""npm `jose` and `@sd-jwt/core` read our records as we do, and refuse what is not signed like this."""

from __future__ import annotations

import json
import os
import random
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from tests.crosscheck.random_cases import Drawn, draw_record, flip
from tests.crosscheck.tools import node
from workdiary.evidence.canonical import JsonObject
from workdiary.evidence.keys import Ed25519Signer

VECTORS = files("workdiary.resources").joinpath("vectors")
RECORDS: dict[str, Any] = json.loads(VECTORS.joinpath("records.json").read_text())
REFUSED: dict[str, Any] = json.loads(VECTORS.joinpath("refused.json").read_text())
KEYS = {key["kid"]: key["jwk"] for key in RECORDS["keys"]}
# A general reader of JWS knows these; the other classes are this profile's alone, and well signed.
GENERAL = {
    "alg none", "alg EdDSA", "alg of another curve", "alg in lower case", "alg that is no text",
    "a header with crit", "a header that is a list", "no text", "two parts", "a fourth part",
    "an empty signature", "a character outside ASCII", "S not canonical", "a bit of R", "a bit of S",
    "a signature of zeroes", "R of small order and S 0", "63 bytes of signature", "65 bytes of signature",
    "the signature of another key", "a changed payload", "ES256 with r 0", "ES256 with s 0",
    "ES256 with r of n", "ES256 in DER", "ES256 with r and s exchanged", "a P-256 key under alg Ed25519",
    "a leading zero", "NaN", "bytes that are no UTF-8", "a comma too many", "two values",
}  # fmt: skip


def test_the_vectors_are_read_alike(tmp_path: Path) -> None:
    records = RECORDS["records"]
    cases = [_case(row["jws"], KEYS[row["kid"]], row["disclosures"].values()) for row in records]
    for row, verdict in zip(records, node(cases, tmp_path), strict=True):
        assert verdict["jose"] == row["payload"], row["kind"]
        assert verdict["kid"] == row["kid"]
        assert verdict["claims"].keys() == (row["payload"].keys() | row["disclosures"].keys()) - {
            "_sd",
            "_sd_alg",
        }


def test_every_general_class_of_refused_text_is_refused_there_too(tmp_path: Path) -> None:
    rows = REFUSED["jws"]
    assert {row["why"] for row in rows} >= GENERAL
    verdicts = node([_case(row["jws"], KEYS[row["kid"]], ()) for row in rows], tmp_path)
    taken = {row["why"] for row, verdict in zip(rows, verdicts, strict=True) if verdict["jose"] is not None}
    assert not taken & GENERAL
    # Signed with the key that belongs there: it is the profile, not the signature, that rules them out.
    assert len(taken) > 60


def test_malformed_disclosures_are_refused_there_too(tmp_path: Path) -> None:
    rows = [
        row for row in REFUSED["disclosures"] if row["why"] in {"not a disclosure", "four parts", "an object"}
    ]
    assert len(rows) == 3
    jwk = RECORDS["keys"][0]["jwk"]
    for verdict in node([_case(row["jws"], jwk, row["texts"]) for row in rows], tmp_path):
        assert verdict["jose"] is not None
        assert verdict["claims"] is None


@pytest.fixture
def drawn() -> tuple[random.Random, list[Drawn]]:
    draw = random.Random(int(os.environ.get("WORKDIARY_TEST_SEED", "1")))
    return draw, [draw_record(draw) for _ in range(80)]


def test_records_drawn_at_random_are_read_alike(
    drawn: tuple[random.Random, list[Drawn]], tmp_path: Path
) -> None:
    _, records = drawn
    cases = [_case(one.record.jws, one.signer.jwk, one.shown.values()) for one in records]
    for one, verdict in zip(records, node(cases, tmp_path), strict=True):
        assert verdict["jose"] == one.record.payload
        assert verdict["claims"] == _claims(one)
        assert verdict["kid"] == one.signer.kid


def test_a_bit_changed_anywhere_is_seen(drawn: tuple[random.Random, list[Drawn]], tmp_path: Path) -> None:
    draw, records = drawn
    cases = []
    for one in records:
        parts = one.record.jws.split(".")
        place = draw.randrange(3)
        parts[place] = flip(draw, parts[place])
        cases.append(_case(".".join(parts), one.signer.jwk, ()))
        cases.append(_case(one.record.jws, Ed25519Signer(draw.randbytes(32)).jwk, ()))
    assert all(verdict["jose"] is None for verdict in node(cases, tmp_path))


def test_a_changed_disclosure_shows_nothing(drawn: tuple[random.Random, list[Drawn]], tmp_path: Path) -> None:
    draw, records = drawn
    cases = []
    for one in records:
        texts = [flip(draw, text) for text in one.shown.values()]
        cases.append(_case(one.record.jws, one.signer.jwk, texts))
    for one, verdict in zip(records, node(cases, tmp_path), strict=True):
        # It is refused, or matches no digest: either way its slot stays closed.
        assert not (verdict["claims"] or {}).keys() & one.shown.keys()


def _case(jws: str, jwk: dict[str, str], disclosures: Any) -> dict[str, Any]:
    return {"jws": jws, "jwk": jwk, "disclosures": [*disclosures]}


def _claims(one: Drawn) -> JsonObject:
    clear = {name: value for name, value in one.record.payload.items() if name not in {"_sd", "_sd_alg"}}
    return {**clear, **one.values}
