"""Bundles out of the database: whole, the same again, and without what was taken back."""

from __future__ import annotations

import io
import os
from typing import Any

import pytest

from tests.fakes.devices import FakeDevice
from workdiary.evidence.bundle import Bundle, open_bundle
from workdiary.evidence.digest import sha256_hex
from workdiary.evidence.envelope import parse
from workdiary.evidence.log import verify_consistency
from workdiary.evidence.notes import parse_checkpoint, parse_receipt
from workdiary.evidence.times import uuid7
from workdiary.server.contracts.models import Contract
from workdiary.server.contracts.solo import person
from workdiary.server.diary.export import sealed_for_export, write_export
from workdiary.server.log.tree import signer
from workdiary.server.receive.access_records import Visitor
from workdiary.server.receive.models import Record
from workdiary.server.store.problem import ProblemError
from workdiary.server.store.runtime import runtime
from workdiary.server.store.spill import Spill
from workdiary.verify.checks import verify_receipt
from workdiary.wire.problems import ProblemCode

SPAN = (0, 2**42)


def visitor(device: FakeDevice, role: str = "client") -> Visitor:
    contract = Contract.objects.get(pk=device.contract)
    return Visitor(contract, person(role).id, "Somebody", role)


def exported(seen: Visitor, seal: Record) -> bytes:
    out = io.BytesIO()
    write_export(seen.contract, seal, seen.role, out)
    return out.getvalue()


def bundle_for(device: FakeDevice, span: tuple[int, int] = SPAN, role: str = "client") -> Bundle:
    seen = visitor(device, role)
    found = open_bundle(exported(seen, sealed_for_export(seen, span)))
    assert (found.damaged, found.missing, found.unknown, found.malformed) == ((), (), [], {})
    return found


def kinds(bundle: Bundle) -> list[str]:
    return [parse(record.jws).kind for record in bundle.records]


def test_a_bundle_holds_everything_and_each_part_proves_itself(device: FakeDevice) -> None:
    segments = [device.segment() for _ in range(3)]
    for signed in segments:
        device.put(signed)
        device.put_image(signed)
    found = bundle_for(device)
    assert kinds(found) == ["open", "segment", "segment", "segment", "open", "access", "seal"]
    assert set(found.blob_names) == {signed.shot for signed in segments}
    for signed in segments:
        blob = found.blob(signed.shot)
        assert blob is not None
        assert sha256_hex(bytes(blob)) == sha256_hex(signed.image)
    key, origin = signer(0).vkey.encode(), device.installation.origin
    final = parse_checkpoint(found.checkpoints[0].partition("\n\n")[0] + "\n")
    proven = {note.size: note for note in found.notes}
    for record in found.records:
        assert record.proof is not None
        verify_receipt(record.jws, record.proof, key, origin)
        at = parse_checkpoint(parse_receipt(record.proof).checkpoint_note.partition("\n\n")[0] + "\n")
        proof = proven[at.size].consistency
        assert proof is not None
        verify_consistency(at.size, final.size, proof, at.root, final.root)
    assert {parse(record.jws).kid for record in found.records} == found.keys.keys()
    assert parse(found.records[-1].jws).id == found.manifest.seal
    assert (found.manifest.audience, found.manifest.from_size, found.manifest.before) == ("client", 0, None)


def test_the_same_seal_gives_the_same_bytes(device: FakeDevice) -> None:
    signed = device.segment()
    device.put(signed)
    device.put_image(signed)
    seen = visitor(device)
    seal = sealed_for_export(seen, SPAN)
    first = exported(seen, seal)
    device.put(device.segment())
    sealed_for_export(seen, SPAN)
    assert exported(seen, Record.objects.select_related("leaf").get(pk=seal.pk)) == first


