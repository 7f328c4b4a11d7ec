from __future__ import annotations

import json

import pytest

from tests.fakes.records import ACCOUNT, SampleLog, device, fixed
from workdiary.evidence.cosign import Cosigner
from workdiary.evidence.errors import EvidenceError
from workdiary.verify.trust import (
    Trust,
    TrustedRoot,
    dump_trust,
    log_kid,
    parse_trust,
    roots_of,
    trust_for,
)

INSTALLATION = "00112233445566778899aabbccddeeff"
PEM = "-----BEGIN CERTIFICATE-----\nQUJD\n-----END CERTIFICATE-----\n"


def vkey(key: str, name: str = "") -> str:
    return Cosigner(name or f"{key}.example", fixed(key)).vkey.encode()


FULL = Trust(
    "Ada's diary",
    INSTALLATION,
    device("log").public_bytes,
    False,
    device("operator").kid,
    (vkey("w1"), vkey("w2")),
    2,
    (PEM,),
    (TrustedRoot(device("root").kid, ACCOUNT, "freelancer", "Ada"),),
)


def changed(**changes: object) -> str:
    return json.dumps({**json.loads(dump_trust(FULL)), **changes})


def test_a_trust_file_says_the_same_when_read_again() -> None:
    assert parse_trust(dump_trust(FULL).decode()) == FULL
    assert parse_trust(dump_trust(Trust("empty")).decode()) == Trust("empty")
    assert dump_trust(parse_trust(dump_trust(FULL).decode())) == dump_trust(FULL)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        changed(v=2),
        changed(more=1),
        changed(k=3),
        changed(k=0),
        changed(k=-1),
        changed(witnesses=[vkey("w1"), vkey("w1")]),
        # One key under two names is one witness: nobody's word counts twice.
        changed(witnesses=[vkey("w1"), vkey("w1", "another.example")]),
        changed(witnesses=["a+b+c", "d+e+f"]),
        changed(witnesses=[vkey("w1"), SampleLog().vkey]),
        changed(operator="short"),
        changed(tsas=["-----BEGIN PRIVATE KEY-----\nQUJD\n-----END PRIVATE KEY-----\n"]),
        changed(roots=[{"kid": "x"}]),
        changed(log={"installation": INSTALLATION, "key": "A" * 43, "solo": False}),
        changed(log={"installation": INSTALLATION.upper(), "key": "A" * 43, "solo": False}),
        changed(name="\ud800"),
        '{"v":1,"v":1}',
        "x" * 200_000,
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(EvidenceError):
        parse_trust(text)


def test_what_no_file_can_hold_is_not_written() -> None:
    with pytest.raises(EvidenceError):
        dump_trust(Trust("x" * 300))


def test_several_files_about_one_log_are_joined() -> None:
    other = Trust(
        "Ben", INSTALLATION, FULL.log_key, True, None, ("z+z+z",), 1, (),
        (TrustedRoot(device("ben").kid, None, "client", "Ben"),),
    )  # fmt: skip
    joined = trust_for(INSTALLATION, [other, FULL, Trust("elsewhere", "f" * 32, FULL.log_key)])
    assert joined is not None
    assert (joined.witnesses, joined.k) == (("z+z+z",), 1), "k belongs to its own list of witnesses"
    assert joined.solo
    assert joined.operator == FULL.operator
    assert joined.tsas == (PEM,)
    assert {root.name for root in joined.roots} == {"Ada", "Ben"}
    assert trust_for("0" * 32, [FULL]) is None
    assert set(roots_of([FULL, other])) == {device("root").kid, device("ben").kid}


def test_files_that_contradict_one_another_are_not_joined() -> None:
    with pytest.raises(EvidenceError, match="different keys"):
        trust_for(INSTALLATION, [FULL, Trust("x", INSTALLATION, device("other").public_bytes)])
    with pytest.raises(EvidenceError, match="operator"):
        trust_for(INSTALLATION, [FULL, Trust("x", INSTALLATION, FULL.log_key, operator=device().kid)])


def test_the_logs_key_signs_under_the_name_of_its_epoch() -> None:
    vkey = FULL.vkey(3)
    assert vkey is not None
    assert vkey.name == f"workdiary/{INSTALLATION}/3"
    assert Trust("empty").vkey(0) is None
    assert log_kid(device("log").public_bytes) == device("log").kid
