from __future__ import annotations

from dataclasses import replace

import pytest

from tests.fakes.records import browser, device
from tests.fakes.tales import Tale, verdict, word
from tests.fakes.world import CLIENT, FREELANCER, Stream
from workdiary.evidence.canonical import b64u
from workdiary.evidence.envelope import SignedRecord
from workdiary.evidence.keys import Ed25519Signer
from workdiary.evidence.rotation import rotate_input
from workdiary.verify.trust import TrustedRoot

AXIS = "key"


def said_by(tale: Tale, stream: Stream) -> SignedRecord:
    """Something a freelancer's key may say, logged."""
    record = stream.sign("memo", {"tgt": tale.segments[0].id}, {"memo": "x", "label": None})
    tale.log(record)
    return record


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        ("HW-ATTESTED",) * 2,
        ("HW-CLAIMED",) * 2,
        ("SOFTWARE",) * 2,
        ("SOFTWARE-FILE", "SOFTWARE"),
        ("BROWSER",) * 2,
    ],
)
def test_a_pinned_root_certifies_the_class(stated: str, expected: str) -> None:
    tale = Tale()
    laptop = device("laptop")
    tale.certified(laptop, **{"class": stated})
    record = said_by(tale, tale.opened("laptop", laptop))
    found = verdict(tale.judged(), record)
    assert found.axes.words[AXIS] == expected
    assert found.axes.level == 0


def test_a_certified_device_certifies_the_next_but_a_browser_nobody() -> None:
    tale = Tale()
    account = tale.world.stream("desk account", device("desk"), None)
    tale.log(account.open("freelancer"))
    tale.certified(device("laptop"), by=account)
    record = said_by(tale, tale.opened("laptop", device("laptop")))
    tale.certified(browser("mine"), by=account, **{"class": "BROWSER"})
    page = tale.world.stream("page account", browser("mine"), None)
    tale.log(page.open("freelancer", "BROWSER"))
    tale.certified(device("third"), by=page)
    other = said_by(tale, tale.opened("third", device("third")))
    judged = tale.judged()
    assert (word(judged, record, AXIS), word(judged, other, AXIS)) == ("SOFTWARE", "VOUCHED")


def test_without_a_certificate_only_the_operator_says_whose_key_it_is() -> None:
    tale = Tale()
    record = said_by(tale, tale.opened("invented", device("invented")))
    found = verdict(tale.judged(), record)
    assert (found.axes.words[AXIS], found.axes.level) == ("VOUCHED", 1)


def test_parties_without_a_root_need_none() -> None:
    tale = Tale()
    desktop = tale.opened("client desk", device("client desk"), "client")
    approve = {"week": "2026-W47", "verdict": "approve", "seal": None}
    page, desk = tale.client.sign("approve", approve), desktop.sign("approve", approve)
    tale.log(page, desk)
    judged = tale.judged()
    assert [word(judged, record, AXIS) for record in (page, desk)] == ["BROWSER", "VOUCHED"]
    assert verdict(judged, desk).axes.level == 0


def test_the_operator_in_somebodys_name_is_named() -> None:
    tale = Tale()
    clear = {"week": "2026-W47", "verdict": "approve", "seal": None, "on_behalf": CLIENT}
    record = tale.operator.sign("approve", clear)
    tale.log(record)
    found = verdict(tale.judged(), record)
    assert (found.axes.words[AXIS], found.axes.level) == ("OPERATOR", 1)


def test_a_root_nobody_compared_is_unpinned() -> None:
    tale = Tale(rooted=False)
    found = verdict(tale.judged(), tale.segments[0])
    assert (found.axes.words[AXIS], found.axes.level) == ("ROOT-UNPINNED", 1)
    assert "its root was not compared" in found.notes


def test_another_operator_than_the_pinned_one_is_unpinned() -> None:
    tale = Tale()
    judged = tale.judged(trusts=[replace(tale.trust, operator=device("another").kid)])
    assert word(judged, tale.operator.records[0], AXIS) == "ROOT-UNPINNED"


def revoked(tale: Tale, by: Stream | None = None, kid: str = "") -> SignedRecord:
    said = {"account": FREELANCER, "kid": kid or device("desk").kid, "why": "stolen"}
    record = (by or tale.root).sign("revoke", said)
    tale.log(record)
    return record


def test_a_revocation_counts_from_its_place_in_the_log() -> None:
    tale = Tale()
    before = tale.segments[-1]
    revoked(tale)
    after = said_by(tale, tale.desk)
    judged = tale.judged()
    assert (word(judged, before, AXIS), word(judged, after, AXIS)) == ("SOFTWARE", "REVOKED")
    assert verdict(judged, after).axes.level == 1


def test_the_operators_revocation_is_labelled() -> None:
    tale = Tale()
    account = tale.world.stream("operator account", device("operator"), None)
    tale.log(account.open("operator"))
    revoked(tale, by=account)
    after = said_by(tale, tale.desk)
    found = verdict(tale.judged(), after)
    assert found.axes.words[AXIS] == "REVOKED"
    assert "the key was revoked by the operator before" in found.notes


def test_nobody_else_can_revoke() -> None:
    tale = Tale()
    other = tale.world.stream("other root", device("other root"), None)
    tale.log(other.open("root"))
    revoked(tale, by=other)
    after = said_by(tale, tale.desk)
    assert word(tale.judged(), after, AXIS) == "SOFTWARE"


