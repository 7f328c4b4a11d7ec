"""The first contact pins keys and proves the device; a stranger's answer pins nothing."""

from __future__ import annotations

import secrets
from dataclasses import replace
from pathlib import Path

import pytest

from tests.fakes.diary_server import ENROL_TOKEN, TOKEN, FakeServer
from tests.fakes.keyring import FakeKeyring
from tests.fakes.records import ACCOUNT, CONTRACT
from workdiary.client.account import Account
from workdiary.client.errors import ExitCode, KnownError, OfflineError
from workdiary.client.settings import open_home
from workdiary.client.sign.signer import DeviceKeys
from workdiary.client.upload.enrol import Grant, enrol
from workdiary.client.upload.transport import Answer
from workdiary.wire.problems import ProblemCode
from workdiary.wire.reading import encode


@pytest.fixture
def account(tmp_path: Path) -> Account:
    return Account.open(open_home(tmp_path / "home", "0.1.0"))


@pytest.fixture
def keys() -> DeviceKeys:
    return DeviceKeys.open(FakeKeyring().opened(), secrets.token_bytes, enrolled_kid=None)


def go(server: FakeServer, account: Account, keys: DeviceKeys, token: str = ENROL_TOKEN) -> None:
    enrol(server, account, keys, Grant(token, "Desk"), lambda: 77)


def test_enrolling_pins_and_keeps(account: Account, keys: DeviceKeys) -> None:
    server = FakeServer()
    go(server, account, keys)
    enrolment = account.enrolment
    assert enrolment is not None
    assert enrolment.server == "solo"
    assert enrolment.origin == server.log.origin
    assert enrolment.log_vkey == server.log.vkey
    assert enrolment.operator_jwk == server.operator.jwk
    assert (enrolment.account, enrolment.kid, enrolment.enrolled_ms) == (ACCOUNT, keys.kid, 77)
    assert account.contract("demo").id == CONTRACT
    assert keys.token() == TOKEN
    assert server.jwk == keys.signer.jwk
    assert TOKEN.encode() not in b"".join(path.read_bytes() for path in account._home.path.rglob("*.json"))


def test_a_spent_token_is_told(account: Account, keys: DeviceKeys) -> None:
    server = FakeServer()
    server.rules.append(
        lambda method, path: server.problem(ProblemCode.MALFORMED) if path.endswith("/enrol") else None
    )
    with pytest.raises(KnownError) as caught:
        go(server, account, keys, "old")
    assert caught.value.exit_code is ExitCode.REFUSED
    assert account.enrolment is None
    assert keys.token() is None


@pytest.mark.parametrize(
    "change",
    [
        {"origin": "https://example"},
        {"log_vkey": "name+00000000+AAAA"},
        {"upload_jwk": {"kty": "OKP", "crv": "Ed25519", "x": "A" * 43}},
        {"operator_jwk": {"kty": "RSA"}},
    ],
)
def test_keys_that_cannot_be_used_are_not_pinned(
    account: Account, keys: DeviceKeys, change: dict[str, object]
) -> None:
    server = FakeServer()
    shown = replace(server.installation(), **change)  # type: ignore[arg-type]
    server.rules.append(
        lambda _method, path: (
            Answer(200, {}, encode(shown.to_json())) if path.endswith("installation") else None
        )
    )
    with pytest.raises(OfflineError):
        go(server, account, keys)
    assert account.enrolment is None
    assert server.count("POST", "/api/v1/enrol") == 0


@pytest.mark.parametrize("member", ["account", "contract"])
def test_ids_that_no_record_can_carry_are_nonsense(account: Account, keys: DeviceKeys, member: str) -> None:
    server = FakeServer()
    contract = {"id": "7" if member == "contract" else CONTRACT, "name": "demo"}
    reply = {
        "account": "me" if member == "account" else ACCOUNT,
        "device": "d",
        "device_token": "t",
        "contracts": [contract],
    }
    server.rules.append(
        lambda _method, path: Answer(201, {}, encode(reply)) if path.endswith("/enrol") else None  # type: ignore[arg-type]
    )
    with pytest.raises(OfflineError):
        go(server, account, keys)
    assert account.enrolment is None


def test_offline_is_told(account: Account, keys: DeviceKeys) -> None:
    with pytest.raises(OfflineError):
        go(FakeServer(offline=True), account, keys)
