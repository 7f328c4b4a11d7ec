"""Lock, sleep, switch and shutdown as logind tells them, on a private bus."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes import logind as fake
from tests.fakes.logind import FakeLogind
from tests.fakes.xserver import wait_for
from workdiary.client.capture.logind import LogindSession
from workdiary.client.capture.port import SessionEventKind, UnavailableError


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FakeLogind]:
    with fake.logind(tmp_path_factory.mktemp("bus")) as system:
        yield system


class Heard(list[SessionEventKind]):
    """What was told, in order."""

    def expect(self, *kinds: SessionEventKind) -> None:
        wait_for(lambda: len(self) >= len(kinds), f"{kinds}, heard {list(self)}")
        assert tuple(self) == kinds
        self.clear()


@pytest.fixture
def heard(system: FakeLogind) -> Iterator[Heard]:
    watcher, heard = LogindSession(system.env), Heard()
    watcher.start(heard.append)
    wait_for(lambda: "WorkDiary" in system.inhibitors(), "the watcher to be ready")
    yield heard
    watcher.stop()


def test_a_lock_is_told_once_however_many_say_so(system: FakeLogind, heard: Heard) -> None:
    system.lock()
    system.hint("LockedHint", True)
    system.lock()
    system.unlock()
    system.hint("LockedHint", False)
    system.hint("LockedHint", True)
    system.hint("LockedHint", False)
    system.hint("Active", False)
    heard.expect("lock", "unlock", "lock", "unlock", "switch-user")
    system.hint("Active", True)
    heard.expect("switch-back")


def test_sleep_waits_until_the_callback_has_returned(system: FakeLogind) -> None:
    saving, saved = threading.Event(), threading.Event()
    heard = Heard()

    def save(kind: SessionEventKind) -> None:
        heard.append(kind)
        if kind == "suspend":
            saving.set()
            assert saved.wait(20)

    watcher = LogindSession(system.env)
    watcher.start(save)
    wait_for(lambda: "WorkDiary" in system.inhibitors(), "the inhibitor")
    assert "'sleep:shutdown', 'WorkDiary'" in system.inhibitors()
    assert "'delay'" in system.inhibitors()
    system.say("PrepareForSleep", begins=True)
    assert saving.wait(20)
    assert "WorkDiary" in system.inhibitors(), "the segment is not durable yet"
    saved.set()
    wait_for(lambda: "WorkDiary" not in system.inhibitors(), "sleep to be let go")
    system.say("PrepareForSleep", begins=False)
    wait_for(lambda: "WorkDiary" in system.inhibitors(), "the next sleep to be held")
    heard.expect("suspend", "resume")
    watcher.stop()
    wait_for(lambda: "WorkDiary" not in system.inhibitors(), "stop to let go")


def test_shutdown_and_a_shutdown_called_off(system: FakeLogind, heard: Heard) -> None:
    system.say("PrepareForShutdown", begins=True)
    heard.expect("shutdown")
    system.say("PrepareForShutdown", begins=False)
    heard.expect("resume")


def test_a_session_that_is_locked_at_the_start_is_told(system: FakeLogind) -> None:
    system.hint("LockedHint", True)
    watcher, heard = LogindSession(system.env), Heard()
    watcher.start(heard.append)
    heard.expect("lock")
    system.hint("LockedHint", False)
    heard.expect("unlock")
    watcher.stop()


def test_signals_of_another_session_are_not_ours(system: FakeLogind, heard: Heard) -> None:
    add = "org.freedesktop.DBus.Mock.AddSession"
    system.call(fake.ROOT, add, "c2", "seat0", "4242", "other", "false")
    system.call(f"{fake.ROOT}/session/c2", f"{fake.SESSION}.Lock")
    system.lock()
    system.unlock()
    heard.expect("lock", "unlock")


def test_start_and_stop_may_be_called_twice(system: FakeLogind) -> None:
    watcher = LogindSession(system.env)
    watcher.stop()
    watcher.start(lambda _: None)
    watcher.start(lambda _: None)
    watcher.stop()
    watcher.stop()
    heard = Heard()
    watcher.start(heard.append)
    wait_for(lambda: "WorkDiary" in system.inhibitors(), "the watcher to be ready")
    system.lock()
    system.unlock()
    heard.expect("lock", "unlock")
    watcher.stop()


def test_without_a_session_of_ours_it_is_refused(system: FakeLogind) -> None:
    # No id in the environment; the mock knows no process ids and the user has no display.
    with pytest.raises(UnavailableError, match="no session of this user"):
        LogindSession({"DBUS_SYSTEM_BUS_ADDRESS": system.address}).probe()
    LogindSession(system.env).probe()


def test_without_a_bus_it_is_refused(tmp_path: Path) -> None:
    env = {"DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={tmp_path}/nowhere"}
    with pytest.raises(UnavailableError, match="no system bus"):
        LogindSession(env).probe()
    with pytest.raises(UnavailableError, match="no system bus"):
        LogindSession({"DBUS_SYSTEM_BUS_ADDRESS": "tcp:host=nowhere"}).start(lambda _: None)
    with pytest.raises(UnavailableError, match="no system bus"):
        LogindSession({"DBUS_SYSTEM_BUS_ADDRESS": "nonsense"}).probe()


def test_a_bus_without_logind_is_refused(tmp_path: Path) -> None:
    refused = pytest.raises(UnavailableError, match=r"logind does not answer .*ServiceUnknown")
    with fake.bus(tmp_path) as address, refused:
        LogindSession({"DBUS_SYSTEM_BUS_ADDRESS": address}).probe()


def test_a_bus_that_hangs_up_ends_the_thread_and_nothing_else(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with fake.logind(tmp_path) as doomed:
        watcher = LogindSession(doomed.env)
        watcher.start(lambda _: None)
        thread = next(t for t in threading.enumerate() if t.name == "session-watch")
    thread.join(20)
    assert not thread.is_alive()
    assert "no longer watched" in caplog.text
    watcher.stop()
