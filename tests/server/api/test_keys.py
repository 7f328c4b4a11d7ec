"""An account's keys: roots, browsers, certificates, revocation and rotation, as the log orders them."""

from __future__ import annotations

import os
import secrets
import time

import pytest

from tests.fakes.accountkeys import (
    AccountStream,
    Signer,
    add_browser,
    add_root,
    ed25519,
    es256,
    key_request,
    rows,
)
from tests.fakes.devices import Door, FakeDevice
from workdiary.evidence.canonical import b64u, unb64u
from workdiary.evidence.keys import ES256, Ed25519Signer, verify
from workdiary.evidence.rotation import rotate_input
from workdiary.server.accounts.certificates import counts_at, is_rooted
from workdiary.server.accounts.keys import KEYS_MAX, ROOT_DELAY_MS
from workdiary.server.accounts.models import Account, Device, RootClaim, Session
from workdiary.server.accounts.tickets import issue_enrol
from workdiary.server.accounts.viewers import hashed
from workdiary.server.contracts.solo import person

HALF_N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551 // 2


@pytest.fixture
def root(device: FakeDevice) -> AccountStream:
    """The account's root, known to the server, its stream opened."""
    signer = ed25519()
    assert add_root(device, signer).status == 201
    stream = AccountStream(device, signer, "root")
    assert stream.open().status == 201
    return stream


@pytest.fixture
def own(device: FakeDevice) -> AccountStream:
    """The device's own account stream."""
    stream = AccountStream(device)
    assert stream.open().status == 201
    return stream


def second(device: FakeDevice, role: str = "freelancer") -> FakeDevice:
    made = FakeDevice(Door(device.door.port))
    made.role = role
    assert made.enrol(issue_enrol(person(role))).status == 201
    return made


def cookie(account: str, port: int) -> str:
    secret = secrets.token_urlsafe(32)
    far = time.time_ns() // 1_000_000 + 86_400_000
    row = Account.objects.get(id=account)
    Session.objects.create(hash=hashed(secret), account=row, made_ms=0, expires_ms=far)
    return f"workdiary_{port}={secret}"


def row_of(kid: str) -> Device:
    return Device.objects.select_related("account").get(kid=kid)


def test_a_device_is_listed_with_its_class_and_without_a_certificate(device: FakeDevice) -> None:
    (row,) = rows(device).values()
    assert (row["kid"], row["kind"], row["role"]) == (device.signer.kid, "device", "freelancer")
    assert (row["key_class"], row["this"], row["cert"], row["revoked_ms"]) == ("SOFTWARE", True, "", None)
    assert device.token not in str(row)


def test_a_root_certifies_the_device(device: FakeDevice, root: AccountStream) -> None:
    assert not is_rooted(row_of(device.signer.kid))
    assert root.cert(device.signer).status == 201
    row = rows(device)[device.signer.kid]
    assert row["certified_by"] == root.signer.kid
    assert row["cert"].count(".") == 2
    assert is_rooted(row_of(device.signer.kid))
    listed = rows(device)[root.signer.kid]
    assert (listed["kind"], listed["role"], listed["stream"]) == ("root", "root", root.stream)
    assert listed["this"] is False


def test_the_same_root_again_changes_nothing_another_one_is_a_conflict(
    device: FakeDevice, root: AccountStream
) -> None:
    assert add_root(device, root.signer).status == 200
    assert add_root(device, ed25519()).status == 409
    assert len(rows(device)) == 2


def test_a_root_proves_that_it_is_held(device: FakeDevice) -> None:
    signer, other = ed25519(), ed25519()
    assert add_root(device, signer, proof=b64u(other.sign(b"x"))).status == 422
    # A proof for one use is none for another: this one is a browser's.
    mixed = key_request(device, es256(), "browser", kind="root")
    assert device.door.ask("POST", "/api/v1/keys", mixed, Content_Type="application/json").status == 422
    assert len(rows(device)) == 1


@pytest.mark.parametrize("name", ["", "x" * 201, "a\nb"])
def test_a_key_has_a_name(device: FakeDevice, name: str) -> None:
    assert add_root(device, ed25519(), name=name).status == 400


