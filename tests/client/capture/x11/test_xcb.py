"""The protocol module: what the server says comes back as values, never as an exit of the process."""

from __future__ import annotations

import gc
import struct
import threading
from pathlib import Path

import pytest

from tests.fakes.xserver import XServer, xvfb
from workdiary.client.capture.port import UnavailableError
from workdiary.client.capture.x11 import libxcb
from workdiary.client.capture.x11.xcb import XConnection, XError

pytestmark = pytest.mark.x11


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_properties_come_back_typed(screen: XServer) -> None:
    x = XConnection(screen.display)
    screen.run("xprop", "-root", "-f", "_TEST_NUMBERS", "32c", "-set", "_TEST_NUMBERS", "1,2,4294967295")
    found = x.property(x.root, "_TEST_NUMBERS")
    assert found is not None
    assert found.cardinals() == (1, 2, 4294967295)
    screen.run("xprop", "-root", "-f", "_TEST_TEXT", "8s", "-set", "_TEST_TEXT", "a" * 5000)
    text = x.property(x.root, "_TEST_TEXT")
    assert text is not None
    assert text.data.rstrip(b"\0") == b"a" * 5000
    assert text.cardinals() == ()
    assert x.property(x.root, "_TEST_NOT_THERE") is None


def test_a_window_that_is_gone_is_none_and_an_error_is_an_error(screen: XServer) -> None:
    x = XConnection(screen.display)
    assert x.place(0x7FFFFF) is None
    assert x.property(0x7FFFFF, "WM_NAME") is None
    with pytest.raises(XError, match="X error 9"):
        x.ask(14, struct.pack("=I", 0x7FFFFF))
    with pytest.raises(XError):
        x.tell(8, struct.pack("=I", 0x7FFFFF))
    assert x.place(x.root) == (0, 0, 1920, 1080), "the connection is fine"


def test_letting_go_closes_the_connection(screen: XServer) -> None:
    XConnection(screen.display)
    gc.collect()
    before = descriptors()
    for _ in range(10):
        XConnection(screen.display)
    gc.collect()
    assert descriptors() == before
    x = XConnection(screen.display)
    x.close()
    assert x.lost
    assert descriptors() == before
    with pytest.raises(UnavailableError, match="went away"):
        x.ask(14, struct.pack("=I", 1))


def test_threads_may_share_a_connection(screen: XServer) -> None:
    x = XConnection(screen.display)
    seen: set[object] = set()

    def look() -> None:
        for _ in range(200):
            seen.add(x.place(x.root))

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == {(0, 0, 1920, 1080)}


def test_a_server_that_went_away_is_an_error_of_every_call() -> None:
    with xvfb("640x480x24") as doomed:
        x = XConnection(doomed.display)
        doomed.stop()
        with pytest.raises(UnavailableError, match="went away"):
            x.place(x.root)
        with pytest.raises(UnavailableError, match="went away"):
            x.extension("RANDR")
        assert x.lost


@pytest.mark.parametrize("display", ["", ":9999", "nonsense", "nohost.invalid:0"])
def test_a_display_that_is_none_is_refused(display: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    with pytest.raises(UnavailableError, match="no X server answers"):
        XConnection(display)


def test_a_computer_without_the_library_is_told_which_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(libxcb, "SONAMES", ("libxcb.so.nowhere",))
    libxcb.load.cache_clear()
    try:
        with pytest.raises(UnavailableError, match="libxcb1"):
            XConnection(":9999")
    finally:
        libxcb.load.cache_clear()
