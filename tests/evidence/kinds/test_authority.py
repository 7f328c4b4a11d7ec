"""Who may sign which kind, as evidence.md (Authority) says it in words."""

from __future__ import annotations

import json
from importlib.resources import files

import pytest

from workdiary.evidence.kinds.base import ROLES
from workdiary.evidence.kinds.time import TIME_KINDS
from workdiary.evidence.records import KINDS

SOMEBODY = "01936e7a-0000-7000-8000-00000000000a"
OWN_TIME = {
    "segment",
    "memo",
    "redact",
    "replace",
    "discard",
    "idle-claim",
    "manual",
    "annotate",
    "clock-place",
}
OPERATORS = {"decision", "seal", "lock", "expire", "erase", "access", "policy", "refusal"}
KEYS = {"cert", "rotate", "revoke", "endorse", "rejoin"}
# Kinds of a party: who signs them in their own name; the operator signs all but `consent` for somebody.
PARTIES = {
    "terms": {"freelancer", "agency", "client"},
    "consent": {"freelancer", "agency", "client"},
    "approve": {"client"},
    "client-verdict": {"client"},
    "ceiling": {"client"},
    "dispute": {"freelancer", "client"},
    "withdraw": {"freelancer", "client"},
    "answer": {"freelancer", "agency"},
    "appeal": {"freelancer", "agency", "client"},
    "refund": {"freelancer", "agency", "operator"},
}


def signing(kind: str, on_behalf: str | None) -> set[str]:
    return {role for role in ROLES if KINDS[kind].may_sign(role, on_behalf)}


def test_every_kind_is_in_the_table_once() -> None:
    assert {kind.name for kind in TIME_KINDS} == OWN_TIME
    assert OWN_TIME | OPERATORS | KEYS | set(PARTIES) | {"open"} == set(KINDS)
    assert len(KINDS) == 33


@pytest.mark.parametrize("kind", sorted(OWN_TIME))
def test_own_time_is_the_sellers_and_never_the_operators(kind: str) -> None:
    for on_behalf in (None, SOMEBODY):
        assert signing(kind, on_behalf) == {"freelancer", "agency"}


@pytest.mark.parametrize("kind", sorted(PARTIES))
def test_a_partys_kind_is_its_own_or_the_operators_in_its_name(kind: str) -> None:
    assert signing(kind, None) == PARTIES[kind]
    operator = set() if kind == "consent" else {"operator"}
    assert signing(kind, SOMEBODY) == PARTIES[kind] | operator


@pytest.mark.parametrize("kind", sorted(OPERATORS))
def test_what_the_operator_says_nobody_else_does(kind: str) -> None:
    assert signing(kind, None) == {"operator", "staff"}
    assert "on_behalf" not in KINDS[kind].clear_types()


@pytest.mark.parametrize("kind", sorted(KEYS | {"open"}))
def test_keys_are_every_accounts_own(kind: str) -> None:
    assert signing(kind, None) == set(ROLES)


def test_no_slot_has_the_name_of_a_clear_field() -> None:
    for kind in KINDS.values():
        names = {*kind.slots, *kind.counted}
        assert not names & kind.clear_types().keys(), kind.name
        assert {counted.count for counted in kind.counted.values()} <= kind.clear.keys()


def test_the_vectors_say_the_same() -> None:
    given = json.loads(files("workdiary.resources").joinpath("vectors", "authority.json").read_text())
    assert [row["kind"] for row in given["kinds"]] == [*KINDS]
    for row in given["kinds"]:
        assert set(row["own_name"]) == signing(row["kind"], None)
        assert (row["on_behalf"] is None) == ("on_behalf" not in KINDS[row["kind"]].clear_types())
        assert set(row["on_behalf"] or row["own_name"]) == signing(row["kind"], SOMEBODY)
