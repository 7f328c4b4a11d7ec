"""What the tracker asks of an operating system: one protocol per capability.

Backends live beside this file, one module or folder each; only `registry` imports them. A backend that
cannot work here raises `UnavailableError` with the reason in words, which the registry keeps for
`doctor`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Literal, Protocol, TypeVar

SessionEventKind = Literal["lock", "unlock", "suspend", "resume", "switch-user", "switch-back", "shutdown"]
BackendCounts = Literal["full", "active-only", "none"]


T = TypeVar("T")
NO_BACKEND = "none"  # the name of every null backend


class UnavailableError(Exception):
    """A backend cannot work on this desktop; str() is the reason, in words for `doctor`."""


@dataclass(frozen=True, slots=True)
class Display:
    """Where a monitor lies: pixels, scale in thousandths, rotation in degrees (evidence.md `shot.k`)."""

    x: int
    y: int
    w: int
    h: int
    scale_milli: int = 1000
    rot: int = 0


@dataclass(frozen=True, slots=True)
class Frame:
    """One monitor's picture: BGRX rows without padding, `len(bgrx) == 4 * w * h`."""

    display: Display
    bgrx: bytes


@dataclass(frozen=True, slots=True)
class InputCounts:
    """Events since the last drain; counts include injected ones, `injected` says how many those were.

    effective: key presses, clicks and scroll steps that were not injected (what makes a bucket active);
    pointer movements are counted by polling and never say that somebody injected them.
    """

    keys: int = 0
    clicks: int = 0
    scrolls: int = 0
    moves: int = 0
    injected: int = 0
    effective: int = 0

    def any(self) -> bool:
        """Whether any input at all was seen."""
        return bool(self.keys or self.clicks or self.scrolls or self.moves)


@dataclass(frozen=True, slots=True)
class ActiveWindow:
    """The focused window: application name and title; None where the desktop does not tell.

    names, titles: everything else it is known by, for private lists only; never recorded.
    """

    app: str
    title: str | None
    names: tuple[str, ...] = ()
    titles: tuple[str, ...] = ()


class ScreenGrabber(Protocol):
    """Takes every monitor at one instant."""

    name: str

    def grab(self) -> list[Frame]:
        """One frame per monitor. Raises `UnavailableError` when the desktop refuses now."""
        ...


class InputCounter(Protocol):
    """Counts input between `start` and `stop`; never which key, never text, never rhythm."""

    name: str
    counts: BackendCounts

    def start(self) -> None:
        """Begin to count, in a thread of its own. Raises `UnavailableError`."""
        ...

    def drain(self) -> InputCounts:
        """What was counted since the last call; callable from any thread; never blocks on the desktop.

        Raises `UnavailableError` when the desktop has gone away, after everything counted was handed out.
        """
        ...

    def stop(self) -> None:
        """Stop and join the thread; idempotent. What was counted stays for one more `drain`."""
        ...


class IdleClock(Protocol):
    """How long nobody touched the computer."""

    name: str

    def idle_ms(self) -> int:
        """Milliseconds since the last input of any kind. Raises `UnavailableError`."""
        ...


class WindowWatcher(Protocol):
    """Which window has the focus."""

    name: str

    def active(self) -> ActiveWindow | None:
        """The focused window, or None if there is none or the desktop does not tell."""
        ...


@dataclass(frozen=True, slots=True)
class WindowArea:
    """A window's content in pixels of the whole desktop, without frame and shadow; id for comparing.

    covered: what lies on top of it and is not part of it (a notification, another program's window).
    """

    id: int
    x: int
    y: int
    w: int
    h: int
    covered: tuple[WindowArea, ...] = ()


class WindowLocator(Protocol):
    """Where the focused window is; for capture mode `window`."""

    def area(self) -> WindowArea | None:
        """The focused window's place; None without one or on the bare desktop. Raises `UnavailableError`."""
        ...


@dataclass(frozen=True, slots=True)
class Rect:
    """A rectangle in pixels of the whole desktop."""

    x: int
    y: int
    w: int
    h: int


@dataclass(frozen=True, slots=True)
class OpenWindow:
    """A top-level window with its frame, and whom it belongs to.

    place: None while nothing of it is on the screen (minimised, on another workspace); solid: the parts
    through which nothing beneath can be seen; names: what its program is called; titles: its own, then those
    of the windows it belongs to (a menu's, a dialog's); tells: whether it draws what other windows are called
    (a panel, the window manager's own lists).
    """

    id: int
    place: Rect | None
    solid: tuple[Rect, ...] = ()
    names: tuple[str, ...] = ()
    titles: tuple[str, ...] = ()
    tells: bool = False


class WindowList(Protocol):
    """Every window of the desktop, so that private ones can be masked."""

    name: str

    @property
    def lag_ms(self) -> int:
        """How long the screen may go on showing what a list has already forgotten (animations)."""
        ...

    def windows(self) -> tuple[OpenWindow, ...]:
        """All of them, from the bottom of the stack to its top. Raises `UnavailableError`: never a part."""
        ...


class SessionWatcher(Protocol):
    """Lock, sleep, user switch and shutdown of this desktop session."""

    name: str

    def start(self, notify: Callable[[SessionEventKind], None]) -> None:
        """Report events from a thread of its own until `stop`. Raises `UnavailableError`.

        `suspend` and `shutdown` come before they happen, and the system waits for the callback to return
        (5 s at most): make the open segment durable in it. What holds already at the start (a locked
        session) is reported at once.
        """
        ...

    def stop(self) -> None:
        """Stop and join the thread; idempotent."""
        ...


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a backend was not chosen."""

    backend: str
    reason: str


@dataclass(frozen=True, slots=True)
class Choice(Generic[T]):
    """A chosen backend and the reasons why each one tried before it was refused."""

    backend: T
    name: str
    refused: tuple[Refusal, ...] = ()


def _nothing() -> None:
    """Fakes share nothing that would have to be closed."""


@dataclass(frozen=True, slots=True)
class Backends:
    """Every capability's choice; the null backends shout instead of failing."""

    input: Choice[InputCounter]
    idle: Choice[IdleClock]
    window: Choice[WindowWatcher]
    session: Choice[SessionWatcher]
    shot: str
    shot_refused: tuple[Refusal, ...] = ()
    windows: str = NO_BACKEND  # the shot child's window list
    windows_refused: tuple[Refusal, ...] = ()
    close: Callable[[], None] = _nothing  # lets go of what the backends share; stop them first
