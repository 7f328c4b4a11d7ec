"""Counts key presses, clicks and scroll steps by XInput 2 raw events, for next to nothing.

The thread sleeps in select until there is input, then counts what has gathered every 250 ms until there
is none: no input, no wake-up, and at 4,000 events a second four wake-ups.

What is counted. A raw event says that a key went down before any key map is asked; which key it was is
not looked at. A key held down is one press: the server's own repeats make no raw event, and repeats a
device sends itself carry a flag that is left out; only a server inside another one (Xephyr, VNC) may
pass its host's repeats on as presses. Buttons 1-3, 8 and 9 are clicks; 4-7 are one scroll step each,
the emulated ones of high-resolution wheels included. Events from an XTEST device were injected by
software; a uinput device or a hardware jiggler looks like a real one. XI 2.2 is asked for because from
2.1 on raw events also come while another client holds a grab (menus, games). The pointer is polled: raw
motion would cost more than all the rest.
"""

from __future__ import annotations

import os
import select
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from workdiary.client.capture.port import BackendCounts, InputCounts, UnavailableError
from workdiary.client.capture.x11.events import RawEvents, Tally
from workdiary.client.capture.x11.xcb import GONE, XConnection, XError

GATHER_S = 0.25
POINTER_S = 0.9  # the caller's one-second tick may come a little early


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
        self._tally = Tally()
        self._failure: str | None = None
        self._pointer: _Pointer | None = None
        self._thread: threading.Thread | None = None
        self._wake: tuple[int, int] | None = None

    def probe(self) -> None:
        """Try once whether this server gives raw events. Raises `UnavailableError`."""
        RawEvents.connect(self._display).try_out()

    def start(self) -> None:
        """Connect and begin to count; a running counter goes on. Raises `UnavailableError`."""
        if self._thread is not None:
            return
        events = RawEvents.connect(self._display)
        with self._lock:
            self._tally, self._failure = Tally(), None
            self._pointer = _Pointer(events.aside, self._monotonic)
        self._wake = os.pipe()
        self._thread = threading.Thread(
            target=self._run, args=(events, self._wake[0]), name="input-counter", daemon=True
        )
        # Subscribed before the thread runs: whoever sees start() return has his next key counted.
        events.subscribe()
        self._thread.start()

    def _run(self, events: RawEvents, wake: int) -> None:
        """The thread: count until told to stop, or until the server goes away."""
        try:
            stopped = busy = False
            while not stopped:
                if not busy:
                    # Nobody at the keyboard: sleep until there is, however long that takes.
                    select.select([events.x.fd, wake], [], [])
                # Let input gather; the wake pipe ends this early so that stop() does not wait for it.
                stopped = bool(select.select([wake], [], [], GATHER_S)[0])
                more = events.count()
                busy = more.any()
                with self._lock:
                    self._tally.add(more)
                if events.ended:
                    raise UnavailableError(GONE)  # noqa: TRY301 - one place records every kind of end
        except (UnavailableError, XError) as error:
            with self._lock:
                self._failure = str(error)
        finally:
            events.close()

    def drain(self) -> InputCounts:
        """See `InputCounter.drain`. Raises `UnavailableError` once the server has gone."""
        moves = 0
        with self._lock:
            tally, self._tally = self._tally, Tally()
            failure = self._failure
            if self._pointer is not None and failure is None:
                try:
                    moves = self._pointer.moves()
                except (UnavailableError, XError) as error:
                    failure = str(error)
        steps = tally.keys + tally.clicks + tally.scrolls
        counts = InputCounts(
            tally.keys,
            tally.clicks,
            tally.scrolls,
            moves,
            tally.injected,
            effective=steps - tally.injected,
        )
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
