"""The book of signed records: the spool's side of the journal, one transaction per record."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from workdiary.client.errors import DamagedError, border
from workdiary.client.segment.image_file import remove_files
from workdiary.client.sign.book import NewRecord, StreamState, Strip, Target
from workdiary.client.sign.held import HeldSegment
from workdiary.client.sign.waiting import Pending, Wish
from workdiary.client.spool.commit import Ended, advance, destroy, insert, keep_note, sign_segment
from workdiary.client.spool.copies import forget_in_copies
from workdiary.client.spool.edits import Edits
from workdiary.client.spool.schema import Database
from workdiary.client.spool.segments import SegmentRows
from workdiary.client.spool.shots import ShotRows
from workdiary.client.spool.targets import Targets
from workdiary.client.spool.vault import Vault
from workdiary.client.spool.waiting import WaitingRows, settled
from workdiary.evidence import disclosure
from workdiary.evidence.canonical import loads_object, unb64u
from workdiary.evidence.envelope import parse
from workdiary.evidence.kinds.base import SKIPS_CAP, Skip


class SpoolBook:
    """Implements sign.book.Book over the spool's tables."""

    def __init__(self, database: Database, vault: Vault, segments: SegmentRows, shots: ShotRows) -> None:
        self._db = database
        self._vault = vault
        self._segments = segments
        self._shots = shots
        self.waiting = WaitingRows(database, vault)
        self._targets = Targets(database, self.waiting)
        self.edits = Edits(database, vault, self.waiting, segments, shots)

    def stream(self, contract: str) -> StreamState | None:
        """See `Book`."""
        row = self._db.row(
            "SELECT stream, generation, seq, head FROM streams WHERE contract = ? ORDER BY generation DESC",
            contract,
        )
        return None if row is None else StreamState(*row)

    def id_at(self, stream: str, seq: int) -> str | None:
        """See `Book`."""
        row = self._db.row("SELECT id FROM records WHERE stream = ? AND seq = ?", stream, seq)
        return None if row is None else str(row[0])

    def signer_of(self, stream: str) -> str | None:
        """See `Book`."""
        row = self._db.row("SELECT jws FROM records WHERE stream = ? AND seq = 0", stream)
        return None if row is None else str(loads_object(unb64u(row[0].partition(".")[0]))["kid"])

    def skips(self, stream: str) -> Sequence[Skip]:
        """See `Book`."""
        found = self._db.rows(
            "SELECT seq, id, code FROM records WHERE stream = ? AND state = 'quarantined' AND reported = 0 "
            "ORDER BY seq LIMIT ?",
            stream,
            SKIPS_CAP,
        )
        return [Skip(seq, ident, code) for seq, ident, code in found]

    def last(self, contract: str, kind: str) -> tuple[str, Mapping[str, Any]] | None:
        """See `Book`."""
        row = self._db.row(
            "SELECT rid, id, jws FROM records WHERE contract = ? AND kind = ? ORDER BY ord DESC",
            contract,
            kind,
        )
        if row is None:
            return None
        rid, ident, jws = row
        return str(ident), {**parse(jws).payload, **self.values(rid)}

    def text(self, rid: str) -> str:
        """See `Book`."""
        row = self._db.row("SELECT jws FROM records WHERE rid = ?", rid)
        return "" if row is None else str(row[0])

    def values(self, rid: str) -> dict[str, Any]:
        """What a record disclosed and nobody destroyed, by slot; Any: JSON."""
        return {name: disclosure.parse(text).value for name, (_, text) in self.disclosures(rid).items()}

    def disclosures(self, rid: str) -> dict[str, tuple[str, str]]:
        """(digest, encoded text) of each disclosure still here, by slot, in the order of their names.

        One that bit rot spoiled is left out: the record shows it as withheld, the others stay readable.
        """
        found = self._db.rows("SELECT name, digest, box FROM disclosures WHERE rid = ? ORDER BY name", rid)
        texts: dict[str, tuple[str, str]] = {}
        for name, digest, box in found:
            if box is not None:
                with suppress(DamagedError):
                    texts[name] = (digest, self._vault.open(box, f"record/{rid}/{name}").decode("ascii"))
        return texts

    def held(self, now_ms: int, *, force: bool = False) -> list[HeldSegment]:
        """See `Book`."""
        return self._segments.held(now_ms, force=force)

    def stuck(self, rid: str, why: str) -> None:
        """See `Book`."""
        self._db.write(lambda db: db.execute("UPDATE segments SET why = ? WHERE rid = ?", (why, rid)))

    def target(self, rid: str) -> Target | None:
        """See `Book`."""
        return self._targets.target(rid)

    def about(self, rid: str, kind: str) -> list[Target]:
        """See `Book`."""
        return self._targets.about(rid, kind)

    def pend(self, wish: Wish) -> str:
        """See `Book`."""
        return self.waiting.add(wish)

    def pending(self) -> list[Pending]:
        """See `Book`."""
        return self.waiting.all()

    def drop_pending(self, number: int) -> None:
        """See `Book`."""
        self.waiting.drop(number)

    def strip(self, rid: str, what: Strip) -> bool:
        """See `Book`."""
        return self.edits.strip(rid, what)

    def rename(self, rid: str, memo: str, label: str | None) -> bool:
        """See `Book`."""
        return self.edits.rename(rid, memo, label)

    def commit(self, new: NewRecord) -> None:
        """See `Book`. Everything sealed before the transaction, files removed after it."""
        rid = str(new.record.payload["rid"])
        boxes = [
            (
                rid,
                name,
                disclosure.digest(text),
                self._vault.seal(text.encode("ascii"), f"record/{rid}/{name}"),
            )
            for name, text in new.record.disclosures.items()
        ]

        def work(db: sqlite3.Connection) -> Ended:
            if new.record.kind == "segment":
                sign_segment(db, new, rid)
            advance(db, new)
            insert(db, new)
            if new.replaced is not None:
                self._shots.insert_replacement(db, rid, new.replaced, new.images[0])
            db.executemany("INSERT INTO disclosures VALUES (?, ?, ?, ?)", boxes)
            db.executemany("INSERT OR IGNORE INTO targets VALUES (?, ?)", [(tgt, rid) for tgt in new.targets])
            keep_note(db, new.checkpoint)
            places = [(new.record.payload["stream"], skip.seq) for skip in new.skips]
            db.executemany("UPDATE records SET reported = 1 WHERE stream = ? AND seq = ?", places)
            if new.pending is not None:
                settled(db, new.pending, rid)
            return destroy(db, new.targets[0], new.destroy) if new.destroy else Ended((), ())

        self.remove_files(self._db.write(work))

    def remove_files(self, ended: Ended) -> None:
        """After the rows: remove image files, and what WAL and copies still hold of their and other keys."""
        folder = self._shots.folder
        with border(folder):
            if ended.names:
                remove_files(folder, ended.names)
            if ended.keys:
                forget_in_copies(folder.parent, ended.keys)
        if ended.names or ended.keys:
            self._db.forget()
