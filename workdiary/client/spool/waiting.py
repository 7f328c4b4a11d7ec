"""Amendments that wait for the records they name, in the order of asking; what they say is sealed."""

from __future__ import annotations

import json
import secrets
import sqlite3
from dataclasses import replace

from workdiary.client.sign.held import Span
from workdiary.client.sign.waiting import HANDLE, Pending, PendingKind, Wish
from workdiary.client.spool.schema import Database, Row
from workdiary.client.spool.vault import Vault

_NAME_BYTES = 12


class WaitingRows:
    """The rows of `pending`."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._db = database
        self._vault = vault

    def add(self, wish: Wish) -> str:
        """Durable on return; its handle."""
        return self._db.write(lambda db: self.insert(db, wish))

    def insert(self, db: sqlite3.Connection, wish: Wish) -> str:
        """Within a transaction; its handle."""
        handle = HANDLE + secrets.token_urlsafe(_NAME_BYTES)
        spans = json.dumps([[span.rid, span.start_ms, span.end_ms] for span in wish.spans])
        db.execute(
            "INSERT INTO pending (contract, spans, why, kind, handle, tgt, box) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (wish.contract, spans, wish.why, wish.kind, handle, wish.tgt, self._seal(handle, wish)),
        )
        return handle

    def all(self) -> list[Pending]:
        """Oldest first. Raises DamagedError."""
        return [self._read(row) for row in self._db.rows("SELECT * FROM pending ORDER BY ord")]

    def drop(self, number: int) -> None:
        """Forget one."""
        self._db.write(lambda db: db.execute("DELETE FROM pending WHERE ord = ?", (number,)))

    def unsay(self, db: sqlite3.Connection, rid: str, *, gone: bool) -> bool:
        """Within a transaction: nothing that waits says a memo of this segment; whether anything did.

        A claim keeps its time, without a memo; gone: the time ends too, and with it a claim of nothing else.
        """
        found = db.execute("DELETE FROM pending WHERE tgt = ? AND kind = 'memo'", (rid,)).rowcount > 0
        for row in db.execute("SELECT * FROM pending WHERE kind = 'idle-claim' ORDER BY ord").fetchall():
            item = self._read(row)
            named = {span.rid for span in item.wish.spans}
            if rid not in named:
                continue
            if gone and _all_removed(db, named - {rid}):
                db.execute("DELETE FROM pending WHERE ord = ?", (item.ord,))
                found = True
            elif item.wish.more.get("memo") is not None:
                bare = replace(item.wish, more={**item.wish.more, "memo": None})
                box = self._seal(item.handle, bare)
                db.execute("UPDATE pending SET box = ? WHERE ord = ?", (box, item.ord))
                found = True
        return found

    def _seal(self, handle: str, wish: Wish) -> bytes:
        said = {"of": wish.of, "more": dict(wish.more), "at": wish.at_ms}
        return self._vault.seal_json(said, f"pending/{handle}")

    def _read(self, row: Row) -> Pending:
        number, contract, listed, why, *later = row
        spans = tuple(Span(*span) for span in json.loads(listed))
        # A row of schema 2, which knew discards alone, or one that was not brought up to date yet.
        old: tuple[PendingKind, str, None, None] = ("discard", "", None, None)
        kind, handle, tgt, box = later if later and later[0] else old
        handle = handle or f"{HANDLE}{number}"
        said = {} if box is None else self._vault.open_json(box, f"pending/{handle}")
        wish = Wish(contract, kind, spans, why, tgt, said.get("of"), said.get("more", {}), said.get("at"))
        return Pending(int(number), handle, wish)


def _all_removed(db: sqlite3.Connection, rids: set[str]) -> bool:
    query = "SELECT count(*) FROM segments WHERE removed = 1 AND rid IN (SELECT value FROM json_each(?))"
    (count,) = db.execute(query, (json.dumps(sorted(rids)),)).fetchone()
    return int(count) == len(rids)


def settled(db: sqlite3.Connection, number: int, rid: str) -> None:
    """Within a transaction: the row is carried out, and its handle means the record from now on."""
    row = db.execute("DELETE FROM pending WHERE ord = ? RETURNING *", (number,)).fetchone()
    if row is not None:
        db.execute("INSERT OR IGNORE INTO targets VALUES (?, ?)", (row[5] or f"{HANDLE}{number}", rid))
