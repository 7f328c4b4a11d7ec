"""The X protocol through libxcb by ctypes: the one connection type the X11 backends share.

Why not Xlib: it calls exit() when the server goes away and has one error handler for the whole process,
Qt's included. libxcb hands both back as values, and everything X11 (Qt's plugin, libX11) already
depends on it, so it costs no package and no memory. Requests are packed by hand: what we ask fits into
a dozen structs.

Once connected, nothing here waits longer than `TIMEOUT_S`: another client may hold the server
(XGrabServer) for a while.
"""

from __future__ import annotations

import contextlib
import ctypes
import select
import struct
import threading
import time
import weakref
from collections.abc import Sequence
from dataclasses import dataclass

from workdiary.client.capture.port import UnavailableError
from workdiary.client.capture.x11 import libxcb
from workdiary.client.capture.x11.libxcb import Request

TIMEOUT_S = 1.0
GONE = "the X server went away"
_CHECKED = 1  # an error comes back as the request's own answer, not in the event queue
_REPLY = 32  # every reply and event has at least this many bytes

# Core requests and atoms (X11/Xproto.h, Xatom.h).
_GET_GEOMETRY, _INTERN_ATOM = 14, 16
_GET_PROPERTY, _QUERY_POINTER, _TRANSLATE, _QUERY_EXTENSION = 20, 38, 40, 98
_MAX_PROPERTY_BYTES = 65536


class XError(Exception):
    """The server refused one request (a window that has just closed); the connection is fine."""


Asked = tuple[int, bytes] | tuple[int, bytes, int]  # opcode, what follows the header, minor opcode


