"""Tokens that end, devices that are sent away, terms that others sign: a real home and a real server."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import replace
from typing import Any

import pytest

from tests.fakes.contracts import add_contract
from tests.fakes.devices import Door, FakeDevice
from tests.fakes.enrolled import EnrolledHome
from tests.fakes.homes import Homes, desk_of, sent, signed, work
from workdiary.client.errors import ExitCode, KnownError
from workdiary.client.upload.enrol import Anew, enrol_anew
from workdiary.client.upload.server import DiaryServer
from workdiary.client.upload.uploader import LEARN_MS
from workdiary.evidence.keys import Ed25519Signer
from workdiary.rules.policy import STANDARD, digest
from workdiary.server.accounts.models import Account, Device
from workdiary.server.accounts.tickets import issue_enrol
from workdiary.server.accounts.viewers import hashed
from workdiary.server.compose import Service
from workdiary.server.contracts.models import Contract, Party
from workdiary.server.receive.models import Record
from workdiary.wire.tokens import RENEW_LEFT_MS, TOKEN_LIFE_MS

DAY = 86_400_000


def row(home: EnrolledHome) -> Device:
    return Device.objects.get(kid=home.keys.kid)


def waiting(home: EnrolledHome) -> list[tuple[str, str]]:
    return [(item.kind, item.state) for item in home.spool.outbox.list()]


def test_enrolling_tells_when_the_token_ends(first: EnrolledHome) -> None:
    enrolment = first.account.enrolment
    assert enrolment is not None
    assert enrolment.token_expires_ms == row(first).token_expires_ms


def test_an_ended_token_is_renewed_without_asking_anybody(first: EnrolledHome) -> None:
    work(first)
    before = first.keys.token()
    Device.objects.filter(kid=first.keys.kid).update(token_expires_ms=1)
    assert sent(first) == "ok"
    assert first.keys.token() != before
    enrolment = first.account.enrolment
    assert enrolment is not None
    assert enrolment.token_expires_ms == row(first).token_expires_ms
    assert waiting(first) == []


def test_a_token_is_renewed_ten_days_before_its_end(first: EnrolledHome) -> None:
    work(first)
    before = first.keys.token()
    first.clock.advance(TOKEN_LIFE_MS - RENEW_LEFT_MS - DAY)
    assert sent(first) == "ok"
    assert first.keys.token() == before
    first.clock.advance(2 * DAY)
    assert sent(first) == "ok"
    assert first.keys.token() != before


def test_a_lost_answer_to_the_renewal_is_renewed_again(first: EnrolledHome) -> None:
    work(first)
    Device.objects.filter(kid=first.keys.kid).update(token_hash=hashed("another, which never arrived"))
    assert sent(first) == "ok"


def test_only_a_key_that_nobody_knows_has_to_sign_in(first: EnrolledHome) -> None:
    work(first)
    Device.objects.filter(kid=first.keys.kid).update(kid="x" * 43, token_expires_ms=1)
    assert sent(first) == "sign-in"
    assert ("segment", "signed") in waiting(first)


def test_a_device_sent_away_says_so_keeps_everything_and_comes_back(first: EnrolledHome) -> None:
    work(first)
    Device.objects.filter(kid=first.keys.kid).update(revoked_ms=1)
    first.uploader.link_up()
    report = first.uploader.run_once()
    assert (report.sync, report.again) == ("halted", True)
    assert "revoked" in report.reason
    first.reopen()
    assert first.account.trust.refused == report.reason
    assert ("segment", "signed") in waiting(first)
    assert first.spool.outbox.export(first.path / "kept") > 0
    Device.objects.filter(kid=first.keys.kid).update(revoked_ms=None)
    assert sent(first) == "ok"
    assert first.account.trust.refused == ""


def test_the_record_that_ends_its_own_device_counts_as_sent(first: EnrolledHome) -> None:
    secret = os.urandom(20)
    work(first)
    desk_of(first).make_root(secret)
    assert sent(first) == "ok"
    desk_of(first).revoke(first.keys.kid, "lost", secret)
    assert sent(first) == "halted"
    assert row(first).revoked_ms is not None
    assert waiting(first) == []
    kept = work(first)
    assert sent(first) == "halted"
    assert kept in [item.rid for item in first.spool.outbox.list()]
    assert {state for _kind, state in waiting(first)} == {"signed"}


def come_back(home: EnrolledHome, token: str) -> str:
    assert home.transport is not None
    server = DiaryServer(home.transport, home.keys.token)
    return enrol_anew(Anew(server, home.account, home.keys, home.spool.book, os.urandom), token)


def own_token(server: Service) -> str:
    return str(json.loads((server.runtime.folder / "solo.json").read_text())["enrol_token"])


def test_a_revoked_computer_comes_back_with_a_new_key_and_all_that_waits(
    server: Service, first: EnrolledHome
) -> None:
    before = [work(first)]
    assert sent(first) == "ok"
    old, stream = first.keys.kid, signed(first, "segment")[-1].stream
    Device.objects.filter(kid=old).update(revoked_ms=1, revoked_epoch=0, revoked_index=3)
    kept = work(first)
    assert sent(first) == "halted"
    kid = come_back(first, own_token(server))
    assert kid == first.keys.kid != old
    after = work(first)
    assert sent(first) == "ok"
    assert waiting(first) == []
    assert first.account.trust.refused == ""
    rows = {row.rid: row.kid for row in Record.objects.filter(kind="segment")}
    assert rows == {before[0]: old, kept: old, after: kid}
    resume = signed(first, "open")[-1].payload["resume"]
    assert isinstance(resume, dict)
    assert (resume["stream"], resume["why"]) == (stream, "moved")
    first.reopen()
    assert first.keys.kid == kid
    assert sent(first) == "ok"


def test_a_crash_while_coming_back_leaves_one_key_that_signs(server: Service, first: EnrolledHome) -> None:
    Device.objects.filter(kid=first.keys.kid).update(revoked_ms=1)
    keep = first.keys.put_token

    def crash(_token: str) -> None:
        raise SystemExit

    first.keys.put_token = crash  # type: ignore[method-assign]
    with pytest.raises(SystemExit):
        come_back(first, own_token(server))
    first.keys.put_token = keep  # type: ignore[method-assign]
    first.reopen(crash=True)
    enrolment = first.account.enrolment
    assert enrolment is not None
    assert (enrolment.kid, enrolment.next_kid) == (first.keys.kid, "")
    kid = come_back(first, own_token(server))
    work(first)
    assert sent(first) == "ok"
    assert Record.objects.filter(kid=kid, kind="segment").exists()


def test_a_token_that_is_spent_or_anothers_changes_nothing(server: Service, first: EnrolledHome) -> None:
    kid = first.keys.kid
    for token in ("spent", issue_enrol(Account.objects.get(role="client"))):
        with pytest.raises(KnownError) as caught:
            come_back(first, token)
        assert caught.value.exit_code is ExitCode.REFUSED
    first.reopen()
    assert first.keys.kid == kid
    work(first)
    assert sent(first) == "ok"
    assert server.runtime.solo


class Client(FakeDevice):
    """The client of the home's contract, with a key of their own."""

    def __init__(self, service: Service, home: EnrolledHome) -> None:
        super().__init__(Door(service.runtime.port), Ed25519Signer(os.urandom(32)))
        token = secrets.token_urlsafe(32)
        party = Party.objects.get(contract=home.contract, role="client")
        Device.objects.create(
            account=party.account,
            kid=self.signer.kid,
            alg="Ed25519",
            jwk=json.dumps(self.signer.jwk),
            name="Client",
            key_class="SOFTWARE",
            token_hash=hashed(token),
            enrolled_ms=0,
        )
        self.role, self.contract = "client", home.contract
        self.door = Door(service.runtime.port, {"Authorization": f"Bearer {token}"})
        self.open()

    def say(self, **changes: Any) -> str:
        """Sign and send terms; their id."""
        told = self.sign("terms", changes, {"rate": RATE, "parties": None})
        assert self.put(told).status == 201
        return told.record.id


