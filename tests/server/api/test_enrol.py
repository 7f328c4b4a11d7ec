"""Enrolment and what a server says of itself."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.devices import Door, FakeDevice
from workdiary.evidence.canonical import b64u
from workdiary.evidence.keys import Es256Signer
from workdiary.evidence.notes import parse_vkey
from workdiary.server.accounts.models import Account, Device, Ticket
from workdiary.server.compose import Service
from workdiary.server.contracts.models import Contract, Party


def solo_file(server: Service) -> Any:
    return json.loads((server.runtime.folder / "solo.json").read_text())


def test_the_installation_says_what_a_client_pins(server: Service, door: Door) -> None:
    device = FakeDevice(door)
    said = device.installation
    assert said.solo
    assert said.demo_allowed
    assert parse_vkey(said.log_vkey).name == said.origin
    assert said.origin == f"workdiary/{server.runtime.secrets.installation}/0"
    assert abs(said.time_ms - server.runtime.now_ms()) < 60_000


def test_the_enrolment_token_is_in_the_owners_file_only(server: Service) -> None:
    path = server.runtime.folder / "solo.json"
    assert path.stat().st_mode & 0o777 == 0o600
    assert (server.runtime.folder / "secrets.json").stat().st_mode & 0o777 == 0o600
    if server.runtime.folder.joinpath("diary.db").exists():
        assert (server.runtime.folder / "diary.db").stat().st_mode & 0o777 == 0o600
    assert solo_file(server)["enrol_token"] == server.enrol_token
    assert solo_file(server)["port"] == server.runtime.port


def test_a_device_gets_an_account_a_token_and_the_demo_contract(server: Service, door: Door) -> None:
    device = FakeDevice(door)
    answer = device.enrol(server.enrol_token or "")
    assert answer.status == 201
    assert answer.headers["Cache-Control"] == "no-store"
    contract = Contract.objects.get()
    assert answer.json["contracts"] == [{"id": str(contract.id), "name": "demo"}]
    assert {party.role for party in Party.objects.all()} == {"freelancer", "client", "support"}
    stored = Device.objects.get()
    assert str(stored.account_id) == answer.json["account"]
    assert stored.account.role == "freelancer"
    kept = [path.read_bytes() for path in server.runtime.folder.rglob("*") if path.is_file()]
    assert not any(device.token.encode() in data for data in kept)


def test_a_token_enrols_one_key_and_the_next_is_waiting(server: Service, door: Door) -> None:
    first, second = FakeDevice(door), FakeDevice(door)
    token = server.enrol_token or ""
    assert first.enrol(token).status == 201
    assert second.enrol(token).status == 401
    assert second.enrol(solo_file(server)["enrol_token"]).status == 201
    assert Contract.objects.count() == 1
    assert first.open()
    assert second.open()


def test_a_device_whose_answer_was_lost_asks_again(server: Service, door: Door) -> None:
    device = FakeDevice(door)
    assert device.enrol(server.enrol_token or "").status == 201
    lost = device.token
    again = FakeDevice(door, device.signer)
    assert again.enrol(server.enrol_token or "").status == 201
    assert Device.objects.count() == 1
    assert again.open()
    device.token = lost
    assert device.put(device.sign("open")).status == 401


def test_a_captured_enrolment_is_worthless_once_the_token_arrived(server: Service, door: Door) -> None:
    device = FakeDevice(door)
    token = server.enrol_token or ""
    assert device.enrol(token).status == 201
    assert device.open()
    thief = FakeDevice(door, device.signer)  # the same bytes again: key, proof and token
    assert thief.enrol(token).status == 401
    assert device.put(device.segment()).status == 201


def test_an_answer_lost_long_ago_is_lost(server: Service, door: Door) -> None:
    device = FakeDevice(door)
    token = server.enrol_token or ""
    assert device.enrol(token).status == 201
    Ticket.objects.exclude(used_ms=None).update(used_ms=1)
    assert FakeDevice(door, device.signer).enrol(token).status == 401


def test_an_es256_key_is_welcome(server: Service, door: Door) -> None:
    device = FakeDevice(door, Es256Signer(os.urandom(32)))  # type: ignore[arg-type] # either signer
    assert device.enrol(server.enrol_token or "").status == 201
    assert device.open()


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"token": "guess"}, 422),
        ({"proof": b64u(b"x" * 64)}, 422),
        ({"proof": "!"}, 422),
        ({"jwk": {"kty": "OKP", "crv": "Ed25519", "x": b64u(b"\x00" * 32)}}, 422),
        ({"jwk": {}}, 422),
        ({"key_class": "HW-ATTESTED"}, 400),
        ({"device_name": ""}, 400),
        ({"device_name": "x" * 300}, 400),
        ({"device_name": "a\nb"}, 400),
        ({"device_name": 7}, 400),
        ({"token": None}, 400),
    ],
)
def test_bad_enrolments(server: Service, door: Door, changes: dict[str, Any], status: int) -> None:
    device = FakeDevice(door)
    answer = device.enrol(server.enrol_token or "", **changes)
    assert answer.status == status
    assert not Device.objects.exists()
    assert Ticket.objects.filter(purpose="enrol", used_ms=None).count() == 1


def test_a_proof_for_another_token_does_not_count(server: Service, door: Door) -> None:
    device = FakeDevice(door)
    assert device.enrol("another token").status == 401
    assert device.enrol("another token", token=server.enrol_token).status == 422


def test_an_old_token_is_worthless(server: Service, door: Door) -> None:
    Ticket.objects.filter(purpose="enrol").update(expires_ms=1)
    assert FakeDevice(door).enrol(server.enrol_token or "").status == 401


def test_a_revoked_key_does_not_come_back(device: FakeDevice, server: Service) -> None:
    Device.objects.update(revoked_ms=1)
    assert device.enrol(solo_file(server)["enrol_token"]).status == 403


def test_a_device_can_revoke_another_of_its_account(device: FakeDevice, server: Service, door: Door) -> None:
    other = FakeDevice(door)
    other.enrol(solo_file(server)["enrol_token"])
    device.new_stream()
    opening = {"ctr": None}
    assert device.put(device.sign("open", opening)).status == 201
    clear = {"ctr": None, "account": device.account, "kid": other.signer.kid, "why": "stolen"}
    assert device.put(device.sign("revoke", clear)).status == 201
    answer = other.put(other.sign("open"))
    assert (answer.status, answer.json["code"]) == (403, "revoked")
    assert device.put(device.sign("revoke", clear)).status == 201


def test_a_disabled_account_is_told_so(device: FakeDevice) -> None:
    Account.objects.update(disabled_ms=1)
    assert device.put(device.segment()).status == 403


def test_secrets_never_print(server: Service) -> None:
    shown = repr(server.runtime) + repr(server)
    assert server.runtime.secrets.signin.hex() not in shown
    assert server.runtime.secrets.master.hex() not in shown
    assert repr(server.runtime.secrets.master) not in shown
    assert server.enrol_token is not None
    assert server.enrol_token not in shown


def test_nothing_is_asked_of_the_home_of_another(tmp_path: Path, server: Service, door: Door) -> None:
    answer = door.ask("POST", "/api/v1/solo/signin", b'{"as":"freelancer"}')
    assert answer.status == 401
    wrong = door.ask(
        "POST", "/api/v1/solo/signin", b'{"as":"freelancer"}', Authorization="Bearer " + "0" * 64
    )
    assert wrong.status == 401