def test_a_root_may_open_its_account_stream_only(device: FakeDevice, root: AccountStream) -> None:
    contract = AccountStream(device, root.signer, "root")
    signed = contract.sign("open", _opening(root.signer, "root"))
    assert device.put(signed).status == 201
    for role in ("freelancer", "root"):
        theirs = FakeDevice(Door(device.door.port), root.signer)  # type: ignore[arg-type] # the root's key
        theirs.contract, theirs.role = device.contract, role
        answer = device.put(theirs.sign("open"))
        assert (answer.status, answer.json["code"]) == (422, "bad-record")


def _opening(signer: Signer, role: str) -> dict[str, object]:
    return {"jwk": dict(signer.jwk), "cert": None, "class": "SOFTWARE", "role": role, "resume": None}


@pytest.mark.parametrize("role", ["root", "client", "staff", "operator", "agency"])
def test_a_stream_says_what_its_key_is_enrolled_as(device: FakeDevice, role: str) -> None:
    device.new_stream()
    device.role = role
    for answer in (device.put(device.sign("open")), AccountStream(device, role=role).open()):
        assert (answer.status, answer.json["code"]) == (422, "bad-record")
        assert answer.json["refusal"]


def test_support_is_staff_in_the_records_words(device: FakeDevice) -> None:
    support = second(device, "support")
    assert AccountStream(support, role="staff").open().status == 201


def test_a_certified_device_certifies_another(
    device: FakeDevice, root: AccountStream, own: AccountStream
) -> None:
    other = second(device)
    assert own.cert(other.signer).status == 201
    assert not is_rooted(row_of(other.signer.kid))
    assert root.cert(device.signer).status == 201
    assert is_rooted(row_of(other.signer.kid))
    # The root's own word takes the place of a device's, never the other way round.
    assert root.cert(other.signer).status == 201
    assert own.cert(other.signer).status == 201
    assert rows(device)[other.signer.kid]["certified_by"] == root.signer.kid


def test_an_uncertified_device_does_not_replace_a_roots_word(device: FakeDevice, root: AccountStream) -> None:
    other = second(device)
    assert root.cert(device.signer).status == 201
    stranger = AccountStream(other)
    assert stranger.open().status == 201
    assert stranger.cert(device.signer).status == 201
    assert rows(device)[device.signer.kid]["certified_by"] == root.signer.kid


def test_a_certificate_in_another_role_does_nothing(device: FakeDevice, root: AccountStream) -> None:
    assert root.cert(device.signer, role="client").status == 201
    assert rows(device)[device.signer.kid]["cert"] == ""


def test_nobody_certifies_itself_or_another_accounts_key(device: FakeDevice, own: AccountStream) -> None:
    assert own.cert(own.signer).status == 201
    client = second(device, "client")
    assert own.cert(client.signer, role="client").status == 201
    assert {row["cert"] for row in rows(device).values()} == {""}
    assert {row["cert"] for row in rows(client).values()} == {""}


def test_a_browser_is_registered_by_its_page_and_certified_by_the_desktop(
    device: FakeDevice, own: AccountStream
) -> None:
    browser, session = es256(), cookie(device.account, device.door.port)
    assert add_browser(device, browser, session).status == 201
    assert add_browser(device, browser, session).status == 200
    row = rows(device)[browser.kid]
    assert (row["kind"], row["key_class"], row["cert"]) == ("browser", "BROWSER", "")
    assert own.cert(browser, key_class="BROWSER").status == 201
    assert rows(device)[browser.kid]["certified_by"] == own.signer.kid


def test_a_browsers_records_are_admitted_with_the_one_signature_es256_has(device: FakeDevice) -> None:
    browser = es256()
    assert add_browser(device, browser, cookie(device.account, device.door.port)).status == 201
    stream = AccountStream(device, browser)
    opened = stream.sign("open", {**_opening(browser, "freelancer"), "class": "BROWSER"})
    head, body, tail = opened.record.jws.split(".")
    r, s = unb64u(tail)[:32], int.from_bytes(unb64u(tail)[32:], "big")
    assert s <= HALF_N
    verify(browser.jwk, ES256, f"{head}.{body}".encode(), unb64u(tail))
    high = b64u(r + (2 * HALF_N + 1 - s).to_bytes(32, "big"))
    forged = opened.body.replace(tail.encode(), high.encode())
    answer = device.put_bytes(opened.rid, forged)
    assert (answer.status, answer.json["code"]) == (422, "bad-signature")
    assert device.put(opened).status == 201