@dataclass(frozen=True, slots=True)
class Property:
    """A window property: 8, 16 or 32 bit items in the server's byte order, which is this machine's."""

    type: int
    format: int
    data: bytes

    @classmethod
    def of(cls, reply: bytes | None) -> Property | None:
        """Out of the server's reply; None if it is not set or its window is gone."""
        if reply is None:
            return None
        kind, _, items = struct.unpack_from("=III", reply, 8)
        width = reply[1]
        return cls(kind, width, reply[_REPLY : _REPLY + items * width // 8]) if kind else None

    def cardinals(self) -> tuple[int, ...]:
        """The 32-bit items; () for any other format."""
        if self.format != 32:  # noqa: PLR2004 - bits, as the protocol counts them
            return ()
        return struct.unpack(f"={len(self.data) // 4}I", self.data)


class XConnection:
    """One connection to an X server; close it, or let go of it.

    Threads may share it; only `subscribe` makes it one reader's own.

    Raises `UnavailableError` when there is no server, no libxcb, or (later) when the server went away or does
    not answer within `TIMEOUT_S`.
    """

    def __init__(self, display: str) -> None:
        self._library = libxcb.load()
        number = ctypes.c_int(0)
        self._c: int = self._library.waits.xcb_connect(display.encode(), ctypes.byref(number))
        self._lock = threading.Lock()
        # Disconnects once, on close() or when nobody holds this object any more.
        self._disconnect = weakref.finalize(self, self._library.waits.xcb_disconnect, self._c)
        if self._library.waits.xcb_connection_has_error(self._c):
            self.close()
            raise UnavailableError(f"no X server answers at {display!r}")
        self.fd: int = self._library.waits.xcb_get_file_descriptor(self._c)
        self._atoms: dict[str, int] = {}
        screens = self._library.waits.xcb_setup_roots_iterator(self._library.waits.xcb_get_setup(self._c))
        for _ in range(number.value):
            self._library.waits.xcb_screen_next(ctypes.byref(screens))
        self.screen: int = number.value
        self.root: int = ctypes.c_uint32.from_address(screens.data).value
        # Packed once: it is sent every second for as long as somebody works.
        self._pointer = Request(_QUERY_POINTER, struct.pack("=I", self.root))

    def close(self) -> None:
        """Disconnect, after an `ask` that may be under way; idempotent."""
        with self._lock:
            self._disconnect()

    @property
    def lost(self) -> bool:
        """Whether the connection is of no use any more; never blocks."""
        return not self._disconnect.alive or bool(self._library.waits.xcb_connection_has_error(self._c))

    def extension(self, name: str) -> int:
        """The opcode of an extension's requests. Raises `UnavailableError` if the server lacks it."""
        reply = self.ask(_QUERY_EXTENSION, struct.pack("=HH", len(name), 0) + name.encode())
        present, opcode = reply[8], reply[9]
        if not present:
            raise UnavailableError(f"the X server has no {name} extension")
        return opcode

    def send(self, opcode: int, data: bytes, minor: int = 0) -> int:
        """Send a request now and return its number for `answer`.

        opcode: a core one, or an extension's together with `minor`; data: what follows the header's 4 bytes.
        """
        return self._send(Request(opcode, data, minor), _CHECKED)

    def _send(self, request: Request, flags: int) -> int:
        self._check()
        number = int(self._library.waits.xcb_send_request(self._c, flags, request.first(), request.what))
        if not number or self._library.waits.xcb_flush(self._c) <= 0:
            raise UnavailableError(GONE)
        return number

    def answer(self, number: int) -> bytes | None:
        """The reply to request `number` if it is here, else None; never blocks. Raises `XError`."""
        if not self._disconnect.alive:
            raise UnavailableError(GONE)
        reply, error = ctypes.c_void_p(), ctypes.c_void_p()
        if not self._library.quick.xcb_poll_for_reply(
            self._c, number, ctypes.byref(reply), ctypes.byref(error)
        ):
            return None
        if error.value is not None:
            code = ctypes.c_uint8.from_address(error.value + 1).value
            self._library.free(error)
            raise XError(f"X error {code}")
        if reply.value is None:
            self._check()
            return b""  # a request without a reply went through
        length = _REPLY + 4 * ctypes.c_uint32.from_address(reply.value + 4).value
        data = ctypes.string_at(reply.value, length)
        self._library.free(reply)
        return data

    def ask(self, opcode: int, data: bytes, minor: int = 0) -> bytes:
        """Send a request and wait for its reply. Raises `XError`, `UnavailableError`."""
        with self._lock:
            return self._wait(self.send(opcode, data, minor), time.monotonic() + TIMEOUT_S)

    def ask_all(self, requests: Sequence[Asked]) -> list[bytes | None]:
        """Send all, then wait for all (one round trip); None where the server refused. Raises as `ask`."""
        with self._lock:
            numbers = [self.send(*request) for request in requests]
            until = time.monotonic() + TIMEOUT_S
            answers: list[bytes | None] = []
            for number in numbers:
                try:
                    answers.append(self._wait(number, until))
                except XError:
                    answers.append(None)
                except UnavailableError:
                    for late in numbers[len(answers) + 1 :]:
                        self._library.waits.xcb_discard_reply(self._c, late)
                    raise
        return answers

    def _wait(self, number: int, until: float) -> bytes:
        """The reply to a request; what comes later than `until` (monotonic s) is thrown away."""
        while (reply := self.answer(number)) is None:
            left = until - time.monotonic()
            if left <= 0:
                self._library.waits.xcb_discard_reply(self._c, number)
                raise UnavailableError(f"the X server did not answer within {TIMEOUT_S:g} s")
            select.select([self.fd], [], [], left)
        return reply

    def tell(self, opcode: int, data: bytes, minor: int = 0) -> None:
        """Send a request that has no reply and wait until the server took it. Raises as `ask`."""
        number = self._send(Request(opcode, data, minor, void=True), _CHECKED)
        self.atom("PRIMARY", cached=False)  # any round trip: the earlier request has been served after it
        self.answer(number)

    def subscribe(self, opcode: int, data: bytes, minor: int) -> int:
        """Send this connection's last request; from then on the caller reads events from the returned `fd`.

        libxcb would hand them out one by one; a socket gives a thousand at once. Nothing else may be asked
        afterwards, and a refusal comes as an error packet.
        """
        self._send(Request(opcode, data, minor, void=True), 0)
        return self.fd

    def atom(self, name: str, *, cached: bool = True) -> int:
        """The number of a name, made if the server does not know it yet."""
        if cached and name in self._atoms:
            return self._atoms[name]
        text = name.encode()
        reply = self.ask(_INTERN_ATOM, struct.pack("=HH", len(text), 0) + text)
        atom: int = struct.unpack_from("=I", reply, 8)[0]
        self._atoms[name] = atom
        return atom

    def property(self, window: int, name: str) -> Property | None:
        """A window's property, at most 64 KiB of it; None if it is not set or the window is gone."""
        return self.properties([(window, name)])[0]

    def properties(self, wanted: Sequence[tuple[int, str]]) -> list[Property | None]:
        """As `property`, for many windows and names in one round trip."""
        asked = [
            (_GET_PROPERTY, struct.pack("=IIIII", window, self.atom(name), 0, 0, _MAX_PROPERTY_BYTES // 4))
            for window, name in wanted
        ]
        return [Property.of(reply) for reply in self.ask_all(asked)]

    def pointer_request(self) -> int:
        """Ask where the pointer is without waiting; hand `pointer_place` the `answer`."""
        return self._send(self._pointer, _CHECKED)

    @staticmethod
    def pointer_place(reply: bytes) -> tuple[int, int]:
        """Root coordinates out of an answer; the button and modifier state behind them is not read."""
        x, y = struct.unpack_from("=hh", reply, 16)
        return x, y

    def place(self, window: int) -> tuple[int, int, int, int] | None:
        """A window's x, y on the root, width and height, without its frame; None if it is gone."""
        with contextlib.suppress(XError):
            width, height = struct.unpack_from("=HH", self.ask(_GET_GEOMETRY, struct.pack("=I", window)), 16)
            moved = self.ask(_TRANSLATE, struct.pack("=IIhh", window, self.root, 0, 0))
            x, y = struct.unpack_from("=hh", moved, 12)
            return x, y, width, height
        return None

    def _check(self) -> None:
        if self.lost:
            raise UnavailableError(GONE)
