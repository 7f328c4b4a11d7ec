"""The pynput fallback on a real server."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.fakes.xserver import XServer, wait_for
from workdiary.client.capture.hooks import HookInputCounter
from workdiary.client.capture.port import InputCounts

pytestmark = pytest.mark.x11


@pytest.fixture
def counter(screen: XServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[HookInputCounter]:
    monkeypatch.setenv("DISPLAY", screen.display)
    counter = HookInputCounter()
    counter.probe()
    counter.start()
    yield counter
    counter.stop()


def until_clicks(counter: HookInputCounter, clicks: int) -> InputCounts:
    seen = InputCounts()

    def enough() -> bool:
        nonlocal seen
        more = counter.drain()
        seen = InputCounts(*(getattr(seen, n) + getattr(more, n) for n in InputCounts.__slots__))
        return seen.clicks >= clicks

    wait_for(enough, f"{clicks} clicks")
    return seen


def test_counts_what_was_done(screen: XServer, counter: HookInputCounter) -> None:
    screen.run("xdotool", "type", "--delay", "2", "hello world")
    screen.run("xdotool", "click", "--repeat", "4", "--delay", "2", "5")
    screen.run("xdotool", "mousemove", "44", "44", "click", "1", "click", "3")
    seen = until_clicks(counter, 2)
    assert (seen.keys, seen.clicks, seen.scrolls, seen.moves) == (11, 2, 4, 1)
    assert (seen.injected, seen.effective) == (0, 17), "pynput cannot tell, so nothing is held against it"


def test_start_and_stop_may_be_called_twice(screen: XServer, counter: HookInputCounter) -> None:
    counter.start()
    counter.stop()
    counter.stop()
    screen.run("xdotool", "click", "1")
    assert not counter.drain().any(), "stopped is stopped"
    counter.start()
    screen.run("xdotool", "click", "1")
    until_clicks(counter, 1)


def test_without_a_display_it_is_refused_with_a_reason() -> None:
    # In a process of its own: python-xlib leaves the socket of a refused connection open.
    code = "from workdiary.client.capture.hooks import HookInputCounter as C; C().probe()"
    env = os.environ | {"DISPLAY": ":9999"}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=False)
    assert "UnavailableError: pynput does not work here" in done.stderr
