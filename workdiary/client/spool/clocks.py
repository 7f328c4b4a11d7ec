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


def placed_into(db: Database, contract: str, start_ms: int, end_ms: int) -> list[str]:
    """The segments that say another time, but that a `clock-place` of their boot puts into [start, end)."""
    said = db.rows(
        "SELECT stream, seq, jws FROM records WHERE contract = ? AND kind = 'clock-place'", contract
    )
    found: dict[str, None] = {}
    for stream, seq, jws in said:
        place = parse(jws).payload
        for rid, clear in _of_boot(db, str(stream), int(seq), str(place["boot"])):
            start = _number(clear, "mono0") + _number(place, "server_time") - _number(place, "mono")
            if start < end_ms and start + _number(clear, "end") - _number(clear, "start") >= start_ms:
                found[rid] = None
    return list(found)


def placed_boots(db: Database) -> frozenset[tuple[str, str]]:
    """(stream, `boot`) that a `clock-place` speaks of."""
    said = db.rows("SELECT stream, jws FROM records WHERE kind = 'clock-place'")
    return frozenset((str(stream), str(parse(jws).payload["boot"])) for stream, jws in said)


def _of_boot(db: Database, stream: str, seq: int, boot: str) -> Iterator[tuple[str, JsonObject]]:
    """The segments of a stream around a place in it; a boot's records stand together."""
    query = "SELECT rid, kind, jws FROM records WHERE stream = ? AND seq = ?"
    for step in (-1, 1):
        at = seq + step
        while (row := db.row(query, stream, at)) is not None:
            rid, kind, jws = row
            clear = parse(jws).payload
            if clear["boot"] != boot:
                break
            if kind == "segment":
                yield str(rid), clear
            at += step


def _number(clear: JsonObject, name: str) -> int:
    value = clear.get(name)
    return value if isinstance(value, int) else 0


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

    def unsure(self, boot_id: str) -> int:
        """How many segments of a boot wait for their signature whose clock was unsure."""
        found = self._db.rows("SELECT rid, start FROM segments")
        starts = (rows.open_start(self._vault, rid, box) for rid, box in found)
        return sum(start.clock_unsure and start.boot_id == boot_id for start in starts)

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
