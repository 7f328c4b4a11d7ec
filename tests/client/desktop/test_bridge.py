from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from pytestqt.qtbot import QtBot

from tests.fakes.tracker import FakeTracker, shot, stopped, tracking
from workdiary.client.desktop.bridge import THREAD, Bridge, Heard
from workdiary.client.errors import KnownError


@pytest.fixture
def bridge(qtbot: QtBot) -> Iterator[Bridge]:
    made = Bridge()
    yield made
    made.close()


def unexpected(error: Exception) -> None:
    raise error


def from_engine(tracker: FakeTracker, *snapshots: object) -> None:
    """Tell snapshots as the engine does: on a thread that is not the GUI's."""

    def run() -> None:
        for snapshot in snapshots:
            tracker.tell(snapshot)  # type: ignore[arg-type]

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()


def test_work_runs_elsewhere_and_its_result_comes_back_here(qtbot: QtBot, bridge: Bridge) -> None:
    seen: list[str] = []
    bridge.call(
        lambda: threading.current_thread().name,
        lambda name: seen.extend((name, threading.current_thread().name)),
        unexpected,
    )
    qtbot.waitUntil(lambda: len(seen) == 2)
    assert seen == [THREAD, "MainThread"]


def test_an_error_comes_back_as_it_was(qtbot: QtBot, bridge: Bridge) -> None:
    errors: list[Exception] = []

    def work() -> None:
        raise KnownError("No", "Because.")

    bridge.call(work, None, errors.append)
    qtbot.waitUntil(lambda: bool(errors))
    assert isinstance(errors[0], KnownError)


def test_calls_keep_their_order(qtbot: QtBot, bridge: Bridge) -> None:
    done: list[int] = []
    for k in range(50):
        bridge.call(lambda k=k: k, done.append, unexpected)  # type: ignore[misc]
    qtbot.waitUntil(lambda: len(done) == 50)
    assert done == list(range(50))


def test_many_snapshots_wake_the_window_once(qtbot: QtBot, bridge: Bridge) -> None:
    tracker, heard = FakeTracker(), []
    bridge.heard.connect(heard.append)
    bridge.watch(tracker)
    from_engine(tracker, *(stopped(at_ms=k) for k in range(100)))
    qtbot.waitUntil(lambda: bool(heard))
    assert [h.snapshot.at_ms for h in heard] == [99]
    assert isinstance(heard[0], Heard)


def test_a_hidden_window_hears_only_what_the_tray_says(qtbot: QtBot, bridge: Bridge) -> None:
    tracker, heard = FakeTracker(tracking()), []
    bridge.heard.connect(heard.append)
    bridge.watch(tracker)
    qtbot.waitUntil(lambda: len(heard) == 1)
    bridge.attend(attentive=False)
    from_engine(tracker, tracking(today_ms=1), tracking(today_ms=2))
    qtbot.wait(30)
    assert len(heard) == 1
    from_engine(tracker, tracking(today_ms=3, shot=shot()))
    qtbot.waitUntil(lambda: len(heard) == 2)
    from_engine(tracker, tracking(today_ms=4, shot=shot()))
    bridge.attend(attentive=True)
    qtbot.waitUntil(lambda: len(heard) == 3)
    assert heard[-1].snapshot.today_ms == 4


def test_seen_again_without_news_wakes_nobody(qtbot: QtBot, bridge: Bridge) -> None:
    tracker, heard = FakeTracker(tracking()), []
    bridge.heard.connect(heard.append)
    bridge.watch(tracker)
    qtbot.waitUntil(lambda: len(heard) == 1)
    bridge.attend(attentive=False)
    bridge.attend(attentive=True)
    qtbot.wait(30)
    assert len(heard) == 1


def test_after_closing_nothing_is_heard_and_no_thread_is_left(qtbot: QtBot) -> None:
    bridge, tracker, heard = Bridge(), FakeTracker(), []
    bridge.heard.connect(heard.append)
    bridge.watch(tracker)
    bridge.call(lambda: heard.append("done"), heard.append, unexpected)
    bridge.close()
    bridge.close()
    bridge.call(lambda: None, heard.append, unexpected)
    tracker.tell(tracking())
    qtbot.wait(30)
    assert heard == ["done"]
    assert tracker.listening == 0
    assert THREAD not in [t.name for t in threading.enumerate()]
