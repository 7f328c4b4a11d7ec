"""What the tracker tells: one snapshot for window, tray, `status --json` and tests: one truth.

Times are UTC wall milliseconds, durations milliseconds, money integer minor units.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, Protocol

from workdiary.client.segment.model import HoldChoice

State = Literal["stopped", "tracking", "paused", "idle", "blocked"]
Sync = Literal["ok", "waiting", "offline", "sign-in", "halted"]


@dataclass(frozen=True, slots=True)
class ContractView:
    """A contract as a chooser shows it; rate in minor units an hour, `exponent` digits after the point."""

    id: str
    name: str
    mode: str
    rate: int
    currency: str
    exponent: int
    limit_s: int | None
    rounding: str = "exact"


@dataclass(frozen=True, slots=True)
class CellView:
    """The cell that runs now: ten buckets, each `active`, `quiet`, `untracked` or `future`."""

    start_ms: int
    end_ms: int
    buckets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ShotView:
    """The last shot: its hold, and what each choice costs (minor units; tracked ms that would go)."""

    shot_id: str
    at_ms: int
    hold_until_ms: int
    images: int
    choice: HoldChoice | None
    time_ms: int
    time_price: int
    unprotects: bool = True


@dataclass(frozen=True, slots=True)
class StripCell:
    """One cell of today's strip: tracked ms in it, and the gap kind if one fills the rest."""

    start_ms: int
    tracked_ms: int
    kind: str
    gap: str | None = None


@dataclass(frozen=True, slots=True)
class OutboxView:
    """What waits: records not yet receipted, oldest and last receipt as wall ms.

    unwitnessed: receipted ones that too few of the pinned witnesses have cosigned yet.
    """

    waiting: int = 0
    quarantined: int = 0
    oldest_ms: int | None = None
    last_receipt_ms: int | None = None
    images: int = 0
    unwitnessed: int = 0


@dataclass(frozen=True, slots=True)
class BackendView:
    """A capability, the backend chosen for it and why others were refused."""

    capability: str
    name: str
    note: str
    refused: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything anyone shows of the tracker at one instant (`at_ms`)."""

    at_ms: int
    state: State
    sync: Sync
    reason: str = ""
    flags: tuple[str, ...] = ()
    contract: ContractView | None = None
    contracts: tuple[ContractView, ...] = ()
    memo: str = ""
    label: str | None = None
    session_ms: int = 0
    today_ms: int = 0
    week_ms: int = 0
    today_amount: int = 0
    week_amount: int = 0
    week_limit_s: int | None = None
    cell: CellView | None = None
    shot: ShotView | None = None
    strip: tuple[StripCell, ...] = ()
    outbox: OutboxView = field(default_factory=OutboxView)
    backends: tuple[BackendView, ...] = ()
    key_class: str = ""
    diary_url: str | None = None
    demo: bool = False


Listener = Callable[[Snapshot], None]


class Tracker(Protocol):
    """The only door to the pipeline, for the desktop and for the control channel.

    Every call returns once the command has taken effect (what it promises is durable) or raises `KnownError`.
    """

    def snapshot(self) -> Snapshot:
        """The present state."""
        ...

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` on the engine's thread after each change; returns the way to undo it."""
        ...

    def start(self, contract: str | None, memo: str | None, label: str | None) -> None:
        """Begin or resume; None keeps what was last used. Raises on unknown contract or empty memo."""
        ...

    def stop(self) -> None:
        """End the session; the closing shot, if due, gets its preview."""
        ...

    def pause(self) -> None:
        """End the segment, keep the session."""
        ...

    def set_memo(self, memo: str, label: str | None) -> None:
        """From now on work on this; closes the open segment (`memo`)."""
        ...

    def decide(self, shot_id: str, choice: HoldChoice) -> None:
        """Answer a hold before it ends."""
        ...

    def redact(self, rids: list[str]) -> None:
        """Remove the images of signed segments, keep their time."""
        ...

    def discard(self, rids: list[str]) -> None:
        """Remove the time of signed segments; a tombstone stays."""
        ...

    def thumbnail(self, shot_id: str) -> bytes | None:
        """WebP bytes of the shot's first monitor while they exist on this computer."""
        ...

    def memos(self, contract: str | None, prefix: str) -> list[str]:
        """Earlier memos for completion, newest first."""
        ...
