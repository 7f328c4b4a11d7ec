"""Screenshots of every monitor by mss. Runs in the shot child only: neither mss nor its frames stay anywhere.

A grabber is opened, used once and closed: mss remembers the monitors and the size of its shared memory
from the moment it was opened. Frames come as they are on the root window, upright, whatever the
monitor's rotation.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

import mss

from workdiary.client.capture.port import Display, Frame, UnavailableError
from workdiary.client.capture.x11.xcb import XConnection, XError

_QUERY_VERSION, _GET_CRTC, _GET_RESOURCES = 0, 20, 25
_ROTATIONS = {1: 0, 2: 90, 4: 180, 8: 270}
_PLAIN_DPI = 96.0


def _scale_milli(x: XConnection) -> int:
    """The scale the desktop's programs draw with, from Xft.dpi: one for all monitors."""
    found = x.property(x.root, "RESOURCE_MANAGER")
    for line in (found.data if found else b"").splitlines():
        name, _, value = line.partition(b":")
        if name.strip() == b"Xft.dpi":
            try:
                return round(float(value) / _PLAIN_DPI * 1000)
            except ValueError:
                return 1000
    return 1000


def _looks(x: XConnection) -> dict[tuple[int, int], tuple[int, int]]:
    """(scale against the desktop's, in thousandths; degrees) by upper left corner; empty without RandR.

    A monitor that shows more pixels of the desktop than it has (`xrandr --scale`, how X11 mixes densities)
    draws everything smaller by as much.
    """
    try:
        randr = x.extension("RANDR")
        x.ask(randr, struct.pack("=II", 1, 3), _QUERY_VERSION)
        reply = x.ask(randr, struct.pack("=I", x.root), _GET_RESOURCES)
        (stamp,) = struct.unpack_from("=I", reply, 12)
        crtcs, outputs, count = struct.unpack_from("=HHH", reply, 16)
        modes = dict(_modes(reply[32 + 4 * (crtcs + outputs) :], count))
        found: dict[tuple[int, int], tuple[int, int]] = {}
        for crtc in struct.unpack_from(f"={crtcs}I", reply, 32):
            info = x.ask(randr, struct.pack("=II", crtc, stamp), _GET_CRTC)
            left, top, width, height, mode, rotation = struct.unpack_from("=hhHHIH", info, 12)
            if mode and width:
                turned = _ROTATIONS.get(rotation & 15, 0)
                own = modes.get(mode, (width, height))[turned % 180 // 90]
                found[left, top] = (round(1000 * own / width), turned)
    except (XError, UnavailableError):
        return {}
    return found


def _modes(data: bytes, count: int) -> Iterator[tuple[int, tuple[int, int]]]:
    """Each mode's id with the pixels a monitor has in it, unturned."""
    for at in range(count):
        mode, width, height = struct.unpack_from("=IHH", data, 32 * at)
        yield mode, (width, height)


class MssScreens:
    """`ScreenGrabber` for X11."""

    name = "mss"

    def __init__(self, display: str) -> None:
        self._display = display

    def grab(self) -> list[Frame]:
        """See `ScreenGrabber.grab`; monitors in RandR's order, the whole root where there are none."""
        x = XConnection(self._display)
        try:
            scale, looks = _scale_milli(x), _looks(x)
        finally:
            x.close()
        try:
            with mss.MSS(display=self._display) as screens:
                monitors = screens.monitors[1:] or screens.monitors[:1]
                shots = [(monitor, screens.grab(monitor)) for monitor in monitors]
        except mss.ScreenShotError as error:
            raise UnavailableError(f"the screen could not be read ({error})") from None
        frames: dict[Display, Frame] = {}
        for monitor, shot in shots:
            at = (monitor["left"], monitor["top"])
            own, turned = looks.get(at, (1000, 0))
            display = Display(*at, shot.width, shot.height, scale * own // 1000, turned)
            frames[display] = Frame(display, bytes(shot.bgra))  # mirrored monitors show one picture
        return list(frames.values())
