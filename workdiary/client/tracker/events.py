"""What the tracker tells: one snapshot for window, tray, `status --json` and tests: one truth.

Times are UTC wall milliseconds, durations milliseconds, money integer minor units.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, Protocol

from workdiary.client.segment.model import HoldChoice
from workdiary.client.sign.held import RedactScope

State = Literal["stopped", "tracking", "paused", "idle", "blocked"]
IdleAnswer = Literal["stop", "continue", "keep", "separate"]
AnnotationKind = Literal["call", "reading", "meeting", "other"]
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
    """The last shot: its hold, and what each choice costs (minor units; tracked ms that would go).

    blur_failed: a chosen blur does not succeed; any other choice is open until it does.
    """

    shot_id: str
    at_ms: int
    hold_until_ms: int
    images: int
    choice: HoldChoice | None
    time_ms: int
    time_price: int
    unprotects: bool = True
    blur_failed: bool = False


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
class LimitView:
    """The week's limit once a warning is due: used of it, and the mark passed (80, 95 or 100 per cent).

    over: tracking goes on past it, by the person's word; that time is neither billed nor protected.
    """

    used_ms: int
    limit_s: int
    mark: int
    over: bool = False


@dataclass(frozen=True, slots=True)
class IdleView:
    """Time without input that counts no more until somebody says otherwise.

    id: the rid of the segment that closed `idle`; until_ms: when input came back, None while it has not;
    claiming it bills `billed_ms`, worth `price` (minor units), and enters `manual_ms` as manual time, which
    counts only where the contract allows it (`manual_allowed`). answer: what was said already; None asks.
    """

    id: str
    since_ms: int
    until_ms: int | None
    price: int
    billed_ms: int = 0
    manual_ms: int = 0
    manual_allowed: bool = False
    memo: str = ""
    answer: IdleAnswer | None = None
    currency: str = ""
    exponent: int = 2


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
    limit: LimitView | None = None
    question: IdleView | None = None
    quiet_until_ms: int | None = None  # a call or reading announced until then: idle does not ask
    skew_ms: int = 0  # this computer's clock against the server's, positive: ahead
    after_lock: int = 0  # records waiting here whose week is locked already
    hints: tuple[str, ...] = ()  # what the person could know and need not act on, in words


Listener = Callable[[Snapshot], None]


class IdleDesk(Protocol):
    """Time without input: what to do with it, and saying in advance that there will be some.

    Every call returns once durable or raises `KnownError`.
    """

    def answer(self, choice: IdleAnswer, memo: str | None = None) -> None:
        """Say what the time away was; `keep` needs a memo, `separate` its own.

        stop and continue leave it removed; keep and separate claim it, and tracking goes on.
        """
        ...

    def undo(self, span: str | None = None) -> None:
        """Take the answer back, until the week's lock: the question is open again.

        span: an `IdleView.id`; None: the last one asked about.
        """
        ...

    def announce(self, kind: AnnotationKind, minutes: int, text: str | None = None) -> None:
        """Say that the next 15 to 90 minutes need no input; idle does not ask before they are over."""
        ...


class Corrections(Protocol):
    """Changes to what was recorded; segments are named by their rids (`diary --json`), signed or held.

    Every call returns once durable, or raises `KnownError`; it returns how many segments it changed, so that
    0 means that all of them were so already.
    """

    def redact(self, rids: list[str], scope: RedactScope = "shots") -> int:
        """Remove the images, or the memo and label, or the application names; the time stays."""
        ...

    def discard(self, rids: list[str], part: tuple[int, int] | None = None) -> int:
        """Remove the time, or of each only the part inside wall ms [start, end); a tombstone stays."""
        ...

    def blur(self, rids: list[str]) -> int:
        """Blur the images for good: held ones before they are signed, others by a signed replacement."""
        ...

    def set_memo(self, rids: list[str], memo: str, label: str | None) -> int:
        """Name earlier work anew."""
        ...

    def move(
        self,
        rids: list[str],
        to: str,
        memo: str | None,
        label: str | None = None,
        *,
        over_limit: bool = False,
    ) -> list[str]:
        """Move segments of the wrong contract into another; returns their new rids.

        They come under its capture mode and with a fresh preview; memo None keeps each one's own. over_limit:
        go on although the week's limit there has no room.
        """
        ...


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

    def start(
        self, contract: str | None, memo: str | None, label: str | None, *, over_limit: bool = False
    ) -> None:
        """Begin or resume; None keeps what was last used.

        over_limit: go on past the weekly limit for the rest of this week. Raises on an unknown contract, an
        empty memo, a label that the contract requires or does not have, and where the limit is used up.
        """
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

    @property
    def idle(self) -> IdleDesk:
        """Time without input."""
        ...

    @property
    def corrections(self) -> Corrections:
        """Changes to what was recorded before."""
        ...

    def thumbnail(self, shot_id: str) -> bytes | None:
        """WebP bytes of the shot's first monitor while they exist on this computer."""
        ...

    def memos(self, contract: str | None, prefix: str) -> list[str]:
        """Earlier memos for completion, newest first."""
        ...
