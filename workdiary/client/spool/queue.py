"""The sending queue: persisted first, removed only by a verified receipt.

Contract: `records` come in the order they were signed. Nothing leaves the queue but by `sent` (its receipt
verified), `quarantined` (refused for good: kept, shown, exportable) or `gone` (the server will never take it
back: the own copy ends). An image is due once its record was sent. Marks are durable on return; a mark made
twice changes nothing.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from workdiary.client.segment.model import ShotImage
from workdiary.client.spool.book import SpoolBook
from workdiary.client.spool.commit import Ended, destroy
from workdiary.client.spool.copies import image_keys
from workdiary.client.spool.schema import Database
from workdiary.client.spool.shots import ShotRows
from workdiary.evidence.envelope import parse
from workdiary.evidence.notes import parse_receipt

RECORD_REFUSED = "record-refused"
# The code of a sent record whose receipt has fewer than k cosignatures of the pinned witnesses.
UNWITNESSED = "unwitnessed"
_IMAGES_AGAIN = "UPDATE images SET state = 'queued' WHERE state = 'sent' AND key IS NOT NULL"
KEPT_AFTER_STORED_MS = 7 * 24 * 3_600_000  # evidence.md, Protocol 3: blobs ≥ 7 days after they were stored


@dataclass(frozen=True, slots=True)
class WaitingRecord:
    """A signed record to be sent, exactly as it was signed; disclosures: those not destroyed since."""

    rid: str
    id: str
    jws: str
    disclosures: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WaitingImage:
    """An image to be sent: `digest` its address (hex), `sealed_key` its data key sealed at signing."""

    rid: str
    digest: str
    sealed_key: bytes
    image: ShotImage


@dataclass(frozen=True, slots=True)
class Verdict:
    """Why something is quarantined: a code of evidence.md's `skips`, words, the operator's signed refusal."""

    code: str
    why: str
    refusal: str | None = None


@dataclass(frozen=True, slots=True)
class LoggedAt:
    """Where the log holds a record; witnessed: k cosignatures are there, or nobody is pinned."""

    index: int
    receipt: str
    witnessed: bool = True


@dataclass(frozen=True, slots=True)
class UnwitnessedRecord:
    """A sent record whose receipt is to be replaced by a cosigned one."""

    rid: str
    jws: str
    index: int


class SendQueue:
    """What the uploader takes from and gives back to the spool."""

    def __init__(self, database: Database, book: SpoolBook, shots: ShotRows) -> None:
        self._db = database
        self._book = book
        self._shots = shots

    def records(self, most: int) -> list[WaitingRecord]:
        """The oldest waiting records."""
        found = self._db.rows(
            "SELECT rid, id, jws FROM records WHERE state = 'signed' "
            # What is sent again after a server lost it: redactions first, so that nothing comes back.
            "ORDER BY (kind = 'redact' AND receipt IS NOT NULL) DESC, ord LIMIT ?",
            most,
        )
        return [
            WaitingRecord(rid, ident, jws, tuple(text for _, text in self._book.disclosures(rid).values()))
            for rid, ident, jws in found
        ]

    def images(self, most: int) -> list[WaitingImage]:
        """The oldest waiting images whose records were sent."""
        found = self._db.rows(
            "SELECT i.rid, i.digest, i.sealed_key, i.shot_id, i.image "
            "FROM images i JOIN records r ON r.rid = i.rid "
            "WHERE i.state = 'queued' AND r.state = 'sent' ORDER BY r.ord, i.slot LIMIT ?",
            most,
        )
        waiting: list[WaitingImage] = []
        for rid, digest, sealed_key, shot_id, name in found:
            shot = self._shots.get(shot_id)
            images = () if shot is None else shot.images
            waiting.extend(
                WaitingImage(rid, digest, sealed_key, image) for image in images if image.image == name
            )
        return waiting

    def sent(self, rid: str, place: LoggedAt, now_ms: int) -> None:
        """A record's receipt verified. One of an earlier epoch stays beside it: it proves what was lost."""
        code = None if place.witnessed else UNWITNESSED

        def work(db: sqlite3.Connection) -> None:
            row = db.execute("SELECT receipt FROM records WHERE rid = ?", (rid,)).fetchone()
            if row is not None and row[0] is not None and _origin(row[0]) != _origin(place.receipt):
                db.execute("INSERT OR IGNORE INTO receipts VALUES (?, ?, ?)", (rid, _origin(row[0]), row[0]))
            db.execute(
                "UPDATE records SET state = 'sent', log_index = ?, receipt = ?, code = ?, why = NULL, "
                "changed_ms = ? WHERE rid = ?",
                (place.index, place.receipt, code, now_ms, rid),
            )

        self._db.write(work)

    def arrived(self, most: int, before: int | None = None) -> list[tuple[int, str]]:
        """(place, rid) of records that count as sent, newest first; `before`: only those signed earlier."""
        found = self._db.rows(
            "SELECT ord, rid FROM records WHERE state = 'sent' AND (? IS NULL OR ord < ?) "
            "ORDER BY ord DESC LIMIT ?",
            before,
            before,
            most,
        )
        return [(int(place), str(rid)) for place, rid in found]

    def unwitnessed(self, most: int) -> list[UnwitnessedRecord]:
        """The oldest sent records that wait for cosignatures."""
        found = self._db.rows(
            f"SELECT rid, jws, log_index FROM records WHERE code = '{UNWITNESSED}' AND state = 'sent' "  # noqa: S608
            "ORDER BY ord LIMIT ?",
            most,
        )
        return [UnwitnessedRecord(str(rid), str(jws), int(index)) for rid, jws, index in found]

    def witnessed(self, rid: str, receipt: str) -> None:
        """A cosigned receipt verified; it takes the place of the first."""
        self._db.write(
            lambda db: db.execute(
                "UPDATE records SET receipt = ?, code = NULL WHERE rid = ? AND state = 'sent'", (receipt, rid)
            )
        )

    def quarantined(self, rid: str, verdict: Verdict, now_ms: int) -> None:
        """A record was refused for good; its images wait with it."""

        def work(db: sqlite3.Connection) -> None:
            db.execute(
                "UPDATE records SET state = 'quarantined', code = ?, why = ?, refusal = ?, changed_ms = ? "
                "WHERE rid = ?",
                (verdict.code, verdict.why, verdict.refusal, now_ms, rid),
            )
            db.execute(
                "UPDATE images SET state = 'quarantined', code = ?, why = ?, changed_ms = ? "
                "WHERE rid = ? AND state = 'queued'",
                (RECORD_REFUSED, "Its record was refused.", now_ms, rid),
            )
            # What it reported was lost with it: a later record reports it again, else it would be a gap.
            ids = [(ident,) for ident in _reported(db, rid)]
            db.executemany("UPDATE records SET reported = 0 WHERE id = ?", ids)

        self._db.write(work)

    def gone(self, rid: str, why: str, now_ms: int) -> None:
        """The server has erased or redacted it: the own copy ends, too; the signed text stays."""

        def work(db: sqlite3.Connection) -> Ended:
            db.execute(
                "UPDATE records SET state = 'gone', code = 'gone', why = ?, changed_ms = ? WHERE rid = ?",
                (why, now_ms, rid),
            )
            found = db.execute("SELECT digest FROM disclosures WHERE rid = ?", (rid,)).fetchall()
            return destroy(db, rid, [str(row[0]) for row in found])

        self._book.remove_files(self._db.write(work))

    def again(self, rid: str) -> None:
        """The server does not know a record that counted as sent: send it again, with its images."""

        def work(db: sqlite3.Connection) -> None:
            db.execute(
                "UPDATE records SET state = 'signed', code = NULL WHERE rid = ? AND state = 'sent'", (rid,)
            )
            db.execute(f"{_IMAGES_AGAIN} AND rid = ?", (rid,))

        self._db.write(work)

    def images_again(self) -> None:
        """The server was put back from a backup: whatever image is still here is offered again."""
        self._db.write(lambda db: db.execute(_IMAGES_AGAIN))

    def state(self, rid: str) -> str | None:
        """A record's state, None if it is not known."""
        row = self._db.row("SELECT state FROM records WHERE rid = ?", rid)
        return None if row is None else str(row[0])

    def image_sent(self, digest: str, now_ms: int) -> None:
        """The server stored an image."""
        self._mark_image(digest, "sent", Verdict("", ""), now_ms)

    def image_quarantined(self, digest: str, verdict: Verdict, now_ms: int) -> None:
        """The server refused an image for good, or its file is damaged."""
        self._mark_image(digest, "quarantined", verdict, now_ms)

    def image_gone(self, digest: str) -> None:
        """The server has erased or redacted it: the own copy ends, too."""
        self._book.remove_files(self._db.write(lambda db: _end_images(db, digest)))

    def streams(self) -> Sequence[tuple[str, str, int]]:
        """(contract, stream, seq) of the newest stream of every contract."""
        found = self._db.rows(
            "SELECT contract, stream, seq FROM streams s WHERE generation = "
            "(SELECT MAX(generation) FROM streams WHERE contract = s.contract)"
        )
        return [(str(contract), str(stream), int(seq)) for contract, stream, seq in found]

    def prune(self, now_ms: int) -> int:
        """Remove images stored on the server for 7 days; returns how many. Their rows keep saying `sent`.

        Where witnesses are pinned, an image stays until its record is witnessed (evidence.md, Protocol 3).
        """
        before = now_ms - KEPT_AFTER_STORED_MS

        def work(db: sqlite3.Connection) -> list[str]:
            found = db.execute(
                "UPDATE images SET key = NULL, meta = NULL, sealed_key = NULL WHERE state = 'sent' "
                "AND key IS NOT NULL AND changed_ms < ? AND NOT EXISTS (SELECT 1 FROM records r "
                "WHERE r.rid = images.rid AND r.code = ?) RETURNING image, thumb",
                (before, UNWITNESSED),
            ).fetchall()
            return [name for pair in found for name in pair]

        names = self._db.write(work)
        self._book.remove_files(Ended(names, ()))
        return len(names) // 2

    def _mark_image(self, digest: str, state: str, verdict: Verdict, now_ms: int) -> None:
        self._db.write(
            lambda db: db.execute(
                "UPDATE images SET state = ?, code = ?, why = ?, changed_ms = ? WHERE digest = ? "
                "AND state <> 'gone'",
                (state, verdict.code or None, verdict.why or None, now_ms, digest),
            )
        )


def _end_images(db: sqlite3.Connection, digest: str) -> Ended:
    """End the rows of an image (hex digest of its disclosure)."""
    keys = image_keys(db, digest)
    found = db.execute(
        "UPDATE images SET state = 'gone', key = NULL, meta = NULL, sealed_key = NULL WHERE digest = ? "
        "RETURNING image, thumb",
        (digest,),
    ).fetchall()
    return Ended([name for pair in found for name in pair], keys)


def _origin(receipt: str) -> str:
    """The log a receipt is of."""
    return parse_receipt(receipt).checkpoint_note.partition("\n")[0]


def _reported(db: sqlite3.Connection, rid: str) -> list[str]:
    """Ids of the refused records that a record names in its `skips`."""
    row = db.execute("SELECT jws FROM records WHERE rid = ?", (rid,)).fetchone()
    skips = None if row is None else parse(row[0]).payload["skips"]
    return [str(skip["id"]) for skip in skips if isinstance(skip, dict)] if isinstance(skips, list) else []
