"""The spool: everything recorded and not yet receipted, durable and encrypted, on disk before anyone says "recorded".

Contract: what a method accepted is on disk when it returns (SQLite WAL, synchronous=FULL); it stays until its receipt
verified; a damaged file is set aside, never dropped; a full disk frees the reserve, saves, and refuses new work aloud.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from workdiary.client.account import Account
from workdiary.client.segment.model import (
    HoldChoice,
    SegmentClose,
    SegmentProgress,
    SegmentStart,
    ShotImage,
    ShotSet,
)
from workdiary.client.sign.held import HeldSegment
from workdiary.client.spool.outbox import Outbox, OutboxCounts
from workdiary.client.spool.quota import Health
from workdiary.rules.projection import Entry


@dataclass(frozen=True, slots=True)
class RecoveredSegment:
    """A segment that was open when the process ended; progress None if no checkpoint was written yet."""

    start: SegmentStart
    progress: SegmentProgress | None
    shots: tuple[ShotSet, ...]


class Spool:
    """One home's spool; thread-safe; raises KnownError only."""

    image_folder: Path  # the shot child writes <random id> files here, fsynced, before add_shots
    notices: tuple[str, ...]  # what opening had to repair, in words for the person; () if nothing
    outbox: Outbox  # what waits: outbox.counts(), list(), retry(), export()

    @classmethod
    def open(
        cls, folder: Path, key: bytes, *, account: Account | None = None, read_only: bool = False
    ) -> Spool:
        """Open or make the spool. A damaged one is set aside whole, what is readable moves over, `notices` says so.

        read_only: for `diary`, `outbox` beside a running app: no sweep, no repair.
        """

    def close(self) -> None:
        """Write the WAL back and close; idempotent."""

    def begin(self, start: SegmentStart) -> None:
        """A segment's row (memo, label sealed) and its checkpoint slots. Raises KnownError when full (exit 8)."""

    def checkpoint(self, rid: str, progress: SegmentProgress) -> None:
        """Alternating slots of 512 bytes, sealed, fdatasync; works on a full disk.

        What does not fit: application spans beyond those that fit are left to the close; then the oldest buckets
        merge in pairs.
        """

    def add_shots(self, rid: str, shots: ShotSet) -> None:
        """Name image files that are durable already; their keys are stored wrapped."""

    def replace_images(self, shot_id: str, images: tuple[ShotImage, ...]) -> None:
        """After a blur: the new files take the place, the old ones and their keys are destroyed."""

    def extend_hold(self, shot_id: str, hold_until_ms: int) -> None:
        """A hold counts only while the session is unlocked: move its end."""

    def decide(self, shot_id: str, choice: HoldChoice) -> None:
        """Answer a hold. keep/remove end it; remove destroys the images now; blur waits for replace_images.

        Raises KnownError (exit 7) when the segment is signed already.
        """

    def close_segment(self, rid: str, close: SegmentClose) -> None:
        """Freeze a segment: state held, durable."""

    def open_segments(self) -> list[RecoveredSegment]:
        """After a crash: what was open; close each with `crash`, recovered=True."""

    def held(self, now_ms: int, *, force: bool = False) -> list[HeldSegment]:
        """Segments ready to be signed, per contract strictly in order; force ends holds as keep."""

    def holds(self) -> list[ShotSet]:
        """Shots of unsigned segments whose hold is undecided or whose blur is due, oldest first."""

    def shot(self, shot_id: str) -> ShotSet | None:
        """A shot with its data keys (base64url), while its images are here."""

    def instant(self, contract: str, cell_start_ms: int) -> int | None:
        """The persisted instant of a cell's shot, None if never drawn."""

    def put_instant(self, contract: str, cell_start_ms: int, instant_ms: int) -> None:
        """Persist a drawn instant (a redraw replaces it)."""

    def entries(self, contract: str, start_ms: int, end_ms: int) -> list[Entry]:
        """What the projection takes: segments touching [start, end), open ones included, and what amends them."""

    def memos(self, contract: str | None, prefix: str) -> list[str]:
        """Earlier memos that begin so (case-folded), newest first, at most 20."""

    def health(self) -> Health:
        """Quota and reserve: `full` means that tracking has to stop visibly now."""
