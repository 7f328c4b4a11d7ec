"""The spool: everything recorded and not yet receipted, durable and encrypted, on disk before anyone says so.

Contract: what a method accepted is on disk when it returns (SQLite WAL, synchronous=FULL); it stays until its
receipt verified; a damaged file is set aside, never dropped; a full disk frees the reserve, saves, and
refuses new work aloud.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from workdiary.client.account import Account
from workdiary.client.errors import FullError, KnownError, border
from workdiary.client.segment.model import (
    HoldChoice,
    SegmentClose,
    SegmentProgress,
    SegmentStart,
    ShotImage,
    ShotSet,
)
from workdiary.client.sign.held import HeldSegment
from workdiary.client.spool.book import SpoolBook
from workdiary.client.spool.bundle import SpoolBundle
from workdiary.client.spool.clocks import ClockRows
from workdiary.client.spool.entries import EntryReader, Window
from workdiary.client.spool.outbox import Outbox
from workdiary.client.spool.past import Past
from workdiary.client.spool.queue import SendQueue
from workdiary.client.spool.quota import Health, Reserve, health
from workdiary.client.spool.recovery import Opened, open_database, sweep
from workdiary.client.spool.segments import SegmentRows
from workdiary.client.spool.shots import ShotRows
from workdiary.client.spool.vault import Vault
from workdiary.rules.assemble import Images
from workdiary.rules.entries import Entry

MIB = 1024 * 1024
QUOTA_BYTES = 2048 * MIB
MEMOS_SHOWN = 20
INSTANTS_KEPT_MS = 7 * 24 * 3_600_000
_FOLDERS = ("images", "slots")
_FULL = "The disk is full: what is recorded is safe, new work waits for room."


@dataclass(frozen=True, slots=True)
class RecoveredSegment:
    """A segment that was open when the process ended; progress None if no checkpoint was written yet."""

    start: SegmentStart
    progress: SegmentProgress | None
    shots: tuple[ShotSet, ...]


class Spool:
    """One home's spool; thread-safe; raises KnownError only.

    image_folder: the shot child writes <random id> files here, fsynced, before `add_shots`; notices: what
    opening had to repair, in words for the person; quota_bytes: on what is not sent yet (settings);
    outbox: what waits, for people; book: for the journal; queue: for the uploader; bundle: for exports;
    clocks: by which clock things were recorded; past: what corrections read and write.
    """

    def __init__(
        self, folder: Path, opened: Opened, vault: Vault, reserve: Reserve, account: Account | None
    ) -> None:
        database = opened.database
        self.image_folder = folder / "images"
        self.notices = opened.notices
        self.quota_bytes = QUOTA_BYTES
        self._database = database
        self._reserve = reserve
        self._account = account
        self._shots = ShotRows(database, vault, self.image_folder)
        self._segments = SegmentRows(database, vault, self._shots, folder / "slots")
        self.book = SpoolBook(database, vault, self._segments, self._shots)
        self.queue = SendQueue(database, self.book, self._shots)
        self.outbox = Outbox(database, self.book, self._shots)
        self.bundle = SpoolBundle(database, self.book, self._shots)
        self.past = Past(database, vault, self.book, self._segments, self._shots)
        self.clocks = ClockRows(database, vault)
        self._entries = EntryReader(database, self.book, self._segments, account)

    @classmethod
    def open(
        cls, folder: Path, key: bytes, *, account: Account | None = None, read_only: bool = False
    ) -> Self:
        """Open or make the spool; key: 32 bytes (`DeviceKeys.spool_key`).

        A damaged one is set aside whole, what is readable moves over, `notices` says so. read_only: for
        `diary` and `outbox` beside a running app: no sweep, no repair. Raises KnownError.
        """
        with border(folder):
            for name in _FOLDERS:
                (folder / name).mkdir(mode=0o700, parents=True, exist_ok=True)
        vault, reserve = Vault(key), Reserve(folder / "reserve")
        opened = open_database(folder, vault, reserve, read_only=read_only)
        spool = cls(folder, opened, vault, reserve, account)
        if not read_only:
            sweep(opened.database, spool.image_folder, opened.aside)
            opened.database.forget()
            try:
                reserve.hold()
            except FullError:
                spool.notices += (_FULL,)
        return spool

    def close(self) -> None:
        """Close files and database; idempotent."""
        self._segments.close_slots()
        self._database.close()

    def begin(self, start: SegmentStart) -> None:
        """A segment's row (memo, label sealed) and its checkpoint slots.

        Raises KnownError: the disk or the quota is full, a text that no record could carry.
        """
        self._reserve.hold()
        now = self.health()
        if now.full:
            raise KnownError("There is no room to record more", now.reason, subject=str(self.image_folder))
        self._segments.begin(start, self._account)

    def checkpoint(self, rid: str, progress: SegmentProgress) -> None:
        """Into alternating slots of 512 bytes, sealed, fdatasync; works on a full disk.

        What does not fit (never with standard cells): application spans are left to the close, then the
        oldest buckets merge in pairs.
        """
        self._segments.checkpoint(rid, progress)

    def add_shots(self, rid: str, shots: ShotSet) -> None:
        """Name image files that are durable already; their keys are stored wrapped."""
        if shots.rid != rid:
            raise ValueError(rid)
        self._shots.add(shots)

    def replace_images(self, shot_id: str, images: tuple[ShotImage, ...]) -> None:
        """After a blur: the new files take the place, the old ones and their keys are destroyed."""
        self._shots.replace(shot_id, images)

    def extend_hold(self, shot_id: str, hold_until_ms: int) -> None:
        """A hold counts only while the session is unlocked: move its end."""
        self._shots.extend(shot_id, hold_until_ms)

    def decide(self, shot_id: str, choice: HoldChoice) -> None:
        """Answer a hold: keep and remove end it, remove destroys now, blur waits for `replace_images`.

        Raises KnownError: no such shot (exit 6), its segment is signed already (exit 7; keep is no error
        then).
        """
        self._shots.decide(shot_id, choice, self.book.edits.erase)

    def close_segment(self, rid: str, close: SegmentClose) -> None:
        """Freeze a segment: state held, durable."""
        self._segments.close(rid, close)

    def open_segments(self) -> list[RecoveredSegment]:
        """After a crash: what was open, oldest first; close each with `crash`, recovered=True."""
        return [RecoveredSegment(*found) for found in self._segments.open_ones()]

    def held(self, now_ms: int, *, force: bool = False) -> list[HeldSegment]:
        """Segments ready to be signed, per contract strictly in order; force ends holds as keep."""
        return self._segments.held(now_ms, force=force)

    def holds(self) -> list[ShotSet]:
        """Shots of unsigned segments whose hold is undecided or whose blur is due, oldest first."""
        return self._shots.holds()

    def shot(self, shot_id: str) -> ShotSet | None:
        """A shot with its data keys (base64url), while its images are here."""
        return self._shots.get(shot_id)

    def instant(self, contract: str, cell_start_ms: int) -> int | None:
        """The persisted instant of a cell's shot, None if never drawn."""
        query = "SELECT instant_ms FROM instants WHERE contract = ? AND cell_ms = ?"
        row = self._database.row(query, contract, cell_start_ms)
        return None if row is None else int(row[0])

    def put_instant(self, contract: str, cell_start_ms: int, instant_ms: int) -> None:
        """Persist a drawn instant (a redraw replaces it)."""

        def work(db: sqlite3.Connection) -> None:
            db.execute("DELETE FROM instants WHERE cell_ms < ?", (cell_start_ms - INSTANTS_KEPT_MS,))
            db.execute(
                "INSERT OR REPLACE INTO instants VALUES (?, ?, ?)", (contract, cell_start_ms, instant_ms)
            )

        self._database.write(work)

    def entries(self, contract: str, start_ms: int, end_ms: int, *, verdicts: bool = True) -> list[Entry]:
        """What the projection takes: segments touching [start, end), open ones too, and what amends them.

        verdicts: judge each signed record (about 0.3 ms each); without, `axes` stays empty.
        """
        return self._entries.read(Window(contract, start_ms, end_ms), verdicts=verdicts)

    def images(self, contract: str, start_ms: int, end_ms: int) -> Images:
        """`stored` and `kept` as `rules.projection.project` takes them."""
        return self._entries.images(Window(contract, start_ms, end_ms))

    def memos(self, contract: str | None, prefix: str) -> list[str]:
        """Earlier memos that begin so (case-folded), newest first, at most 20."""
        return self._segments.memos(contract, prefix, MEMOS_SHOWN)

    def health(self) -> Health:
        """Quota and reserve: `full` means that tracking has to stop visibly now."""
        row = self._database.row(
            "SELECT (SELECT TOTAL(size) FROM images WHERE state IN ('queued', 'quarantined')) + "
            "(SELECT TOTAL(size) FROM images WHERE rid IN (SELECT rid FROM segments))"
        )
        return health(int(row[0]) if row else 0, self.quota_bytes, reserve_held=self._reserve.held)
