"""A device's bearer token ends and is renewed by its key, by nobody else, once a nonce."""

from __future__ import annotations

import os

import pytest

from tests.fakes.devices import Answer, Door, FakeDevice
from workdiary.evidence.canonical import b64u
from workdiary.evidence.keys import Ed25519Signer
from workdiary.server.accounts import renewal
from workdiary.server.accounts.models import Device
from workdiary.server.compose import Service
from workdiary.wire.reading import encode
from workdiary.wire.tokens import TOKEN_LIFE_MS, token_proof_input

DAY = 86_400_000


def nonce_for(device: FakeDevice, kid: str = "") -> str:
    body = encode({"kid": kid or device.signer.kid})
    return str(device.door.ask("POST", "/api/v1/token/challenge", body).json["nonce"])


def renew(
    device: FakeDevice, nonce: str, origin: str = "", kid: str = "", signer: Ed25519Signer | None = None
) -> Answer:
    kid = kid or device.signer.kid
    said = token_proof_input(origin or device.installation.origin, kid, nonce)
    proof = b64u((signer or device.signer).sign(said))
    return device.door.ask("POST", "/api/v1/token", encode({"kid": kid, "nonce": nonce, "proof": proof}))


def row(device: FakeDevice) -> Device:
    return Device.objects.get(kid=device.signer.kid)


def use(device: FakeDevice, token: str) -> int:
    door = Door(device.door.port, {"Authorization": f"Bearer {token}"})
    return door.ask("GET", "/api/v1/keys").status


def test_a_new_token_takes_the_place_of_the_old_one(server: Service, device: FakeDevice) -> None:
    answer = renew(device, nonce_for(device))
    assert answer.status == 200
    assert answer.headers["Cache-Control"] == "no-store"
    left = answer.json["expires_ms"] - server.runtime.now_ms()
    assert TOKEN_LIFE_MS - 60_000 < left <= TOKEN_LIFE_MS
    assert use(device, answer.json["device_token"]) == 200
    assert use(device, device.token) == 401


def test_enrolling_says_when_the_token_ends(server: Service, device: FakeDevice) -> None:
    ends = row(device).token_expires_ms
    assert ends is not None
    assert TOKEN_LIFE_MS - 60_000 < ends - server.runtime.now_ms() <= TOKEN_LIFE_MS


def test_an_ended_token_admits_nobody_and_its_key_gets_another(device: FakeDevice) -> None:
    Device.objects.filter(kid=device.signer.kid).update(token_expires_ms=1)
    assert use(device, device.token) == 401
    assert device.door.ask("GET", "/log/checkpoint").status == 401
    answer = renew(device, nonce_for(device))
    assert use(device, answer.json["device_token"]) == 200


def test_a_token_of_before_has_no_end(device: FakeDevice) -> None:
    Device.objects.filter(kid=device.signer.kid).update(token_expires_ms=None)
    assert use(device, device.token) == 200


def test_a_nonce_is_good_once(device: FakeDevice) -> None:
    nonce = nonce_for(device)
    first = renew(device, nonce)
    assert first.status == 200
    again = renew(device, nonce)
    assert (again.status, again.json["code"]) == (401, "sign-in")
    assert use(device, first.json["device_token"]) == 200


def test_a_nonce_is_good_for_a_minute_and_for_its_key_only(
    device: FakeDevice, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Ed25519Signer(os.urandom(32))
    assert renew(device, nonce_for(device, other.kid)).status == 401
    monkeypatch.setattr(renewal, "NONCE_MS", 0)
    assert renew(device, nonce_for(device)).status == 401
    for spoiled in ("", "!", "AAAA", nonce_for(device)[:-4] + "AAAA"):
        assert renew(device, spoiled).status == 401
    assert use(device, device.token) == 200


def test_an_unknown_key_and_a_false_proof_get_one_answer(device: FakeDevice) -> None:
    stranger = Ed25519Signer(os.urandom(32))
    unknown = renew(device, nonce_for(device, stranger.kid), kid=stranger.kid, signer=stranger)
    false = renew(device, nonce_for(device), signer=stranger)
    elsewhere = renew(device, nonce_for(device), origin="workdiary/00000000000000000000000000000000/0")
    assert {(answer.status, answer.body) for answer in (unknown, false, elsewhere)} == {(404, false.body)}
    assert use(device, device.token) == 200


def test_a_revoked_key_gets_nothing(device: FakeDevice) -> None:
    Device.objects.filter(kid=device.signer.kid).update(revoked_ms=1)
    answer = renew(device, nonce_for(device))
    assert (answer.status, answer.json["code"]) == (403, "revoked")


def test_a_disabled_account_gets_nothing(device: FakeDevice) -> None:
    account = row(device).account
    account.disabled_ms = 1
    account.save()
    assert renew(device, nonce_for(device)).status == 403


def test_whoever_renews_without_end_is_told_to_wait(device: FakeDevice) -> None:
    answers = [renew(device, nonce_for(device)) for _ in range(renewal.RENEWALS_MAX + 1)]
    assert [answer.status for answer in answers] == [200] * renewal.RENEWALS_MAX + [429]
    assert int(answers[-1].headers["Retry-After"]) > 0
    assert use(device, answers[-2].json["device_token"]) == 200


def test_a_challenge_says_the_servers_time_and_keeps_nothing(server: Service, device: FakeDevice) -> None:
    from workdiary.server.accounts.models import Ticket

    before = Ticket.objects.count()
    answer = device.door.ask("POST", "/api/v1/token/challenge", encode({"kid": "nobody"}))
    assert answer.status == 200
    assert abs(answer.json["time_ms"] - server.runtime.now_ms()) < 60_000
    assert Ticket.objects.count() == before


def test_what_is_no_request_is_refused(device: FakeDevice) -> None:
    answer = device.door.ask("POST", "/api/v1/token", b"[]")
    assert answer.status == 400
