from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fakes.records import (
    ORIGIN,
    START,
    SampleLog,
    SampleStream,
    counter_entropy,
    device,
    fixed,
    sample_fields,
    sample_record,
)
from workdiary.evidence import log, notes
from workdiary.evidence.canonical import JsonValue, b64u
from workdiary.evidence.envelope import build, parse
from workdiary.evidence.errors import EvidenceError
from workdiary.verify import checks

RECORD = sample_record("segment")
# Lone surrogates included: JSON and file names can bring them.
ANY_TEXT = st.text(st.characters(exclude_categories=[]), max_size=200)


def log_of(count: int, name: str = "log") -> SampleLog:
    made = SampleLog(name=name)
    stream = SampleStream()
    made.append(stream.open().jws)
    for _ in range(count - 1):
        made.append(stream.add("memo").jws)
    return made


def proof_between(grown: SampleLog, old: int) -> list[bytes]:
    return log.consistency_proof(old, len(grown.leaves), log.leaf_reader(grown.leaves))


def test_a_record_verifies_with_its_disclosures() -> None:
    verified = checks.verify_record(RECORD.jws, [*RECORD.disclosures.values()], device().jwk)
    assert verified.parsed.id == RECORD.id
    assert verified.opened is not None
    assert verified.opened.values["memo"] == "Écris le test"
    with pytest.raises(EvidenceError):
        checks.verify_record(RECORD.jws, [], device("other").jwk)


def test_a_receipt_proves_one_record_at_one_place_in_one_log() -> None:
    made = log_of(9)
    index = made.append(RECORD.jws)
    receipt = made.receipt(index)
    verified = checks.verify_receipt(RECORD.jws, receipt, made.vkey, ORIGIN)
    assert (verified.index, verified.checkpoint.size, verified.note) == (9, 10, made.note())
    other = log_of(9, "other")
    other.append(RECORD.jws)
    for jws, text, vkey, origin in (
        (sample_record("memo").jws, receipt, made.vkey, ORIGIN),
        (RECORD.jws, receipt.replace("index 9", "index 8"), made.vkey, ORIGIN),
        (RECORD.jws, receipt, other.vkey, ORIGIN),
        (RECORD.jws, receipt, made.vkey, ORIGIN[:-1] + "1"),
        (RECORD.jws, other.receipt(9), made.vkey, ORIGIN),
        (RECORD.jws, receipt.replace("\n10\n", "\n11\n"), made.vkey, ORIGIN),
        (RECORD.jws, "<html>sign in to the wifi</html>", made.vkey, ORIGIN),
        (RECORD.jws, receipt, "not a key", ORIGIN),
    ):
        with pytest.raises(EvidenceError):
            checks.verify_receipt(jws, text, vkey, origin)


def test_a_log_that_grows_is_consistent() -> None:
    made = log_of(5)
    old = made.note()
    for _ in range(7):
        made.append(RECORD.jws)
    new = checks.verify_consistency(old, made.note(), proof_between(made, 5), made.vkey)
    assert new.size == 12
    assert checks.verify_consistency(old, old, [], made.vkey).size == 5
    empty = made.note(0)
    assert checks.verify_consistency(empty, old, [], made.vkey).size == 5


def test_rollback_fork_and_another_log_are_told_apart() -> None:
    made = log_of(5)
    old = made.note()
    forked = log_of(4)
    forked.append(RECORD.jws)
    with pytest.raises(EvidenceError) as caught:
        checks.verify_consistency(old, forked.note(), [], made.vkey)
    assert caught.value.code == "fork"
    with pytest.raises(EvidenceError) as caught:
        checks.verify_consistency(old, made.note(3), [], made.vkey)
    assert caught.value.code == "rollback"
    forked.append(RECORD.jws)
    with pytest.raises(EvidenceError) as caught:
        checks.verify_consistency(old, forked.note(), proof_between(forked, 5), made.vkey)
    assert caught.value.code == "proof"
    next_epoch = SampleLog(ORIGIN[:-1] + "1")
    next_epoch.append(RECORD.jws)
    with pytest.raises(EvidenceError):
        checks.verify_consistency(old, next_epoch.note(), [], made.vkey)


def test_epochs_of_one_installation_belong_together() -> None:
    assert checks.same_installation(ORIGIN, ORIGIN[:-1] + "3")
    assert not checks.same_installation(ORIGIN, ORIGIN.replace("ff/", "fe/"))


