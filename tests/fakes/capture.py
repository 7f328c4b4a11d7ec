"""Fakes of the capture protocols: a test says what the person does, the fake answers as a desktop would."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from workdiary.client.capture.port import (
    ActiveWindow,
    BackendCounts,
    Backends,
    Choice,
    InputCounts,
    SessionEventKind,
    UnavailableError,
)


class FakeInputCounter:
    """Counts what `press`, `click`, `scroll` and `move` say; `fail` makes the desktop go away."""

    name = "fake"

    def __init__(self, counts: BackendCounts = "full") -> None:
        self.counts: BackendCounts = counts
        self.running = False
        self._lock = threading.Lock()
        self._seen = InputCounts()
        self._failure: str | None = None

    def feed(
        self, keys: int = 0, clicks: int = 0, scrolls: int = 0, moves: int = 0, *, injected: bool = False
    ) -> None:
        """Input happens; like a real backend, a stopped counter misses it."""
        steps = keys + clicks + scrolls
        with self._lock:
            if not self.running:
                return
            seen = self._seen
            self._seen = InputCounts(
                keys=seen.keys + keys,
                clicks=seen.clicks + clicks,
                scrolls=seen.scrolls + scrolls,
                moves=seen.moves + moves,
                injected=seen.injected + (steps if injected else 0),
                effective=seen.effective + (0 if injected else steps),
            )

    def fail(self, reason: str = "the X server went away") -> None:
        """From the next drain but one (the rest is still handed out) the counter raises."""
        self._failure = reason

    def start(self) -> None:
        if self._failure is not None:
            raise UnavailableError(self._failure)
        self.running = True

    def drain(self) -> InputCounts:
        with self._lock:
            seen, self._seen = self._seen, InputCounts()
        if self._failure is not None and not seen.any():
            raise UnavailableError(self._failure)
        return seen

    def stop(self) -> None:
        self.running = False


@dataclass
class FakeIdle:
    """Idle time a test sets; `failure` makes it raise."""

    name: str = "fake"
    idle: int = 0
    failure: str | None = None

    def idle_ms(self) -> int:
        if self.failure is not None:
            raise UnavailableError(self.failure)
        return self.idle


@dataclass
class FakeWindow:
    """The focused window a test sets."""

    name: str = "fake"
    window: ActiveWindow | None = None

    def active(self) -> ActiveWindow | None:
        return self.window


@dataclass
class FakeSession:
    """Session events a test emits; delivered on the caller's thread, one after the other."""

    name: str = "fake"
    running: bool = False
    _notify: Callable[[SessionEventKind], None] | None = field(default=None, repr=False)

    def start(self, notify: Callable[[SessionEventKind], None]) -> None:
        self._notify = notify
        self.running = True

    def emit(self, kind: SessionEventKind) -> None:
        if self._notify is not None and self.running:
            self._notify(kind)

    def stop(self) -> None:
        self.running = False


@dataclass
class FakeDesktop:
    """All four fakes and the `Backends` the registry would have chosen of them."""

    input: FakeInputCounter = field(default_factory=FakeInputCounter)
    idle: FakeIdle = field(default_factory=FakeIdle)
    window: FakeWindow = field(default_factory=FakeWindow)
    session: FakeSession = field(default_factory=FakeSession)
    shot: str = "fake"

    def backends(self) -> Backends:
        return Backends(
            input=Choice(self.input, self.input.name),
            idle=Choice(self.idle, self.idle.name),
            window=Choice(self.window, self.window.name),
            session=Choice(self.session, self.session.name),
            shot=self.shot,
            windows="fake",
        )

    def renamed(self, name: str) -> Backends:
        """The same fakes under another backend name, for tests of a backend change."""
        backends = self.backends()
        return replace(backends, input=replace(backends.input, name=name))
