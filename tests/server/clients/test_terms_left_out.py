"""A server that leaves out terms it gave before: what is known stays in force, and the person is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.fakes.enrolled import EnrolledHome
from tests.server.clients.test_renewing import RATE, Client, agree, learned, offer, terms_of
from workdiary.client.account import Account
from workdiary.client.upload.server import DiaryServer
from workdiary.evidence.envelope import parse
from workdiary.rules.policy import STANDARD
from workdiary.server.compose import Service
from workdiary.wire.contracts import ContractsReply, LoggedRecord

FLAG = "terms-left-out"


@pytest.fixture
def shared(first: EnrolledHome) -> EnrolledHome:
    """A home before a server of several people."""
    first.account.amend(lambda known: replace(known, server="remote"))
    return first


def left_out(
    monkeypatch: pytest.MonkeyPatch, change: Callable[[list[LoggedRecord]], list[LoggedRecord]]
) -> None:
    whole = DiaryServer.contracts

    def contracts(server: DiaryServer, after: str) -> ContractsReply:
        reply = whole(server, after)
        told = tuple(replace(item, records=tuple(change(list(item.records)))) for item in reply.contracts)
        return replace(reply, contracts=told)

    monkeypatch.setattr(DiaryServer, "contracts", contracts)


def flagged(home: EnrolledHome) -> bool:
    kept = home.account.flags(home.clock.wall_ms())
    assert kept == Account.open(home.home).flags(home.clock.wall_ms())
    return FLAG in kept


def ended(server: Service, home: EnrolledHome) -> Client:
    """Terms of both sides, which the client has ended since."""
    client = Client(server, home)
    fields = agree(client, home)
    learned(home)
    learned(home)
    client.say(**{**fields, "rev": 2, "from": home.clock.wall_ms(), "status": "ended"})
    assert learned(home)
    assert terms_of(home)["status"] == "ended"
    assert not flagged(home)
    return client


def without_newest(records: list[LoggedRecord]) -> list[LoggedRecord]:
    return records[:-1]


def without_offer(records: list[LoggedRecord]) -> list[LoggedRecord]:
    first = next(item for item in records if parse(item.jws).kind == "terms")
    return [item for item in records if item is not first]


def ended_first(records: list[LoggedRecord]) -> list[LoggedRecord]:
    """The same records as if the end had been said before there was anything to end."""
    terms = [item for item in records if parse(item.jws).kind == "terms"]
    others = [item for item in records if item not in terms]
    return [*others, terms[-1], *terms[:-1]]


def no_terms(records: list[LoggedRecord]) -> list[LoggedRecord]:
    return [item for item in records if parse(item.jws).kind != "terms"]


@pytest.mark.parametrize("change", [without_newest, without_offer, ended_first, no_terms])
def test_terms_are_not_taken_back(
    server: Service,
    shared: EnrolledHome,
    monkeypatch: pytest.MonkeyPatch,
    change: Callable[[list[LoggedRecord]], list[LoggedRecord]],
) -> None:
    ended(server, shared)
    known = shared.account.contract(shared.contract)
    with monkeypatch.context() as patched:
        left_out(patched, change)
        learned(shared)
        assert shared.account.contract(shared.contract) == known
        assert flagged(shared)
    assert not learned(shared), "the whole answer says what is known"
    assert not flagged(shared)


def test_own_terms_end_with_the_first_client(server: Service, shared: EnrolledHome) -> None:
    """What a freelancer set alone is no agreement: the first client ends it, what both agree then holds."""
    client = Client(server, shared)
    fields = offer(shared)
    shared.journal.ensure_stream(shared.contract, STANDARD)
    shared.journal.sign_amendment("terms", shared.contract, fields, {"rate": RATE, "parties": None})
    learned(shared)
    learned(shared)
    assert terms_of(shared)["mode"] == "blurred"
    client.say(**{**fields, "rev": 2, "mode": "none", "accepts": None})
    learned(shared)
    assert not flagged(shared)
    accepts = client.say(**{**fields, "rev": 3, "mode": "none", "accepts": None})
    shared.journal.sign_amendment(
        "terms",
        shared.contract,
        {**fields, "rev": 3, "mode": "none", "accepts": accepts},
        {"rate": RATE, "parties": None},
    )
    learned(shared)
    assert learned(shared)
    assert terms_of(shared)["mode"] == "none"
    assert not flagged(shared)
