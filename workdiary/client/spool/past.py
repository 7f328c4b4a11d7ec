"""Recorded segments as they stand now, held or signed alike, and moving one into another contract."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from workdiary.client.account import Checkpoint
from workdiary.client.segment.model import SegmentClose, SegmentStart, ShotSet
from workdiary.client.sign.book import ChangedError, Target
from workdiary.client.sign.holes import holes_of, is_claimed
from workdiary.client.sign.waiting import Wish
from workdiary.client.spool import rows
from workdiary.client.spool.book import SpoolBook
from workdiary.client.spool.schema import Database
from workdiary.client.spool.segments import SegmentRows
from workdiary.client.spool.shots import ShotRows
from workdiary.client.spool.signed import PastSegment, Picture, SignedSegments
from workdiary.client.spool.vault import Vault

__all__ = ["Moving", "Past", "PastSegment", "Picture"]


@dataclass(frozen=True, slots=True)
class Moving:
    """A segment on its way into another contract.

    origin: the one that is left, as it was read; start, close, cp0, shots: of the one that comes; wishes:
    what is said of both, signed after them.
    """

    origin: PastSegment
    start: SegmentStart
    close: SegmentClose
    cp0: Checkpoint | None
    shots: Sequence[ShotSet]
    wishes: Sequence[Wish]


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
        later = [one for kind in ("memo", "idle-claim", "replace") for one in self._book.about(rid, kind)]
        spoken = [target, *later]
        return [
            Wish(one.contract, "redact", (), "owner", one.rid, rid, {"scope": "several"}) for one in spoken
        ]

    def move(self, moving: Moving) -> None:
        """One transaction: the new segment is held, and the old one's time and content have ended or will.

        A held origin becomes a tombstone at once; of a signed one the `wishes` are durable, count at once and
        are signed when they can be. Raises ChangedError when the origin is not as it was read.
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
        """Within the transaction: a held origin ends, if it still is as it was when the move was made."""
        rid = moving.origin.start.rid
        if self.segment(rid) != moving.origin:
            raise ChangedError(rid)
        db.execute("DELETE FROM pending WHERE tgt = ? AND kind = 'memo'", (rid,))
        if moving.origin.signed:
            return []
        _, names = self._book.edits.strip_within(db, rid, "time")
        return names

    def _unsigned(self, target: Target) -> PastSegment:
        held = self._segments.load(target.rid)
        if held is None:
            raise ChangedError(target.rid)
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
            bereft=any(s.choice == "remove-shot" for s in held.shots),
            pending_blur=any(
                s.choice == "blur" and any(i.edit != "blurred" for i in s.images) for s in held.shots
            ),
        )
