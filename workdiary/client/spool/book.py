"""The book of signed records: the spool's side of the journal, one transaction per record."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from workdiary.client.account import Checkpoint
from workdiary.client.errors import DamagedError, KnownError, border
from workdiary.client.segment.image_file import remove_files
from workdiary.client.sign.book import NewRecord, PendingDiscard, StreamState, Target
from workdiary.client.sign.held import DiscardWhy, HeldSegment, Span
from workdiary.client.spool.copies import forget_in_copies, wrapped_keys
from workdiary.client.spool.schema import Database
from workdiary.client.spool.segments import SegmentRows
from workdiary.client.spool.shots import ShotRows
from workdiary.client.spool.vault import Vault
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
        row = self._db.row("SELECT contract, id FROM records WHERE rid = ?", rid)
        if row is None:
            row = self._db.row("SELECT contract, NULL FROM segments WHERE rid = ?", rid)
        if row is None:
            return None
        found = self._db.rows("SELECT name, digest FROM disclosures WHERE rid = ? AND box IS NOT NULL", rid)
        return Target(rid, row[0], row[1], {str(name): str(digest) for name, digest in found})

    def pend(self, contract: str, spans: Sequence[Span], why: DiscardWhy) -> None:
        """See `Book`."""
        text = json.dumps([[span.rid, span.start_ms, span.end_ms] for span in spans])
        self._db.write(
            lambda db: db.execute(
                "INSERT INTO pending (contract, spans, why) VALUES (?, ?, ?)", (contract, text, why)
            )
        )

    def pending(self) -> list[PendingDiscard]:
        """See `Book`."""
        found = self._db.rows("SELECT ord, contract, spans, why FROM pending ORDER BY ord")
        return [
            PendingDiscard(number, contract, tuple(Span(*span) for span in json.loads(spans)), why)
            for number, contract, spans, why in found
        ]

    def drop_pending(self, number: int) -> None:
        """See `Book`."""
        self._db.write(lambda db: db.execute("DELETE FROM pending WHERE ord = ?", (number,)))

    def remove_shots(self, rid: str) -> None:
        """See `Book`."""
        self._shots.remove_of(rid)

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
                _sign_segment(db, new, rid)
            _advance(db, new)
            _insert(db, new)
            db.executemany("INSERT INTO disclosures VALUES (?, ?, ?, ?)", boxes)
            db.executemany("INSERT OR IGNORE INTO targets VALUES (?, ?)", [(tgt, rid) for tgt in new.targets])
            _keep_note(db, new.checkpoint)
            places = [(new.record.payload["stream"], skip.seq) for skip in new.skips]
            db.executemany("UPDATE records SET reported = 1 WHERE stream = ? AND seq = ?", places)
            db.execute("DELETE FROM pending WHERE ord = ?", (new.pending,))
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


@dataclass(frozen=True, slots=True)
class Ended:
    """What was destroyed: names of image files, and the wrapped keys that stood in the rows."""

    names: Sequence[str]
    keys: Sequence[bytes]


def destroy(db: sqlite3.Connection, rid: str, digests: Sequence[str]) -> Ended:
    """Within a transaction: end a record's disclosures (base64url digests), images and keys."""
    names, keys = list[str](), wrapped_keys(db, rid, digests)
    for digest in digests:
        slot = db.execute(
            "UPDATE disclosures SET box = NULL WHERE rid = ? AND digest = ? RETURNING name", (rid, digest)
        ).fetchall()
        if ("memo",) in slot:
            db.execute("DELETE FROM memos WHERE rid = ?", (rid,))
        found = db.execute(
            "UPDATE images SET state = 'gone', key = NULL, meta = NULL, sealed_key = NULL "
            "WHERE rid = ? AND digest = ? RETURNING image, thumb",
            (rid, unb64u(digest).hex()),
        ).fetchall()
        names.extend(name for pair in found for name in pair)
    return Ended(names, keys)


def _advance(db: sqlite3.Connection, new: NewRecord) -> None:
    """Move the stream's head by compare-and-swap: two signers can never both commit one seq."""
    payload = new.record.payload
    stream, seq, prev = payload["stream"], payload["seq"], payload["prev"]
    if seq == 0:
        db.execute(
            "INSERT INTO streams (stream, contract, generation, seq, head) VALUES (?, ?, ?, 0, ?)",
            (stream, new.contract, new.generation, new.record.id),
        )
        return
    moved = db.execute(
        "UPDATE streams SET seq = ?, head = ? WHERE stream = ? AND seq = ? - 1 AND head = ?",
        (seq, new.record.id, stream, seq, prev),
    )
    if moved.rowcount != 1:
        raise KnownError(
            "Another WorkDiary signs for this home",
            "Close the other one; nothing was signed twice and nothing is lost.",
            subject=str(stream),
        )


def _insert(db: sqlite3.Connection, new: NewRecord) -> None:
    record, payload = new.record, new.record.payload
    at_ms = payload["at"]
    db.execute(
        "INSERT INTO records "
        "(rid, id, kind, contract, stream, seq, at_ms, start_ms, end_ms, jws, state, reported, changed_ms) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'signed', 0, ?)",
        (
            payload["rid"],
            record.id,
            record.kind,
            new.contract,
            payload["stream"],
            payload["seq"],
            at_ms,
            payload.get("start", at_ms),
            payload.get("end", at_ms),
            record.jws,
            at_ms,
        ),
    )


def _sign_segment(db: sqlite3.Connection, new: NewRecord, rid: str) -> None:
    """The held row ends, its images are queued under their disclosure digests."""
    row = db.execute("DELETE FROM segments WHERE rid = ? RETURNING cp0", (rid,)).fetchone()
    if row is None:
        raise KnownError(
            "This segment is signed already", "It is never signed again.", subject=rid, permanent=True
        )
    if row[0] is not None:
        size, root, note = json.loads(row[0])
        _keep_note(db, Checkpoint(size, root, note))
    for image in new.images:
        db.execute(
            "UPDATE images SET state = 'queued', slot = ?, digest = ?, sealed_key = ? "
            "WHERE rid = ? AND image = ?",
            (image.slot, image.digest, image.sealed_key, rid, image.image),
        )


def _keep_note(db: sqlite3.Connection, checkpoint: Checkpoint | None) -> None:
    """Gossip needs each signed note that a record embeds (evidence.md, Protocol 5)."""
    if checkpoint is not None:
        row = (checkpoint.origin, checkpoint.size, checkpoint.note)
        db.execute("INSERT OR IGNORE INTO notes VALUES (?, ?, ?)", row)
