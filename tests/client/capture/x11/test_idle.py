"""Idle time on a real server."""

from __future__ import annotations

import signal

import pytest

from tests.fakes.xserver import XServer, wait_for, xvfb
from workdiary.client.capture.port import UnavailableError
from workdiary.client.capture.x11.idle import X11Idle
from workdiary.client.capture.x11.xcb import XConnection

pytestmark = pytest.mark.x11


def test_grows_without_input_and_starts_over_with_it(screen: XServer) -> None:
    idle = X11Idle(XConnection(screen.display))
    idle.probe()
    wait_for(lambda: idle.idle_ms() > 300, "300 ms without input")
    screen.run("xdotool", "key", "a")
    assert idle.idle_ms() < 300
    before = idle.idle_ms()
    wait_for(lambda: idle.idle_ms() > before + 100, "idle time to go on")


def test_the_pointer_counts_as_input(screen: XServer) -> None:
    idle = X11Idle(XConnection(screen.display))
    wait_for(lambda: idle.idle_ms() > 300, "300 ms without input")
    screen.run("xdotool", "mousemove_relative", "3", "3")
    assert idle.idle_ms() < 300


def test_a_server_without_the_extension_is_refused() -> None:
    without = ("-extension", "MIT-SCREEN-SAVER")
    refused = pytest.raises(UnavailableError, match="no MIT-SCREEN-SAVER extension")
    with xvfb("640x480x24", options=without) as bare, refused:
        X11Idle(XConnection(bare.display)).probe()


def test_a_server_that_went_away_is_told() -> None:
    with xvfb("640x480x24") as doomed:
        idle = X11Idle(XConnection(doomed.display))
        idle.probe()
        doomed.stop()
        with pytest.raises(UnavailableError, match="went away"):
            idle.idle_ms()


def test_a_server_that_does_not_answer_is_told(screen: XServer) -> None:
    idle = X11Idle(XConnection(screen.display))
    idle.probe()
    screen.process.send_signal(signal.SIGSTOP)
    try:
        with pytest.raises(UnavailableError, match="did not answer"):
            idle.idle_ms()
    finally:
        screen.process.send_signal(signal.SIGCONT)
    assert idle.idle_ms() >= 0, "the late answer is not taken for the next one"
