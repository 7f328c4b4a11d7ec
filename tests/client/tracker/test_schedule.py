"""Alarms on the real scheduler, workers on real threads."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator

import pytest

from workdiary.client.tracker.schedule import WAIT_CAP_S, SchedulerAlarms
from workdiary.client.tracker.work import ThreadWorker

WAIT_S = 10.0


def now_ms() -> int:
    return time.time_ns() // 1_000_000


@pytest.fixture
def alarms() -> Iterator[SchedulerAlarms]:
    alarms = SchedulerAlarms()
    yield alarms
    alarms.close()


def test_an_alarm_rings_at_its_instant_and_not_before(alarms: SchedulerAlarms) -> None:
    rang = threading.Event()
    at_ms = now_ms() + 150
    alarms.set("shot", at_ms, rang.set)
    assert rang.wait(WAIT_S)
    assert now_ms() >= at_ms


def test_an_instant_long_past_still_rings(alarms: SchedulerAlarms) -> None:
    rang = threading.Event()
    alarms.set("shot", now_ms() - 3_600_000, rang.set)
    assert rang.wait(WAIT_S)


def test_setting_again_moves_it_and_cancelling_forgets_it(alarms: SchedulerAlarms) -> None:
    calls: list[str] = []
    done = threading.Event()
    alarms.set("hold", now_ms() + 50, lambda: calls.append("first"))
    alarms.set("hold", now_ms() + 3_600_000, lambda: calls.append("second"))
    alarms.set("sync", now_ms() + 60, lambda: calls.append("cancelled"))
    alarms.cancel("sync")
    alarms.cancel("nothing")
    alarms.set("end", now_ms() + 200, done.set)
    alarms.wake()
    assert done.wait(WAIT_S)
    assert calls == []


def test_waits_are_capped_while_an_alarm_is_set_and_endless_without(alarms: SchedulerAlarms) -> None:
    alarms.set("shot", now_ms() + 3_600_000, lambda: None)
    scheduler = alarms._scheduler
    assert scheduler is not None
    assert scheduler._process_jobs() == WAIT_CAP_S
    alarms.cancel("shot")
    assert scheduler._process_jobs() is None


def test_after_close_nothing_rings(alarms: SchedulerAlarms) -> None:
    alarms.close()
    alarms.set("shot", now_ms(), lambda: None)
    alarms.close()
    assert not [thread for thread in threading.enumerate() if thread.name == "workdiary-alarms"]


def test_a_worker_works_in_order_and_outlives_a_bug(caplog: pytest.LogCaptureFixture) -> None:
    done: list[int] = []
    worker = ThreadWorker("workdiary-test")
    worker.submit(lambda: done.append(1))
    worker.submit(lambda: done.append(1 // 0))
    worker.submit(lambda: done.append(2))
    with caplog.at_level(logging.ERROR):
        worker.close()
    assert done == [1, 2]
    assert "a job of workdiary-test failed" in caplog.text
    worker.submit(lambda: done.append(3))
    worker.close()
    assert done == [1, 2]
