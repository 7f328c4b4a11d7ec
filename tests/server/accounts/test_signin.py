"""One-time addresses, cookies and host names."""

from __future__ import annotations

import http.client
import json
from typing import Any

import pytest

from tests.fakes.devices import Answer, Door
from workdiary.server.accounts.models import Account, Session, Ticket
from workdiary.server.compose import Service


@pytest.fixture
def signin(server: Service, door: Door) -> Any:
    """Ask for an address as `solo url` does; returns its path."""

    def ask(role: str = "freelancer", to: str = "/") -> str:
        header = f"Bearer {server.runtime.secrets.signin.hex()}"
        body = json.dumps({"as": role, "to": to}).encode()
        answer = door.ask("POST", "/api/v1/solo/signin", body, Authorization=header)
        assert answer.status == 201, answer
        url = str(answer.json["url"])
        assert url.startswith(f"http://127.0.0.1:{server.runtime.port}/signin/")
        return url.removeprefix(server.runtime.address)

    return ask


def cookie_of(answer: Answer) -> str:
    return answer.headers["Set-Cookie"].partition(";")[0]


def test_an_address_signs_in_once(server: Service, door: Door, signin: Any) -> None:
    path = signin(to="/about/verification")
    first = door.ask("GET", path)
    assert first.status == 302
    assert first.headers["Location"] == "/about/verification"
    assert first.headers["Cache-Control"] == "no-store"
    assert first.headers["Referrer-Policy"] == "no-referrer"
    attributes = first.headers["Set-Cookie"].split("; ")
    assert attributes[0].startswith(f"workdiary_{server.runtime.port}=")
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(attributes)
    assert door.ask("GET", path).status == 410


def test_the_cookie_is_kept_as_a_hash_and_ends(server: Service, door: Door, signin: Any) -> None:
    cookie = cookie_of(door.ask("GET", signin()))
    assert door.ask("GET", "/log/checkpoint", Cookie=cookie).status == 200
    value = cookie.partition("=")[2]
    for path in server.runtime.folder.rglob("*"):
        if path.is_file():
            assert value.encode() not in path.read_bytes()
    Session.objects.update(expires_ms=1)
    assert door.ask("GET", "/log/checkpoint", Cookie=cookie).status == 401


def test_a_session_of_a_disabled_account_ends(door: Door, signin: Any) -> None:
    cookie = cookie_of(door.ask("GET", signin()))
    Account.objects.update(disabled_ms=1)
    assert door.ask("GET", "/log/checkpoint", Cookie=cookie).status == 401


def test_an_old_or_unknown_address_is_dead(door: Door, signin: Any) -> None:
    path = signin()
    Ticket.objects.update(expires_ms=1)
    assert door.ask("GET", path).status == 410
    assert door.ask("GET", "/signin/guess").status == 410


def test_an_enrolment_token_is_no_sign_in(server: Service, door: Door) -> None:
    assert door.ask("GET", f"/signin/{server.enrol_token}").status == 410


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example/",
        "https://evil.example/",
        "/\\evil.example",
        "javascript:1",
        "",
        "/a\r\nSet-Cookie: x=1",
    ],
)
def test_a_sign_in_leads_to_this_server_only(door: Door, signin: Any, target: str) -> None:
    answer = door.ask("GET", signin(to=target))
    assert answer.headers["Location"] == "/"


@pytest.mark.parametrize("role", ["freelancer", "client", "support"])
def test_each_role_signs_in_as_itself(door: Door, signin: Any, role: str) -> None:
    door.ask("GET", signin(role))
    assert Session.objects.select_related("account").get().account.role == role


def test_a_strange_token_is_no_fault_of_ours(door: Door) -> None:
    answer = door.ask("POST", "/api/v1/solo/signin", b'{"as":"client"}', Authorization="Bearer \xe9\xff")
    assert answer.status == 401


def test_other_roles_do_not_exist(server: Service, door: Door) -> None:
    header = f"Bearer {server.runtime.secrets.signin.hex()}"
    answer = door.ask("POST", "/api/v1/solo/signin", b'{"as":"admin"}', Authorization=header)
    assert answer.status == 400


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "", "a b"])
def test_another_host_name_is_refused(server: Service, host: str) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.runtime.port, timeout=10)
    connection.putrequest("GET", "/healthz", skip_host=True)
    connection.putheader("Host", host)
    connection.endheaders()
    assert connection.getresponse().status == 400
    connection.close()


def test_own_host_names_are_answered(server: Service, door: Door) -> None:
    for host in (f"127.0.0.1:{server.runtime.port}", "localhost", f"[::1]:{server.runtime.port}"):
        assert door.ask("GET", "/healthz", Host=host).status == 200


def test_logs_hold_no_address_and_no_secret(
    door: Door, signin: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    path = signin()
    door.ask("GET", path)
    door.ask("GET", path)
    door.ask("GET", "/diary/not-there?zone=secret")
    text = "\n".join(record.getMessage() for record in caplog.records if record.name.startswith("workdiary"))
    assert "GET /signin/<str:secret> 302" in text
    assert path.rpartition("/")[2] not in text
    assert "secret=" not in text
    assert "not-there" not in text
