"""Screenshots of every monitor by mss. Runs in the shot child only: neither mss nor its frames stay anywhere.

A grabber is opened, used once and closed: mss remembers the monitors and the size of its shared memory
from the moment it was opened. Frames come as they are on the root window, upright, whatever the
monitor's rotation.
"""

from __future__ import annotations

import struct

import mss

from workdiary.client.capture.port import Display, Frame, UnavailableError
from workdiary.client.capture.x11.xcb import XConnection, XError

_QUERY_VERSION, _GET_CRTC, _GET_RESOURCES = 0, 20, 25
_ROTATIONS = {1: 0, 2: 90, 4: 180, 8: 270}
_PLAIN_DPI = 96.0


def _scale_milli(x: XConnection) -> int:
    """The scale the desktop's programs draw with, from Xft.dpi: X11 has one for all monitors."""
    found = x.property(x.root, "RESOURCE_MANAGER")
    for line in (found.data if found else b"").splitlines():
        name, _, value = line.partition(b":")
        if name.strip() == b"Xft.dpi":
            try:
                return round(float(value) / _PLAIN_DPI * 1000)
            except ValueError:
                return 1000
    return 1000


def _rotations(x: XConnection) -> dict[tuple[int, int], int]:
    """Degrees by the upper left corner of each lit screen; empty where RandR does not tell."""
    try:
        randr = x.extension("RANDR")
        x.ask(randr, struct.pack("=II", 1, 3), _QUERY_VERSION)
        reply = x.ask(randr, struct.pack("=I", x.root), _GET_RESOURCES)
        (stamp,) = struct.unpack_from("=I", reply, 12)
        (count,) = struct.unpack_from("=H", reply, 16)
        found: dict[tuple[int, int], int] = {}
        for crtc in struct.unpack_from(f"={count}I", reply, 32):
            info = x.ask(randr, struct.pack("=II", crtc, stamp), _GET_CRTC)
            left, top, width, _, mode, rotation = struct.unpack_from("=hhHHIH", info, 12)
            if mode and width:
                found[left, top] = _ROTATIONS.get(rotation & 15, 0)
    except (XError, UnavailableError):
        return {}
    return found


class MssScreens:
    """`ScreenGrabber` for X11."""

    name = "mss"

    def __init__(self, display: str) -> None:
        self._display = display

    def grab(self) -> list[Frame]:
        """See `ScreenGrabber.grab`; monitors in RandR's order, the whole root where there are none."""
        x = XConnection(self._display)
        try:
            scale, rotations = _scale_milli(x), _rotations(x)
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
            display = Display(*at, shot.width, shot.height, scale, rotations.get(at, 0))
            frames[display] = Frame(display, bytes(shot.bgra))  # mirrored monitors show one picture
        return list(frames.values())
