"""Grabbing real monitors: their layout and their pixels."""

from __future__ import annotations

import struct
from collections.abc import Iterator

import pytest

from tests.fakes.xserver import XServer, wait_for, xvfb
from workdiary.client.capture.port import Display, Frame, UnavailableError
from workdiary.client.capture.x11.screen import MssScreens, _looks
from workdiary.client.capture.x11.xcb import XConnection, XError

pytestmark = pytest.mark.x11
RED, BLUE = b"\x00\x00\xff", b"\xff\x00\x00"


@pytest.fixture
def two() -> Iterator[XServer]:
    """Two monitors side by side of different height, red on the left, blue on the right."""
    with xvfb("3000x1200x24") as server:
        server.run("xrandr", "--setmonitor", "LEFT", "1920/500x1080/280+0+0", "screen")
        server.run("xrandr", "--setmonitor", "RIGHT", "1080/280x1200/310+1920+0", "none")
        server.run("xsetroot", "-solid", "#ff0000")
        server.xterm("-bg", "#0000ff", "-geometry", "400x200+1910-10", "-b", "0", "-bw", "0")
        wait_for(lambda: pixel(grab(server)[1], 540, 600) == BLUE, "the right one to be blue")
        yield server


def grab(server: XServer) -> list[Frame]:
    return MssScreens(server.display).grab()


def pixel(frame: Frame, x: int, y: int) -> bytes:
    at = 4 * (y * frame.display.w + x)
    return frame.bgrx[at : at + 3]


def test_every_monitor_is_its_own_frame(two: XServer) -> None:
    left, right = grab(two)
    assert left.display == Display(0, 0, 1920, 1080)
    assert right.display == Display(1920, 0, 1080, 1200)
    for frame in (left, right):
        assert len(frame.bgrx) == 4 * frame.display.w * frame.display.h
    assert pixel(left, 960, 540) == RED
    assert pixel(left, 1919 - 20, 1079) == RED
    assert pixel(right, 540, 600) == BLUE


def test_a_monitor_plugged_in_later_is_seen(two: XServer) -> None:
    two.run("xrandr", "--delmonitor", "RIGHT")
    assert [frame.display.w for frame in grab(two)] == [1920]
    two.run("xrandr", "--setmonitor", "RIGHT", "1080/280x1200/310+1920+0", "none")
    assert [frame.display.w for frame in grab(two)] == [1920, 1080]


def test_mirrored_monitors_are_one_picture(two: XServer) -> None:
    two.run("xrandr", "--delmonitor", "RIGHT")
    two.run("xrandr", "--setmonitor", "TWIN", "1920/500x1080/280+0+0", "none")
    assert len(grab(two)) == 1


def test_a_screen_without_monitors_is_one_frame(screen: XServer) -> None:
    (frame,) = grab(screen)
    assert (frame.display.w, frame.display.h) == (1920, 1080)


def test_the_scale_is_the_desktops(screen: XServer) -> None:
    screen.run("sh", "-c", "echo 'Xft.dpi: 144' | xrdb -merge -")
    assert grab(screen)[0].display.scale_milli == 1500
    screen.run("sh", "-c", "echo 'Xft.dpi: nonsense' | xrdb -merge -")
    assert grab(screen)[0].display.scale_milli == 1000


def test_no_server_is_a_reason() -> None:
    with pytest.raises(UnavailableError, match="no X server"):
        MssScreens(":9999").grab()


def test_a_shallow_screen_is_a_reason() -> None:
    with xvfb("640x480x8") as shallow, pytest.raises(UnavailableError, match="could not be read"):
        MssScreens(shallow.display).grab()


class FakeRandr:
    """A server with monitors Xvfb cannot have: (corner, size on the desktop, own pixels, rotation bit)."""

    root = 1

    def __init__(self, *monitors: tuple[tuple[int, int], tuple[int, int], tuple[int, int], int]) -> None:
        self.monitors = monitors

    def extension(self, name: str) -> int:
        if not self.monitors:
            raise UnavailableError(f"no {name}")
        return 140

    def ask(self, _opcode: int, data: bytes, minor: int = 0) -> bytes:
        if minor == 20:
            (crtc, _) = struct.unpack("=II", data)
            if crtc >= len(self.monitors):
                raise XError("gone")
            corner, size, _, bit = self.monitors[crtc]
            return bytes(12) + struct.pack("=hhHHIH", *corner, *size, 70 + crtc if size[0] else 0, bit)
        count = len(self.monitors)
        head = bytes(12) + struct.pack("=IHHHH", 5, count, 1, count, 0) + bytes(8)
        modes = b"".join(
            struct.pack("=IHH", 70 + n, *own) + bytes(24) for n, (_, _, own, _) in enumerate(self.monitors)
        )
        return head + struct.pack(f"={count}I", *range(count)) + bytes(4) + modes


def looks(*monitors: tuple[tuple[int, int], tuple[int, int], tuple[int, int], int]) -> dict[object, object]:
    return dict(_looks(FakeRandr(*monitors)))  # type: ignore[arg-type]


def test_densities_are_told_per_monitor() -> None:
    found = looks(
        ((0, 0), (3840, 2160), (3840, 2160), 1),
        ((3840, 0), (3840, 2160), (1920, 1080), 1),  # shows twice the desktop it has pixels for
        ((0, 2160), (2160, 3840), (3840, 2160), 2),  # turned
        ((2160, 2160), (1620, 2880), (3840, 2160), 8),  # turned, and drawn larger by a third
        ((9, 9), (0, 0), (1920, 1080), 1),  # dark
    )
    assert found == {
        (0, 0): (1000, 0),
        (3840, 0): (500, 0),
        (0, 2160): (1000, 90),
        (2160, 2160): (1333, 270),
    }


def test_without_randr_a_monitor_is_upright_and_plain() -> None:
    assert looks() == {}


def test_a_real_monitor_is_plain(screen: XServer) -> None:
    assert _looks(XConnection(screen.display)) == {(0, 0): (1000, 0)}
