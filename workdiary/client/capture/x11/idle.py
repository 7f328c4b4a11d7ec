"""Time since the last input by the MIT-SCREEN-SAVER extension: one question, 60 µs, no subscription."""

from __future__ import annotations

import struct

from workdiary.client.capture.port import UnavailableError
from workdiary.client.capture.x11.xcb import XConnection, XError

_SAVER = "MIT-SCREEN-SAVER"
_QUERY_VERSION, _QUERY_INFO = 0, 1


class X11Idle:
    """`IdleClock` for X11; shares the connection it is given."""

    name = "xscreensaver"

    def __init__(self, x: XConnection) -> None:
        self._x = x
        self._saver = 0  # the extension's opcode, once asked for

    def probe(self) -> None:
        """Raises `UnavailableError` if this server cannot tell."""
        self._saver = self._x.extension(_SAVER)
        self._ask(_QUERY_VERSION, struct.pack("=BBH", 1, 1, 0))
        self.idle_ms()

    def idle_ms(self) -> int:
        """See `IdleClock.idle_ms`. Injected input counts as input here: the server does not tell."""
        (idle,) = struct.unpack_from("=I", self._ask(_QUERY_INFO, struct.pack("=I", self._x.root)), 16)
        return int(idle)

    def _ask(self, opcode: int, data: bytes) -> bytes:
        try:
            self._saver = self._saver or self._x.extension(_SAVER)
            return self._x.ask(self._saver, data, opcode)
        except XError as error:
            raise UnavailableError(f"the X server refused to tell the idle time ({error})") from None
