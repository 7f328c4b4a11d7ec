"""Open and held segments: rows sealed from their first instant, checkpoints in slots, signed in order."""

from __future__ import annotations

import hashlib
import hmac
import json
import sqlite3
from dataclasses import replace
from pathlib import Path

from workdiary.client.account import Account, Checkpoint
from workdiary.client.errors import REPAIR, DamagedError, KnownError
from workdiary.client.segment.model import SegmentClose, SegmentProgress, SegmentStart, ShotSet
from workdiary.client.sign.held import HeldSegment
from workdiary.client.spool import rows
from workdiary.client.spool.schema import Database, Row
from workdiary.client.spool.shots import ShotRows, blur_due
from workdiary.client.spool.slots import SlotPair
from workdiary.client.spool.vault import Vault
from workdiary.evidence.errors import EvidenceError
from workdiary.evidence.records import check_value

MEMOS_KEPT = 500
_COLUMNS = "SELECT rid, state, slot, removed, start, close, cp0 FROM segments"


class SegmentRows:
    """The segments that are not signed yet."""

    def __init__(self, database: Database, vault: Vault, shots: ShotRows, slots: Path) -> None:
        self._db = database
        self._vault = vault
        self._shots = shots
        self._slots = slots
        self._pairs: dict[int, SlotPair] = {}
        self._slot_of: dict[str, int] = {}
        self._slot_key = vault.derived("slots")
        self._memo_key = vault.derived("memos")

    def begin(self, start: SegmentStart, account: Account | None) -> None:
        """Slots first, then the row: what has a row can be checkpointed without needing space."""
        _check_texts(start)
        start = _with_terms(start, account)
        newest = None if account is None else account.newest()
        used = {int(row[0]) for row in self._db.rows("SELECT slot FROM segments WHERE state = 'open'")}
        slot = next(number for number in range(len(used) + 1) if number not in used)
        self._pair(slot).allocate()
        box = rows.seal_start(self._vault, start)
        cp0 = None if newest is None else json.dumps([newest.size, newest.root, newest.note])

        def work(db: sqlite3.Connection) -> None:
            if db.execute("SELECT 1 FROM segments WHERE rid = ?", (start.rid,)).fetchone():
                raise ValueError(start.rid)
            db.execute(
                "INSERT INTO segments (rid, contract, start_ms, end_ms, state, slot, removed, start, cp0) "
                "VALUES (?, ?, ?, ?, 'open', ?, 0, ?, ?)",
                (start.rid, start.contract, start.start_ms, start.start_ms, slot, box, cp0),
            )
            self._remember(db, start)

        self._db.write(work)
        self._slot_of[start.rid] = slot

    def checkpoint(self, rid: str, progress: SegmentProgress) -> None:
        """Into the older slot."""
        slot = self._slot_of.get(rid)
        if slot is None:
            row = self._db.row("SELECT slot FROM segments WHERE rid = ? AND state = 'open'", rid)
            if row is None:
                raise LookupError(rid)  # the engine checkpoints only what it began
            slot = self._slot_of[rid] = int(row[0])
            self._pair(slot).read(rid)  # go on after the generation that is there
        self._pair(slot).write(rid, progress)

    def close(self, rid: str, close: SegmentClose) -> None:
        """Freeze; removed time leaves no counts behind."""

        def work(db: sqlite3.Connection) -> None:
            row = db.execute("SELECT removed FROM segments WHERE rid = ?", (rid,)).fetchone()
            if row is None:
                raise LookupError(rid)
            kept = _emptied(close) if row[0] else close
            db.execute(
                "UPDATE segments SET state = 'held', end_ms = ?, close = ? WHERE rid = ?",
                (close.progress.end_ms, rows.seal_close(self._vault, rid, kept), rid),
            )

        self._db.write(work)
        slot = self._slot_of.pop(rid, None)
        if slot is not None:
            self._pair(slot).clear()

    def erase(self, db: sqlite3.Connection, rid: str) -> None:
        """Within a transaction: the owner removed this time; memo, label, counts and applications end now."""
        row = db.execute("SELECT start, close FROM segments WHERE rid = ?", (rid,)).fetchone()
        start = replace(rows.open_start(self._vault, rid, row[0]), memo="", label=None)
        close = None
        if row[1] is not None:
            close = rows.seal_close(self._vault, rid, _emptied(rows.open_close(self._vault, rid, row[1])))
        db.execute(
            "UPDATE segments SET removed = 1, start = ?, close = ? WHERE rid = ?",
            (rows.seal_start(self._vault, start), close, rid),
        )
        db.execute("DELETE FROM memos WHERE rid = ?", (rid,))

    def open_ones(self) -> list[tuple[SegmentStart, SegmentProgress | None, tuple[ShotSet, ...]]]:
        """Segments that were never closed, oldest first, each with its last checkpoint."""
        found = []
        for row in self._db.rows(f"{_COLUMNS} WHERE state = 'open' ORDER BY ord"):
            rid, slot = str(row[0]), int(row[2])
            start = rows.open_start(self._vault, rid, row[4])
            found.append((start, self._pair(slot).read(rid), self._shots.of(rid)))
        return found

    def unsigned(self, contract: str, start_ms: int, end_ms: int) -> list[HeldSegment]:
        """Open and held segments that touch [start, end); an open one as its last checkpoint has it."""
        query = (
            f"{_COLUMNS} WHERE contract = ? AND start_ms < ? AND (state = 'open' OR end_ms > ?) ORDER BY ord"
        )
        return [self._load(row) for row in self._db.rows(query, contract, end_ms, start_ms)]

    def is_open(self, rid: str) -> bool:
        """Whether a segment still runs (or ran when the process ended)."""
        return self._db.row("SELECT 1 FROM segments WHERE rid = ? AND state = 'open'", rid) is not None

    def held(self, now_ms: int, *, force: bool) -> list[HeldSegment]:
        """What can be signed now: per contract in order, up to the first that is open or on hold."""
        ready: list[HeldSegment] = []
        waiting: set[str] = set()
        query = "SELECT contract, rid, state FROM segments ORDER BY ord"
        for contract, rid, state in self._db.rows(query):
            if contract in waiting:
                continue
            shots = self._shots.of(rid)
            if state == "open" or any(_on_hold(shot, now_ms, force=force) for shot in shots):
                waiting.add(contract)
                continue
            row = self._db.row(f"{_COLUMNS} WHERE rid = ?", rid)
            if row is not None:
                ready.append(self._load(row))
        return ready

    def load(self, rid: str) -> HeldSegment | None:
        """An unsigned segment, open or held."""
        row = self._db.row(f"{_COLUMNS} WHERE rid = ?", rid)
        return None if row is None else self._load(row)

    def memos(self, contract: str | None, prefix: str, most: int) -> list[str]:
        """Earlier memos, newest first, each once."""
        folded = prefix.casefold()
        query = "SELECT tag, box FROM memos WHERE ? IS NULL OR contract = ? ORDER BY used_ms DESC LIMIT ?"
        found: dict[str, None] = {}
        for tag, box in self._db.rows(query, contract, contract, MEMOS_KEPT):
            memo = self._vault.open(box, f"memo/{tag.hex()}").decode()
            if memo.casefold().startswith(folded):
                found.setdefault(memo)
        return list(found)[:most]

    def close_slots(self) -> None:
        """Close the slot files."""
        for pair in self._pairs.values():
            pair.close()
        self._pairs.clear()

    def _load(self, row: Row) -> HeldSegment:
        rid, state, slot, removed, start_box, close_box, cp0 = row
        start = rows.open_start(self._vault, rid, start_box)
        if state == "open" or close_box is None:
            progress = self._pair(int(slot)).read(rid) or SegmentProgress(start.start_ms, start.mono0, 0)
            close = SegmentClose(progress, "crash")
        else:
            close = rows.open_close(self._vault, rid, close_box)
        return HeldSegment(start, close, self._shots.of(rid), _checkpoint(cp0, rid), bool(removed))

    def _remember(self, db: sqlite3.Connection, start: SegmentStart) -> None:
        """The memo for completion: found again by a keyed tag, so that no row tells which memos are equal."""
        if not start.memo:
            return
        text = f"{start.contract}\0{start.memo}".encode()
        tag = hmac.new(self._memo_key, text, hashlib.sha256).digest()
        newest = "SELECT tag FROM memos WHERE contract = ? ORDER BY used_ms DESC LIMIT 1"
        if db.execute(newest, (start.contract,)).fetchone() == (tag,):
            return  # nothing would change: no write for every segment of one piece of work
        box = self._vault.seal(start.memo.encode(), f"memo/{tag.hex()}")
        db.execute(
            "INSERT OR REPLACE INTO memos VALUES (?, ?, ?, ?, ?)",
            (tag, start.contract, start.rid, start.start_ms, box),
        )
        db.execute(
            "DELETE FROM memos WHERE contract = ? AND used_ms < (SELECT MIN(used_ms) FROM "
            "(SELECT used_ms FROM memos WHERE contract = ? ORDER BY used_ms DESC LIMIT ?))",
            (start.contract, start.contract, MEMOS_KEPT),
        )

    def _pair(self, number: int) -> SlotPair:
        if number not in self._pairs:
            self._pairs[number] = SlotPair(self._slots / str(number), self._slot_key)
        return self._pairs[number]


