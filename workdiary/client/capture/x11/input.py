"""Counts key presses, clicks and scroll steps by XInput 2 raw events, for next to nothing.

The thread sleeps in select until there is input, lets 250 ms of it gather, then counts it in one go: no
input, no wake-up, and at 4,000 events a second four wake-ups (measured 30 times cheaper than one per
event).

What is counted. Raw events say that a key went down before any key map is asked, and `detail`, the
key's number, is not read for keys at all: which key it was is unknown here. A key held down is one
press: the server's own repeats make no raw event, and repeats a device sends itself carry a flag that
is left out. Buttons 1-3, 8 and 9 are clicks; 4-7 are one scroll step each, the emulated ones of
high-resolution wheels included. Events whose source is an XTEST device were injected by software; a
uinput device or a hardware jiggler looks like a real one. XI 2.2 is asked for because from 2.1 on raw
events also come while another client holds a grab (menus, games).
"""

from __future__ import annotations

import ctypes
import os
import select
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from workdiary.client.capture.port import BackendCounts, InputCounts, UnavailableError
from workdiary.client.capture.x11.xcb import GONE, XConnection, XError

GATHER_S = 0.25
POINTER_S = 0.9  # the caller's one-second tick may come a little early
_XI = "XInputExtension"
_SELECT, _QUERY_VERSION, _QUERY_DEVICE = 46, 47, 48
_ALL_DEVICES, _ALL_MASTERS = 0, 1
_HIERARCHY, _RAW_KEY, _RAW_BUTTON = 11, 13, 15
_GENERIC_EVENT = 35
_REPEATED = 1 << 16
_SCROLL = range(4, 8)
_CLICK = (1, 2, 3, 8, 9)


class _RawEvent(ctypes.Structure):
    """`xXIRawEvent` of XI2proto.h as far as it is read."""

    _fields_ = (
        ("response_type", ctypes.c_uint8),
        ("extension", ctypes.c_uint8),
        ("sequence", ctypes.c_uint16),
        ("length", ctypes.c_uint32),
        ("evtype", ctypes.c_uint16),
        ("deviceid", ctypes.c_uint16),
        ("time", ctypes.c_uint32),
        ("detail", ctypes.c_uint32),
        ("sourceid", ctypes.c_uint16),
        ("valuators_len", ctypes.c_uint16),
        ("flags", ctypes.c_uint32),
    )


@dataclass(slots=True)
class _Tally:
    """Counts being made; one batch long."""

    keys: int = 0
    clicks: int = 0
    scrolls: int = 0
    injected: int = 0

    def plus(self, more: _Tally) -> _Tally:
        return _Tally(
            self.keys + more.keys,
            self.clicks + more.clicks,
            self.scrolls + more.scrolls,
            self.injected + more.injected,
        )

    def counts(self, moves: int) -> InputCounts:
        steps = self.keys + self.clicks + self.scrolls
        return InputCounts(
            self.keys, self.clicks, self.scrolls, moves, self.injected, effective=steps - self.injected
        )


@dataclass(slots=True)
class _RawStream:
    """The connection raw events come on, and which devices are XTEST's. Used by one thread at a time."""

    x: XConnection
    opcode: int
    xtest: dict[int, bool] = field(default_factory=dict)

    @classmethod
    def open(cls, display: str) -> _RawStream:
        """Connect and subscribe. Raises `UnavailableError`."""
        x = XConnection(display)
        try:
            stream = cls(x, x.extension(_XI))
            stream._subscribe()
            stream._learn_devices()
        except XError as error:
            x.close()
            raise UnavailableError(f"the X server refused raw events ({error})") from None
        except UnavailableError:
            x.close()
            raise
        return stream

    def _subscribe(self) -> None:
        version = self.x.ask(self.opcode, struct.pack("=HH", 2, 2), _QUERY_VERSION)
        major, minor = struct.unpack_from("=HH", version, 8)
        if (major, minor) < (2, 1):
            raise UnavailableError(f"the X server speaks XInput {major}.{minor}, 2.1 is needed")
        raw = (1 << _RAW_KEY) | (1 << _RAW_BUTTON)
        # Through the masters each event comes once; through all devices it would come twice.
        self.x.tell(
            self.opcode,
            struct.pack("=IHH", self.x.root, 2, 0)
            + struct.pack("=HHI", _ALL_MASTERS, 1, raw)
            + struct.pack("=HHI", _ALL_DEVICES, 1, 1 << _HIERARCHY),
            _SELECT,
        )

    def _learn_devices(self) -> None:
        """Which device ids are XTEST's; the server names them so and no driver does."""
        reply = self.x.ask(self.opcode, struct.pack("=HH", _ALL_DEVICES, 0), _QUERY_DEVICE)
        (devices,) = struct.unpack_from("=H", reply, 8)
        at = 32
        for _ in range(devices):
            device, _, _, classes, name_bytes = struct.unpack_from("=HHHHH", reply, at)
            at += 12
            self.xtest[device] = b"XTEST" in reply[at : at + name_bytes]
            at += (name_bytes + 3) // 4 * 4
            for _ in range(classes):
                at += 4 * struct.unpack_from("=H", reply, at + 2)[0]

    def _is_injected(self, source: int) -> bool:
        if source not in self.xtest:
            self._learn_devices()
        return self.xtest.setdefault(source, False)

    def count(self) -> _Tally:
        """Everything that has arrived, counted. Raises `UnavailableError` when the server is gone."""
        tally = _Tally()
        for address in self.x.events():
            event = _RawEvent.from_address(address)
            if event.response_type & 0x7F != _GENERIC_EVENT or event.extension != self.opcode:
                continue
            if event.evtype == _HIERARCHY:
                self.xtest.clear()
            elif event.evtype == _RAW_KEY:
                if event.flags & _REPEATED:
                    continue
                tally.keys += 1
                tally.injected += self._is_injected(event.sourceid)
            elif event.evtype == _RAW_BUTTON:
                button = event.detail
                if button in _SCROLL:
                    tally.scrolls += 1
                elif button in _CLICK:
                    tally.clicks += 1
                else:
                    continue
                tally.injected += self._is_injected(event.sourceid)
        return tally


