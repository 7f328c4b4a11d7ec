"""Recorded segments as they stand now, held or signed alike, and moving one into another contract."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from workdiary.client.account import Checkpoint
from workdiary.client.errors import KnownError
from workdiary.client.segment.model import SegmentClose, SegmentStart, ShotSet
from workdiary.client.sign.book import Target
from workdiary.client.sign.holes import holes_of, is_claimed
from workdiary.client.sign.waiting import Wish
from workdiary.client.spool import rows
from workdiary.client.spool.book import SpoolBook
from workdiary.client.spool.schema import Database
from workdiary.client.spool.segments import SegmentRows
from workdiary.client.spool.shots import ShotRows
from workdiary.client.spool.signed import PastSegment, Picture, SignedSegments
from workdiary.client.spool.vault import Vault

__all__ = ["MovedOnError", "Moving", "Past", "PastSegment", "Picture"]


@dataclass(frozen=True, slots=True)
class Moving:
    """A segment on its way into another contract.

    origin: rid of the one that is left; start, close, cp0, shots: of the one that comes; wishes: what is said
    of both, signed after them.
    """

    origin: str
    start: SegmentStart
    close: SegmentClose
    cp0: Checkpoint | None
    shots: Sequence[ShotSet]
    wishes: Sequence[Wish]
    held: bool


class Past:
    """What corrections read and write; thread-safe, durable on return, raises KnownError only."""

    def __init__(
        self, database: Database, vault: Vault, book: SpoolBook, segments: SegmentRows, shots: ShotRows
    ) -> None:
        self._db = database
        self._vault = vault
        self._book = book
        self._segments = segments
        self._shots = shots
        self._signed = SignedSegments(database, book, shots)

    def segment(self, rid: str) -> PastSegment | None:
        """A segment as it stands, None if this home has none under the id."""
        target = self._book.target(rid)
        if target is None or target.kind != "segment":
            return None
        return self._unsigned(target) if target.id is None else self._signed.read(target)

    def farewell(self, rid: str) -> list[Wish]:
        """Redactions of everything that a signed segment, and what was said of it later, shows."""
        target = self._book.target(rid)
        if target is None:
            return []
        spoken = [target, *self._book.about(rid, "memo"), *self._book.about(rid, "replace")]
        return [
            Wish(one.contract, "redact", (), "owner", one.rid, rid, {"scope": "several"}) for one in spoken
        ]

    def move(self, moving: Moving) -> None:
        """One transaction: the new segment is held, and the old one's time and content have ended or will.

        A held origin becomes a tombstone at once; of a signed one the `wishes` are durable, count at once and
        are signed when they can be. Raises KnownError when the origin was signed meanwhile.
        """
        start, close = moving.start, moving.close
        cp0 = None
        if moving.cp0 is not None:
            cp0 = json.dumps([moving.cp0.size, moving.cp0.root, moving.cp0.note])

        def work(db: sqlite3.Connection) -> list[str]:
            names = self._leave(db, moving)
            db.execute(
                "INSERT INTO segments "
                "(rid, contract, start_ms, end_ms, state, slot, removed, start, close, cp0) "
                "VALUES (?, ?, ?, ?, 'held', 0, 0, ?, ?, ?)",
                (
                    start.rid,
                    start.contract,
                    start.start_ms,
                    close.progress.end_ms,
                    rows.seal_start(self._vault, start),
                    rows.seal_close(self._vault, start.rid, close),
                    cp0,
                ),
            )
            for shots in moving.shots:
                self._shots.insert_shots(db, shots)
            for wish in moving.wishes:
                self._book.waiting.insert(db, wish)
            return names

        self._shots.destroy_files(self._db.write(work), texts_ended=True)

    def _leave(self, db: sqlite3.Connection, moving: Moving) -> list[str]:
        """Within the transaction: a held origin ends here; whether it is as it was when the move was made."""
        held = db.execute("SELECT 1 FROM segments WHERE rid = ?", (moving.origin,)).fetchone() is not None
        if held != moving.held:
            raise MovedOnError(moving.origin)
        db.execute("DELETE FROM pending WHERE tgt = ? AND kind = 'memo'", (moving.origin,))
        if not held:
            return []
        found, names = self._book.edits.strip_within(db, moving.origin, "time")
        if not found:
            raise MovedOnError(moving.origin)
        return names

    def _unsigned(self, target: Target) -> PastSegment:
        held = self._segments.load(target.rid)
        if held is None:
            raise MovedOnError(target.rid)
        pictures = [Picture(target.rid, "", s.shot_id, image) for s in held.shots for image in s.images]
        return PastSegment(
            held.start,
            held.close,
            held.cp0,
            tuple(pictures),
            holes=holes_of(self._book, target),
            is_open=target.is_open,
            removed=held.removed or any(s.choice == "remove-time" for s in held.shots),
            claimed=is_claimed(self._book, target.rid),
            pending_blur=any(
                s.choice == "blur" and any(i.edit != "blurred" for i in s.images) for s in held.shots
            ),
        )


class MovedOnError(KnownError):
    """A segment was signed or removed while it was being corrected."""

    def __init__(self, rid: str) -> None:
        super().__init__("This segment has just changed", "Try again.", subject=rid, permanent=False)