def _on_hold(shot: ShotSet, now_ms: int, *, force: bool) -> bool:
    if blur_due(shot):
        return True  # not even force signs what the owner wanted blurred
    return shot.choice is None and shot.hold_until_ms > now_ms and not force


def _emptied(close: SegmentClose) -> SegmentClose:
    progress = replace(close.progress, tracked_ms=0, buckets=(), apps=(), hit=False)
    return replace(close, progress=progress)


def _checkpoint(text: str | None, rid: str) -> Checkpoint | None:
    if text is None:
        return None
    try:
        size, root, note = json.loads(text)
    except (ValueError, TypeError) as error:
        what = "A row of the spool does not hold what this version writes."
        raise DamagedError(rid, what, REPAIR) from error
    return Checkpoint(int(size), str(root), str(note))


def _with_terms(start: SegmentStart, account: Account | None) -> SegmentStart:
    """The segment names the terms it knew (product.md, Offline), whatever is learned before it is signed."""
    if start.terms is not None or account is None:
        return start
    known = next((item.terms_id for item in account.contracts() if item.id == start.contract), "")
    return replace(start, terms=known or None)


def _check_texts(start: SegmentStart) -> None:
    """What a record could not carry is refused now, while it can be fixed. Raises KnownError."""
    for name, value in (("memo", start.memo), ("label", start.label), ("zone", start.zone or None)):
        try:
            check_value("segment", name, value)
        except EvidenceError as error:
            raise KnownError(
                f"This {name} cannot be recorded",
                f"It is {error.message}; change it and start again.",
                subject=name,
            ) from error
