"""Bundles and trust files over HTTP: for parties and those who may look, logged before they are served."""

from __future__ import annotations

import json
import uuid

import pytest

from tests.fakes.devices import Answer, FakeDevice
from workdiary.evidence.bundle import Bundle, open_bundle
from workdiary.evidence.envelope import parse
from workdiary.server.accounts.models import Account, Session
from workdiary.server.accounts.tickets import issue_enrol
from workdiary.server.accounts.viewers import hashed
from workdiary.server.api.bundles import one_of_few
from workdiary.server.contracts.models import Contract, Party
from workdiary.server.contracts.solo import person
from workdiary.server.receive.models import Record
from workdiary.server.receive.operator_stream import operator_signer
from workdiary.server.store.runtime import runtime
from workdiary.verify.trust import parse_trust

DAY = 86_400_000


def ask(device: FakeDevice, body: object, **headers: str) -> Answer:
    path = f"/api/v1/contracts/{device.contract}/bundles"
    sent = {"Content_Type": "application/json", **headers}
    return device.door.ask("POST", path, json.dumps(body).encode(), **sent)


def today() -> dict[str, int]:
    start = runtime().now_ms() // DAY * DAY
    return {"start": start, "end": start + DAY}


def opened(answer: Answer) -> Bundle:
    assert answer.status == 200, answer.body
    assert answer.headers["Content-Type"] == "application/zip"
    assert int(answer.headers["Content-Length"]) == len(answer.body)
    return open_bundle(answer.body)


def cookie(device: FakeDevice, account: Account) -> dict[str, str]:
    now = runtime().now_ms()
    Session.objects.create(hash=hashed("x"), account=account, made_ms=now, expires_ms=now + DAY)
    return {"Authorization": "", "Cookie": f"workdiary_{device.door.port}=x"}


def test_a_party_gets_the_bundle_of_a_day(device: FakeDevice) -> None:
    signed = device.segment()
    device.put(signed)
    device.put_image(signed)
    found = opened(ask(device, today()))
    assert (found.damaged, found.missing, found.unknown, found.malformed) == ((), (), [], {})
    assert found.manifest.audience == "freelancer"
    assert set(found.blob_names) == {signed.shot}
    assert found.report is not None
    assert found.report.startswith("<!DOCTYPE html>")
    said = Record.objects.get(kind="access")
    assert parse(said.jws).payload["span"] == today()


@pytest.mark.parametrize("role", ["client", "support"])
def test_who_may_look_gets_one_too(device: FakeDevice, role: str) -> None:
    found = opened(ask(device, today(), **cookie(device, person(role))))
    assert found.manifest.audience == {"client": "client", "support": "staff"}[role]


def test_strangers_learn_nothing(device: FakeDevice) -> None:
    stranger = Account.objects.create(name="Eve", role="client", made_ms=0)
    own = Contract.objects.create(name="hers", made_ms=0)
    Party.objects.create(contract=own, account=stranger, role="client")
    eve = FakeDevice(device.door)
    assert eve.enrol(issue_enrol(stranger)).status == 201
    eve.contract = device.contract
    assert ask(eve, today()).status == 404
    assert ask(device, today(), **cookie(device, stranger)).status == 404
    assert eve.door.ask("GET", f"/api/v1/contracts/{device.contract}/trust").status == 404
    assert ask(device, today(), Authorization="").status == 401
    assert ask(device, today(), Authorization="Bearer x").status == 401
    device.contract = "nonsense"
    assert ask(device, today()).status == 404
    assert not Record.objects.filter(kind__in=("access", "seal")).exists()


@pytest.mark.parametrize(
    "body",
    [{}, [], {"start": 5, "end": 5}, {"start": -1, "end": 5}, {"start": 0, "end": 367 * DAY}, {"start": "0"}],
)
def test_nonsense_is_refused_before_anything_is_signed(device: FakeDevice, body: object) -> None:
    assert ask(device, body).status == 400
    assert not Record.objects.filter(kind="seal").exists()


def test_a_form_of_another_page_is_no_request(device: FakeDevice) -> None:
    assert ask(device, today(), Content_Type="text/plain").status == 415


def test_the_trust_file_names_log_operator_and_roots(device: FakeDevice) -> None:
    answer = device.door.ask("GET", f"/api/v1/contracts/{device.contract}/trust")
    trust = parse_trust(answer.body.decode())
    assert (trust.installation, trust.solo) == (runtime().secrets.installation, True)
    assert trust.operator == operator_signer().kid
    assert trust.name == Contract.objects.get().name


def test_exports_leave_threads_for_the_records_of_everybody_else(device: FakeDevice) -> None:
    owner = uuid.UUID(device.account)
    with one_of_few(owner):
        assert ask(device, today()).status == 429
        assert device.put(device.segment()).status == 201
        opened(ask(device, today(), **cookie(device, person("client"))))
    with one_of_few(uuid.uuid4()), one_of_few(uuid.uuid4()):
        assert ask(device, today()).status == 429
    opened(ask(device, today()))
