"""Locking a week: once, with the lines of what was logged below its size."""

from __future__ import annotations

import threading
import time
from dataclasses import replace

import pytest
from django.db import connections

from tests.fakes.devices import FakeDevice
from workdiary.evidence.envelope import parse
from workdiary.rules.policy import DAY, STANDARD
from workdiary.rules.weeks import week_of
from workdiary.server.compose import Plan
from workdiary.server.contracts.models import Contract
from workdiary.server.diary.locking import ensure_locks, lock_week
from workdiary.server.receive.models import Record


class Clock:
    """The server's wall clock, ahead of the computer's by `ahead` ms."""

    ahead = 0

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000 + self.ahead


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def plan(plan: Plan, clock: Clock) -> Plan:
    return replace(plan, senses=replace(plan.senses, now_ms=clock.now_ms))


def contract_of(device: FakeDevice) -> Contract:
    return Contract.objects.get(pk=device.contract)


def test_a_lock_stands_right_behind_its_seal(device: FakeDevice) -> None:
    segment = device.segment()
    device.put(segment)
    week = week_of(int(str(segment.record.payload["start"])))
    lock = lock_week(contract_of(device), week)
    said = parse(lock.jws).payload
    sealed = Record.objects.get(jws_id=said["prev"])
    under = parse(sealed.jws).payload
    assert (sealed.kind, sealed.seq + 1) == ("seal", lock.seq)
    assert (said["size"], said["heads"], said["span"]) == (under["size"], under["heads"], under["span"])
    assert (said["week"], said["facts"], said["excluded"]) == (week.iso, [], [])
    lines = said["lines"]
    assert isinstance(lines, list)
    assert [line["kind"] for line in lines if isinstance(line, dict)] == ["tracked"]


def test_a_week_is_locked_once_whoever_asks(device: FakeDevice) -> None:
    segment = device.segment()
    device.put(segment)
    week, contract = week_of(int(str(segment.record.payload["start"]))), contract_of(device)
    found: list[str] = []

    def work() -> None:
        found.append(lock_week(contract, week).jws_id)
        connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert len(set(found)) == 1
    assert Record.objects.filter(kind="lock").count() == 1


def test_weeks_are_locked_when_their_monday_noon_has_passed(device: FakeDevice, clock: Clock) -> None:
    segment = device.segment()
    device.put(segment)
    contract = contract_of(device)
    assert ensure_locks(contract) == []
    end = week_of(int(str(segment.record.payload["start"]))).end
    clock.ahead = end + STANDARD.lock_ms - time.time_ns() // 1_000_000 - 60_000
    assert ensure_locks(contract) == []
    clock.ahead += 2 * 60_000
    (lock,) = ensure_locks(contract)
    assert parse(lock.jws).payload["week"] == week_of(end - DAY).iso
    assert ensure_locks(contract) == []


def test_what_arrives_after_the_lock_is_not_on_it(device: FakeDevice) -> None:
    segment = device.segment()
    device.put(segment)
    week, contract = week_of(int(str(segment.record.payload["start"]))), contract_of(device)
    lock = lock_week(contract, week)
    device.put(device.segment())
    assert lock_week(contract, week) == lock