RATE: Any = {"amount": 4_000, "currency": "EUR", "exponent": 2}


def offer(home: EnrolledHome, **changes: Any) -> dict[str, Any]:
    """The clear fields of terms that hold from a day ago on."""
    began = home.clock.wall_ms() - DAY
    return {
        "rev": 1,
        "from": began,
        "status": "active",
        "kind": "hourly",
        "span": {"start": began, "end": None},
        "mode": "blurred",
        "shots": 1,
        "limit_s": 36_000,
        "idle": STANDARD.idle_ms,
        "rounding": "exact",
        "manual": False,
        "labels": "optional",
        "activity": 3,
        "assistive": False,
        "apps": "none",
        "detail": "bucket",
        "agency": None,
        "policy": digest(STANDARD),
        "roots": {"freelancer": None, "agency": None, "client": None},
        "upload_key": "A" * 43,
        "accepts": None,
        "on_behalf": None,
        **changes,
    }


@pytest.fixture
def shared(first: EnrolledHome) -> EnrolledHome:
    """The same home, before a server of several people: its terms are not its own any more."""
    first.account.amend(lambda known: replace(known, server="remote"))
    return first


def learned(home: EnrolledHome) -> bool:
    """A pass in which contracts are asked for."""
    home.clock.advance(LEARN_MS + 1)
    home.uploader.hurry()
    report = home.uploader.run_once()
    assert report.sync in {"ok", "waiting"}, report
    return report.learned


