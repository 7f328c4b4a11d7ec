from __future__ import annotations

from dataclasses import replace

import pytest

from tests.fakes.records import CONTRACT, device, fixed
from tests.fakes.tales import Tale, again, raw, verdict, with_records, without, word
from tests.fakes.world import CLIENT, FREELANCER
from workdiary.evidence.bundle import BundleRecord, open_bundle
from workdiary.evidence.canonical import JsonObject, b64u
from workdiary.evidence.digest import sha256
from workdiary.evidence.envelope import SignedRecord
from workdiary.evidence.times import uuid7
from workdiary.verify.judge import judge

AXIS = "integrity"


def reasons(tale: Tale, record: SignedRecord) -> tuple[str, tuple[str, ...]]:
    found = verdict(tale.judged(), record)
    return found.axes.words[AXIS], found.notes


def test_what_is_signed_and_may_be_said_is_valid() -> None:
    tale = Tale()
    judged = tale.judged()
    assert {record.axes.words[AXIS] for record in judged.records} == {"VALID"}
    assert judged.worst[AXIS] == "VALID"
    assert judged.exit == 1, "no lock states an amount"


def test_a_changed_signature_is_invalid() -> None:
    tale = Tale()
    contents, spoiled = tale.contents(), tale.segments[0]

    def change(item: BundleRecord) -> BundleRecord:
        return replace(item, jws=item.jws[:-10] + "A" * 10) if item.jws == spoiled.jws else item

    judged = tale.judged(with_records(contents, change))
    assert judged.exit == 2
    found = verdict(judged, spoiled)
    assert (found.axes.words[AXIS], found.axes.words["content"]) == ("INVALID", "WITHHELD")


def test_a_text_that_is_no_record_is_invalid_and_has_no_name() -> None:
    tale = Tale()
    contents, spoiled = tale.contents(), tale.segments[0]
    judged = tale.judged(
        with_records(
            contents, lambda item: replace(item, jws="no.re.cord") if item.jws == spoiled.jws else item
        )
    )
    broken = [record for record in judged.records if record.axes.words[AXIS] == "INVALID"]
    assert [(record.rid, record.kind) for record in broken] == [("", "")]
    assert judged.worst["chain"] == "GAP"


def test_a_kind_or_version_of_the_future_is_unsupported() -> None:
    tale = Tale()
    later: JsonObject = {
        **tale.segments[-1].payload,
        "v": 2,
        "rid": uuid7(tale.world.now, fixed("later", 10)),
    }
    record = raw(tale.desk, later, "segment")
    other = raw(tale.desk, {**later, "v": 1, "rid": uuid7(tale.world.now, fixed("new", 10))}, "dream")
    tale.log(record, other)
    judged = tale.judged()
    assert word(judged, record, AXIS) == word(judged, other, AXIS) == "UNSUPPORTED"
    assert word(judged, record, "chain") == "CONTIGUOUS"
    assert judged.exit == 1


def test_a_record_about_none_is_dangling() -> None:
    tale = Tale()
    record = tale.desk.sign("memo", {"tgt": b64u(fixed("nowhere"))}, {"memo": "x", "label": None})
    tale.log(record)
    assert word(tale.judged(), record, AXIS) == "DANGLING"


@pytest.mark.parametrize("kind", ["redact", "manual", "lock", "decision"])
def test_who_may_not_say_it_makes_it_invalid(kind: str) -> None:
    tale = Tale()
    clear: dict[str, JsonObject] = {
        "redact": {"tgt": tale.segments[0].id},
        "manual": {"start": tale.world.now, "end": tale.world.now},
    }
    record = tale.client.sign(kind, clear.get(kind, {}))
    tale.log(record)
    word_then, notes = reasons(tale, record)
    assert (word_then, notes[0]) == ("INVALID", "a key of the client may not sign this")


def test_the_operator_speaks_for_a_party_only_in_its_name_and_never_of_its_time() -> None:
    tale = Tale()
    approve: JsonObject = {"week": "2026-W47", "verdict": "approve", "seal": None}
    named = tale.operator.sign("approve", {**approve, "on_behalf": CLIENT})
    nameless = tale.operator.sign("approve", approve)
    memo = tale.operator.sign("memo", {"tgt": tale.segments[0].id, "on_behalf": FREELANCER})
    tale.log(named, nameless, memo)
    judged = tale.judged()
    assert [word(judged, record, AXIS) for record in (named, nameless, memo)] == [
        "VALID",
        "INVALID",
        "INVALID",
    ]


