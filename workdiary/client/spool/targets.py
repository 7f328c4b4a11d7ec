"""From a rid, or the handle of what waits, to the record or segment that it means."""

from __future__ import annotations

from workdiary.client.sign.book import Target
from workdiary.client.sign.waiting import HANDLE
from workdiary.client.spool.schema import Database, Row
from workdiary.client.spool.waiting import WaitingRows
from workdiary.evidence.envelope import parse
from workdiary.evidence.tombstone import is_tombstone


class Targets:
    """Reads; raises KnownError only."""

    def __init__(self, database: Database, waiting: WaitingRows) -> None:
        self._db = database
        self._waiting = waiting

    def target(self, rid: str) -> Target | None:
        """What a rid or a handle stands for, None if this spool does not know it."""
        row = self._db.row("SELECT contract, id, kind, start_ms, end_ms, jws FROM records WHERE rid = ?", rid)
        if row is not None:
            return self._signed(rid, row)
        query = "SELECT contract, state, removed, start_ms, end_ms FROM segments WHERE rid = ?"
        row = self._db.row(query, rid)
        if row is not None:
            contract, state, removed, start_ms, end_ms = row
            is_open = state == "open"
            return Target(rid, contract, None, {}, "segment", start_ms, end_ms, is_open, bool(removed))
        return self._handle(rid) if rid.startswith(HANDLE) else None

    def _signed(self, rid: str, row: Row) -> Target:
        contract, ident, kind, start_ms, end_ms, jws = row
        found = self._db.rows("SELECT name, digest FROM disclosures WHERE rid = ? AND box IS NOT NULL", rid)
        digests = {str(name): str(digest) for name, digest in found}
        removed = kind == "segment" and is_tombstone(parse(jws))
        of, takes = tuple[str, ...](), None
        if kind in {"replace", "idle-claim"}:
            said = self._db.rows(
                "SELECT t.tgt, r.kind FROM targets t JOIN records r ON r.rid = t.tgt WHERE t.rid = ?", rid
            )
            of = tuple(str(name) for name, about in said if about == "segment")
            takes = next((str(name) for name, about in said if about == "discard"), None)
        place = (rid, contract, ident, digests, kind, start_ms, end_ms)
        return Target(*place, removed=removed, of=of, takes_back=takes)

    def _handle(self, handle: str) -> Target | None:
        row = self._db.row("SELECT rid FROM targets WHERE tgt = ?", handle)
        if row is not None:
            return self.target(str(row[0]))
        found = next((item for item in self._waiting.all() if item.handle == handle), None)
        return None if found is None else Target(handle, found.wish.contract, None, {}, found.wish.kind)

    def about(self, rid: str, kind: str) -> list[Target]:
        """Signed records of a kind that name this one, oldest first."""
        found = self._db.rows(
            "SELECT r.rid FROM targets t JOIN records r ON r.rid = t.rid "
            "WHERE t.tgt = ? AND r.kind = ? ORDER BY r.ord",
            rid,
            kind,
        )
        return [target for (name,) in found if (target := self.target(str(name))) is not None]