def test_a_browser_vouches_for_nobody_and_ends_nobody(device: FakeDevice) -> None:
    browser, other = es256(), second(device)
    assert add_browser(device, browser, cookie(device.account, device.door.port)).status == 201
    stream = AccountStream(device, browser)
    assert stream.open().status == 201
    assert stream.cert(other.signer).status == 201
    assert stream.revoke(other.signer.kid).status == 201
    row = rows(device)[other.signer.kid]
    assert (row["cert"], row["revoked_ms"]) == ("", None)


def test_a_page_elsewhere_cannot_register_a_key(device: FakeDevice) -> None:
    session = cookie(device.account, device.door.port)
    door = Door(device.door.port, {"Cookie": session})
    body = key_request(device, es256(), "browser")
    assert door.ask("POST", "/api/v1/keys", body, Content_Type="application/json").status == 403
    assert door.ask("POST", "/api/v1/keys", body, Content_Type="text/plain").status == 415
    assert len(rows(device)) == 1


def test_a_page_never_makes_a_root_and_a_device_no_browser(device: FakeDevice) -> None:
    session = cookie(device.account, device.door.port)
    root = ed25519()
    proof = key_request(device, root, "root")
    token = {"Cookie": f"{session}; workdiary_csrf_{device.door.port}={'a' * 32}", "X-CSRFToken": "a" * 32}
    asked = Door(device.door.port, token).ask("POST", "/api/v1/keys", proof, Content_Type="application/json")
    assert asked.status == 403
    body = key_request(device, es256(), "browser")
    assert device.door.ask("POST", "/api/v1/keys", body, Content_Type="application/json").status == 403
    body = key_request(device, ed25519(), "root", kind="device")
    assert device.door.ask("POST", "/api/v1/keys", body, Content_Type="application/json").status == 403


def test_too_many_browsers_are_not_kept_and_keep_nobody_from_a_root(device: FakeDevice) -> None:
    row = {"account": Account.objects.get(id=device.account), "alg": "ES256", "jwk": "{}", "name": "x"}
    Device.objects.bulk_create(
        Device(**row, kid=f"k{number}", kind="browser", enrolled_ms=0) for number in range(KEYS_MAX)
    )
    assert add_browser(device, es256(), cookie(device.account, device.door.port)).status == 429
    body = key_request(device, ed25519(), "root")
    assert device.door.ask("POST", "/api/v1/keys", body, Content_Type="application/json").status == 201


def test_a_revoked_device_is_shut_out_and_labelled_from_its_index_on(
    device: FakeDevice, own: AccountStream
) -> None:
    thief = second(device)
    thief.open()
    before, after = thief.segment(), thief.segment()
    assert thief.put(before).status == 201
    assert own.revoke(thief.signer.kid).status == 201
    answer = thief.put(after)
    assert (answer.status, answer.json["code"]) == (403, "revoked")
    assert device.put(after).status == 201  # the other computer of the account brings it
    row = row_of(thief.signer.kid)
    assert (row.revoked_why, row.revoked_by) == ("stolen", device.signer.kid)
    counts = [counts_at(row, *_place(item.record.id)) for item in (before, after)]
    assert counts == [True, False]
    assert rows(device)[thief.signer.kid]["revoked_index"] == row.revoked_index


def _place(jws_id: str) -> tuple[int, int]:
    from workdiary.server.receive.models import Record

    record = Record.objects.select_related("leaf").get(jws_id=jws_id)
    return record.leaf.epoch, record.index


def test_a_revoked_key_revokes_and_certifies_nobody(device: FakeDevice, own: AccountStream) -> None:
    thief = second(device)
    stolen = AccountStream(thief)
    assert stolen.open().status == 201
    assert own.revoke(thief.signer.kid).status == 201
    stolen.device = device  # what the thief signed, brought by the owner's computer
    assert stolen.revoke(device.signer.kid).status == 201
    assert rows(device)[device.signer.kid]["revoked_ms"] is None


def test_a_device_ends_neither_itself_nor_the_root(
    device: FakeDevice, root: AccountStream, own: AccountStream
) -> None:
    assert own.revoke(own.signer.kid).status == 201
    assert own.revoke(root.signer.kid).status == 201
    assert all(row["revoked_ms"] is None for row in rows(device).values())
    other = second(device)
    assert root.revoke(device.signer.kid, "lost").status == 201
    assert device.put(device.segment()).status == 403
    assert rows(other)[device.signer.kid]["revoked_why"] == "lost"


