"""Retention that ran out, and records erased: said first, then gone, and the chain stays whole."""

from __future__ import annotations

from tests.fakes.devices import FakeDevice, Signed
from workdiary.evidence.canonical import JsonObject, b64u
from workdiary.evidence.envelope import parse
from workdiary.evidence.log import record_leaf_hash
from workdiary.server.contracts.models import Contract
from workdiary.server.diary.chains import Chains
from workdiary.server.receive.destruction import FILE
from workdiary.server.receive.expiry import erase, expire
from workdiary.server.receive.models import Disclosure, Erased, Record
from workdiary.server.receive.seals import seal
from workdiary.server.store.blobs import open_blob
from workdiary.server.store.models import Blob
from workdiary.server.store.runtime import runtime


def contract_of(device: FakeDevice) -> Contract:
    return Contract.objects.get(pk=device.contract)


def put_whole(device: FakeDevice, signed: Signed) -> None:
    """Record and image; takes far more than a millisecond, so that the next record is a later one."""
    device.put(signed)
    device.put_image(signed)


def test_expired_images_are_named_and_end_with_their_keys(device: FakeDevice) -> None:
    old = device.segment()
    put_whole(device, old)
    young = device.segment()
    put_whole(device, young)
    before = int(str(old.record.payload["end"])) + 1
    (said,) = expire(contract_of(device), before, "images")
    payload = parse(said.jws).payload
    assert (payload["tgt"], payload["class"]) == (old.record.id, "images")
    assert payload["digests"] == [old.record.digest("shot.0")]
    assert open_blob(device.contract, old.shot) is None
    assert open_blob(device.contract, young.shot) is not None
    assert Disclosure.objects.get(record=old.rid, slot="memo").key is not None
    assert device.put_image(old).status == 410
    assert expire(contract_of(device), before, "images") == []


def test_an_erased_record_leaves_its_place_and_nothing_it_said(device: FakeDevice) -> None:
    gone, kept = device.segment(), device.segment()
    for signed in (gone, kept):
        device.put(signed)
        device.put_image(signed)
    row = Record.objects.select_related("leaf", "contract").get(pk=gone.rid)
    (said,) = erase([row], "request")
    assert parse(said.jws).payload["items"] == [
        {
            "stream": device.stream,
            "seq": 1,
            "id": gone.record.id,
            "leaf": b64u(record_leaf_hash(gone.record.jws)),
            "index": 1,
        }
    ]
    assert not Record.objects.filter(pk=gone.rid).exists()
    assert not Blob.objects.filter(digest=gone.shot).exists()
    assert Erased.objects.get().jws_id == gone.record.id
    assert device.put(gone).status == 410
    head = device.door.ask("GET", f"/api/v1/streams/{device.stream}/head").json
    assert (head["seq"], head["id"]) == (2, kept.record.id)
    assert device.put_image(gone).status == 404
    files = [path for path in runtime().folder.rglob("*") if path.is_file()]
    assert [path for path in files if gone.record.jws[200:300].encode() in path.read_bytes()] == []
    # Salted, and kept so that a database put back from before is emptied again.
    assert {path.name for path in files if gone.shot.encode() in path.read_bytes()} == {FILE}


def test_streams_with_something_erased_are_whole_and_sealed_as_before(device: FakeDevice) -> None:
    segments = [device.segment() for _ in range(3)]
    for signed in segments:
        device.put(signed)
    before = parse(seal(contract_of(device), (0, 1)).jws).payload["heads"]
    erase(Record.objects.select_related("leaf", "contract").filter(pk=segments[1].rid), "request")
    known = parse(Record.objects.get(pk=segments[2].rid).jws)
    assert Chains().words([known], "test") == {known.id: "OPEN"}
    after = parse(seal(contract_of(device), (0, 1)).jws).payload["heads"]
    assert isinstance(before, list)
    assert isinstance(after, list)
    assert [h for h in before if isinstance(h, dict) and h["stream"] == device.stream] == [
        h for h in after if isinstance(h, dict) and h["stream"] == device.stream
    ]


def test_a_picture_that_was_replaced_ends(device: FakeDevice) -> None:
    signed = device.segment()
    device.put(signed)
    device.put_image(signed)
    replaced: JsonObject = {
        "tgt": signed.record.id,
        "digest": signed.record.digest("shot.0"),
        "how": "blurred",
    }
    assert device.put(device.sign("replace", replaced)).status == 201
    assert open_blob(device.contract, signed.shot) is None
