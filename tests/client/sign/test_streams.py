"""Which stream is signed on: account streams, copied homes, moved homes, rotated keys, crashes between."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.enrolled import EnrolledHome
from tests.fakes.keyring import FakeKeyring
from tests.fakes.records import CONTRACT
from workdiary.client.account import Account
from workdiary.client.errors import DamagedError, KnownError
from workdiary.client.sign.machine import machine_id
from workdiary.client.sign.root import RootHand, root_signer, wipe
from workdiary.client.sign.segment_record import Drafted
from workdiary.client.sign.signer import DeviceKeys, Head
from workdiary.client.sign.streams import ACCOUNT, contract_of, root_scope
from workdiary.evidence.canonical import JsonObject, unb64u
from workdiary.evidence.envelope import ParsedRecord, check_signature, parse
from workdiary.evidence.keys import Ed25519Signer
from workdiary.evidence.recovery import root_seed
from workdiary.evidence.rotation import verify_rotation
from workdiary.evidence.streams import check_chain
from workdiary.rules.policy import STANDARD


@pytest.fixture
def homes() -> Iterator[list[EnrolledHome]]:
    made: list[EnrolledHome] = []
    yield made
    for home in made:
        home.close()


def signed(desk: EnrolledHome, kind: str = "") -> list[ParsedRecord]:
    rows = desk.spool._database.rows("SELECT jws FROM records ORDER BY ord")
    return [record for record in (parse(row[0]) for row in rows) if kind in {"", record.kind}]


def certificate(desk: EnrolledHome) -> JsonObject:
    enrolment = desk.account.enrolment
    assert enrolment is not None
    jwk: JsonObject = dict(Ed25519Signer(secrets.token_bytes(32)).jwk)
    return {"account": enrolment.account, "jwk": jwk, "class": "SOFTWARE", "role": "freelancer"}


def copied(desk: EnrolledHome, path: Path, machine: str = "") -> EnrolledHome:
    """The home as a backup or a copied disk has it, keys included."""
    desk.spool.close()
    shutil.copytree(desk.path, path)
    desk.reopen(crash=True)
    keyring = FakeKeyring(dict(desk.keyring.secrets))
    return EnrolledHome(path, desk.server, desk.clock, keyring, machine=machine)


def test_a_devices_account_stream_is_its_own(desk: EnrolledHome) -> None:
    desk.sign()
    for _ in range(2):
        desk.journal.sign_account("cert", certificate(desk), {"name": "Laptop"})
    opening, first, second = signed(desk)[-3:]
    assert [record.kind for record in (opening, first, second)] == ["open", "cert", "cert"]
    assert {record.ctr for record in (opening, first, second)} == {None}
    assert (opening.payload["role"], opening.payload["terms"]) == ("freelancer", None)
    assert second.seq == 2
    assert not check_chain(signed(desk))
    head = desk.keys.head(ACCOUNT)
    assert head == Head(second.stream, 2, second.id)


def test_scopes_of_account_streams_name_no_contract() -> None:
    kid = Ed25519Signer(bytes(32)).kid
    assert contract_of(ACCOUNT) is contract_of(root_scope(kid)) is None
    assert contract_of(CONTRACT) == CONTRACT
    assert len(f"head-{root_scope(kid)}") <= 64


def test_a_root_signs_on_its_own_stream_and_leaves_only_heads(desk: EnrolledHome) -> None:
    secret = secrets.token_bytes(20)
    root = root_signer(secret)
    desk.journal.sign_as_root(root, "cert", Drafted(certificate(desk), {"name": None}, ()))
    opening, cert = signed(desk)
    assert (opening.payload["role"], opening.payload["cert"]) == ("root", None)
    for record in (opening, cert):
        check_signature(record, root.jwk)
    assert desk.keys.head(root_scope(root.kid)) == Head(cert.stream, 1, cert.id)
    assert secret not in b"".join(desk.keyring.secrets.values())
    seed = root_seed(secret)
    assert not [path for path in desk.path.rglob("*") if path.is_file() and seed in path.read_bytes()]
    assert RootHand(desk.keys, root).stream_key("s") == desk.keys.stream_key("s")


def test_wiping_overwrites() -> None:
    secret, text = secrets.token_bytes(20), secrets.token_hex(8)
    wipe(secret)
    wipe(text)
    assert secret == bytes(20)
    assert set(text) == {"\0"}


def test_a_root_seed_is_wiped_once_it_is_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    from workdiary.client.sign import root as module

    made: list[bytes] = []

    def seed(secret: bytes) -> bytes:
        made.append(root_seed(secret))
        return made[-1]

    monkeypatch.setattr(module, "root_seed", seed)
    kid = root_signer(bytes(range(20))).kid
    assert made == [bytes(32)]
    assert kid == Ed25519Signer(root_seed(bytes(range(20)))).kid


def test_a_home_on_another_computer_opens_a_stream_that_names_the_old(
    desk: EnrolledHome, tmp_path: Path, homes: list[EnrolledHome]
) -> None:
    desk.machine = "a" * 32
    desk.reopen()
    desk.segment()
    desk.sign()
    last = signed(desk)[-1]
    there = copied(desk, tmp_path / "there", machine="b" * 32)
    homes.append(there)
    there.segment()
    there.sign()
    opening = signed(there, "open")[-1]
    assert opening.payload["resume"] == {
        "stream": last.stream,
        "seq": last.seq,
        "id": last.id,
        "why": "moved",
    }
    there.reopen()
    there.segment()
    there.sign()
    assert len(signed(there, "open")) == 2  # moved once, not at every start
    desk.segment()
    desk.sign()  # the first computer goes on where it was: two streams, nothing claimed twice
    own = {record.id: record for record in (*signed(desk), *signed(there))}
    assert {finding.kind for finding in check_chain(own.values())} == {"RESUMED"}


def test_a_key_store_that_refuses_right_after_the_move_opens_no_second_stream(
    desk: EnrolledHome, tmp_path: Path, homes: list[EnrolledHome]
) -> None:
    desk.machine = "a" * 32
    desk.reopen()
    desk.sign()
    there = copied(desk, tmp_path / "there", machine="b" * 32)
    homes.append(there)
    before = dict(there.keyring.secrets)
    there.journal.ensure_stream(CONTRACT, STANDARD)
    there.keyring.secrets = before  # the process died before the key store had the new head
    there.reopen(crash=True)
    there.segment()
    there.sign()
    assert len(signed(there, "open")) == 2


def test_a_home_of_before_names_no_computer(desk: EnrolledHome) -> None:
    desk.sign()
    head = desk.keys.head(CONTRACT)
    assert head is not None
    desk.keyring.secrets[f"head-{CONTRACT}"] = f'["{head.stream}", {head.seq}, "{head.id}"]'.encode()
    desk.machine = "a" * 32
    desk.reopen()
    desk.segment()
    desk.sign()
    assert len(signed(desk, "open")) == 1


def test_a_head_that_cannot_be_read_is_said(desk: EnrolledHome) -> None:
    for text in (b"[]", b'["a"]', b"7", b"{"):
        desk.keyring.secrets["head-x"] = text
        with pytest.raises(DamagedError):
            desk.keys.head("x")


def test_two_copies_of_one_computer_fork(
    desk: EnrolledHome, tmp_path: Path, homes: list[EnrolledHome]
) -> None:
    desk.segment()
    desk.sign()
    clone = copied(desk, tmp_path / "clone")
    homes.append(clone)
    for home in (desk, clone):
        home.segment()
        home.sign()
    records = {record.id: record for record in (*signed(desk), *signed(clone))}
    kinds = {finding.kind for finding in check_chain(records.values())}
    assert kinds == {"FORK"}


def test_a_rotated_key_goes_on_on_new_streams_that_name_the_old(desk: EnrolledHome) -> None:
    desk.segment()
    desk.sign()
    old, before = desk.keys.signer, desk.keys.head(CONTRACT)
    kid = desk.journal.rotate()
    rotate = signed(desk, "rotate")[0]
    check_signature(rotate, old.jwk)
    assert verify_rotation(rotate.payload) == desk.keys.signer.jwk
    assert desk.keys.kid == kid != old.kid
    desk.segment()
    desk.sign()
    opening = signed(desk, "open")[-1]
    check_signature(opening, desk.keys.signer.jwk)
    resume = opening.payload["resume"]
    assert isinstance(resume, dict)
    assert before is not None
    assert (resume["stream"], resume["seq"], resume["why"]) == (before.stream, before.seq, "moved")
    assert opening.payload["cert"] == rotate.jws
    assert signed(desk)[-1].kid == kid
    desk.reopen()
    desk.segment()
    desk.sign()
    assert len(signed(desk, "open")) == 3  # contract, account, contract under the new key
    assert desk.keys.next_signer() is None


@pytest.mark.parametrize("step", ["kept", "signed", "switched", "named"])
def test_a_rotation_that_was_cut_is_finished_or_never_was(desk: EnrolledHome, step: str) -> None:
    desk.sign()
    old = desk.keys.kid
    new = desk.keys.next_signer(secrets.token_bytes)
    assert new is not None
    if step != "kept":
        from workdiary.client.sign.rotation import rotation

        enrolment = desk.account.enrolment
        assert enrolment is not None
        clear = rotation(enrolment.origin, enrolment.account, old, new)
        desk.journal.sign_account("rotate", clear, {})
    if step in {"switched", "named"}:
        desk.keys.switch()
    if step == "named":
        desk.account.put_key(kid=new.kid)
    desk.reopen(crash=True)
    assert desk.keys.kid == (old if step == "kept" else new.kid)
    assert desk.account.enrolment is not None
    assert desk.account.enrolment.kid == desk.keys.kid
    assert desk.keys.next_signer() is None
    desk.segment()
    desk.sign()
    assert signed(desk)[-1].kid == desk.keys.kid
    assert not [f for f in check_chain(signed(desk)) if f.kind != "RESUMED"]


def test_keys_that_are_nobodys_next_are_still_refused(desk: EnrolledHome) -> None:
    desk.keyring.secrets["device-key"] = bytes(32)
    with pytest.raises(KnownError):
        DeviceKeys.open(desk.keyring.opened(), secrets.token_bytes, enrolled_kid=desk.keys.kid)


def test_roots_come_into_the_next_solo_terms(desk: EnrolledHome) -> None:
    desk.sign()
    kid = Ed25519Signer(bytes(32)).kid
    desk.account.put_key(root=kid)
    desk.sign()
    desk.sign()
    first, second = signed(desk, "terms")
    assert first.payload["roots"] == {"freelancer": None, "agency": None, "client": None}
    assert second.payload["roots"] == {"freelancer": kid, "agency": None, "client": None}
    assert second.payload["rev"] == 2


def test_what_is_known_of_keys_is_kept(desk: EnrolledHome) -> None:
    desk.account.put_key(root="r", cert="c")
    desk.account.put_key(kid="k")
    again = Account.open(desk.home).enrolment
    assert again is not None
    assert (again.root, again.cert, again.kid, again.role) == ("r", "c", "k", "freelancer")


def test_the_spool_is_ahead_or_behind_what_a_server_shows(desk: EnrolledHome) -> None:
    desk.sign()
    head = desk.keys.head(CONTRACT)
    assert head is not None
    assert desk.journal.knows(CONTRACT, head)
    assert desk.journal.knows(CONTRACT, Head(head.stream, 0, "another"))
    assert not desk.journal.knows(CONTRACT, Head(head.stream, head.seq + 1, "later"))
    assert not desk.journal.knows(CONTRACT, Head("elsewhere", 0, "x"))


def test_a_computers_id(tmp_path: Path) -> None:
    good, bad = tmp_path / "good", tmp_path / "bad"
    good.write_text("ab" * 16 + "\n")
    bad.write_text("uninitialized\n")
    missing = str(tmp_path / "missing")
    assert machine_id((missing, str(bad), str(good))) == "ab" * 16
    assert machine_id((missing, str(bad))) == ""


def test_marks_name_no_computer(desk: EnrolledHome) -> None:
    desk.machine = "a" * 32
    desk.reopen()
    desk.sign()
    kept = desk.keyring.secrets[f"head-{CONTRACT}"]
    assert b"aaaa" not in kept
    assert unb64u(desk.keys.kid)