def refusal(**changes: JsonValue) -> str:
    clear, slots = sample_fields("refusal")
    clear |= {"tgt": RECORD.id, "about": RECORD.payload["rid"], "code": "unknown-key", **changes}
    return build("refusal", clear, slots, device("operator"), counter_entropy("r")).jws


def test_only_the_operators_word_about_this_record_is_a_refusal() -> None:
    rid = str(RECORD.payload["rid"])
    jwk = device("operator").jwk
    assert checks.verify_refusal(refusal(), jwk, rid, RECORD.id) == "unknown-key"
    for text, key, about, refused in (
        (refusal(), device().jwk, rid, RECORD.id),
        (refusal(), jwk, str(parse(sample_record("open").jws).rid), RECORD.id),
        (refusal(), jwk, rid, b64u(fixed("another"))),
        (refusal(about=None), jwk, rid, RECORD.id),
        (RECORD.jws, device().jwk, rid, RECORD.id),
        ("<html>", jwk, rid, RECORD.id),
    ):
        with pytest.raises(EvidenceError):
            checks.verify_refusal(text, key, about, refused)


@pytest.mark.parametrize(
    ("kind", "role", "expected"),
    [
        ("segment", "freelancer", True),
        ("segment", "agency", True),
        ("segment", "operator", False),
        ("segment", "client", False),
        ("manual", "operator", False),
        ("redact", "staff", False),
        ("terms", "client", True),
        ("approve", "client", True),
        ("approve", "freelancer", False),
        ("answer", "client", False),
        ("decision", "staff", True),
        ("decision", "freelancer", False),
        ("lock", "client", False),
        ("open", "root", True),
        ("revoke", "operator", True),
        ("ceiling", "freelancer", False),
    ],
)
def test_authority(kind: str, role: str, expected: bool) -> None:
    assert checks.is_authorised(parse(sample_record(kind).jws), role) is expected


def test_an_operator_signs_for_a_party_only_in_its_name() -> None:
    clear, slots = sample_fields("approve")
    for name, expected in ((None, False), ("01936e7a-0000-7000-8000-00000000000a", True)):
        record = build("approve", {**clear, "on_behalf": name}, slots, device(), counter_entropy("a"))
        assert checks.is_authorised(parse(record.jws), "operator") is expected


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({}, 0),
        ({"tracked": 60_001}, 1),
        ({"tracked": 60_000}, 0),
        ({"end": START - 1, "tracked": 0, "mono1": 999}, 1),
        ({"mono1": 63_000}, 0),
        ({"mono1": 63_001}, 1),
        ({"mono1": 58_999}, 1),
        ({"mono1": 900_000, "clock_step": True}, 0),
        ({"mono1": 900_000, "close": "clock-step"}, 0),
        ({"tracked": 60_001, "mono1": 0}, 2),
    ],
)
def test_times_that_cannot_be(change: dict[str, JsonValue], found: int) -> None:
    payload = {**parse(RECORD.jws).payload, **change}
    assert len(checks.contradictions(payload)) == found


def test_kinds_without_a_span_contradict_nothing() -> None:
    assert checks.contradictions(parse(sample_record("memo").jws).payload) == ()
    assert checks.contradictions(parse(sample_record("manual").jws).payload) == ()


@given(ANY_TEXT, ANY_TEXT)
def test_hostile_texts_raise_only_evidence_errors(one: str, other: str) -> None:
    made = log_of(1)
    for check in (
        lambda: checks.verify_record(one, [other], device().jwk),
        lambda: checks.verify_receipt(RECORD.jws, one, made.vkey, other),
        lambda: checks.verify_checkpoint(one, made.vkey, other),
        lambda: checks.verify_consistency(one, other, [], made.vkey),
        lambda: checks.verify_consistency(made.note(), one, [one.encode("utf-8", "replace")], made.vkey),
        lambda: checks.verify_refusal(one, device().jwk, other, other),
        lambda: notes.parse_vkey(one),
    ):
        with pytest.raises(EvidenceError):
            check()


def test_importing_verify_is_light() -> None:
    """Nothing heavy is loaded; how long it takes is a benchmark's business, never a test's."""
    code = "import workdiary.verify.axes, workdiary.verify.checks, sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert not loaded & {"django", "PIL", "PySide6", "requests", "asyncio", "keyring", "sqlite3", "email"}
