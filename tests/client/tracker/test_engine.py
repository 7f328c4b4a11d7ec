"""The engine with its real threads: commands take effect, nothing is left behind."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.capture import FakeDesktop
from tests.fakes.shots import TINY_WEBP, FakeShotTaker
from tests.fakes.stages import FakeContracts, FakeJournal, FakeStore, FakeUploader
from workdiary.client.errors import KnownError
from workdiary.client.segment.clock import SystemClock
from workdiary.client.segment.trusted import TrustedTime
from workdiary.client.tracker.engine import Engine
from workdiary.client.tracker.events import Snapshot
from workdiary.client.tracker.schedule import SchedulerAlarms
from workdiary.client.tracker.work import ThreadWorker
from workdiary.client.tracker.world import Choices, Stages, World
from workdiary.rules.policy import DEMO

WAIT_S = 20.0


class Running:
    """An engine on real threads and clocks, its desktop and stages fakes."""

    def __init__(self, folder: Path) -> None:
        self.desktop = FakeDesktop()
        self.store = FakeStore(folder)
        self.journal = FakeJournal(self.store)
        self.uploader = FakeUploader()
        # the first instant is drawn as soon as it can be, so that there is a shot to wait for
        world = World(
            TrustedTime(SystemClock()),
            os.urandom,
            lambda below: 0,
            self.desktop.backends(),
            FakeShotTaker(),
            lambda: "UTC",
        )
        stages = Stages(
            store=self.store,
            outbox=self.store,
            journal=self.journal,
            uploader=self.uploader,
            contracts=FakeContracts(),
            alarms=SchedulerAlarms(),
            camera=ThreadWorker("workdiary-shots"),
            signer=ThreadWorker("workdiary-signer"),
            sender=ThreadWorker("workdiary-sender"),
        )
        self.engine = Engine(world, stages, Choices(DEMO, preview_ms=60_000))
        self.engine.open()


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    running = Running(tmp_path)
    yield running
    running.engine.close()


def test_commands_take_effect_before_they_return(running: Running) -> None:
    engine = running.engine
    assert engine.snapshot().state == "stopped"
    engine.start("demo", "write the report", None)
    assert engine.snapshot().state == "tracking"
    assert len(running.store.open_segments()) == 1
    engine.set_memo("answer the mail", None)
    engine.pause()
    assert engine.snapshot().state == "paused"
    engine.stop()
    assert engine.snapshot().state == "stopped"
    assert engine.memos(None, "w") == ["write the report"]


def test_a_shot_is_announced_held_and_kept_at_the_end(running: Running) -> None:
    engine = running.engine
    seen: list[Snapshot] = []
    undo = engine.subscribe(seen.append)
    engine.start("demo", "write the report", None)
    assert engine.wait_until(lambda snapshot: snapshot.shot is not None, WAIT_S)
    shot = engine.snapshot().shot
    assert shot is not None
    assert engine.thumbnail(shot.shot_id) == TINY_WEBP
    assert engine.thumbnail("nothing") is None
    engine.stop()
    assert running.journal.signed == []
    assert engine.finish(WAIT_S)
    assert running.journal.signed == [row.start.rid for row in running.store.closed]
    assert running.uploader.runs > 0
    assert {snapshot.state for snapshot in seen} == {"tracking", "stopped"}
    undo()
    number = len(seen)
    engine.learn()
    assert len(seen) == number


def test_durations_go_on_between_two_snapshots(running: Running) -> None:
    engine = running.engine
    engine.start("demo", "write the report", None)
    first = engine.snapshot()
    assert engine.wait_until(lambda snapshot: snapshot.session_ms > first.session_ms, WAIT_S)


def test_the_desktop_session_is_heard(running: Running) -> None:
    running.engine.start("demo", "write the report", None)
    running.desktop.session.emit("suspend")  # returns only when the segment is durable
    assert [row.close.close for row in running.store.closed if row.close] == ["suspend"]
    running.desktop.session.emit("resume")
    assert running.engine.wait_until(lambda snapshot: snapshot.state == "tracking", WAIT_S)


def test_a_listener_that_fails_hurts_nobody(running: Running, caplog: pytest.LogCaptureFixture) -> None:
    def broken(_snapshot: Snapshot) -> None:
        raise RuntimeError("a bug in the window")

    running.engine.subscribe(broken)
    running.engine.start("demo", "write the report", None)
    assert running.engine.snapshot().state == "tracking"
    assert "a listener failed" in caplog.text


def test_errors_reach_whoever_asked(running: Running) -> None:
    with pytest.raises(KnownError, match="memo is empty"):
        running.engine.start("demo", "", None)


def test_after_close_nothing_runs(tmp_path: Path) -> None:
    before = set(threading.enumerate())
    running = Running(tmp_path)
    running.engine.start("demo", "write the report", None)
    running.engine.finish(WAIT_S)
    running.engine.close()
    running.engine.close()
    assert set(threading.enumerate()) <= before
    assert not running.desktop.session.running
    with pytest.raises(KnownError, match="not running"):
        running.engine.stop()


def test_while_stopped_only_the_engine_and_the_alarm_of_midnight_wait(running: Running) -> None:
    names = {thread.name for thread in threading.enumerate() if thread.name.startswith("workdiary")}
    assert names <= {"workdiary-engine", "workdiary-signer", "workdiary-alarms"}
