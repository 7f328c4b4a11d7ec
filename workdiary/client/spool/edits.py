"""What an owner changes in a segment before it is signed: nothing of what was is ever signed then."""

from __future__ import annotations

import sqlite3
from dataclasses import replace

from workdiary.client.segment.model import SegmentStart
from workdiary.client.sign.book import Strip
from workdiary.client.spool import rows
from workdiary.client.spool.schema import Database
from workdiary.client.spool.segments import SegmentRows
from workdiary.client.spool.shots import ShotRows, end_shots
from workdiary.client.spool.vault import Vault
from workdiary.client.spool.waiting import WaitingRows


class Edits:
    """Changes to unsigned segments, each one transaction."""

    def __init__(
        self, database: Database, vault: Vault, waiting: WaitingRows, segments: SegmentRows, shots: ShotRows
    ) -> None:
        self._db = database
        self._vault = vault
        self._waiting = waiting
        self._segments = segments
        self._shots = shots

    def strip(self, rid: str, what: Strip) -> bool:
        """Take something out; whether there was any of it (see `Book.strip`)."""

        def work(db: sqlite3.Connection) -> tuple[bool, list[str]]:
            return self.strip_within(db, rid, what)

        found, names = self._db.write(work)
        if found:
            self._shots.destroy_files(names, texts_ended=True)
        return found

    def strip_within(self, db: sqlite3.Connection, rid: str, what: Strip) -> tuple[bool, list[str]]:
        """Within a transaction: whether there was any of it, and the files to remove after it.

        What waits to be said of a segment loses its memo also where the segment is signed.
        """
        found, names = False, list[str]()
        if what in {"time", "memo", "several"}:
            found = self._waiting.unsay(db, rid, gone=what == "time")
        row = db.execute("SELECT state, removed FROM segments WHERE rid = ?", (rid,)).fetchone()
        if row is None or row[1]:
            return found, []
        if what == "time":
            self._segments.erase(db, rid)
            return True, end_shots(db, rid, "remove-time")
        if what in {"shots", "several"} and _pictured(db, rid):
            found, names = True, end_shots(db, rid, "remove-shot")
        if what in {"memo", "several"}:
            found = self._name(db, rid, "", None) or found
        if what in {"apps", "several"} and row[0] == "held":
            found = self._nameless(db, rid) or found
        return found, names

    def erase(self, db: sqlite3.Connection, rid: str) -> None:
        """Within a transaction: the time, and what waits to be said of it; its shots are the caller's."""
        self._waiting.unsay(db, rid, gone=True)
        self._segments.erase(db, rid)

    def rename(self, rid: str, memo: str, label: str | None) -> bool:
        """Another memo and label for a closed segment; whether they were others."""

        def work(db: sqlite3.Connection) -> bool:
            row = db.execute("SELECT state, removed FROM segments WHERE rid = ?", (rid,)).fetchone()
            return row == ("held", 0) and self._name(db, rid, memo, label)

        changed = self._db.write(work)
        if changed:
            self._db.forget()
        return changed

    def _name(self, db: sqlite3.Connection, rid: str, memo: str, label: str | None) -> bool:
        start = self._start(db, rid)
        if (start.memo, start.label) == (memo, label):
            return False
        box = rows.seal_start(self._vault, replace(start, memo=memo, label=label))
        db.execute("UPDATE segments SET start = ? WHERE rid = ?", (box, rid))
        if not memo:
            db.execute("DELETE FROM memos WHERE rid = ?", (rid,))
        return True

    def _nameless(self, db: sqlite3.Connection, rid: str) -> bool:
        (box,) = db.execute("SELECT close FROM segments WHERE rid = ?", (rid,)).fetchone()
        close = rows.open_close(self._vault, rid, box)
        if not close.progress.apps:
            return False
        bare = replace(close, progress=replace(close.progress, apps=()))
        db.execute(
            "UPDATE segments SET close = ? WHERE rid = ?", (rows.seal_close(self._vault, rid, bare), rid)
        )
        return True

    def _start(self, db: sqlite3.Connection, rid: str) -> SegmentStart:
        (box,) = db.execute("SELECT start FROM segments WHERE rid = ?", (rid,)).fetchone()
        return rows.open_start(self._vault, rid, box)


def _pictured(db: sqlite3.Connection, rid: str) -> bool:
    """Whether a segment has a shot that nobody removed."""
    kept = "choice IS NULL OR choice IN ('keep', 'blur')"
    return db.execute(f"SELECT 1 FROM shots WHERE rid = ? AND ({kept})", (rid,)).fetchone() is not None  # noqa: S608
