"""A bundle across a lossy restore: both epochs' checkpoints, the first leaf between them, no fork."""

from __future__ import annotations

import io

from tests.fakes.backups import Backups
from tests.fakes.devices import FakeDevice
from tests.fakes.postgres import Postgres
from tests.server.log.test_epochs import anew, serving
from workdiary.evidence.bundle import Bundle, open_bundle
from workdiary.evidence.leaves import parse_epoch
from workdiary.server.compose import Plan
from workdiary.server.contracts.models import Contract
from workdiary.server.contracts.solo import person
from workdiary.server.diary.export import sealed_for_export, write_export
from workdiary.server.diary.trusting import trust_of
from workdiary.server.log.newest import NOTE
from workdiary.server.receive.access_records import Visitor
from workdiary.server.receive.seals import seal
from workdiary.verify.judge import judge

SPAN = (0, 2**42)


def exported(device: FakeDevice) -> Bundle:
    contract = Contract.objects.get(pk=device.contract)
    seen = Visitor(contract, person("client").id, "Somebody", "client")
    out = io.BytesIO()
    write_export(contract, sealed_for_export(seen, SPAN), seen.role, out)
    return open_bundle(out.getvalue())


def test_a_bundle_across_two_epochs_is_one_history(plan: Plan, cluster: Postgres) -> None:
    backups = Backups(plan, cluster)
    with serving(plan) as (server, device):
        device.put(device.segment())
        seal(Contract.objects.get(pk=device.contract), SPAN)
        copy = backups.take()
        lost = device.segment()
        device.put(lost)
        seal(Contract.objects.get(pk=device.contract), SPAN)
        last = server.runtime.folder.joinpath(NOTE).read_text()
    backups.put_back(copy)
    anew(plan)
    with serving(plan, device):
        device.installation = FakeDevice(device.door).installation
        device.put(lost)
        device.put(device.segment())
        found = exported(device)
        assert (found.damaged, found.missing, found.unknown, found.malformed) == ((), (), [], {})
        assert set(found.checkpoints) == {0, 1}
        assert [parse_epoch(item.leaf) for item in found.epochs] == [last]
        assert {record.epoch for record in found.records} == {0, 1}
        verdicts = judge(found, [trust_of(Contract.objects.get(pk=device.contract))])
        chains = {verdict.axes.words["chain"] for verdict in verdicts.records}
        assert chains <= {"CONTIGUOUS", "RESUMED"}, chains
        assert "RESUMED" in chains
        assert {verdict.axes.words["log"] for verdict in verdicts.records} == {"SELF-ASSERTED"}
        assert {verdict.axes.words["integrity"] for verdict in verdicts.records} == {"VALID"}
