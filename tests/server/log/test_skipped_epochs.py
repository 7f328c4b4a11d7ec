"""Put back twice, the second time from before the first new epoch: that epoch's rows are gone for good."""

from __future__ import annotations

from tests.fakes.backups import Backups
from tests.fakes.devices import FakeDevice
from tests.fakes.postgres import Postgres
from tests.server.log.test_epochs import anew, serving
from tests.server.log.test_export_epochs import exported
from workdiary.server.compose import Plan
from workdiary.server.contracts.models import Contract
from workdiary.server.diary.trusting import trust_of
from workdiary.verify.judge import judge


def test_an_epoch_that_is_gone_does_not_end_exports(plan: Plan, cluster: Postgres) -> None:
    backups = Backups(plan, cluster)
    with serving(plan) as (_server, device):
        device.put(device.segment())
        copy = backups.take()
        device.put(device.segment())
    backups.put_back(copy)
    assert anew(plan).endswith("/1")
    with serving(plan, device):
        device.installation = FakeDevice(device.door).installation
        kept = device.segment()
        device.put(kept)
    backups.put_back(copy)
    assert anew(plan).endswith("/2")
    with serving(plan, device):
        # Signed for the epoch that is gone, as every record that a device sends again after this.
        assert device.put(kept).status == 201
        found = exported(device)
        assert (found.damaged, found.missing, found.unknown, found.malformed) == ((), (), [], {})
        assert set(found.checkpoints) == {0, 2}
        verdicts = judge(found, [trust_of(Contract.objects.get(pk=device.contract))])
        assert {verdict.axes.words["integrity"] for verdict in verdicts.records} == {"VALID"}
