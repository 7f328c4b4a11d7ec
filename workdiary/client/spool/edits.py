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


class Edits:
    """Changes to unsigned segments, each one transaction."""

    def __init__(self, database: Database, vault: Vault, segments: SegmentRows, shots: ShotRows) -> None:
        self._db = database
        self._vault = vault
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
        """Within a transaction: whether there was any of it, and the files to remove after it."""
        row = db.execute("SELECT state, removed FROM segments WHERE rid = ?", (rid,)).fetchone()
        if row is None or row[1]:
            return False, []
        if what in {"time", "memo", "several"}:
            db.execute("DELETE FROM pending WHERE tgt = ? AND kind = 'memo'", (rid,))
        if what == "time":
            self._segments.erase(db, rid)
            return True, end_shots(db, rid, "remove-time")
        found, names = False, list[str]()
        if what in {"shots", "several"} and _pictured(db, rid):
            found, names = True, end_shots(db, rid, "remove-shot")
        if what in {"memo", "several"}:
            found = self._name(db, rid, "", None) or found
        if what in {"apps", "several"} and row[0] == "held":
            found = self._nameless(db, rid) or found
        return found, names

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
