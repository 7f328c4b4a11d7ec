"""What flows from capture to signing: the parts of a segment, before any signature (evidence.md, Fields).

Times are integer milliseconds: `*_ms` wall (UTC), `mono*` the total monotonic clock (suspend included).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

OpenReason = Literal["start", "resume", "moved", "cell", "memo", "label", "terms", "backend", "clock-step"]
CloseReason = Literal[
    "cell",
    "stop",
    "pause",
    "memo",
    "label",
    "terms",
    "backend",
    "lock",
    "suspend",
    "switch-user",
    "shutdown",
    "clock-step",
    "idle",
    "crash",
    "discarded",
]
NoShot = Literal[
    "mode",
    "permission",
    "unsupported",
    "locked",
    "suspend",
    "shutdown",
    "crash",
    "private-app",
    "blank-frame",
    "removed-by-owner",
    "too-short",
    "error",
]
HoldChoice = Literal["keep", "blur", "remove-shot", "remove-time"]


@dataclass(frozen=True, slots=True)
class SegmentStart:
    """A segment at its first instant; durable before the UI says "recorded"."""

    rid: str
    session: str  # 16 bytes, base64url
    contract: str
    start_ms: int
    mono0: int
    open: OpenReason
    memo: str
    label: str | None
    zone: str
    policy: str  # name of the PolicySet
    mode: str
    backend_counts: Literal["full", "active-only", "none"]
    boot_id: str  # the OS boot id; signed only as an HMAC (evidence.md, Streams)
    clock_step: bool = False
    clock_unsure: bool = False
    cell_ms: int = 0  # start of the cell, wall ms
    terms: str | None = None  # id of the terms known then; None: those in force when it is signed


@dataclass(frozen=True, slots=True)
class Bucket:
    """A tenth of a cell: counts and seconds with any input; `active` as product.md Activity defines it."""

    start_ms: int
    len_ms: int
    keys: int = 0
    clicks: int = 0
    scrolls: int = 0
    moves: int = 0
    active_s: int = 0
    injected: int = 0
    active: bool = False


@dataclass(frozen=True, slots=True)
class AppSpan:
    """The focused application over a time; title None unless the contract records titles."""

    start_ms: int
    app: str
    title: str | None


@dataclass(frozen=True, slots=True)
class SegmentProgress:
    """Everything counted so far; what the 10-second checkpoint holds and what closing freezes."""

    end_ms: int
    mono1: int
    tracked_ms: int
    buckets: tuple[Bucket, ...] = ()
    apps: tuple[AppSpan, ...] = ()
    hit: bool = False


@dataclass(frozen=True, slots=True)
class SegmentClose:
    """How a segment ended: its last progress, why, and why it has no shot (null while the cell goes on)."""

    progress: SegmentProgress
    close: CloseReason
    no_shot: NoShot | None = None
    recovered: bool = False


@dataclass(frozen=True, slots=True)
class ShotImage:
    """One encoded monitor picture as the shot child left it: sealed files in the spool's image folder.

    image, thumb: file names (random ids); key: base64url data key, wrapped by the spool before it is stored;
    sha256: of the plain encoded image, lower-case hex.
    """

    image: str
    thumb: str
    key: str
    sha256: str
    bytes: int
    type: str
    width: int
    height: int
    display: dict[str, int]
    role: Literal["screen", "window", "closing"]
    at_ms: int
    edit: Literal["none", "masked", "blurred"] = "none"
    masked_pct: int = 0
    blank: bool = False
    dhash: str = ""


@dataclass(frozen=True, slots=True)
class ShotSet:
    """The images of one instant (one per monitor) and the hold they share."""

    shot_id: str
    rid: str
    at_ms: int
    images: tuple[ShotImage, ...]
    hold_until_ms: int
    choice: HoldChoice | None = None
    images_removed: bool = field(default=False)
