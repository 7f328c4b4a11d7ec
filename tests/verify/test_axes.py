from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fakes.records import (
    ACCOUNT,
    ORIGIN,
    SampleLog,
    counter_entropy,
    device,
    sample_fields,
    sample_record,
)
from workdiary.evidence import tombstone
from workdiary.evidence.canonical import JsonObject, b64u, dumps
from workdiary.evidence.envelope import SignedRecord, build, typ_of
from workdiary.verify.axes import (
    AXES,
    VERDICTS,
    LogTrust,
    Material,
    Signatory,
    Surroundings,
    level_of,
    record_axes,
)
from workdiary.verify.words import exit_code, join, worst_words

RECORD = sample_record("segment")
TEXTS = tuple(RECORD.disclosures.values())
OWNER = Signatory(device().jwk, "freelancer")
ALONE = Surroundings()


def logged(record: SignedRecord = RECORD, *, own: bool = True) -> tuple[Material, LogTrust]:
    made = SampleLog()
    made.append(sample_record("memo").jws)
    receipt = made.receipt(made.append(record.jws))
    texts = tuple(record.disclosures.values())
    return Material(record.jws, texts, receipt), LogTrust(ORIGIN, made.vkey, own)


def word(
    axis: str, around: Surroundings = ALONE, signatory: Signatory | None = OWNER, **changes: object
) -> str:
    record = changed(**changes) if changes else RECORD
    return record_axes(
        Material(record.jws, tuple(record.disclosures.values())), signatory, None, around
    ).words[axis]


def changed(kind: str = "segment", **changes: object) -> SignedRecord:
    clear, slots = sample_fields(kind)
    clear.update(changes)  # type: ignore[arg-type] # fields by name
    return build(kind, clear, slots, device(), counter_entropy("changed"))


def test_solo_is_intact_and_continuous_and_witnessed_by_nobody() -> None:
    material, trust = logged()
    verdict = record_axes(material, OWNER, trust, ALONE)
    assert dict(verdict.words) == {
        "integrity": "VALID",
        "chain": "OPEN",
        "log": "SELF-ASSERTED",
        "time": "UNBOUNDED",
        "content": "FULL",
        "key": "VOUCHED",
        "pay": "NOT-STATED",
    }
    assert verdict.level == 1
    assert tuple(verdict.words) == AXES


def test_anothers_log_is_logged() -> None:
    material, trust = logged(own=False)
    assert record_axes(material, OWNER, trust, ALONE).words["log"] == "LOGGED"


def test_a_receipt_that_proves_nothing_is_broken() -> None:
    material, trust = logged()
    for receipt in ("", "nonsense", (material.receipt or "").replace("index 1", "index 0")):
        verdict = record_axes(Material(material.jws, TEXTS, receipt), OWNER, trust, ALONE)
        assert (verdict.words["log"], verdict.level) == ("BAD-RECEIPT", 2)
    foreign = LogTrust(ORIGIN.replace("00", "01"), trust.vkey, own=True)
    assert record_axes(material, OWNER, foreign, ALONE).words["log"] == "BAD-RECEIPT"


def test_a_record_for_another_installation_is_no_part_of_this_log() -> None:
    record = changed(log="workdiary/" + "0" * 32 + "/0")
    material, trust = logged(record)
    assert record_axes(material, OWNER, trust, ALONE).words["log"] == "BAD-RECEIPT"
    earlier = changed(log=ORIGIN)
    made = SampleLog(ORIGIN[:-1] + "4")
    receipt = made.receipt(made.append(earlier.jws))
    verdict = record_axes(
        Material(earlier.jws, (), receipt), OWNER, LogTrust(made.origin, made.vkey, own=False), ALONE
    )
    assert verdict.words["log"] == "LOGGED"