def test_a_rotated_key_hands_on_token_and_certificate(device: FakeDevice, root: AccountStream) -> None:
    assert root.cert(device.signer).status == 201
    own = AccountStream(device)
    assert own.open().status == 201
    new = Ed25519Signer(os.urandom(32))
    assert own.rotate(new).status == 201
    row, old = rows(device)[new.kid], rows(device)[own.signer.kid]
    assert Device.objects.get(kid=new.kid).token_expires_ms is not None
    assert (row["this"], row["certified_by"], old["rotated_to"]) == (True, own.signer.kid, new.kid)
    assert old["revoked_why"] == "replaced"
    assert is_rooted(row_of(new.kid))
    device.signer = new
    device.new_stream()
    device.open()
    assert device.put(device.segment()).status == 201


def test_a_rotation_without_the_new_keys_proof_does_nothing(device: FakeDevice, own: AccountStream) -> None:
    new, other = ed25519(), ed25519()
    assert own.rotate(new, proof=b64u(other.sign(b"something else"))).status == 201
    assert own.rotate(new, old=other.kid).status == 201
    assert new.kid not in rows(device)
    assert device.put(device.segment()).status == 201


def test_another_root_only_claims_the_place(device: FakeDevice, root: AccountStream) -> None:
    new = ed25519()
    said = rotate_input(device.installation.origin, device.account, root.signer.kid, new.kid)
    proof = b64u(new.sign(said))
    assert add_root(device, new, replaces=root.signer.kid, rotate_proof=b64u(new.sign(b"x"))).status == 422
    assert add_root(device, new, replaces=root.signer.kid, rotate_proof=proof).status == 200
    claim = device.door.ask("GET", "/api/v1/keys").json["claim"]
    assert (claim["kid"], claim["old"]) == (new.kid, root.signer.kid)
    assert claim["effective_ms"] - claim["made_ms"] == ROOT_DELAY_MS
    made = RootClaim.objects.get().made_ms
    assert add_root(device, new, replaces=root.signer.kid, rotate_proof=proof).status == 200
    assert RootClaim.objects.get().made_ms == made  # asking again neither hurries nor delays it
    stream = AccountStream(device, new, "root")
    assert stream.open().json["code"] == "unknown-key"


def test_what_to_endorse_is_how_far_the_key_had_come(device: FakeDevice) -> None:
    other = second(device)
    other.open()
    last = other.segment()
    assert other.put(last).status == 201
    far = time.time_ns() // 1_000_000 + 60_000
    answer = device.door.ask("GET", f"/api/v1/keys/{other.signer.kid}/heads?before={far}")
    (head,) = answer.json["heads"]
    assert (head["stream"], head["seq"], head["id"]) == (other.stream, 1, last.record.id)
    early = device.door.ask("GET", f"/api/v1/keys/{other.signer.kid}/heads?before=1")
    assert early.json["heads"] == []
    assert device.door.ask("GET", f"/api/v1/keys/{other.signer.kid}/heads?before=x").status == 400
    assert device.door.ask("GET", "/api/v1/keys/nobody/heads?before=1").status == 404


def test_forks_of_a_stream_are_told_to_its_owner(device: FakeDevice) -> None:
    assert device.door.ask("GET", f"/api/v1/streams/{device.stream}/forks").json == {"forks": []}
    seq, prev = device.seq, device.prev
    first = device.segment()
    assert device.put(first).status == 201
    device.seq, device.prev = seq, prev
    other = device.segment()
    assert device.put(other).status == 201
    answer = device.door.ask("GET", f"/api/v1/streams/{device.stream}/forks")
    assert answer.json == {"forks": [{"seq": seq, "ids": [first.record.id, other.record.id]}]}
    assert device.door.ask("GET", f"/api/v1/streams/{b64u(bytes(16))}/forks").status == 404


def test_other_methods_are_not_answered(device: FakeDevice) -> None:
    for method in ("PUT", "DELETE", "PATCH"):
        answer = device.door.ask(method, "/api/v1/keys", b"{}")
        assert (answer.status, answer.headers["Allow"]) == (405, "GET")