def test_an_export_is_in_the_log_before_its_seal(device: FakeDevice) -> None:
    found = bundle_for(device, role="support")
    access, seal = (parse(record.jws) for record in found.records[-2:])
    assert (access.kind, seal.kind) == ("access", "seal")
    assert (access.payload["role"], access.payload["what"]) == ("staff", "bundle")
    assert seal.prev == access.id
    assert found.manifest.audience == "staff"


def test_a_later_span_begins_at_the_seal_before_and_brings_what_it_rests_on(device: FakeDevice) -> None:
    early = [device.segment() for _ in range(2)]
    for signed in early:
        device.put(signed)
    first = bundle_for(device)
    late = device.sign(
        "segment", {"start": (at := 2**41), "end": at + 60_000, "rid": uuid7(at, os.urandom(10))}
    )
    assert device.put_bytes(late.rid, late.body).status == 201
    memo = device.sign("memo", {"tgt": early[0].record.id})
    assert device.put(memo).status == 201
    found = bundle_for(device, (2**41, 2**41 + 1))
    assert found.manifest.before == first.manifest.seal
    assert found.manifest.from_size == first.manifest.to_size
    ids = [parse(record.jws).id for record in found.records]
    assert early[0].record.id in ids
    assert early[1].record.id not in ids
    assert {late.record.id, memo.record.id} <= set(ids)
    assert kinds(found).count("open") == 2


def test_what_was_redacted_or_taken_back_is_in_no_bundle(device: FakeDevice) -> None:
    gone, kept, back = device.segment(), device.segment(), device.segment()
    for signed in (gone, kept, back):
        device.put(signed)
        device.put_image(signed)
    redact = {"tgt": gone.record.id, "digests": [gone.record.digest("shot.0")], "scope": "shots"}
    assert device.put(device.sign("redact", {**redact, "why": "owner"})).status == 201
    span = {"tgt": back.record.id, "start": back.record.payload["start"], "end": back.record.payload["end"]}
    assert device.put(device.sign("discard", {"spans": [span], "why": "owner"})).status == 201
    found = bundle_for(device, role="freelancer")
    assert set(found.blob_names) == {kept.shot}
    texts = {parse(record.jws).id: record.disclosures for record in found.records}
    assert gone.record.disclosures["shot.0"] not in texts[gone.record.id]
    assert gone.record.disclosures["memo"] in texts[gone.record.id]
    assert texts[back.record.id] == ()


@pytest.mark.parametrize("how", ["redact", "discard"])
def test_what_is_taken_out_while_the_bundle_is_written_does_not_go_out(device: FakeDevice, how: str) -> None:
    signed = device.segment()
    device.put(signed)
    device.put_image(signed)
    seal = sealed_for_export(visitor(device), SPAN)
    start, end = signed.record.payload["start"], signed.record.payload["end"]
    clear = {
        "redact": {"tgt": signed.record.id, "digests": [signed.record.digest("memo")], "scope": "memo"},
        "discard": {"spans": [{"tgt": signed.record.id, "start": start, "end": end}]},
    }[how]
    taking = device.sign(how, {**clear, "why": "owner"})

    class Slow(io.BytesIO):
        """Whoever writes into it is slower than the person who takes something back."""

        def write(self, data: Any, /) -> int:
            if not self.tell():
                assert device.put(taking).status == 201
            return super().write(data)

    with pytest.raises(ProblemError) as caught:
        write_export(visitor(device).contract, seal, "client", Slow())
    assert caught.value.problem.code == ProblemCode.UNAVAILABLE


def test_nothing_plain_lies_on_the_disk_on_its_way_out(device: FakeDevice) -> None:
    spill = Spill()
    spill.write(b"plain words " * 100_000)
    assert b"".join(spill) == b"plain words " * 100_000
    assert spill.size == 1_200_000
    spill._file.seek(0)
    assert b"plain words" not in spill._file.read()
    assert [path.name for path in runtime().folder.iterdir() if path.name.startswith("spill-")] == []
    spill.close()