def test_integrity() -> None:
    assert word("integrity") == "VALID"
    assert word("integrity", signatory=None) == "INVALID"
    assert word("integrity", signatory=Signatory(device("other").jwk, "freelancer")) == "INVALID"
    assert word("integrity", signatory=Signatory(device().jwk, "client")) == "INVALID"
    assert word("integrity", Surroundings(dangling=True)) == "DANGLING"
    assert word("integrity", close="discarded") == "INVALID"
    clear, slots = tombstone.segment_tombstone(sample_fields("segment")[0])
    record = build("segment", clear, slots, device(), counter_entropy("t"))
    assert record_axes(Material(record.jws), OWNER, None, ALONE).words["integrity"] == "VALID"


def test_an_unreadable_record_is_invalid_and_nothing_else_is_claimed() -> None:
    verdict = record_axes(Material("nonsense"), OWNER, None, ALONE)
    assert verdict.level == 2
    assert verdict.words["integrity"] == "INVALID"
    assert verdict.words.keys() == VERDICTS.keys()
    assert record_axes(Material(""), None, None, ALONE).words["key"] == "VOUCHED"


def test_a_newer_kind_is_unsupported_not_broken() -> None:
    payload: JsonObject = {**RECORD.payload, "v": 2}
    header: JsonObject = {"alg": "Ed25519", "kid": device().kid, "typ": typ_of("segment")}
    signing_input = f"{b64u(dumps(header))}.{b64u(dumps(payload))}"
    jws = f"{signing_input}.{b64u(device().sign(signing_input.encode()))}"
    verdict = record_axes(Material(jws), OWNER, None, ALONE)
    assert (verdict.words["integrity"], verdict.level) == ("UNSUPPORTED", 1)


def test_time() -> None:
    assert word("time") == "UNBOUNDED"
    assert word("time", tracked=10**9) == "CONTRADICTED"
    assert word("time", clock_unsure=True) == "CLOCK-UNSURE"
    assert word("time", Surroundings(placed=True), clock_unsure=True) == "UNBOUNDED"


def content(texts: tuple[str, ...] = TEXTS, **around: frozenset[str]) -> str:
    return record_axes(Material(RECORD.jws, texts), OWNER, None, Surroundings(**around)).words["content"]  # type: ignore[arg-type]


def test_content() -> None:
    shot = RECORD.digest("shot.0")
    without = tuple(text for name, text in RECORD.disclosures.items() if name != "shot.0")
    assert content() == "FULL"
    assert content(without) == "WITHHELD"
    assert content(without, redacted=frozenset({shot})) == "REDACTED"
    assert content(without, replaced=frozenset({shot})) == "REPLACED"
    assert content(without, expired=frozenset({shot})) == "EXPIRED"
    assert content(without[1:], redacted=frozenset({shot})) == "WITHHELD"
    assert content(missing=frozenset({shot})) == "BLOB-MISSING"
    assert content(missing=frozenset({shot}), redacted=frozenset({shot})) == "REDACTED"
    assert content((*TEXTS, TEXTS[0])) == "MISMATCH"
    assert content(("nonsense",)) == "MISMATCH"
    manual = sample_record("manual")
    verdict = record_axes(Material(manual.jws, tuple(manual.disclosures.values())), OWNER, None, ALONE)
    assert verdict.words["content"] == "MANUAL"


@pytest.mark.parametrize(
    ("signatory", "expected", "level"),
    [
        (Signatory(device().jwk, "freelancer"), "VOUCHED", 1),
        (Signatory(device().jwk, "freelancer", "SOFTWARE-FILE"), "VOUCHED", 1),
        (Signatory(device().jwk, "freelancer", certificate="pinned"), "SOFTWARE", 0),
        (Signatory(device().jwk, "freelancer", "SOFTWARE-FILE", "pinned"), "SOFTWARE", 0),
        (Signatory(device().jwk, "freelancer", "HW-CLAIMED", "pinned"), "HW-CLAIMED", 0),
        (Signatory(device().jwk, "freelancer", "HW-ATTESTED", "pinned"), "HW-ATTESTED", 0),
        (Signatory(device().jwk, "freelancer", certificate="unpinned"), "ROOT-UNPINNED", 1),
        (Signatory(device().jwk, "freelancer", certificate="invalid"), "CERT-INVALID", 2),
        (Signatory(device().jwk, "freelancer", certificate="pinned", revoked=True), "REVOKED", 1),
        (Signatory(device().jwk, "client", "BROWSER"), "BROWSER", 0),
        (Signatory(device().jwk, "client"), "VOUCHED", 0),
        (Signatory(device().jwk, "freelancer", "BROWSER"), "VOUCHED", 1),
    ],
)
def test_key(signatory: Signatory, expected: str, level: int) -> None:
    record = sample_record("terms")
    words = record_axes(Material(record.jws), signatory, None, ALONE).words
    assert words["key"] == expected
    assert level_of("key", expected, signatory.role) == level


