"""A real server put back from a backup, and the real client that sends what it lost."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.fakes.backups import Backups
from tests.fakes.enrolled import EnrolledHome
from tests.fakes.homes import Homes, sent, signed, work
from tests.fakes.postgres import Postgres
from tests.server.conftest import running
from workdiary.server.compose import Plan, installation
from workdiary.server.receive.audit import audit
from workdiary.server.receive.models import Disclosure, Record
from workdiary.server.receive.restore import begin_anew
from workdiary.verify.checks import verify_receipt


@pytest.fixture
def backups(plan: Plan, cluster: Postgres) -> Backups:
    return Backups(plan, cluster)


def receipts(home: EnrolledHome, table: str) -> dict[str, str]:
    return dict(home.spool._database.rows(f"SELECT rid, receipt FROM {table}"))  # noqa: S608 - our own names


@pytest.fixture
def closing() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def test_the_client_follows_and_nothing_is_lost(
    plan: Plan, backups: Backups, tmp_path: Path, closing: ExitStack
) -> None:
    with running(plan) as server:
        homes = Homes(server, tmp_path)
        closing.callback(homes.close)
        home = homes.new("first")
        kept = work(home)
        assert sent(home) == "ok"
        copy = backups.take()
        lost = [work(home), work(home)]
        home.journal.redact(home.contract, [kept], scope="memo")
        assert sent(home) == "ok"
        homes.hang_up()
    before = home.account.enrolment
    old = receipts(home, "records")
    everything = {record.rid for record in signed(home)}
    backups.put_back(copy)
    with installation(plan):
        begin_anew()
    with running(plan) as homes.service:
        waiting = work(home)  # signed before the client knows of it
        home.reopen(crash=True)
        assert sent(home) == "ok"
        assert set(Record.objects.values_list("rid", flat=True)) >= {*everything, waiting}
        assert Disclosure.objects.get(record=kept, slot="memo").key is None
        assert list(audit())[-1].findings == []
    enrolment, (new,) = home.account.enrolment, home.account.new_logs()
    assert before is not None
    assert enrolment is not None
    assert new.named.startswith(before.origin)
    assert enrolment.origin == new.origin == f"{before.origin[:-1]}1"
    assert home.account.flags(new.at_ms) == ("new-log", "no-root")
    aside, now = receipts(home, "receipts"), receipts(home, "records")
    assert {rid: aside[rid] for rid in lost} == {rid: old[rid] for rid in lost}
    assert now[kept] == old[kept]  # the backup held it
    for record in signed(home):
        if record.rid in {*lost, waiting}:
            verify_receipt(record.jws, now[record.rid], enrolment.log_vkey, enrolment.origin)
