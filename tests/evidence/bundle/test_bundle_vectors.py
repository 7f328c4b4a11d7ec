"""resources/vectors/bundle.zip and bundles.json: as generated, and every case as it says."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

import pytest

from tests.evidence.vectors.bundle import changed, good
from tests.faults.test_bundle_mutations import outcome
from workdiary.evidence.bundle import open_bundle
from workdiary.evidence.canonical import unb64
from workdiary.evidence.digest import sha256_hex
from workdiary.evidence.errors import EvidenceError
from workdiary.verify.trust import parse_trust

FOLDER = files("workdiary.resources").joinpath("vectors")
GIVEN: Mapping[str, Any] = json.loads(FOLDER.joinpath("bundles.json").read_text())
BUNDLE = FOLDER.joinpath("bundle.zip").read_bytes()
TRUST = parse_trust(json.dumps(GIVEN["trust"]))


def why(case: Mapping[str, Any]) -> str:
    return str(case["why"])


def test_the_bundle_is_the_one_generated_and_small() -> None:
    assert good().data == BUNDLE, "run: python -m tests.evidence.generate"
    assert sha256_hex(BUNDLE) == GIVEN["sha256"]
    assert len(BUNDLE) + len(json.dumps(GIVEN)) < 300_000


@pytest.mark.parametrize("case", GIVEN["files"], ids=why)
def test_each_change_ends_as_it_says(case: Mapping[str, Any]) -> None:
    change = {name: None if data is None else unb64(data) for name, data in case["change"].items()}
    found = outcome(changed(change, sums=case["sums"]), TRUST)
    assert (found.exit, case["word"] in found.words) == (case["exit"], True), sorted(found.words)


@pytest.mark.parametrize("case", GIVEN["archives"], ids=why)
def test_each_other_archive_is_refused(case: Mapping[str, Any]) -> None:
    at = case["at"]
    data = BUNDLE[:at] + unb64(case["bytes"]) + BUNDLE[at + case["cut"] :]
    with pytest.raises(EvidenceError):
        open_bundle(data)
