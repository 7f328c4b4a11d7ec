"""The desktop as a process of its own, and the binding it stands on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from workdiary.client.desktop import binding, browser
from workdiary.wire.known import KnownError

BOUND_S = 30
PROGRAM = """
import sys
from workdiary.client.desktop.binding import open_binding
open_binding()
from workdiary.client.desktop.app import run
loaded = [name for name in sys.modules if name.startswith("workdiary.client")]
print("window", *(name for name in loaded if "tracker" in name or "presenters." in name), flush=True)

def services():
    from tests.fakes.engine import FakeEngine
    from tests.fakes.tracker import FakeTracker, tracking
    from workdiary.client.desktop.desk import Services
    from workdiary.wire.known import ExitCode, KnownError
    tracker = FakeTracker(tracking())
    class Engine(FakeEngine):
        def close(self):
            print("closed", flush=True)
    def open_engine():
        if "broken" in sys.argv:
            print("refused", flush=True)
            raise KnownError("Newer", "Update.", exit_code=ExitCode.COMPUTER)
        engine = Engine(tracker)
        subscribe = tracker.subscribe
        def said(listener):
            print("open", flush=True)
            return subscribe(listener)
        tracker.subscribe = said
        return engine
    return Services(open_engine, lambda address: True)

sys.exit(run(services))
"""


@contextmanager
def desktop(root: Path, *args: str) -> Iterator[subprocess.Popen[str]]:
    env = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *args], cwd=root, env=env, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def says(process: subprocess.Popen[str], words: str) -> str:
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith(words):
            return line.strip()
    pytest.fail(f"never said {words}")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_cleanly(root: Path, number: signal.Signals) -> None:
    with desktop(root) as process:
        says(process, "open")
        process.send_signal(number)
        says(process, "closed")
        assert process.wait(BOUND_S) == 0


def test_the_window_does_not_wait_for_what_it_does_not_need(root: Path) -> None:
    with desktop(root) as process:
        # Only the word for urgency is needed by the theme; no tracker and no panel is loaded yet.
        assert says(process, "window") == "window workdiary.client.desktop.presenters.tone"


def test_a_home_that_cannot_be_opened_ends_with_its_code(root: Path) -> None:
    with desktop(root, "broken") as process:
        says(process, "refused")
        process.send_signal(signal.SIGTERM)
        assert process.wait(BOUND_S) == 8


def test_this_binding_is_sound() -> None:
    binding._check()


def test_a_binding_that_loses_references_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    counts = iter([1_000, 1_000 - binding.CALLS])
    monkeypatch.setattr(binding.sys, "getrefcount", lambda _thing: next(counts))
    with pytest.raises(KnownError, match="does not work with this Python"):
        binding._check()


def test_imports_read_no_sources(root: Path) -> None:
    code = (
        "from workdiary.client.desktop.binding import open_binding; open_binding()\n"
        "import linecache, sys; before = len(linecache.cache)\n"
        "import email.mime.text, fractions\n"
        "sys.exit(len(linecache.cache) - before)"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=root, check=False).returncode == 0


def test_no_browser_where_none_is_wanted(qapp: QApplication, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr(
        browser.QDesktopServices, "openUrl", lambda url: bool(opened.append(url.toString())) or True
    )
    assert browser.browse("http://127.0.0.1:1/")
    monkeypatch.setenv(browser.NONE_WANTED, "1")
    assert not browser.browse("http://127.0.0.1:1/")
    assert opened == ["http://127.0.0.1:1/"]
