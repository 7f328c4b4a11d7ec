"""What the tracker needs of the stages before it: the spool, the signing journal and the uploader.

`workdiary.client.spool`, `.sign` and `.upload` provide them; fakes for tests stand beside these protocols.
Every call is thread-safe, durable on return, and raises `KnownError` for faults of the environment only.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from workdiary.client.segment.model import (
    HoldChoice,
    SegmentClose,
    SegmentProgress,
    SegmentStart,
    ShotImage,
    ShotSet,
)
from workdiary.client.sign.held import Annotation, DiscardWhy, IdleClaim, RedactScope, Span
from workdiary.client.sign.waiting import Wish
from workdiary.client.spool.outbox import OutboxCounts
from workdiary.client.spool.past import Moving, PastSegment
from workdiary.client.spool.quota import Health
from workdiary.client.spool.store import RecoveredSegment
from workdiary.client.upload.uploader import SyncReport
from workdiary.rules.entries import Entry
from workdiary.rules.policy import PolicySet


class ShotStore(Protocol):
    """Shots and closes of segments not signed yet."""

    @property
    def image_folder(self) -> Path:
        """Where the shot child writes."""
        ...

    def instant(self, contract: str, cell_start_ms: int) -> int | None:
        """A persisted drawn instant."""
        ...

    def put_instant(self, contract: str, cell_start_ms: int, instant_ms: int) -> None:
        """Persist a drawn instant."""
        ...

    def add_shots(self, rid: str, shots: ShotSet) -> None:
        """Name image files that are durable already."""
        ...

    def checkpoint(self, rid: str, progress: SegmentProgress) -> None:
        """The open segment's state now."""
        ...

    def close_segment(self, rid: str, close: SegmentClose) -> None:
        """Freeze a segment."""
        ...

    def entries(self, contract: str, start_ms: int, end_ms: int, *, verdicts: bool = True) -> list[Entry]:
        """Segments touching [start, end) and what amends them; verdicts: judge the signed ones."""
        ...


class HoldStore(Protocol):
    """Holds of shots."""

    @property
    def image_folder(self) -> Path:
        """Where the images lie."""
        ...

    def decide(self, shot_id: str, choice: HoldChoice) -> None:
        """Answer a hold."""
        ...

    def extend_hold(self, shot_id: str, hold_until_ms: int) -> None:
        """Move the end of a hold."""
        ...

    def replace_images(self, shot_id: str, images: tuple[ShotImage, ...]) -> None:
        """Put the blurred images in the place of the sharp ones."""
        ...

    def holds(self) -> list[ShotSet]:
        """Undecided shots and those whose blur is due."""
        ...

    def shot(self, shot_id: str) -> ShotSet | None:
        """A shot with its data keys while its images are here."""
        ...


class PastStore(Protocol):
    """Recorded segments, for corrections (`spool.past.Past`)."""

    def segment(self, rid: str) -> PastSegment | None:
        """A segment as it stands now."""
        ...

    def farewell(self, rid: str) -> list[Wish]:
        """What removes everything that a signed segment, and what was said of it, shows."""
        ...

    def move(self, moving: Moving) -> None:
        """One transaction: here it comes, there it ends."""
        ...


class Store(ShotStore, HoldStore, Protocol):
    """The spool as the engine sees it."""

    @property
    def past(self) -> PastStore:
        """Recorded segments, for corrections."""
        ...

    def begin(self, start: SegmentStart) -> None:
        """A segment's row."""
        ...

    def open_segments(self) -> list[RecoveredSegment]:
        """What was open when the process ended."""
        ...

    def memos(self, contract: str | None, prefix: str) -> list[str]:
        """Earlier memos, newest first."""
        ...

    def health(self) -> Health:
        """Room on disk."""
        ...


class Signing(Protocol):
    """The signing journal."""

    def ensure_stream(self, contract: str, policy: PolicySet, since_ms: int | None = None) -> None:
        """Open the contract's stream if need be; since_ms: from when a solo contract's first terms hold."""
        ...

    def sign_due(self, now_ms: int, *, force: bool = False) -> list[str]:
        """Sign whatever is due, strictly in order; returns rids."""
        ...

    def redact(
        self, contract: str, rids: Sequence[str], why: str = "owner", scope: RedactScope = "shots"
    ) -> list[str]:
        """Remove images, memos or application names; returns the segments that had any."""
        ...

    def discard(self, contract: str, spans: Sequence[Span], why: DiscardWhy = "owner") -> str:
        """Remove time; returns a rid or a handle, "" if it was removed before."""
        ...

    def remove(self, contract: str, span: Span) -> bool:
        """Remove the whole of a segment that has ended; False: it was removed before."""
        ...

    def claim_idle(self, contract: str, discard: str, spans: Sequence[Span], claim: IdleClaim) -> str:
        """Take idle time back; returns a rid or a handle."""
        ...

    def undo_claim(self, contract: str, claim: str) -> str:
        """A claim counts no more; returns a rid or a handle, "" if nothing had to be signed."""
        ...

    def annotate(self, contract: str, annotation: Annotation) -> str:
        """Say what needs no input in a span; returns a rid or a handle."""
        ...

    def set_memo(self, contract: str, rids: Sequence[str], memo: str, label: str | None) -> list[str]:
        """Name earlier segments anew; returns those whose memo or label was another."""
        ...

    def undisturbed(self, work: Callable[[], None]) -> None:
        """Do something to the spool while nothing is being signed."""
        ...

    def boot_of(self, rid: str) -> str:
        """The boot a signed segment was made in: the OS's id if it is this one, else what stands for it."""
        ...

    def replace(self, contract: str, rid: str, slot: str, image: ShotImage) -> str:
        """Put a blurred image in the place of a signed one; returns the rid."""
        ...


class Sending(Protocol):
    """The uploader."""

    def run_once(self) -> SyncReport:
        """One pass over everything due."""
        ...

    def link_up(self) -> None:
        """Forget the back-off."""
        ...

    def close(self) -> None:
        """End a running pass soon."""
        ...


class Waiting(Protocol):
    """The outbox, in numbers."""

    def counts(self, open_from_ms: int = 0) -> OutboxCounts:
        """What waits; open_from_ms: the first instant whose week is not locked."""
        ...