def terms_of(home: EnrolledHome) -> dict[str, Any]:
    return home.account.contract(home.contract).at(home.clock.wall_ms()).terms


def agree(client: Client, home: EnrolledHome) -> dict[str, Any]:
    """Both sides sign the same; the clear fields."""
    fields = offer(home)
    accepts = client.say(**fields)
    home.journal.ensure_stream(home.contract, STANDARD)
    home.journal.sign_amendment(
        "terms", home.contract, {**fields, "accepts": accepts}, {"rate": RATE, "parties": None}
    )
    return fields


def test_terms_of_both_sides_are_learned_and_named(server: Service, shared: EnrolledHome) -> None:
    fields = agree(Client(server, shared), shared)
    learned(shared)  # sends the own record
    assert learned(shared)
    known = terms_of(shared)
    assert (known["mode"], known["limit_s"], known["rate"]) == ("blurred", 36_000, RATE)
    assert not learned(shared)
    rid = work(shared)
    (segment,) = [record for record in signed(shared, "segment") if record.rid == rid]
    ours = signed(shared, "terms")[-1]
    assert segment.payload["terms"] == ours.id == shared.account.contract(shared.contract).terms_id
    assert ours.payload["mode"] == fields["mode"]


def test_one_sides_word_counts_only_for_what_is_its_own(server: Service, shared: EnrolledHome) -> None:
    client = Client(server, shared)
    fields = agree(client, shared)
    learned(shared)
    learned(shared)
    now = shared.clock.wall_ms()
    client.say(**{**fields, "rev": 2, "from": now, "mode": "full"})
    client.say(**{**fields, "rev": 3, "from": now, "limit_s": 72_000})
    assert learned(shared)
    known = terms_of(shared)
    assert (known["mode"], known["limit_s"]) == ("blurred", 72_000)


def test_a_pause_is_learned_and_one_from_later_on_waits_for_its_time(
    server: Service, shared: EnrolledHome
) -> None:
    client = Client(server, shared)
    fields = agree(client, shared)
    learned(shared)
    learned(shared)
    later = shared.clock.wall_ms() + DAY
    client.say(**{**fields, "rev": 2, "from": later, "status": "paused"})
    assert learned(shared)
    contract = shared.account.contract(shared.contract)
    assert contract.turns_ms(shared.clock.wall_ms()) == later
    assert contract.at(later - 1).terms["status"] == "active"
    assert contract.at(later).terms["status"] == "paused"
    assert contract.at(later).terms["mode"] == "blurred"
    shared.reopen()
    assert shared.account.contract(shared.contract) == contract


def test_a_segment_names_the_terms_it_knew(server: Service, shared: EnrolledHome) -> None:
    client = Client(server, shared)
    fields = agree(client, shared)
    learned(shared)
    learned(shared)
    knew = shared.account.contract(shared.contract).terms_id
    start = shared.segment("Written before anybody said so", shot=False)
    client.say(**{**fields, "rev": 2, "from": shared.clock.wall_ms() - 1, "limit_s": 1})
    assert learned(shared)
    assert shared.account.contract(shared.contract).terms_id != knew
    shared.sign()
    (segment,) = [record for record in signed(shared, "segment") if record.rid == start.rid]
    assert segment.payload["terms"] == knew


def test_a_contract_that_came_later_is_learned(shared: EnrolledHome) -> None:
    ident = add_contract("second")
    assert learned(shared)
    assert shared.account.contract("second").id == ident
    assert shared.account.contract("demo").id == shared.contract


def test_records_go_out_whatever_is_told_about_terms(server: Service, shared: EnrolledHome) -> None:
    """A stream that no key opened: the answer is worth nothing, and nothing else is held up by it."""
    client = Client(server, shared)
    client.new_stream()
    client.seq, client.prev = 1, "A" * 43
    client.say(**offer(shared))
    rid = work(shared)
    assert not learned(shared)
    assert dict(shared.spool._database.rows("SELECT rid, state FROM records"))[rid] == "sent"


def test_other_contracts_are_not_told(server: Service, shared: EnrolledHome) -> None:
    stranger = Account.objects.create(role="freelancer", name="Somebody else", made_ms=0)
    theirs = Contract.objects.create(name="elsewhere", made_ms=0)
    Party.objects.create(contract=theirs, account=stranger, role="freelancer")
    learned(shared)
    assert {contract.name for contract in shared.account.contracts()} == {"demo"}
    assert server.runtime.solo


def test_two_homes_of_one_account_learn_the_same(server: Service, homes: Homes, shared: EnrolledHome) -> None:
    agree(Client(server, shared), shared)
    learned(shared)
    second = homes.new("second")
    second.account.amend(lambda known: replace(known, server="remote"))
    assert learned(second)
    learned(shared)
    assert second.account.contract("demo") == shared.account.contract("demo")
