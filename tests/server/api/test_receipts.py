"""A real server with three witnesses: the best receipt over HTTP, what it shows of them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.devices import Door, FakeDevice
from tests.fakes.witnesses import Pinned, log_vkey, threads, write_settings
from workdiary.evidence.cosign import cosignatures
from workdiary.evidence.notes import parse_receipt
from workdiary.server.compose import Plan, Service, service
from workdiary.server.log.cosigned import wait_cosigned
from workdiary.server.log.models import Beacon
from workdiary.verify.checks import verify_receipt
from workdiary.wire.messages import Installation

PATIENCE_S = 20


@pytest.fixture
def pinned(plan: Plan, tmp_path: Path) -> Iterator[list[Pinned]]:
    with threads(tmp_path / "witnesses", [log_vkey(plan.folder)]) as made:
        write_settings(plan.folder, made, 2)
        yield made


@pytest.fixture
def server(plan: Plan, pinned: list[Pinned]) -> Iterator[Service]:
    with service(plan) as ready:
        ready.listener._server.expiration_interval = 0.05
        thread = threading.Thread(target=ready.run, name="server")
        thread.start()
        try:
            yield ready
        finally:
            ready.listener.stop()
            thread.join(10)


def signers(note: str, pinned: list[Pinned]) -> int:
    return len(cosignatures(note, [one.key for one in pinned]))


def test_the_best_receipt_is_served_one_or_many(
    server: Service, device: FakeDevice, door: Door, pinned: list[Pinned]
) -> None:
    signed = device.segment()
    first = device.put(signed)
    assert first.status == 201
    assert signers(parse_receipt(first.json["receipt"]).checkpoint_note, pinned) == 0
    assert wait_cosigned(0, first.json["index"] + 1, PATIENCE_S) is not None
    shown = Installation.from_json(door.ask("GET", "/api/v1/installation").json)
    assert shown.witnesses == tuple(one.vkey for one in pinned)
    assert (shown.k, shown.tsas) == (2, ())
    answer = device.door.ask("GET", f"/api/v1/records/{signed.rid}/receipt")
    assert answer.status == 200
    better = verify_receipt(signed.record.jws, answer.body.decode(), shown.log_vkey, shown.origin)
    assert signers(better.note, pinned) >= 2
    many = device.door.ask("POST", "/api/v1/records/receipts", f'{{"rids":["{signed.rid}"]}}'.encode())
    assert set(many.json["receipts"]) == {signed.rid}
    assert device.put(signed).status == 200
    # Sent again it is the cosigned one; a third witness may have answered meanwhile.
    assert signers(parse_receipt(device.put(signed).json["receipt"]).checkpoint_note, pinned) >= 2


def test_the_newest_note_comes_with_its_cosignatures_and_a_beacon_below_it(
    device: FakeDevice, pinned: list[Pinned]
) -> None:
    index = device.put(device.segment()).json["index"]
    assert wait_cosigned(0, index + 1, PATIENCE_S) is not None
    assert signers(device.door.ask("GET", "/log/checkpoint").body.decode(), pinned) >= 0
    assert wait_cosigned(0, index + 2, PATIENCE_S) is not None, "the beacon a client's visit brings"
    assert Beacon.objects.count() == 1
    note = device.door.ask("GET", "/log/checkpoint").body.decode()
    assert signers(note, pinned) >= 2


def test_readiness_shows_them_and_does_not_depend_on_them(server: Service, door: Door) -> None:
    answer = door.ask("GET", "/readyz")
    assert answer.status == 200
    assert answer.json["witnesses"]["pinned"] == 3


def test_a_server_ends_while_its_witnesses_are_silent(plan: Plan, pinned: list[Pinned]) -> None:
    write_settings(plan.folder, [Pinned(one.vkey, "http://127.0.0.1:9") for one in pinned], 2)
    with service(plan) as ready:
        assert ready.witnessing is not None
        ready.witnessing.turn()
    assert not [one for one in threading.enumerate() if one.name.startswith(("witnessing", "witness_"))]
