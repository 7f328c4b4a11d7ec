"""Enrolment and trust: durable, exact, and loud about what is damaged."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.fakes.records import ACCOUNT, CONTRACT, ORIGIN
from workdiary.client.account import Account, Checkpoint, Contract, Enrolment, Halt
from workdiary.client.errors import DamagedError, ExitCode, KnownError
from workdiary.client.settings import Home, open_home

ENROLMENT = Enrolment(
    server="solo",
    url="",
    origin=ORIGIN,
    log_vkey="vkey",
    upload_jwk={"kty": "OKP"},
    operator_jwk={"kty": "OKP"},
    demo_allowed=True,
    account=ACCOUNT,
    device="device",
    device_name="Desk",
    key_class="SOFTWARE",
    kid="kid",
    contracts=(Contract(CONTRACT, "demo"), Contract("other", "Other")),
    enrolled_ms=1,
)
OLD, NEW = Checkpoint(3, "root3", "log/0\nnote3"), Checkpoint(5, "root5", "log/0\nnote5")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return open_home(tmp_path / "home", "0.1.0")


def test_a_new_home_knows_nobody(home: Home) -> None:
    account = Account.open(home)
    assert account.enrolment is None
    assert account.contracts() == ()
    assert account.newest() is None
    assert account.halted() is None


def test_an_enrolment_outlives_the_process(home: Home) -> None:
    Account.open(home).enrol(ENROLMENT)
    assert Account.open(home).enrolment == ENROLMENT


def test_a_contract_is_found_by_id_and_by_name(home: Home) -> None:
    account = Account.open(home)
    account.enrol(ENROLMENT)
    assert account.contract("demo").id == CONTRACT
    assert account.contract(CONTRACT).name == "demo"


def test_an_unknown_contract_names_those_there_are(home: Home) -> None:
    account = Account.open(home)
    with pytest.raises(KnownError) as caught:
        account.contract("demo")
    assert caught.value.exit_code is ExitCode.NOT_FOUND
    account.enrol(ENROLMENT)
    with pytest.raises(KnownError) as caught:
        account.contract("nothing")
    assert "demo, Other" in caught.value.message
    assert caught.value.subject == "nothing"


def test_of_two_contracts_with_one_name_only_the_id_tells(home: Home) -> None:
    account = Account.open(home)
    account.enrol(replace(ENROLMENT, contracts=(Contract("a", "Same"), Contract("b", "Same"))))
    assert account.contract("b").id == "b"
    with pytest.raises(KnownError):
        account.contract("Same")


def test_terms_are_kept_with_their_contract(home: Home) -> None:
    account = Account.open(home)
    account.enrol(ENROLMENT)
    account.put_terms(CONTRACT, "id", {"mode": "full"})
    again = Account.open(home)
    assert again.contract(CONTRACT) == Contract(CONTRACT, "demo", {"mode": "full"}, "id")
    assert again.contract("other") == Contract("other", "Other")
    with pytest.raises(KnownError):
        account.put_terms("nobody", "id", {})


def test_the_newest_checkpoint_only_moves_forward(home: Home) -> None:
    account = Account.open(home)
    account.advance(NEW)
    account.advance(OLD)
    assert account.newest() == NEW
    assert Account.open(home).newest() == NEW


def test_the_first_checkpoint_of_a_new_epoch_is_newer_though_smaller(home: Home) -> None:
    account = Account.open(home)
    account.advance(NEW)
    first = Checkpoint(1, "root1", "log/1\nnote1")
    account.advance(first)
    assert Account.open(home).newest() == first


def test_a_halt_stays_with_both_notes(home: Home) -> None:
    account = Account.open(home)
    account.advance(NEW)
    first = Halt("rollback", "note5", "note3", 7)
    account.halt(first)
    account.halt(Halt("fork", "x", "y", 8))
    again = Account.open(home)
    assert again.halted() == first
    assert again.newest() == NEW
    assert "Both notes are kept" in first.reason()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("account.json", "{}"),
        ("account.json", "not json"),
        ("account.json", json.dumps({"contracts": [{"x": 1}]})),
        ("trust.json", '{"newest": {"size": 1}}'),
        ("trust.json", '{"newest": {"size": "1", "root": "r", "note": "n"}}'),
        ("trust.json", '{"halt": 5}'),
    ],
)
def test_damaged_files_are_told_and_kept(home: Home, name: str, text: str) -> None:
    (home.path / name).write_text(text)
    with pytest.raises(DamagedError) as caught:
        Account.open(home)
    assert caught.value.subject.endswith(name)
    assert (home.path / name).read_text() == text


def test_an_enrolment_of_wrong_types_is_damaged(home: Home) -> None:
    Account.open(home).enrol(ENROLMENT)
    value = json.loads((home.path / "account.json").read_text())
    del value["check"]
    (home.path / "account.json").write_text(json.dumps(value | {"upload_jwk": "text"}))
    with pytest.raises(DamagedError):
        Account.open(home)