def test_only_who_opened_a_dispute_takes_it_back() -> None:
    tale = Tale()
    case = uuid7(tale.world.now, fixed("case", 10))
    opened = tale.client.sign("dispute", {"case": case, "week": "2026-W47", "minutes": 5, "targets": []})
    tale.log(opened)
    theirs = tale.desk.sign("withdraw", {"case": case})
    own = tale.client.sign("withdraw", {"case": case})
    tale.log(theirs, own)
    judged = tale.judged()
    assert [word(judged, record, AXIS) for record in (opened, theirs, own)] == ["VALID", "INVALID", "VALID"]


def test_a_replayed_record_is_a_copy() -> None:
    tale = Tale()
    tale.world.commit(tale.segments[0])
    judged = tale.judged()
    words = [
        record.axes.words[AXIS] for record in judged.records if record.rid == tale.segments[0].payload["rid"]
    ]
    assert words == ["VALID", "INVALID"]


def test_a_rid_or_a_disclosure_used_twice_is_a_copy() -> None:
    tale = Tale()
    first = tale.segments[0]
    memo = tale.desk.sign("memo", {"tgt": first.id}, {"memo": "x", "label": None})
    payload = {**memo.payload, "mono": 7, "_sd": sorted(memo.payload["_sd"])}
    twin = raw(tale.desk, {**payload, "rid": uuid7(int(str(memo.payload["at"])), fixed("t", 10))}, "memo")
    same = tale.desk.sign("memo", {"tgt": first.id}, {"memo": "y", "label": None})
    same = again(tale.desk, same, rid=memo.payload["rid"], at=memo.payload["at"])
    tale.desk.records[-1] = same
    tale.log(memo, twin, same)
    judged = tale.judged()
    notes = {record.notes for record in judged.records if record.axes.words[AXIS] == "INVALID"}
    assert notes == {
        ("it holds what another record has disclosed",),
        ("another record has the same id",),
    }


def test_another_contracts_record_has_no_place_here() -> None:
    tale = Tale()
    other = CONTRACT.replace("0001", "0009")
    stream = tale.world.stream("other", device("desk"), other)
    tale.log(stream.open("freelancer"))
    judged = tale.judged()
    assert verdict(judged, stream.records[0]).notes[0] == "it belongs to another contract"
    assert judged.exit == 2


def test_files_that_do_not_belong_are_found() -> None:
    tale = Tale()
    contents = tale.contents()
    extra = replace(
        contents,
        blobs={**contents.blobs, "ab" * 32: b"image"},
        policies={**contents.policies, b64u(sha256(b"{}")): b"{}"},
        keys={**contents.keys, device("nobody").kid: device("nobody").jwk},
    )
    judged = tale.judged(extra)
    found = {finding.what.partition(":")[0] for finding in judged.findings if finding.word == "INVALID"}
    assert found == {
        "images that no record here speaks of",
        "keys that no record here names",
        "rules that no record here names",
    }


def test_a_flipped_byte_is_found() -> None:
    from tests.fakes.bundles import bundle_bytes

    tale = Tale()
    data = bytearray(bundle_bytes(tale.contents()))
    data[data.index(b"WHAT THIS FILE IS")] ^= 1
    judged = judge(open_bundle(bytes(data)), [tale.trust])
    assert judged.exit == 2
    assert judged.worst[AXIS] == "INVALID"


def test_a_record_under_terms_that_are_not_here_is_dangling() -> None:
    """A sealed bundle holds the terms its records rest on; one that nobody sealed does not say so."""
    tale = Tale()
    tale.world.terms = b64u(sha256(b"terms nobody has seen"))
    note = tale.desk.sign("memo", {"tgt": tale.segments[0].id}, {"memo": "Later", "label": None})
    tale.log(note)
    contents = tale.contents()
    assert word(tale.judged(contents), note, AXIS) == "DANGLING"
    assert word(tale.judged(contents), tale.segments[0], AXIS) == "VALID"
    agreed = [record for record in (*tale.desk.records, *tale.client.records) if record.kind == "terms"]
    hidden = tale.judged(without(contents, *agreed))
    assert word(hidden, tale.segments[0], AXIS) == "DANGLING"
