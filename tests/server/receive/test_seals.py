"""Seals, and the operator's own streams."""

from __future__ import annotations

import threading

from django.db import connections

from tests.fakes.devices import FakeDevice
from workdiary.evidence.canonical import JsonObject
from workdiary.evidence.envelope import parse
from workdiary.evidence.streams import check_chain
from workdiary.server.compose import Service
from workdiary.server.contracts.models import Contract
from workdiary.server.log.models import Note
from workdiary.server.receive.models import OperatorHead, Record
from workdiary.server.receive.operator_stream import Statement, operator_signer, state
from workdiary.server.receive.seals import heads_of, newest_seal, owe_seal, seal, seal_owed
from workdiary.server.store.database import writing

SPAN = (0, 2**40)


def contract_of(device: FakeDevice) -> Contract:
    return Contract.objects.get(pk=device.contract)


def heads(record: Record) -> dict[str, JsonObject]:
    listed = parse(record.jws).payload["heads"]
    assert isinstance(listed, list)
    return {str(head["stream"]): head for head in listed if isinstance(head, dict)}


def operator_records(contract: Contract | None = None) -> list[Record]:
    mine = Record.objects.filter(kid=operator_signer().kid, contract=contract)
    return list(mine.order_by("leaf_id"))


def test_a_seal_names_every_stream_of_the_contract_with_its_holes(device: FakeDevice) -> None:
    device.put(device.segment())
    lost = device.segment()
    last = device.segment()
    device.put(last)
    contract = contract_of(device)
    found = heads(seal(contract, SPAN))
    assert found[device.stream] == {"stream": device.stream, "seq": 3, "id": last.record.id, "holes": [2]}
    assert lost.record.id not in str(found)
    device.put(lost)
    second = heads(seal(contract, SPAN))
    assert second[device.stream]["holes"] == []
    own = operator_records(contract)
    assert second[own[0].stream] == {"stream": own[0].stream, "seq": 1, "id": own[1].jws_id, "holes": []}


def test_heads_count_only_what_lies_below_the_size(device: FakeDevice) -> None:
    first = device.segment()
    device.put(first)
    size = Note.objects.order_by("-size")[0].size
    device.put(device.segment())
    (head,) = heads_of(contract_of(device), 0, size)
    assert (head["seq"], head["id"]) == (1, first.record.id)
    record = seal(contract_of(device), SPAN)
    assert parse(record.jws).payload["size"] == record.index


def test_a_stranger_in_a_stream_changes_no_head(device: FakeDevice, server: Service) -> None:
    from workdiary.server.accounts.tickets import issue_enrol
    from workdiary.server.contracts.solo import person

    other = FakeDevice(device.door)
    assert other.enrol(issue_enrol(person("client"))).status == 201
    other.stream, other.seq, other.prev = device.stream, 10**12, device.prev
    assert other.put(other.sign("approve")).status == 201
    assert heads(seal(contract_of(device), SPAN))[device.stream]["seq"] == 0


def test_an_absurd_seq_fills_the_list_of_holes_and_no_more(device: FakeDevice) -> None:
    device.seq = 2**52
    assert device.put(device.segment()).status == 201
    head = heads(seal(contract_of(device), SPAN))[device.stream]
    assert (head["seq"], head["holes"]) == (2**52, [*range(1, 101)])


def test_threads_make_one_chain(device: FakeDevice) -> None:
    contract = contract_of(device)

    def work() -> None:
        for _ in range(5):
            seal(contract, SPAN)
        connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    records = operator_records(contract)
    assert [record.seq for record in records] == [*range(21)]
    assert check_chain(parse(record.jws) for record in records) == ()


def test_who_loses_the_race_signs_anew_behind_the_new_head(device: FakeDevice) -> None:
    """Another process is in between reading the head and logging: simulated at exactly that point."""
    contract = contract_of(device)
    seal(contract, SPAN)
    seen: list[int] = []

    def make(head: OperatorHead) -> Statement:
        seen.append(head.seq)
        if len(seen) == 1:
            seal(contract, SPAN)  # the same thread may: the lock is for other threads
        return Statement("expire", {"tgt": head.head, "digests": [head.head], "class": "images"})

    record = state(contract, make)
    assert seen == [1, 2]
    assert record.seq == 3
    assert check_chain(parse(row.jws) for row in operator_records(contract)) == ()


def test_a_restored_database_makes_the_operator_begin_a_new_stream(device: FakeDevice) -> None:
    contract = contract_of(device)
    before = seal(contract, SPAN)
    OperatorHead.objects.update(epoch=-1)
    after = seal(contract, SPAN)
    opened = parse(Record.objects.get(stream=after.stream, seq=0).jws).payload
    assert after.stream != before.stream
    assert opened["resume"] == {
        "stream": before.stream,
        "seq": before.seq,
        "id": before.jws_id,
        "why": "restored",
    }


def test_heads_of_a_database_from_before_are_read_from_its_records(device: FakeDevice) -> None:
    contract = contract_of(device)
    before = seal(contract, SPAN)
    OperatorHead.objects.all().delete()
    after = seal(contract, SPAN)
    assert (after.stream, after.seq) == (before.stream, before.seq + 1)
    assert newest_seal(contract) == after
    assert newest_seal(contract, after.leaf_id) == before


def test_a_dispute_is_sealed_when_it_is_opened(device: FakeDevice) -> None:
    device.put(device.segment())
    assert device.put(device.sign("dispute", {"week": "2026-W47"})).status == 201
    disputed = Record.objects.get(kind="dispute")
    made = newest_seal(contract_of(device))
    assert made is not None
    said = parse(made.jws).payload
    assert said["span"] == {
        "start": 1_763_337_600_000 + 52 * 604_800_000,
        "end": 1_763_942_400_000 + 52 * 604_800_000,
    }
    assert heads(made)[device.stream]["id"] == disputed.jws_id
    assert device.put(device.sign("dispute", {"week": "2025-W53"})).status == 201
    assert newest_seal(contract_of(device)) == made


def test_a_seal_that_a_crash_left_owed_is_signed_at_the_start(device: FakeDevice) -> None:
    contract = contract_of(device)
    with writing():
        owe_seal(contract, "2026-W47")
    assert newest_seal(contract) is None
    seal_owed()
    assert newest_seal(contract) is not None
    seal_owed()
    assert Record.objects.filter(kind="seal").count() == 1


def test_no_party_can_make_a_seal_too_long(device: FakeDevice) -> None:
    own = device.stream
    for _ in range(12):
        device.new_stream()
        device.open()
        device.seq = 2**53 - 1_000
        assert device.put(device.segment()).status == 201
    found = heads(seal(contract_of(device), SPAN))
    assert own in found
    assert len(found) == 14
    listed = [head["holes"] for head in found.values()]
    assert sum(len(holes) for holes in listed if isinstance(holes, list)) == 500