def test_an_operator_in_a_partys_name_is_named() -> None:
    record = changed("approve", on_behalf=ACCOUNT)
    verdict = record_axes(Material(record.jws), Signatory(device().jwk, "operator"), None, ALONE)
    assert (verdict.words["key"], verdict.words["integrity"]) == ("OPERATOR", "VALID")
    for_nobody = changed("approve", on_behalf=None)
    verdict = record_axes(Material(for_nobody.jws), Signatory(device().jwk, "operator"), None, ALONE)
    assert verdict.words["integrity"] == "INVALID"


BEST = {
    "integrity": "VALID",
    "chain": "CONTIGUOUS",
    "log": "WITNESSED(2/3)",
    "time": "LIVE",
    "content": "FULL",
    "key": "SOFTWARE",
    "pay": "MATCHES",
}


def test_the_best_of_all_is_zero_but_never_under_the_demo_policy() -> None:
    assert join(BEST).level == 0
    assert join(BEST, demo=True).level == 1
    demo = changed(demo=True)
    assert record_axes(Material(demo.jws), OWNER, None, ALONE).level == 1


@pytest.mark.parametrize(("axis", "rows"), VERDICTS.items())
def test_one_worse_axis_decides(axis: str, rows: dict[str, object]) -> None:
    for verdict in rows:
        assert join({**BEST, axis: verdict}).level == level_of(axis, verdict)
    assert {level_of(axis, verdict) for verdict in rows} == {0, 1, 2}


def test_parameters_of_a_word_do_not_change_its_level() -> None:
    assert level_of("log", "WITNESSED(2/3)") == 0
    assert level_of("time", "LATE(3 h)") == 0
    assert level_of("chain", "FORK") == 2
    assert level_of("chain", "FORK(resolved)") == 1
    assert level_of("chain", "GAP(refused)") == 1
    with pytest.raises(KeyError):
        level_of("log", "SPLENDID")


def test_a_set_of_records_is_as_good_as_its_worst() -> None:
    good, gap = join(BEST), join({**BEST, "chain": "GAP", "content": "WITHHELD"})
    bad = join({**BEST, "integrity": "INVALID", "chain": "OPEN"})
    assert exit_code([good, good]) == 0
    assert exit_code([good, gap]) == 1
    assert exit_code([gap, bad, good]) == 2
    assert exit_code([]) == 1, "nothing proved is not everything proved"
    worst = worst_words([good, gap, bad])
    assert worst == {**BEST, "integrity": "INVALID", "chain": "GAP", "content": "WITHHELD"}


def test_a_verdict_is_complete() -> None:
    with pytest.raises(ValueError, match="each axis"):
        join({"integrity": "VALID"})
    for rows in VERDICTS.values():
        for row in rows.values():
            assert row.meaning.endswith(".")


@given(
    st.text(st.characters(exclude_categories=[]), max_size=60) | st.just(RECORD.jws),
    st.lists(st.text(max_size=30) | st.sampled_from(TEXTS), max_size=3),
    st.none() | st.text(max_size=80),
)
def test_no_bytes_make_it_raise(jws: str, texts: list[str], receipt: str | None) -> None:
    made = SampleLog()
    material = Material(jws, tuple(texts), receipt)
    verdict = record_axes(material, OWNER, LogTrust(ORIGIN, made.vkey, own=True), ALONE)
    assert verdict.level >= 1
    assert verdict.words.keys() == VERDICTS.keys()
