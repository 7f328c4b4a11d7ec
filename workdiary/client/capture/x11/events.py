"""The stream of raw input events, read in bulk: what happened and on which device, never which key.

libxcb connects and subscribes; after that the events are read from the socket itself, a thousand in one
call where libxcb hands out one. Each is looked at with one struct that steps over `detail`, the number
of the key or button; only for button events, where it tells a click from a scroll step, it is read.
"""

from __future__ import annotations

import contextlib
import os
import struct
from dataclasses import dataclass, field

from workdiary.client.capture.port import UnavailableError
from workdiary.client.capture.x11.xcb import XConnection, XError

EXTENSION = "XInputExtension"
_SELECT, _QUERY_VERSION, _QUERY_DEVICE = 46, 47, 48
_ALL_DEVICES, _ALL_MASTERS = 0, 1
_HIERARCHY, _RAW_KEY, _RAW_BUTTON = 11, 13, 15
_ERROR, _GENERIC_EVENT = 0, 35
_REPEATED = 1 << 16
_SCROLL = frozenset((4, 5, 6, 7))
_CLICK = frozenset((1, 2, 3, 8, 9))
_PACKET = 32
_READ_BYTES = 1 << 15  # 500 events; larger buffers would be mapped and unmapped for every read
# xXIRawEvent of XI2proto.h: type, extension, words beyond the packet, evtype, sourceid, flags.
_EVENT = struct.Struct("=BB2xIH10xH2xI")
_DETAIL, _DETAIL_AT = struct.Struct("=I"), 16


@dataclass(slots=True)
class Tally:
    """Counts being made; `injected` are those among them that came from an XTEST device."""

    keys: int = 0
    clicks: int = 0
    scrolls: int = 0
    injected: int = 0

    def any(self) -> bool:
        """Whether anything was counted."""
        return bool(self.keys or self.clicks or self.scrolls)

    def add(self, more: Tally) -> None:
        """Add another one up."""
        self.keys += more.keys
        self.clicks += more.clicks
        self.scrolls += more.scrolls
        self.injected += more.injected


@dataclass(slots=True)
class RawEvents:
    """Events of one server. `x` carries them and nothing else, `aside` is for questions."""

    x: XConnection
    aside: XConnection
    opcode: int
    ended: bool = False
    _rest: bytes = b""
    _xtest: dict[int, bool] = field(default_factory=dict)

    @classmethod
    def connect(cls, display: str) -> RawEvents:
        """Connect without subscribing. Raises `UnavailableError` if this server has no raw events."""
        x, aside = XConnection(display), XConnection(display)
        events = cls(x, aside, aside.extension(EXTENSION))
        for connection in (x, aside):
            # Raw events that ignore other clients' grabs are for those who said 2.1 or later.
            version = connection.ask(events.opcode, struct.pack("=HH", 2, 2), _QUERY_VERSION)
            major, minor = struct.unpack_from("=HH", version, 8)
            if (major, minor) < (2, 1):
                raise UnavailableError(f"the X server speaks XInput {major}.{minor}, 2.1 is needed")
        events._learn_devices()
        return events

    def _selection(self) -> bytes:
        raw = (1 << _RAW_KEY) | (1 << _RAW_BUTTON)
        # Through the masters each event comes once; through all devices it would come twice.
        return (
            struct.pack("=IHH", self.x.root, 2, 0)
            + struct.pack("=HHI", _ALL_MASTERS, 1, raw)
            + struct.pack("=HHI", _ALL_DEVICES, 1, 1 << _HIERARCHY)
        )

    def try_out(self) -> None:
        """Subscribe and wait for the server's word on it; of no further use. Raises `UnavailableError`."""
        try:
            self.x.tell(self.opcode, self._selection(), _SELECT)
        except XError as error:
            raise UnavailableError(f"the X server refused raw events ({error})") from None

    def subscribe(self) -> int:
        """Begin; the descriptor that becomes readable with the first event."""
        return self.x.subscribe(self.opcode, self._selection(), _SELECT)

    def close(self) -> None:
        """End the subscription."""
        self.x.close()

    def count(self) -> Tally:
        """Everything that has arrived. Sets `ended` with the last of it; raises `UnavailableError`."""
        tally = Tally()
        data = self._rest + self._read()
        opcode, known = self.opcode, self._xtest
        at, end = 0, len(data) - _PACKET
        while at <= end:
            kind, extension, words, evtype, source, flags = _EVENT.unpack_from(data, at)
            start, at = at, at + _PACKET
            if kind != _GENERIC_EVENT:
                if kind == _ERROR:
                    raise UnavailableError("the X server refused raw events")
                continue
            at += 4 * words
            if extension != opcode:
                continue
            if evtype == _RAW_KEY:
                if flags & _REPEATED:
                    continue
                tally.keys += 1
            elif evtype == _RAW_BUTTON:
                (button,) = _DETAIL.unpack_from(data, start + _DETAIL_AT)
                if button in _SCROLL:
                    tally.scrolls += 1
                elif button in _CLICK:
                    tally.clicks += 1
                else:
                    continue
            else:
                known.clear()  # a device came or went: numbers may be given anew
                continue
            tally.injected += known[source] if source in known else self._is_injected(source)
        self._rest = data[at:]
        return tally

    def _read(self) -> bytes:
        """What the socket holds now."""
        data = b""
        try:
            more = os.read(self.x.fd, _READ_BYTES)
            while len(more) == _READ_BYTES:
                data += more
                more = os.read(self.x.fd, _READ_BYTES)
            data += more
            self.ended = not more
        except BlockingIOError:
            pass
        except ConnectionError:
            self.ended = True
        return data

    def _is_injected(self, source: int) -> bool:
        """Whether a device not met before is XTEST's."""
        with contextlib.suppress(XError):
            self._learn_devices()
        return self._xtest.setdefault(source, False)

    def _learn_devices(self) -> None:
        """Which device numbers are XTEST's: the server names those so, and no driver does."""
        reply = self.aside.ask(self.opcode, struct.pack("=HH", _ALL_DEVICES, 0), _QUERY_DEVICE)
        (devices,) = struct.unpack_from("=H", reply, 8)
        at = _PACKET
        for _ in range(devices):
            device, _, _, classes, name_bytes = struct.unpack_from("=HHHHH", reply, at)
            at += 12
            self._xtest[device] = b"XTEST" in reply[at : at + name_bytes]
            at += (name_bytes + 3) // 4 * 4
            for _ in range(classes):
                at += 4 * struct.unpack_from("=H", reply, at + 2)[0]
