"""The documents, schemas and vectors others implement from say what the code does."""

from __future__ import annotations

import json

import pytest

from tests.evidence.generate import ROOT, binaries, documents
from workdiary.evidence import log
from workdiary.evidence.kinds import base
from workdiary.evidence.notes import NOTE_CAP, SIGNATURES_CAP
from workdiary.evidence.records import KINDS
from workdiary.verify.words import VERDICTS


@pytest.mark.parametrize("name", sorted(documents()))
def test_generated_files_are_up_to_date(name: str) -> None:
    expected = documents()[name]
    assert (ROOT / name).read_text() == expected, "run: python -m tests.evidence.generate"


def test_no_vectors_are_left_that_nobody_makes() -> None:
    names = {f"resources/vectors/{path.name}" for path in (ROOT / "resources" / "vectors").iterdir()}
    assert names <= documents().keys() | binaries().keys()


def test_no_schema_is_left_of_a_kind_that_is_gone() -> None:
    names = {path.name for path in (ROOT / "resources" / "schemas").glob("record-*.json")}
    assert names == {f"record-{kind}.json" for kind in KINDS}


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