@dataclass(slots=True)
class _Pointer:
    """Polls where the pointer is without ever waiting: asks at one drain, reads the answer at the next."""

    x: XConnection
    monotonic: Callable[[], float]
    place: tuple[int, int] | None = None
    asked: int | None = None
    asked_at: float = 0.0

    def moves(self) -> int:
        """1 if the pointer stands elsewhere than when last seen, else 0."""
        moved = 0
        if self.asked is not None and (reply := self.x.answer(self.asked)) is not None:
            self.asked = None
            place = self.x.pointer_place(reply)
            moved = int(self.place is not None and place != self.place)
            self.place = place
        now = self.monotonic()
        if self.asked is None and (self.place is None or now - self.asked_at >= POINTER_S):
            self.asked, self.asked_at = self.x.pointer_request(), now
        return moved


class X11InputCounter:
    """`InputCounter` for X11. `moves` counts the seconds in which the pointer was found elsewhere.

    When the server goes away the thread ends by itself; `drain` hands out what it had counted, then raises.
    """

    name = "xi2"
    counts: BackendCounts = "full"

    def __init__(self, display: str, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._display = display
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._tally = _Tally()
        self._failure: str | None = None
        self._pointer: _Pointer | None = None
        self._thread: threading.Thread | None = None
        self._wake: tuple[int, int] | None = None

    def probe(self) -> None:
        """Try once whether this server gives raw events. Raises `UnavailableError`."""
        _RawStream.open(self._display).x.close()

    def start(self) -> None:
        """Connect and begin to count; a running counter goes on. Raises `UnavailableError`."""
        if self._thread is not None:
            return
        stream = _RawStream.open(self._display)
        try:
            pointer = _Pointer(XConnection(self._display), self._monotonic)
        except UnavailableError:
            stream.x.close()
            raise
        with self._lock:
            self._tally, self._failure, self._pointer = _Tally(), None, pointer
        self._wake = os.pipe()
        self._thread = threading.Thread(
            target=self._run, args=(stream, self._wake[0]), name="input-counter", daemon=True
        )
        self._thread.start()

    def _run(self, stream: _RawStream, wake: int) -> None:
        """The thread: count until told to stop, or until the server goes away."""
        try:
            stopped = False
            while not stopped:
                ready, _, _ = select.select([stream.x.fd, wake], [], [])
                # Let input gather; the wake pipe ends this early so that stop() does not wait for it.
                stopped = wake in ready or bool(select.select([wake], [], [], GATHER_S)[0])
                more = stream.count()
                with self._lock:
                    self._tally = self._tally.plus(more)
                if stream.x.lost:
                    raise UnavailableError(GONE)  # noqa: TRY301 - one place records every kind of end
        except (UnavailableError, XError) as error:
            with self._lock:
                self._failure = str(error)
        finally:
            stream.x.close()

    def drain(self) -> InputCounts:
        """See `InputCounter.drain`. Raises `UnavailableError` once the server has gone."""
        moves = 0
        with self._lock:
            tally, self._tally = self._tally, _Tally()
            failure = self._failure
            if self._pointer is not None and failure is None:
                try:
                    moves = self._pointer.moves()
                except (UnavailableError, XError) as error:
                    failure = str(error)
        counts = tally.counts(moves)
        if failure is not None and not counts.any():
            raise UnavailableError(failure)
        return counts

    def stop(self) -> None:
        """Stop and join; what was counted until now stays for one more `drain`."""
        if self._thread is None or self._wake is None:
            return
        os.write(self._wake[1], b"x")
        self._thread.join()
        for end in self._wake:
            os.close(end)
        self._thread = self._wake = None
        with self._lock:
            if self._pointer is not None:
                self._pointer.x.close()
                self._pointer = None
