"""PUT /api/v1/records: every row of server.md's table of answers, on a real server."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import threading
from typing import Any

import pytest

from tests.fakes.devices import Answer, Door, FakeDevice
from tests.server.api.answers import refused, verified
from workdiary.evidence.canonical import JsonObject, JsonValue, b64u, dumps
from workdiary.evidence.digest import record_id, sha256_b64u
from workdiary.evidence.disclosure import make
from workdiary.evidence.envelope import parse
from workdiary.evidence.keys import Ed25519Signer
from workdiary.evidence.times import uuid7
from workdiary.rules.weeks import local_date
from workdiary.server.accounts.models import Device
from workdiary.server.accounts.tickets import issue_enrol
from workdiary.server.contracts.models import Contract
from workdiary.server.contracts.solo import person
from workdiary.server.diary.days import read_day
from workdiary.server.diary.entries import read
from workdiary.server.diary.judging import axes_with_receipt
from workdiary.server.receive.audit import audit
from workdiary.server.receive.models import Disclosure, Record
from workdiary.server.store.blobs import open_blob
from workdiary.wire.upload import RECORD_BODY_MAX, pack_record


def test_a_new_record_is_created_and_its_receipt_holds(device: FakeDevice) -> None:
    signed = device.segment()
    answer = device.put(signed)
    assert answer.status == 201
    assert answer.json["id"] == signed.record.id
    assert answer.json["rid"] == signed.rid
    assert verified(device, signed.record.jws, answer) == answer.json["index"] == 1


def test_the_same_bytes_again_get_the_same_receipt(device: FakeDevice) -> None:
    signed = device.segment()
    first = device.put(signed)
    device.put(device.segment())
    again = device.put(signed)
    assert again.status == 200
    assert again.json == first.json


def test_identity_is_the_jws_not_the_body(device: FakeDevice) -> None:
    signed = device.segment()
    first = device.put(signed)
    with_less = device.put_bytes(signed.rid, pack_record(signed.record.jws, []))
    assert with_less.status == 200
    assert with_less.json == first.json


def test_other_bytes_under_a_known_id_conflict(device: FakeDevice) -> None:
    signed = device.segment()
    device.put(signed)
    device.seq -= 1
    same = {name: signed.record.payload[name] for name in ("rid", "start", "end")}
    other = device.sign("segment", {**same, "tracked": 1})
    answer = device.put(other)
    assert answer.status == 409
    assert answer.json["code"] == "conflict"


def test_disclosures_that_come_later_are_added(device: FakeDevice) -> None:
    signed = device.segment()
    assert device.put_bytes(signed.rid, pack_record(signed.record.jws, [])).status == 201
    assert device.put_image(signed).status == 404
    spoiled = [*signed.record.disclosures.values(), *device.segment().record.disclosures.values()]
    assert device.put_bytes(signed.rid, pack_record(signed.record.jws, spoiled)).status == 200
    assert device.put_image(signed).status == 404
    assert device.put(signed).status == 200
    assert device.put_image(signed).status == 201
    assert Disclosure.objects.filter(record=signed.rid).count() == len(signed.record.disclosures)


def test_a_redacted_disclosure_does_not_come_back(device: FakeDevice) -> None:
    signed = device.segment()
    assert device.put_bytes(signed.rid, pack_record(signed.record.jws, [])).status == 201
    digests: list[JsonValue] = [signed.record.digest("shot.0")]
    gone = {"tgt": signed.record.id, "digests": digests, "scope": "shots", "why": "owner"}
    assert device.put(device.sign("redact", gone)).status == 201
    assert device.put(signed).status == 200
    assert device.put_image(signed).status == 410


def test_a_byte_that_changed_on_the_way_is_no_judgement(device: FakeDevice) -> None:
    signed = device.segment()
    header = f"sha-256=:{base64.b64encode(hashlib.sha256(signed.body).digest()).decode()}:"
    spoiled = signed.body[:-1] + (b"A" if signed.body[-1:] != b"A" else b"B")
    answer = device.put_bytes(signed.rid, spoiled, Content_Digest=header)
    assert (answer.status, answer.json["code"]) == (503, "unavailable")
    assert "refusal" not in answer.json
    assert device.put(signed, Content_Digest=header).status == 201


@pytest.mark.parametrize(
    ("version", "kind"), [(2, "segment"), (1, "telepathy"), (2, "redact"), (9, "x" * 40)]
)
def test_what_is_newer_than_the_server_is_logged_and_not_judged(
    device: FakeDevice, version: int, kind: str
) -> None:
    first = device.segment()
    assert device.put(first).status == 201
    payload: JsonObject = {**device.segment().record.payload, "v": version, "start": "soon", "demo": [1]}
    payload |= {"tgt": first.record.id, "digests": [first.record.digest("shot.0")], "_sd": "new"}
    head: JsonObject = {"alg": "Ed25519", "kid": device.signer.kid, "typ": f"wd-{kind}+sd-jwt"}
    text = f"{b64u(dumps(head))}.{b64u(dumps(payload))}"
    jws = f"{text}.{b64u(device.signer.sign(text.encode()))}"
    rid = str(payload["rid"])
    body = pack_record(jws, [make("shot.0", {"new": 1}, os.urandom(16))])
    answer = device.put_bytes(rid, body)
    assert answer.status == 201, answer
    assert device.put_bytes(rid, body).json == answer.json
    assert verified(device, jws, answer) == 2
    assert device.put_image(first).status == 201
    row = Record.objects.select_related("leaf").get(rid=rid)
    assert (row.kind, row.seq, row.start_ms) == ("unsupported", 2, payload["at"])
    axes, _receipt = axes_with_receipt(row, read([row], None))
    assert (axes["integrity"], axes["content"]) == ("UNSUPPORTED", "WITHHELD")
    assert device.put_bytes(uuid7(1, os.urandom(10)), body).status == 400
    assert not list(audit())[-1].findings
    day = local_date(row.start_ms, "UTC")
    shown = read_day(Contract.objects.get(pk=device.contract), day, "UTC").document["segments"]
    assert isinstance(shown, list)
    assert len(shown) == 1
    later = device.door.ask("PUT", f"/api/v1/blobs/{Disclosure.objects.get(record=rid).digest}", b"x")
    assert later.status == 503


def test_another_partys_record_cannot_name_an_image_of_mine(device: FakeDevice) -> None:
    mine = device.segment()
    assert device.put(mine).status == 201
    assert device.put_image(mine).status == 201
    other = FakeDevice(Door(device.door.port))
    assert other.enrol(issue_enrol(person("client"))).status == 201
    assert other.put(other.sign("open", {"role": "client"})).status == 201
    forged = other.segment()
    payload = dict(forged.record.payload)
    listed = payload["_sd"]
    assert isinstance(listed, list)
    listed = [item for item in listed if item != forged.record.digest("shot.0")]
    payload["_sd"] = sorted([*listed, mine.record.digest("shot.0")], key=str)
    text = f"{forged.record.jws.partition('.')[0]}.{b64u(dumps(payload))}"
    jws = f"{text}.{b64u(other.signer.sign(text.encode()))}"
    stolen = [mine.record.disclosures["shot.0"]]
    answer = other.put_bytes(forged.rid, pack_record(jws, stolen))
    assert (answer.status, answer.json["code"]) == (422, "bad-record")
    assert other.put_bytes(forged.rid, pack_record(jws, [])).status == 201
    assert other.put_bytes(forged.rid, pack_record(jws, stolen)).status == 200
    gone: JsonObject = {"tgt": record_id(jws), "digests": [mine.record.digest("shot.0")]}
    assert other.put(other.sign("redact", {**gone, "scope": "shots", "why": "owner"})).status == 201
    assert open_blob(device.contract, mine.shot) is not None


def test_order_and_gaps_are_no_reason_to_refuse(device: FakeDevice) -> None:
    held_back = device.segment()
    later = device.segment()
    assert device.put(later).status == 201
    assert device.put(held_back).status == 201
    device.seq += 50
    assert device.put(device.segment()).status == 201


def test_impossible_counts_the_future_and_overlap_are_no_reason_to_refuse(device: FakeDevice) -> None:
    far = 4_000_000_000_000
    future = {"start": far, "end": far + 1, "tracked": 10**9, "rid": uuid7(far, os.urandom(10))}
    assert device.put(device.sign("segment", future)).status == 201
    assert device.put(device.segment()).status == 201
    assert device.put(device.segment()).status == 201


def test_a_key_that_was_revoked_still_signs_what_is_admitted(device: FakeDevice) -> None:
    signed = device.segment()
    second = FakeDevice(Door(device.door.port))
    home_token = json.loads((_folder() / "solo.json").read_text())["enrol_token"]
    assert second.enrol(home_token).status == 201
    Device.objects.filter(kid=device.signer.kid).update(revoked_ms=1)
    assert device.put(signed).status == 403
    assert second.put(signed).status == 201


def _folder() -> Any:
    from workdiary.server.store.runtime import runtime

    return runtime().folder


def test_no_token_and_an_unknown_token_are_asked_to_sign_in(device: FakeDevice) -> None:
    signed = device.segment()
    for headers in ({}, {"Authorization": "Bearer nobody"}, {"Authorization": "Basic eDp5"}):
        device.door.headers = headers
        answer = device.put(signed)
        assert answer.status == 401
        assert answer.json["code"] == "sign-in"
        assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_a_revoked_device_is_told_so(device: FakeDevice) -> None:
    Device.objects.update(revoked_ms=1)
    answer = device.put(device.segment())
    assert answer.status == 403
    assert answer.json["code"] == "revoked"


def test_a_record_of_an_unknown_key_is_refused_with_a_signed_word(device: FakeDevice) -> None:
    device.signer = Ed25519Signer(os.urandom(32))
    signed = device.segment()
    answer = device.put(signed)
    assert answer.status == 422
    assert answer.json["code"] == "unknown-key"
    assert refused(device, answer, signed.record.id)["about"] == signed.rid


def test_a_record_for_another_contract_or_log_is_refused(device: FakeDevice) -> None:
    other_log = device.sign("segment", {"log": "workdiary/" + "0" * 32 + "/0"})
    answer = device.put(other_log)
    assert (answer.status, answer.json["code"]) == (422, "other-log")
    refused(device, answer, other_log.record.id)
    stranger = device.sign("segment", {"ctr": "01936e7a-0000-7000-8000-000000000001"})
    answer = device.put(stranger)
    assert (answer.status, answer.json["code"]) == (422, "unknown-contract")
    refused(device, answer, stranger.record.id)


def test_a_record_of_a_later_epoch_stops_the_log(device: FakeDevice) -> None:
    # Only a database put back from before would not know that epoch: refused for good, the record were lost.
    later = device.sign("segment", {"log": device.installation.origin[:-1] + "1"})
    answer = device.put(later)
    assert (answer.status, answer.json["code"]) == (503, "unavailable")
    assert "refusal" not in answer.json
    assert device.put(device.segment()).status == 503


def test_a_record_that_saw_more_of_the_log_stops_it(device: FakeDevice) -> None:
    size: JsonValue = 40
    later = device.sign("segment", {"cp": {"size": size, "root": b64u(bytes(32))}})
    assert device.put(later).status == 503
    assert device.put(device.segment()).status == 503
    assert device.door.ask("GET", "/readyz").status == 503
    assert device.door.ask("GET", "/log/checkpoint").status == 200


def test_a_changed_signature_is_refused(device: FakeDevice) -> None:
    signed = device.segment()
    head, payload, signature = signed.record.jws.split(".")
    wrong = signature[:-4] + ("AAAA" if signature[-4:] != "AAAA" else "BAAA")
    jws = f"{head}.{payload}.{wrong}"
    answer = device.put_bytes(signed.rid, pack_record(jws, []))
    assert answer.status in (400, 422)
    refused(device, answer, record_id(jws))


def test_an_address_that_names_another_id_is_refused(device: FakeDevice) -> None:
    signed = device.segment()
    answer = device.put_bytes(uuid7(1, os.urandom(10)), signed.body)
    assert answer.status == 400
    refused(device, answer, signed.record.id)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\n",
        b"{}\n",
        b"\x00" * 400,
        b'{"v":1,"jws":3,"disclosures":[]}\nabc',
        b'{"v":1,"jws":3,"disclosures":[]}\nabcd',
        b'{"v":2,"jws":3,"disclosures":[]}\nabc',
        b'{"v":1,"v":1,"jws":3,"disclosures":[]}\nabc',
        b'{"v":1,"jws":-3,"disclosures":[]}\nabc',
        b'{"v":1,"jws":3,"disclosures":[[]]}\nabc',
        b'{"v":1,"jws":NaN,"disclosures":[]}\nabc',
        b"[" * 1000 + b"\n",
        '{"v":1,"jws":4,"disclosures":[]}\nü..'.encode(),
        b'{"v":1,"jws":5,"disclosures":[]}\na.b.c',
    ],
)
def test_nonsense_is_refused_and_the_refusal_names_the_bytes(device: FakeDevice, body: bytes) -> None:
    rid = uuid7(1, os.urandom(10))
    answer = device.put_bytes(rid, body)
    assert answer.status in (400, 413, 422)
    named = parse(answer.json["refusal"]).payload["tgt"]
    assert named in (sha256_b64u(body), record_id(body.rpartition(b"\n")[2].decode("ascii", "ignore")))
    assert device.put_bytes(rid, body).json["refusal"] == answer.json["refusal"]
    other = uuid7(1, os.urandom(10))
    assert parse(device.put_bytes(other, body).json["refusal"]).payload["about"] == other


def test_too_large_is_refused_from_the_length_and_named_by_its_bytes(device: FakeDevice) -> None:
    body = b"x" * (RECORD_BODY_MAX + 1)
    answer = device.put_bytes(uuid7(1, os.urandom(10)), body)
    assert answer.status == 413
    refused(device, answer, sha256_b64u(body))


def test_a_refused_record_blocks_nothing(device: FakeDevice) -> None:
    bad = device.sign("segment", {"log": "workdiary/" + "0" * 32 + "/0"})
    assert device.put(bad).status == 422
    after = device.sign("segment", {"skips": [{"seq": 1, "id": bad.record.id, "code": "other-log"}]})
    assert device.put(after).status == 201


def test_unreferenced_and_foreign_disclosures_are_refused(device: FakeDevice) -> None:
    first, second = device.segment(), device.segment()
    stolen = list(first.record.disclosures.values())[:1]
    answer = device.put_bytes(second.rid, pack_record(second.record.jws, stolen))
    assert answer.status == 400
    refused(device, answer, second.record.id)


def test_refusals_form_a_stream_of_the_operator_in_the_log(device: FakeDevice) -> None:
    bodies = [
        pack_record(device.sign("segment", {"log": f"workdiary/{'0' * 31}{n}/0"}).record.jws, [])
        for n in range(3)
    ]
    refusals = [parse(device.put_bytes(uuid7(1, os.urandom(10)), body).json["refusal"]) for body in bodies]
    assert [item.seq for item in refusals] == [1, 2, 3]
    assert [item.prev for item in refusals[1:]] == [item.id for item in refusals[:-1]]
    assert len({item.stream for item in refusals}) == 1


def test_eight_threads_with_the_same_ids_make_one_record_each(device: FakeDevice) -> None:
    signed = [device.segment() for _ in range(10)]
    answers: list[Answer] = []

    def send() -> None:
        answers.extend(device.put(item) for item in signed)

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.status for answer in answers) == [200] * 70 + [201] * 10
    for item in signed:
        mine = [answer.json for answer in answers if answer.json["rid"] == item.rid]
        assert all(other == mine[0] for other in mine)
    assert {answer.json["index"] for answer in answers} == set(range(1, 11))


def test_records_check_and_stream_head(device: FakeDevice) -> None:
    signed = device.segment()
    device.put(signed)
    absent = uuid7(1, os.urandom(10))
    body = json.dumps({"rids": [signed.rid, absent]}).encode()
    answer = device.door.ask("POST", "/api/v1/records/check", body)
    assert answer.json == {"known": [signed.rid], "missing": [absent], "gone": []}
    head = device.door.ask("GET", f"/api/v1/streams/{device.stream}/head")
    assert head.json == {"stream": device.stream, "seq": 1, "id": signed.record.id, "index": 1}
    assert device.door.ask("GET", f"/api/v1/streams/{b64u(b'x' * 16)}/head").status == 404
    too_many = json.dumps({"rids": [absent] * 501}).encode()
    assert device.door.ask("POST", "/api/v1/records/check", too_many).status == 400