def test_an_endorsement_saves_what_was_signed_before_the_theft() -> None:
    tale = Tale()
    revoked(tale)
    early, late = said_by(tale, tale.desk), said_by(tale, tale.desk)
    head = {"stream": tale.desk.stream, "seq": early.payload["seq"], "id": early.id}
    saving = tale.root.sign("endorse", {"account": FREELANCER, "kid": device("desk").kid, "heads": [head]})
    tale.log(saving)
    judged = tale.judged()
    assert (word(judged, early, AXIS), word(judged, late, AXIS)) == ("SOFTWARE", "REVOKED")


def test_a_thief_cannot_endorse_himself() -> None:
    tale = Tale()
    account = tale.world.stream("desk account", device("desk"), None)
    tale.log(account.open("freelancer"))
    revoked(tale)
    after = said_by(tale, tale.desk)
    head = {"stream": tale.desk.stream, "seq": after.payload["seq"], "id": after.id}
    tale.log(account.sign("endorse", {"account": FREELANCER, "kid": device("desk").kid, "heads": [head]}))
    assert word(tale.judged(), after, AXIS) == "REVOKED"


def rotated(tale: Tale, stream: Stream, new: Ed25519Signer) -> SignedRecord:
    old = stream.signer.kid
    proof = new.sign(rotate_input(tale.world.log.origin, FREELANCER, old, new.kid))
    said = {"account": FREELANCER, "old": old, "jwk": dict(new.jwk), "proof": b64u(proof)}
    record = stream.sign("rotate", said)
    tale.log(record)
    return record


def test_a_rotated_key_takes_the_old_ones_place() -> None:
    tale = Tale()
    account = tale.world.stream("desk account", device("desk"), None)
    tale.log(account.open("freelancer"))
    rotated(tale, account, device("desk 2"))
    new = said_by(tale, tale.opened("desk 2", device("desk 2")))
    old = said_by(tale, tale.desk)
    judged = tale.judged()
    assert (word(judged, new, AXIS), word(judged, old, AXIS)) == ("SOFTWARE", "REVOKED")


def test_a_rotated_root_is_as_pinned_as_the_old_one() -> None:
    tale = Tale()
    rotated(tale, tale.root, device("root 2"))
    second = tale.world.stream("root 2", device("root 2"), None)
    tale.log(second.open("root"))
    tale.certified(device("laptop"), by=second)
    record = said_by(tale, tale.opened("laptop", device("laptop")))
    assert word(tale.judged(), record, AXIS) == "SOFTWARE"


def test_a_rotation_without_the_new_keys_word_is_none() -> None:
    tale = Tale()
    said = {"account": FREELANCER, "old": device("desk").kid, "jwk": dict(device("desk 2").jwk)}
    account = tale.world.stream("desk account", device("desk"), None)
    tale.log(account.open("freelancer"))
    tale.log(account.sign("rotate", {**said, "proof": b64u(b"\0" * 64)}))
    record = said_by(tale, tale.opened("desk 2", device("desk 2")))
    assert word(tale.judged(), record, AXIS) == "VOUCHED"


def test_a_certificate_for_another_role_is_false() -> None:
    tale = Tale()
    tale.certified(device("laptop"), role="client")
    record = said_by(tale, tale.opened("laptop", device("laptop")))
    found = verdict(tale.judged(), record)
    assert (found.axes.words[AXIS], found.axes.level) == ("CERT-INVALID", 2)


def test_a_root_of_another_side_is_false() -> None:
    tale = Tale()
    root = TrustedRoot(tale.root.signer.kid, FREELANCER, "client", "Bob")
    judged = tale.judged(trusts=[replace(tale.trust, roots=(root,))])
    assert word(judged, tale.segments[0], AXIS) == "CERT-INVALID"


def test_another_root_spoils_nobodys_key() -> None:
    tale = Tale()
    other = tale.world.stream("other root", device("other root"), None)
    tale.log(other.open("root"))
    tale.certified(device("desk"), by=other, role="client")
    assert word(tale.judged(), tale.segments[0], AXIS) == "SOFTWARE"


def carrying(tale: Tale, text: str, signer: Ed25519Signer) -> SignedRecord:
    """An `open` that carries this as its certificate."""

    def carry(_stream: object, kind: str, clear: dict, _slots: dict) -> None:
        if kind == "open":
            clear["cert"] = text

    tale.world.twist = carry
    return tale.opened(f"carrying {signer.kid}", signer).records[0]


def test_an_open_with_somebody_elses_certificate_is_false() -> None:
    tale = Tale()
    theirs = tale.certified(device("laptop"))
    records = [
        carrying(tale, text, device(text[:9])) for text in (theirs.jws, "nonsense", tale.segments[0].jws)
    ]
    judged = tale.judged()
    assert {word(judged, record, AXIS) for record in records} == {"CERT-INVALID"}


def test_an_open_that_carries_its_own_certificate_needs_no_other() -> None:
    tale = Tale()
    laptop = device("laptop")
    said = {"account": FREELANCER, "jwk": dict(laptop.jwk), "class": "SOFTWARE", "role": "freelancer"}
    cert = tale.root.sign("cert", said)
    tale.root.records.pop()
    record = carrying(tale, cert.jws, laptop)
    assert word(tale.judged(), record, AXIS) == "SOFTWARE"
