"""After a restore that lost leaves: a new epoch, nothing signed twice, nothing destroyed comes back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from tests.fakes.backups import Backups
from tests.fakes.devices import Door, FakeDevice
from tests.fakes.postgres import Postgres
from tests.server.api.answers import verified
from tests.server.conftest import running
from workdiary.evidence.canonical import unb64
from workdiary.evidence.leaves import parse_epoch
from workdiary.evidence.log import leaf_hash, verify_inclusion
from workdiary.evidence.notes import open_note, parse_checkpoint, parse_receipt, parse_vkey
from workdiary.server.accounts.tickets import issue_enrol
from workdiary.server.compose import Plan, Service, configure, installation
from workdiary.server.contracts.solo import person
from workdiary.server.log.models import Note, Tree
from workdiary.server.log.newest import NOTE, SEEN
from workdiary.server.receive.audit import audit
from workdiary.server.receive.models import Disclosure, Record
from workdiary.server.receive.restore import begin_anew
from workdiary.wire.known import KnownError


@contextmanager
def serving(plan: Plan, device: FakeDevice | None = None) -> Iterator[tuple[Service, FakeDevice]]:
    """A server on the installation, and a device that finds it at its new address."""
    with running(plan) as server:
        if device is None:
            device = FakeDevice(Door(server.runtime.port))
            assert device.enrol(server.enrol_token or "").status == 201
            device.open()
        device.door = Door(server.runtime.port, device.door.headers)
        yield server, device


@pytest.fixture
def backups(plan: Plan, cluster: Postgres) -> Backups:
    return Backups(plan, cluster)


def anew(plan: Plan, *shown: str) -> str:
    with installation(plan):
        return begin_anew(shown)


def test_a_lossy_restore_begins_a_new_epoch_that_names_the_last_note(plan: Plan, backups: Backups) -> None:
    with serving(plan) as (server, device):
        first = device.segment()
        old = device.put(first)
        copy = backups.take()
        lost = [device.segment() for _ in range(3)]
        answers = [device.put(signed) for signed in lost]
        gone = {"tgt": first.record.id, "digests": [first.record.digest("memo")]}
        redact = device.sign("redact", {**gone, "scope": "memo", "why": "owner"})
        assert device.put(redact).status == 201
        last = server.runtime.folder.joinpath(NOTE).read_text()
    backups.put_back(copy)
    with pytest.raises(KnownError, match="older than what was signed"), serving(plan, device):
        pass
    assert anew(plan).endswith("/1")
    with serving(plan, device):
        # Redactions came first: nothing that was taken out is there, though its redaction is not yet again.
        assert Disclosure.objects.get(record=first.rid, slot="memo").key is None
        assert Record.objects.count() == 2
        began = device.door.ask("GET", "/log/epoch").json
        leaf = unb64(began["leaf"])
        assert parse_epoch(leaf) == last
        old_origin = device.installation.origin
        device.installation = FakeDevice(device.door).installation
        assert device.installation.origin == old_origin[:-1] + "1"
        receipt = parse_receipt(began["receipt"])
        head = parse_checkpoint(
            open_note(receipt.checkpoint_note, [parse_vkey(device.installation.log_vkey)]).text
        )
        verify_inclusion(leaf_hash(leaf), 0, head.size, receipt.path, head.root)
        # What the backup held keeps its old receipt; what it did not is logged again: same bytes, new receipt
        assert device.put(first).json == old.json
        for signed, answer in zip(lost, answers, strict=True):
            again = device.put(signed)
            assert again.status == 201
            assert again.json["receipt"] != answer.json["receipt"]
            assert verified(device, signed.record.jws, again) == again.json["index"]
        assert device.put(redact).status == 201
        assert device.put(device.segment()).status == 201
        assert Tree.objects.count() == 2
        assert not list(audit())[-1].findings
        assert device.door.ask("GET", "/log/checkpoint?epoch=0").body.decode().startswith(old_origin)
        assert device.door.ask("GET", "/log/epoch?epoch=0").status == 404
        assert device.door.ask("GET", "/log/checkpoint?epoch=7").status == 404


def test_the_old_origin_is_never_signed_again(plan: Plan, backups: Backups) -> None:
    with serving(plan) as (_server, device):
        tail = device.segment()
        assert device.put(tail).status == 201
        # The backup caught the moment between a leaf and its note.
        Note.objects.filter(size=2).update(text=None)
        copy = backups.take()
        assert device.put(device.segment()).status == 201
    backups.put_back(copy)
    anew(plan)
    with serving(plan, device):
        device.installation = FakeDevice(device.door).installation
        again = device.put(tail)
        assert again.status == 200
        assert verified(device, tail.record.jws, again) == 1
        assert not Note.objects.filter(epoch=0, size__gt=1).exists()
        assert not list(audit())[-1].findings
    backups.put_back(copy)
    # Put back once more: the epoch that began is known beside the database, so the next one is another.
    with pytest.raises(KnownError, match="older"), serving(plan, device):
        pass
    assert anew(plan).endswith("/2")


def test_no_epoch_begins_while_nothing_is_lost(plan: Plan) -> None:
    with serving(plan) as (_server, device):
        device.put(device.segment())
    with pytest.raises(KnownError, match="Nothing of this log is lost"):
        anew(plan)
    with pytest.raises(KnownError, match="not of this log"):
        anew(plan, "nonsense\n")


def test_a_note_that_a_device_kept_stops_the_log_and_is_what_the_epoch_names(
    plan: Plan, backups: Backups
) -> None:
    with serving(plan) as (server, device):
        copy = backups.take()
        device.put(device.segment())
        kept = server.runtime.folder.joinpath(NOTE).read_text()
    backups.put_back(copy)
    (plan.folder / NOTE).unlink()
    with serving(plan, device) as (_server, device):
        assert device.door.ask("POST", "/log/known", b"no note").status == 400
        assert device.door.ask("POST", "/log/known", kept.encode()).status == 503
        assert device.put(device.segment()).status == 503
        assert device.door.ask("GET", "/readyz").status == 503
    anew(plan)
    assert not (plan.folder / SEEN).exists()
    with serving(plan, device):
        assert parse_epoch(unb64(device.door.ask("GET", "/log/epoch").json["leaf"])) == kept
        assert device.door.ask("POST", "/log/known", kept.encode()).status == 204


def test_a_database_that_falls_back_while_the_server_runs_is_not_signed_on(
    plan: Plan, backups: Backups
) -> None:
    """A failover to a standby that lagged behind."""
    with ExitStack() as stack:
        _server, device = stack.enter_context(serving(plan))
        before = Tree.objects.get()
        held = Note.objects.get(size=before.size)
        device.put(device.segment())
        Tree.objects.update(size=before.size, root=before.root, frontier=before.frontier)
        Note.objects.filter(size__gt=held.size).delete()
        assert device.put(device.segment()).status == 503
        assert device.door.ask("GET", "/readyz").status == 503


def test_another_party_enrols_in_the_new_epoch(plan: Plan, backups: Backups) -> None:
    with serving(plan) as (_server, device):
        copy = backups.take()
        device.put(device.segment())
    backups.put_back(copy)
    anew(plan)
    with serving(plan, device):
        configure(plan, 1)
        other = FakeDevice(Door(device.door.port))
        assert other.enrol(issue_enrol(person("freelancer"))).status == 201
        opened = other.open()
        assert verified(other, opened.record.jws, other.put(opened)) == 1
