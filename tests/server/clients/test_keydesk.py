"""The account's keys as their owner works on them, with the real server and log between two computers."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from tests.fakes.accountkeys import add_browser, es256
from tests.fakes.devices import Door, FakeDevice
from tests.fakes.enrolled import EnrolledHome
from tests.fakes.homes import Homes, desk_of, sent, signed, work
from workdiary.client.errors import ExitCode, KnownError
from workdiary.client.sign.root import root_signer
from workdiary.client.upload.keydesk import fingerprint
from workdiary.client.upload.server import DiaryServer
from workdiary.client.upload.standing import standings
from workdiary.evidence.recovery import words
from workdiary.server.accounts.keys import ROOT_DELAY_MS
from workdiary.server.accounts.models import Account, Device, RootClaim
from workdiary.server.accounts.tickets import issue_signin, use_signin
from workdiary.server.diary.entries import read
from workdiary.server.diary.judging import axes_of
from workdiary.server.receive.models import Record
from workdiary.server.receive.operator_keys import claims, replace_root, revoke_key
from workdiary.wire.keys import KeyList
from workdiary.wire.upload import pack_record


@pytest.fixture
def secret() -> bytes:
    return os.urandom(20)


def standing(home: EnrolledHome) -> dict[str, str]:
    return {item.row.kid: item.standing for item in desk_of(home).shown()}


def code(kid: str) -> str:
    return " ".join(words(kid, 4))


def test_a_recovery_code_certifies_this_computer(first: EnrolledHome, secret: bytes) -> None:
    assert standing(first) == {first.keys.kid: "waiting"}
    assert first.account.flags(0) == ("no-root",)
    kid = desk_of(first).make_root(secret)
    assert sent(first) == "ok"
    assert standing(first) == {first.keys.kid: "rooted", kid: "root"}
    assert first.account.flags(0) == ()
    kinds = [(record.kind, record.kid == kid) for record in signed(first)]
    assert kinds == [("open", True), ("cert", True)]
    work(first)
    opening, terms = signed(first, "open")[-1], signed(first, "terms")[-1]
    assert opening.payload["cert"] == signed(first, "cert")[0].jws
    assert terms.payload["roots"]["freelancer"] == kid  # type: ignore[index,call-overload]
    assert sent(first) == "ok"
    assert len(fingerprint(kid).split()) == 8


def test_a_second_code_is_refused_and_the_same_one_again_is_none(first: EnrolledHome, secret: bytes) -> None:
    kid = desk_of(first).make_root(secret)
    with pytest.raises(KnownError) as caught:
        desk_of(first).make_root(os.urandom(20))
    assert caught.value.exit_code is ExitCode.REFUSED
    assert desk_of(first).make_root(secret) == kid


def test_the_code_certifies_a_new_computer_and_opens_the_roots_stream_anew(
    homes: Homes, first: EnrolledHome, secret: bytes
) -> None:
    kid = desk_of(first).make_root(secret)
    assert sent(first) == "ok"
    last = signed(first)[-1]
    second = homes.new("second")
    with pytest.raises(KnownError):
        desk_of(second).recover(os.urandom(20))
    assert desk_of(second).recover(secret) == kid
    assert sent(second) == "ok"
    opening = signed(second, "open")[0]
    assert opening.payload["resume"] == {
        "stream": last.stream,
        "seq": last.seq,
        "id": last.id,
        "why": "lost",
    }
    assert standing(second)[second.keys.kid] == "rooted"
    # The first computer's root stream is not its own any more: the next one names the second's.
    desk_of(first).revoke(code(second.keys.kid), "lost", secret)
    assert sent(first) == "ok"
    resume = signed(first, "open")[-1].payload["resume"]
    assert isinstance(resume, dict)
    assert resume["stream"] == opening.stream


def test_a_stolen_laptop_is_shut_out_and_what_was_before_is_endorsed(
    homes: Homes, first: EnrolledHome, secret: bytes
) -> None:
    desk_of(first).make_root(secret)
    mine = work(first)
    assert sent(first) == "ok"
    stolen_at = max(Record.objects.values_list("received_ms", flat=True)) + 1
    second = homes.new("second")
    desk_of(second).recover(secret)
    desk_of(second).revoke(code(first.keys.kid), "stolen")
    assert sent(second) == "ok"
    thief = work(first)
    assert sent(first) == "halted"
    assert thief not in set(Record.objects.values_list("rid", flat=True))
    row = Device.objects.get(kid=first.keys.kid)
    assert (row.revoked_why, row.revoked_by) == ("stolen", second.keys.kid)
    heads = desk_of(second).endorse(first.keys.kid, stolen_at, secret)
    assert sent(second) == "ok"
    logged = Record.objects.get(rid=mine)
    assert (logged.stream, logged.seq) in {(head.stream, head.seq) for head in heads}
    assert signed(second, "endorse")[0].payload["kid"] == first.keys.kid
    with pytest.raises(KnownError):
        desk_of(second).endorse(first.keys.kid, 1, secret)


def test_a_second_computer_is_certified_by_the_first_after_comparing_words(
    homes: Homes, first: EnrolledHome, secret: bytes
) -> None:
    kid = desk_of(first).make_root(secret)
    second = homes.new("second")
    with pytest.raises(KnownError) as caught:
        desk_of(first).certify("babab babab babab babab")
    assert caught.value.exit_code is ExitCode.NOT_FOUND
    with pytest.raises(KnownError):
        desk_of(first).certify(" ".join(words(second.keys.kid, 3)))
    row = desk_of(first).certify(code(second.keys.kid))
    assert row.kid == second.keys.kid
    assert sent(first) == "ok"
    assert standing(first)[second.keys.kid] == "rooted"
    work(second)
    assert sent(second) == "ok"  # greeting the server it learns of its certificate
    assert second.account.enrolment is not None
    assert second.account.enrolment.cert == signed(first, "cert")[-1].jws
    assert second.account.flags(0) == ("no-root",)
    assert desk_of(second).pin_root(fingerprint(kid).upper()) == kid
    assert second.account.flags(0) == ()
    with pytest.raises(KnownError):
        desk_of(second).pin_root(fingerprint(second.keys.kid))


def test_a_computer_neither_certifies_nor_revokes_itself(first: EnrolledHome) -> None:
    for act in (
        lambda: desk_of(first).certify(code(first.keys.kid)),
        lambda: desk_of(first).revoke(first.keys.kid, "lost"),
    ):
        with pytest.raises(KnownError) as caught:
            act()
        assert caught.value.exit_code is ExitCode.REFUSED


def test_the_root_may_revoke_the_computer_it_is_typed_on(first: EnrolledHome, secret: bytes) -> None:
    desk_of(first).make_root(secret)
    with pytest.raises(KnownError):
        desk_of(first).revoke(first.keys.kid, "left", os.urandom(20))
    desk_of(first).revoke(first.keys.kid, "left", secret)
    sent(first)
    assert Device.objects.get(kid=first.keys.kid).revoked_why == "left"
    assert sent(first) == "halted"


def test_a_browser_is_certified_by_its_code(first: EnrolledHome, secret: bytes, homes: Homes) -> None:
    desk_of(first).make_root(secret)
    browser = es256()
    account = Account.objects.get(role="freelancer")
    used = use_signin(issue_signin(account, "/"))
    assert used is not None
    port = homes.service.runtime.port
    page = FakeDevice(Door(port))
    page.account = str(account.id)
    assert add_browser(page, browser, f"workdiary_{port}={used[0]}").status == 201
    assert standing(first)[browser.kid] == "waiting"
    row = desk_of(first).certify(code(browser.kid))
    assert (row.kind, row.key_class) == ("browser", "BROWSER")
    assert sent(first) == "ok"
    assert standing(first)[browser.kid] == "rooted"
    assert signed(first, "cert")[-1].payload["class"] == "BROWSER"


def test_a_rotated_key_goes_on_with_token_and_certificate(first: EnrolledHome, secret: bytes) -> None:
    desk_of(first).make_root(secret)
    work(first)
    assert sent(first) == "ok"
    old = first.keys.kid
    new = desk_of(first).rotate()
    work(first)
    assert sent(first) == "ok"
    assert (first.keys.kid, standing(first)[new], standing(first)[old]) == (new, "rooted", "rooted")
    assert Device.objects.get(kid=old).rotated_to == new
    assert Record.objects.order_by("-index")[0].kid == new


def test_a_lost_code_is_replaced_by_the_operator_after_everybody_could_see_it(
    homes: Homes, first: EnrolledHome, secret: bytes
) -> None:
    old = desk_of(first).make_root(secret)
    assert sent(first) == "ok"
    another = os.urandom(20)
    new = desk_of(first).claim_root(another)
    listed = desk_of(first)._list()
    assert listed.claim is not None
    assert (listed.claim.kid, listed.claim.old) == (new, old)
    with pytest.raises(KnownError) as caught:
        replace_root(new)
    assert "72 h" in caught.value.message
    with pytest.raises(KnownError):
        desk_of(first).recover(another)  # not yet
    RootClaim.objects.update(made_ms=1)
    assert [claim.kid for claim in claims()] == [new]
    made = replace_root(new)
    assert made.kind == "rotate"
    assert Device.objects.get(kid=old).rotated_to == new
    assert not RootClaim.objects.exists()
    assert standing(first)[new] == "other-root"
    assert desk_of(first).recover(another) == new
    assert sent(first) == "ok"
    assert standing(first)[first.keys.kid] == "rooted"
    with pytest.raises(KnownError):
        desk_of(first).recover(secret)
    with pytest.raises(KnownError):
        replace_root(new)


def test_a_claim_of_an_earlier_log_is_made_anew(
    first: EnrolledHome, secret: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk_of(first).make_root(secret)
    new = desk_of(first).claim_root(os.urandom(20))
    RootClaim.objects.update(made_ms=1, log="workdiary/" + "0" * 32 + "/0")
    with pytest.raises(KnownError, match="earlier log"):
        replace_root(new)
    assert ROOT_DELAY_MS == 72 * 3_600_000


def test_nobody_claims_the_place_of_no_root(first: EnrolledHome) -> None:
    with pytest.raises(KnownError) as caught:
        desk_of(first).claim_root(os.urandom(20))
    assert caught.value.exit_code is ExitCode.NOT_FOUND


def test_the_operator_ends_a_key_in_the_accounts_name(first: EnrolledHome) -> None:
    work(first)
    assert sent(first) == "ok"
    made = revoke_key(first.keys.kid)
    assert made.role == "operator"
    row = Device.objects.get(kid=first.keys.kid)
    assert (row.revoked_why, row.revoked_by, row.revoked_index) == ("operator", made.kid, made.index)
    assert sent(first) == "halted"
    with pytest.raises(KnownError):
        revoke_key(first.keys.kid)


def test_what_a_server_invents_about_keys_is_not_believed(
    homes: Homes, first: EnrolledHome, secret: bytes
) -> None:
    root = desk_of(first).make_root(secret)
    second = homes.new("second")
    assert sent(first) == "ok"
    listed = desk_of(first)._list()
    good, bad = listed.keys[0], next(row for row in listed.keys if row.kid == second.keys.kid)
    for lie in (
        replace(bad, cert=good.cert, certified_by=good.certified_by),  # another key's certificate
        replace(bad, cert="x.y.z", certified_by=root),
        replace(bad, cert=good.cert, certified_by="nobody"),
        replace(bad, jwk=good.jwk),
    ):
        rows = tuple(lie if row.kid == bad.kid else row for row in listed.keys)
        found = {item.row.kid: item.standing for item in standings(replace(listed, keys=rows), root)}
        assert found[bad.kid] == "false"
    # A certificate of another account, or a round of keys that vouch for each other.
    moved = standings(replace(listed, account="01936e7a-0000-7000-8000-000000000001"), root)
    assert {item.row.kid: item.standing for item in moved}[good.kid] == "false"
    assert KeyList.from_json(listed.to_json()) == listed


def test_the_secret_is_in_no_file_of_the_home(first: EnrolledHome, secret: bytes, homes: Homes) -> None:
    from workdiary.evidence.recovery import recovery_code, root_seed

    code_text = recovery_code(secret)
    needles = [secret, secret.hex().encode(), code_text.encode(), code_text.replace("-", "").encode()]
    needles += [root_seed(secret), root_seed(secret).hex().encode()]
    desk_of(first).make_root(secret)
    assert sent(first) == "ok"
    for folder in (first.path, Path(homes.service.runtime.folder)):
        for path in folder.rglob("*"):
            if path.is_file():
                held = path.read_bytes()
                assert not [needle for needle in needles if needle in held], path
    assert not [name for name, value in first.keyring.secrets.items() if any(n in value for n in needles)]
    assert root_signer(secret).kid == first.account.enrolment.root  # type: ignore[union-attr]


def test_before_enrolment_there_are_no_keys(first: EnrolledHome) -> None:
    first.account._enrolment = None
    with pytest.raises(KnownError) as caught:
        desk_of(first).shown()
    assert caught.value.exit_code is ExitCode.OFFLINE


def test_pages_say_whose_key_it_is_by_the_logs_order(
    homes: Homes, first: EnrolledHome, secret: bytes
) -> None:
    early = work(first)
    assert sent(first) == "ok"
    assert key_word(early) == "VOUCHED"
    desk_of(first).make_root(secret)
    assert sent(first) == "ok"
    assert key_word(early) == "ROOT-UNPINNED"
    second = homes.new("second")
    desk_of(second).recover(secret)
    desk_of(second).revoke(code(first.keys.kid), "stolen")
    assert sent(second) == "ok"
    assert key_word(early) == "ROOT-UNPINNED"
    late = work(first)
    row = signed(first)[-1]
    body = pack_record(row.jws, ())
    other = DiaryServer(homes.transport(), second.keys.token)  # the owner's own computer brings it
    assert other.put_record(row.rid, body).rid == late
    assert key_word(late) == "REVOKED"


def key_word(rid: str) -> str:
    rows = list(Record.objects.select_related("leaf").filter(rid=rid))
    return axes_of(read(rows, (0, 2**53)))[rid]["key"]
