"""The rows of one signing, within its one transaction."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from workdiary.client.account import Checkpoint
from workdiary.client.errors import KnownError
from workdiary.client.sign.book import ChangedError, NewRecord
from workdiary.client.spool.copies import wrapped_keys
from workdiary.client.spool.shots import choices_of, queue_image
from workdiary.evidence.canonical import unb64u


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


def advance(db: sqlite3.Connection, new: NewRecord) -> None:
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


def insert(db: sqlite3.Connection, new: NewRecord) -> None:
    """The record's row."""
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


def sign_segment(db: sqlite3.Connection, new: NewRecord, rid: str) -> None:
    """The held row ends, its images are queued under their disclosure digests."""
    row = db.execute("DELETE FROM segments WHERE rid = ? RETURNING cp0", (rid,)).fetchone()
    if row is None:
        raise KnownError(
            "This segment is signed already", "It is never signed again.", subject=rid, permanent=True
        )
    if row[0] is not None:
        size, root, note = json.loads(row[0])
        keep_note(db, Checkpoint(size, root, note))
    # What was chosen while the record was being built wins: nothing just removed or to be blurred is signed.
    if choices_of(db, rid) != new.chosen:
        raise ChangedError(rid)
    for image in new.images:
        queue_image(db, rid, image)


def keep_note(db: sqlite3.Connection, checkpoint: Checkpoint | None) -> None:
    """Gossip needs each signed note that a record embeds (evidence.md, Protocol 5)."""
    if checkpoint is not None:
        row = (checkpoint.origin, checkpoint.size, checkpoint.note)
        db.execute("INSERT OR IGNORE INTO notes VALUES (?, ?, ?)", row)
