"""What a device is told of its contracts: signed records only, of its own contracts only."""

from __future__ import annotations

import pytest

from tests.fakes.contracts import add_contract
from tests.fakes.devices import Door, FakeDevice
from workdiary.evidence.envelope import check_signature, parse
from workdiary.server.accounts.models import Device
from workdiary.server.api import contracts as view
from workdiary.server.compose import Service
from workdiary.server.contracts.models import Contract, Party
from workdiary.wire.contracts import ContractsReply


def told(door: Door, after: str = "") -> ContractsReply:
    query = f"?after={after}" if after else ""
    answer = door.ask("GET", f"/api/v1/contracts{query}")
    assert answer.status == 200
    assert answer.headers["Cache-Control"] == "no-store"
    return ContractsReply.from_json(answer.json)


def test_terms_come_with_what_opened_their_stream(device: FakeDevice) -> None:
    signed = device.sign("terms")
    assert device.put(signed).status == 201
    assert device.put(device.sign("segment")).status == 201
    (contract,) = told(device.door).contracts
    assert (contract.id, contract.name) == (device.contract, "demo")
    opened, terms = (parse(item.jws) for item in contract.records)
    assert [opened.kind, terms.kind] == ["open", "terms"]
    for item, record in zip(contract.records, (opened, terms), strict=True):
        check_signature(record, device.signer.jwk)
        assert item.account == device.account
    assert contract.records[1].disclosures == tuple(signed.record.disclosures.values())
    assert (contract.records[0].epoch, contract.records[0].index) == (0, 0)


def test_a_contract_without_terms_is_told_all_the_same(device: FakeDevice) -> None:
    (contract,) = told(device.door).contracts
    assert contract.records == ()


def test_pages_hold_every_contract_once(
    server: Service, device: FakeDevice, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("second", "third"):
        add_contract(name)
    monkeypatch.setattr(view, "PAGE_MAX", 1)
    names, after = [], ""
    while True:
        page = told(device.door, after)
        names += [contract.name for contract in page.contracts]
        after = page.after
        if not after:
            break
    assert names == ["demo", "second", "third"]
    assert server.enrol_token is not None


def test_a_guessed_place_in_the_list_shows_nothing_else(device: FakeDevice) -> None:
    other = Contract.objects.create(name="elsewhere", made_ms=0)
    account = Device.objects.get(kid=device.signer.kid).account
    assert not Party.objects.filter(contract=other, account=account).exists()
    for after in (str(other.id), "x", "%00", "0" * 36):
        assert [contract.id for contract in told(device.door, after).contracts] == [device.contract]


def test_a_revoked_device_is_told_nothing(device: FakeDevice) -> None:
    Device.objects.filter(kid=device.signer.kid).update(revoked_ms=1)
    assert device.door.ask("GET", "/api/v1/contracts").status == 403
