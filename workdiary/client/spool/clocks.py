"""What the spool knows of clocks: how far certain time reaches, and what a wrong clock recorded."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import replace

from workdiary.client.segment.model import SegmentStart
from workdiary.client.spool import rows
from workdiary.client.spool.schema import Database
from workdiary.client.spool.vault import Vault
from workdiary.evidence.canonical import JsonObject
from workdiary.evidence.envelope import parse


class ClockRows:
    """Reads segments and records by the clock that made them; marks what is not signed yet."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._db = database
        self._vault = vault

    def newest_certain_end(self) -> int:
        """Wall ms at which the latest segment with a certain clock ended; 0 if there is none."""
        ends = [0]
        for rid, end_ms, box in self._db.rows("SELECT rid, end_ms, start FROM segments"):
            if not rows.open_start(self._vault, rid, box).clock_unsure:
                ends.append(int(end_ms))
        signed = self._db.rows("SELECT rid, end_ms FROM records WHERE kind = 'segment' ORDER BY end_ms DESC")
        for rid, end_ms in signed:
            found = self._db.row("SELECT jws FROM records WHERE rid = ?", rid)
            if found is not None and parse(found[0]).payload["clock_unsure"] is False:
                ends.append(int(end_ms))
                break
        return max(ends)

    def doubt(self, wrong: Callable[[SegmentStart], bool]) -> int:
        """Mark what `wrong` says of the open and held segments as unsure, durably; how many were not so."""
        boxes = self._db.rows("SELECT rid, start FROM segments")
        starts = [rows.open_start(self._vault, rid, box) for rid, box in boxes]
        if all(start.clock_unsure or not wrong(start) for start in starts):
            return 0

        def work(db: sqlite3.Connection) -> int:
            marked = 0
            for rid, box in db.execute("SELECT rid, start FROM segments").fetchall():
                start = rows.open_start(self._vault, rid, box)
                if not start.clock_unsure and wrong(start):
                    sealed = rows.seal_start(self._vault, replace(start, clock_unsure=True))
                    db.execute("UPDATE segments SET start = ? WHERE rid = ?", (sealed, rid))
                    marked += 1
            return marked

        return self._db.write(work)

    def unsigned(self, contract: str) -> list[SegmentStart]:
        """The open and held segments of a contract."""
        found = self._db.rows("SELECT rid, start FROM segments WHERE contract = ?", contract)
        return [rows.open_start(self._vault, rid, box) for rid, box in found]

    def signed(self, stream: str) -> Iterator[tuple[str, JsonObject]]:
        """(kind, clear fields) of a stream's records, the newest first."""
        query = "SELECT kind, jws FROM records WHERE stream = ? AND seq = ?"
        row = self._db.row("SELECT MAX(seq) FROM records WHERE stream = ?", stream)
        for seq in range(int(row[0] or 0) if row else -1, -1, -1):
            found = self._db.row(query, stream, seq)
            if found is not None:
                yield str(found[0]), parse(found[1]).payload
