"""The desktop around a fake engine, on Qt's offscreen platform."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from tests.fakes.engine import FakeEngine
from tests.fakes.tracker import FakeTracker, stopped
from workdiary.client.desktop.presenters.voice import Voice
from workdiary.client.tracker.events import Snapshot

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from workdiary.client.desktop.bridge import Bridge
from workdiary.client.desktop.desk import Desk, Services
from workdiary.client.desktop.shell import Shell
from workdiary.client.desktop.views.pages import Pages
from workdiary.client.desktop.views.window import MainWindow

HERE = Path(__file__).parent
# Qt's offscreen platform has no window manager for sizes and stacking, and says so each time.
OFFSCREEN = "This plugin does not support"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.qt_log_ignore(OFFSCREEN))


@dataclass
class Bench:
    """Everything of one desktop; `now` is its monotonic clock in seconds."""

    qtbot: QtBot
    tracker: FakeTracker = field(default_factory=FakeTracker)
    opened: list[str] = field(default_factory=list)
    browses: bool = True
    now: float | None = None
    voice: Voice = field(default_factory=Voice)

    def __post_init__(self) -> None:
        self.engine = FakeEngine(self.tracker)
        self.broken: list[Exception] = []
        self.bridge = Bridge()
        services = Services(self._open, self._browse, self._monotonic)
        self.desk = Desk(services, self.voice, self.bridge)
        self.window = MainWindow()
        self.shell = Shell(self.desk, self.window, tray=False)
        self.pages: Pages = self.shell.pages
        self.qtbot.addWidget(self.window, before_close_func=lambda _window: self.end())

    def open(self, snapshot: Snapshot | None = None) -> Bench:
        """Show the window and wait until the engine is there."""
        if snapshot is not None:
            self.tracker.tell(snapshot)
        self.window.show()
        self.qtbot.waitExposed(self.window)
        with self.qtbot.waitSignal(self.desk.changed):
            self.desk.open()
        return self

    def until(self, true: Callable[[], object]) -> None:
        """Wait for a condition, with a bound."""
        self.qtbot.waitUntil(lambda: bool(true()), timeout=3_000)

    def tell(self, snapshot: Snapshot) -> None:
        """A new state, and wait until the window has it."""
        with self.qtbot.waitSignal(self.desk.changed):
            self.tracker.tell(snapshot)

    def asked(self, *call: object) -> None:
        """Wait until the tracker was asked exactly this."""
        self.until(lambda: call in self.tracker.calls)

    def end(self) -> None:
        """Let go of everything."""
        self.shell.release()
        self.bridge.close()

    def _open(self) -> FakeEngine:
        if self.broken:
            raise self.broken.pop(0)
        return self.engine

    def _browse(self, address: str) -> bool:
        self.opened.append(address)
        return self.browses

    def _monotonic(self) -> float:
        import time

        return time.monotonic() if self.now is None else self.now


@pytest.fixture
def bench(qtbot: QtBot) -> Iterator[Bench]:
    """A desktop that nobody has opened yet."""
    made = Bench(qtbot)
    yield made
    made.end()


@pytest.fixture
def ready(bench: Bench) -> Bench:
    """A desktop with its engine, stopped."""
    return bench.open(stopped())
