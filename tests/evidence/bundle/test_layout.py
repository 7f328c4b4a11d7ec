"""Names and the manifest: one spelling each way."""

from __future__ import annotations

import subprocess
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fakes.records import CONTRACT, ORIGIN, browser, device
from workdiary.evidence.bundle import Manifest, Span, parse_stem, stem, texts
from workdiary.evidence.bundle.layout import EPOCH_MAX, INDEX_MAX, cap_of, kind_of
from workdiary.evidence.bundle.pem import spki_pem
from workdiary.evidence.canonical import b64u
from workdiary.evidence.errors import EvidenceError
from workdiary.evidence.kinds.base import TreeHead

MANIFEST = Manifest(CONTRACT, Span(0, 5), ORIGIN, 0, 7, None, None, TreeHead(7, b64u(bytes(32))), "client", 5)


def test_stems_are_as_the_contract_has_them() -> None:
    assert stem(0, 17) == "000000000017"
    assert stem(2, 17) == "2-000000000017"


@given(st.integers(0, EPOCH_MAX), st.integers(0, INDEX_MAX))
def test_a_stem_is_read_back(epoch: int, index: int) -> None:
    assert parse_stem(stem(epoch, index)) == (epoch, index)


@pytest.mark.parametrize(
    "text", ["", "1", "0-000000000001", "01-000000000001", "0000000000001", "-000000000001", "1-1", "x" * 12]
)
def test_another_spelling_is_no_stem(text: str) -> None:
    with pytest.raises(EvidenceError):
        parse_stem(text)


@pytest.mark.parametrize(("epoch", "index"), [(-1, 0), (0, -1), (0, INDEX_MAX + 1), (EPOCH_MAX + 1, 0)])
def test_what_has_no_name_is_refused(epoch: int, index: int) -> None:
    with pytest.raises(EvidenceError):
        stem(epoch, index)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("manifest.json", "manifest"),
        ("records/000000000001.jws", "jws"),
        ("records/3-000000000001.disc", "disc"),
        ("log/checkpoint", "checkpoint"),
        ("log/0-checkpoint", "checkpoint"),
        ("log/1-000000000000.epoch", "epoch"),
        ("keys/" + "0" * 64 + ".pem", "pem"),
        ("log/000000000000.epoch", None),
        ("records/000000000001.jws\n", None),
        ("records/000000000001.jwsx", None),
        ("xmanifest.json", None),
    ],
)
def test_a_name_says_what_a_file_holds(name: str, kind: str | None) -> None:
    assert kind_of(name) == kind
    assert kind is None or cap_of(kind) > 0


def test_a_manifest_is_read_back() -> None:
    for manifest in (MANIFEST, replace(MANIFEST, seal=b64u(bytes(32)), before=b64u(bytes(32)), demo=True)):
        assert Manifest.from_json(manifest.to_json()) == manifest
    assert MANIFEST.epoch == 0
    assert replace(MANIFEST, origin=ORIGIN[:-1] + "12").epoch == 12


def test_openssl_reads_the_keys_as_they_are() -> None:
    for jwk in (device().jwk, browser().jwk):
        pem = spki_pem(jwk)
        done = subprocess.run(
            ["openssl", "pkey", "-pubin"], input=pem.encode(), capture_output=True, check=True
        )
        # openssl writes what it has read: the same text means the same DER.
        assert done.stdout.decode() == pem


def test_the_texts_name_no_program_inside_and_say_what_is_not_proven() -> None:
    assert "It does not prove that work was done" in texts.VERIFY_TEXT
    assert "a copy that counts for nothing" in texts.VERIFY_TEXT
    assert "902(13)" in texts.CERTIFICATE_TEXT
    for text in (texts.VERIFY_TEXT, texts.CERTIFICATE_TEXT):
        assert text.isascii()
        assert max(map(len, text.splitlines())) <= 92
