"""What a stranger finds in bundles of a real server: the words that evidence.md lays down for each case."""

from __future__ import annotations

import io

from tests.fakes.devices import FakeDevice, Signed
from workdiary.evidence.bundle import open_bundle
from workdiary.evidence.canonical import JsonObject, JsonValue
from workdiary.evidence.times import uuid7
from workdiary.server.contracts.models import Contract
from workdiary.server.contracts.solo import person
from workdiary.server.diary.export import sealed_for_export, write_export
from workdiary.server.diary.trusting import trust_of
from workdiary.server.receive.access_records import Visitor
from workdiary.server.receive.expiry import erase, expire
from workdiary.server.receive.models import Record
from workdiary.server.receive.seals import seal
from workdiary.verify.judge import judge
from workdiary.verify.judged import Judged

SPAN = (0, 2**42)


def judged(device: FakeDevice, span: tuple[int, int] = SPAN) -> Judged:
    contract = Contract.objects.get(pk=device.contract)
    seen = Visitor(contract, person("client").id, "Somebody", "client")
    out = io.BytesIO()
    write_export(contract, sealed_for_export(seen, span), seen.role, out)
    return judge(open_bundle(out.getvalue()), [trust_of(contract)])


def words(found: Judged, axis: str) -> dict[str, str]:
    return {verdict.rid: verdict.axes.words[axis] for verdict in found.records}


def stored(device: FakeDevice, number: int) -> list[Signed]:
    segments = [device.segment() for _ in range(number)]
    for signed in segments:
        assert device.put(signed).status == 201
        assert device.put_image(signed).status == 201
    return segments


def test_a_whole_bundle_is_whole(device: FakeDevice) -> None:
    stored(device, 3)
    found = judged(device)
    assert set(words(found, "integrity").values()) == {"VALID"}
    assert set(words(found, "chain").values()) == {"CONTIGUOUS"}
    assert set(words(found, "log").values()) == {"SELF-ASSERTED"}
    assert set(words(found, "content").values()) <= {"FULL", "NOT-APPLICABLE"}


def test_a_seal_given_within_the_span_is_not_where_it_begins(device: FakeDevice) -> None:
    contract = Contract.objects.get(pk=device.contract)
    assert device.put(device.sign("memo", {"tgt": stored(device, 1)[0].record.id})).status == 201
    given = seal(contract, SPAN).start_ms
    late = device.sign(
        "segment", {"start": given + 1, "end": given + 2, "tracked": 1, "rid": uuid7(given + 1, bytes(10))}
    )
    assert device.put(late).status == 201
    found = judged(device, (given - 1, given + 3))
    assert found.manifest.before is None
    assert set(words(found, "chain").values()) == {"CONTIGUOUS"}
    assert not [finding for finding in found.findings if finding.axis == "chain"]


def test_removals_have_their_words_and_leave_the_rest_proven(device: FakeDevice) -> None:
    gone, back, kept = stored(device, 3)
    digests: list[JsonValue] = [gone.record.digest("shot.0")]
    redact: JsonObject = {"tgt": gone.record.id, "digests": digests, "scope": "shots", "why": "owner"}
    assert device.put(device.sign("redact", redact)).status == 201
    span = {"tgt": back.record.id, "start": back.record.payload["start"], "end": back.record.payload["end"]}
    assert device.put(device.sign("discard", {"spans": [span], "why": "owner"})).status == 201
    found = judged(device)
    content = words(found, "content")
    assert (content[gone.rid], content[back.rid], content[kept.rid]) == ("REDACTED", "REDACTED", "FULL")
    assert set(words(found, "chain").values()) == {"CONTIGUOUS"}
    assert set(words(found, "integrity").values()) == {"VALID"}


def test_expired_and_erased_ones_too(device: FakeDevice) -> None:
    contract = Contract.objects.get(pk=device.contract)
    old, gone, kept = stored(device, 3)
    expire(contract, int(str(old.record.payload["end"])) + 1, "images")
    erase(Record.objects.select_related("leaf", "contract").filter(pk=gone.rid), "request")
    found = judged(device)
    content = words(found, "content")
    assert (content[old.rid], content[kept.rid]) == ("EXPIRED", "FULL")
    assert gone.rid not in content
    assert set(words(found, "chain").values()) == {"CONTIGUOUS"}
    assert set(words(found, "integrity").values()) == {"VALID"}
    assert "ERASED" in {finding.word for finding in found.findings} | {found.worst["content"]}


def test_what_never_arrived_is_a_hole_in_the_seal_not_a_lie(device: FakeDevice) -> None:
    stored(device, 1)
    device.segment()
    stored(device, 1)
    found = judged(device)
    assert "EQUIVOCATION" not in words(found, "log").values()
    assert "GAP" in words(found, "chain").values()
