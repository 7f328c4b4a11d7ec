"""Who looked: in the log before anything is shown, once an hour, and never the owner."""

from __future__ import annotations

import secrets

from tests.fakes.devices import Door, FakeDevice, Signed
from workdiary.evidence.envelope import parse
from workdiary.evidence.times import iso_utc
from workdiary.server.accounts.models import Session
from workdiary.server.accounts.viewers import hashed
from workdiary.server.contracts.models import Contract
from workdiary.server.contracts.solo import person
from workdiary.server.receive import access_records
from workdiary.server.receive.access_records import HOUR_MS, Visitor, log_look
from workdiary.server.receive.models import Looked, Record
from workdiary.server.receive.stored import disclosures_of
from workdiary.server.store.runtime import runtime


def door_of(device: FakeDevice, role: str) -> Door:
    secret, now = secrets.token_urlsafe(32), runtime().now_ms()
    Session.objects.create(
        hash=hashed(secret), account=person(role), made_ms=now, expires_ms=now + 24 * HOUR_MS
    )
    return Door(device.door.port, {"Cookie": f"workdiary_{device.door.port}={secret}"})


def looks() -> list[tuple[str, str]]:
    rows = Record.objects.filter(kind="access").order_by("leaf_id")
    return [(str((p := parse(row.jws).payload)["role"]), str(p["what"])) for row in rows]


def shown(device: FakeDevice) -> Signed:
    signed = device.segment()
    device.put(signed)
    device.put_image(signed)
    return signed


def test_a_client_who_looks_is_in_the_log_once_an_hour(device: FakeDevice) -> None:
    signed, door = shown(device), door_of(device, "client")
    for _ in range(3):
        assert door.ask("GET", f"/shots/{signed.shot}").status == 200
        assert door.ask("GET", f"/diary/{device.contract}/2026-11-20").status == 200
        assert door.ask("GET", f"/record/{signed.rid}").status == 200
    assert looks() == [("client", "image"), ("client", "diary"), ("client", "record")]
    assert door_of(device, "support").ask("GET", f"/shots/{signed.shot}").status == 200
    assert looks()[3:] == [("staff", "image")]
    said = parse(Record.objects.filter(kind="access").order_by("leaf_id")[0].jws).payload
    assert said["span"] == {"start": signed.record.payload["start"], "end": signed.record.payload["end"]}


def test_a_small_picture_or_its_page_alone_is_a_look_too(device: FakeDevice) -> None:
    signed, door = shown(device), door_of(device, "client")
    assert door.ask("GET", f"/shots/{signed.shot}/thumb").status == 200
    assert looks() == [("client", "diary")]
    day = iso_utc(int(str(signed.record.payload["start"])))[:10]
    assert door.ask("GET", f"/diary/{device.contract}/{day}").status == 200
    assert door.ask("GET", f"/shots/{signed.shot}/thumb").status == 200
    assert looks() == [("client", "diary")]
    assert door.ask("GET", f"/shots/{signed.shot}/view").status == 200
    assert looks() == [("client", "diary"), ("client", "image")]
    assert door_of(device, "freelancer").ask("GET", f"/shots/{signed.shot}/thumb").status == 200
    assert len(looks()) == 2


def test_the_owner_is_no_visitor_and_what_is_not_there_was_not_seen(device: FakeDevice) -> None:
    signed = shown(device)
    assert door_of(device, "freelancer").ask("GET", f"/shots/{signed.shot}").status == 200
    assert door_of(device, "client").ask("GET", f"/shots/{'0' * 64}").status == 404
    assert looks() == []


def test_the_next_hour_is_another_look_and_old_ones_are_forgotten(device: FakeDevice) -> None:
    contract = Contract.objects.get(pk=device.contract)
    seen = Visitor(contract, person("client").id, "Jana", "client")
    log_look(seen, "diary", "2026-11-20", (0, 1))
    Looked.objects.update(hour=Looked.objects.get().hour - 2)
    log_look(seen, "diary", "2026-11-20", (0, 1))
    assert len(looks()) == 2
    assert Looked.objects.count() == 1


def test_the_name_of_who_looked_is_sealed_and_can_be_removed(device: FakeDevice) -> None:
    contract = Contract.objects.get(pk=device.contract)
    made = access_records.log_export(Visitor(contract, None, "Jana " * 100, "client"), (0, 1), "asked for")
    texts = disclosures_of([made])[made.rid]
    assert len(texts) == 2
    assert "Jana" not in made.jws
    assert all(text not in made.jws for text in texts)
