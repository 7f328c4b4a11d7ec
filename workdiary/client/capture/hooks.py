"""Input counts by pynput, where XInput 2 is missing: 30 times dearer, and blind to injected events.

Imported and started only on X11: pynput raises at import without a display, undercounts in silence
under Wayland, and its macOS keyboard listener crashes Qt programs. It decodes every key before it calls
back; the callbacks here take that argument and drop it.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from typing import Any

from workdiary.client.capture.port import BackendCounts, InputCounts, UnavailableError

POINTER_S = 0.9
STOP_S = 5.0


def _wait_for_end(listener: Any) -> None:
    """Join a stopped listener.

    pynput's own stop is lost when it comes before the listener has enabled its context, and lies unsent in a
    queue while there is no input; both would keep the thread for ever. So the context is disabled over the
    listener's second connection until that has had its effect.
    """
    until = time.monotonic() + STOP_S
    while listener.is_alive() and time.monotonic() < until:
        with contextlib.suppress(Exception):
            # The listener closes the display at its own pace, from then on both raise.
            display, context = listener._display_stop, listener._context  # noqa: SLF001 - no public way
            display.record_disable_context(context)
            display.sync()
        listener.join(0.05)


class HookInputCounter:
    """`InputCounter` by event hooks. `injected` is always 0, because X11 does not tell pynput."""

    name = "pynput"
    counts: BackendCounts = "full"

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._keys = self._clicks = self._scrolls = self._moves = 0
        self._held: set[Any] = set()
        self._moved_at: float | None = None
        self._listeners: tuple[Any, ...] = ()  # pynput has no types

    def probe(self) -> None:
        """Raises `UnavailableError` if pynput cannot be loaded here."""
        self._load()

    @staticmethod
    def _load() -> tuple[Any, Any]:
        try:
            from pynput import keyboard, mouse  # noqa: PLC0415 - raises without a display
        except Exception as error:  # noqa: BLE001 - pynput lets its backends' errors through, of any type
            raise UnavailableError(f"pynput does not work here ({error})") from None
        return keyboard, mouse

    def start(self) -> None:
        """See `InputCounter.start`."""
        if self._listeners:
            return
        keyboard, mouse = self._load()
        self._listeners = (
            keyboard.Listener(on_press=self._pressed, on_release=self._released),
            mouse.Listener(on_click=self._clicked, on_scroll=self._scrolled, on_move=self._moved_to),
        )
        for listener in self._listeners:
            listener.name = "input-hooks"
            listener.start()
            listener.wait()

    def _pressed(self, key: Any) -> None:
        with self._lock:
            # The key is compared, to count a held one once, and forgotten when it comes up.
            if key not in self._held:
                self._held.add(key)
                self._keys += 1

    def _released(self, key: Any) -> None:
        with self._lock:
            self._held.discard(key)

    def _clicked(self, _x: int, _y: int, _button: Any, pressed: bool) -> None:
        with self._lock:
            self._clicks += pressed

    def _scrolled(self, _x: int, _y: int, dx: int, dy: int) -> None:
        with self._lock:
            self._scrolls += abs(dx) + abs(dy)

    def _moved_to(self, _x: int, _y: int) -> None:
        now = self._monotonic()
        with self._lock:
            if self._moved_at is None or now - self._moved_at >= POINTER_S:
                self._moved_at = now
                self._moves += 1

    def drain(self) -> InputCounts:
        """See `InputCounter.drain`. Raises `UnavailableError` once a listener has died with the server."""
        with self._lock:
            steps = self._keys + self._clicks + self._scrolls
            counts = InputCounts(self._keys, self._clicks, self._scrolls, self._moves, effective=steps)
            self._keys = self._clicks = self._scrolls = self._moves = 0
        if self._listeners and not counts.any() and not all(li.is_alive() for li in self._listeners):
            raise UnavailableError("the input hooks ended")
        return counts

    def stop(self) -> None:
        """See `InputCounter.stop`."""
        for listener in self._listeners:
            listener.stop()
            _wait_for_end(listener)
        self._listeners = ()
        self._held.clear()
