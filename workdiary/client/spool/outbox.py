"""What waits to be sent, why, since when; tried again or taken away as files by whoever owns it."""

from __future__ import annotations

import builtins
import json
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from workdiary.client.errors import ExitCode, KnownError, border
from workdiary.client.segment.image_file import DamagedImageError, decode_key, open_image
from workdiary.client.settings import write_durably
from workdiary.client.spool.book import SpoolBook
from workdiary.client.spool.queue import RECORD_REFUSED, UNWITNESSED
from workdiary.client.spool.schema import Database
from workdiary.client.spool.shots import ShotRows
from workdiary.evidence.envelope import parse

ItemState = Literal["open", "held", "signed", "image", "quarantined"]

_WHY = {
    "open": "It is being recorded.",
    "held": "It waits for the end of its preview, then it is signed.",
    "signed": "It waits for the diary server.",
    "queued": "It waits for the diary server.",
}


@dataclass(frozen=True, slots=True)
class OutboxCounts:
    """The fields of tracker.events.OutboxView; waiting: closed segments and records not yet receipted.

    unwitnessed: receipted ones that wait for cosignatures of the pinned witnesses; after_lock: waiting ones
    of weeks that were locked meanwhile.
    """

    waiting: int
    quarantined: int
    oldest_ms: int | None
    last_receipt_ms: int | None
    images: int
    unwitnessed: int = 0
    after_lock: int = 0


@dataclass(frozen=True, slots=True)
class OutboxItem:
    """One waiting thing; since: wall ms; rid: of its record; why: words; code: of a refusal, "" else."""

    rid: str
    kind: str
    state: ItemState
    since_ms: int
    why: str
    code: str


class Outbox:
    """The waiting rows, as a person looks at them."""

    def __init__(self, database: Database, book: SpoolBook, shots: ShotRows) -> None:
        self._db = database
        self._book = book
        self._shots = shots

    def counts(self, open_from_ms: int = 0) -> OutboxCounts:
        """What waits, in numbers; open_from_ms: the first instant whose week is not locked."""
        row = self._db.row(
            "SELECT (SELECT COUNT(*) FROM records WHERE state = 'signed'), "
            "(SELECT COUNT(*) FROM segments WHERE state = 'held'), "
            "(SELECT COUNT(*) FROM records WHERE state = 'quarantined'), "
            "(SELECT COUNT(*) FROM images WHERE state = 'quarantined' AND code <> ?), "
            "(SELECT MIN(at_ms) FROM records WHERE state = 'signed'), "
            "(SELECT MIN(end_ms) FROM segments WHERE state = 'held'), "
            "(SELECT MAX(changed_ms) FROM records WHERE state = 'sent'), "
            "(SELECT COUNT(*) FROM images WHERE state = 'queued'), "
            "(SELECT COUNT(*) FROM records WHERE code = ? AND state = 'sent'), "
            "(SELECT COUNT(*) FROM records WHERE state = 'signed' AND kind IN ('segment', 'manual') "
            "AND start_ms < ?), "
            "(SELECT COUNT(*) FROM segments WHERE state = 'held' AND start_ms < ?)",
            RECORD_REFUSED,
            UNWITNESSED,
            open_from_ms,
            open_from_ms,
        )
        signed, held, refused, damaged, oldest, oldest_held, receipt, images, alone, *late = row or (0,) * 11
        times = [value for value in (oldest, oldest_held) if value is not None]
        return OutboxCounts(
            signed + held, refused + damaged, min(times, default=None), receipt, images, alone, sum(late)
        )

    def resumed(self, since_ms: int) -> str:
        """Why the newest stream of any contract was begun anew: restored, lost or moved; "" if none was.

        Only streams opened from `since_ms` on; that of a key that took another's place is none of them.
        """
        begun = self._db.rows(
            "SELECT stream FROM streams s WHERE generation > 0 AND generation = "
            "(SELECT MAX(generation) FROM streams WHERE contract = s.contract)"
        )
        for (stream,) in begun:
            row = self._db.row("SELECT jws FROM records WHERE stream = ? AND seq = 0", stream)
            opened = None if row is None else parse(row[0])
            resume = None if opened is None else opened.payload["resume"]
            if opened is None or not isinstance(resume, dict) or int(str(opened.payload["at"])) < since_ms:
                continue
            if resume["why"] != "moved" or self._book.signer_of(str(resume["stream"])) == opened.kid:
                return str(resume["why"])
        return ""

    def list(self) -> builtins.list[OutboxItem]:
        """Everything not yet receipted, oldest first."""
        items = [
            OutboxItem(rid, "segment", state, start_ms, why or _WHY[state], "")
            for rid, state, start_ms, why in self._db.rows("SELECT rid, state, start_ms, why FROM segments")
        ]
        records = (
            "SELECT rid, kind, state, start_ms, why, code FROM records "
            "WHERE state IN ('signed', 'quarantined')"
        )
        for rid, kind, state, since_ms, why, code in self._db.rows(records):
            items.append(OutboxItem(rid, kind, state, since_ms, why or _WHY["signed"], code or ""))
        images = (
            "SELECT rid, state, changed_ms, why, code FROM images WHERE state IN ('queued', 'quarantined')"
        )
        for rid, state, since_ms, why, code in self._db.rows(images):
            shown: ItemState = "quarantined" if state == "quarantined" else "image"
            items.append(OutboxItem(rid, "image", shown, since_ms, why or _WHY["queued"], code or ""))
        return sorted(items, key=lambda item: (item.since_ms, item.rid))

    def retry(self, rid: str | None = None) -> int:
        """Put quarantined ones (all, or one record's) back in the queue; returns how many.

        Raises KnownError (exit 6) if nothing is quarantined under `rid`.
        """

        def work(db: sqlite3.Connection) -> int:
            chosen = "state = 'quarantined' AND (? IS NULL OR rid = ?)"
            records = db.execute(f"UPDATE records SET state = 'signed' WHERE {chosen}", (rid, rid))  # noqa: S608
            images = db.execute(f"UPDATE images SET state = 'queued' WHERE {chosen}", (rid, rid))  # noqa: S608
            return records.rowcount + images.rowcount

        moved = self._db.write(work)
        if rid is not None and moved == 0:
            raise KnownError(
                "Nothing is quarantined under this id",
                "`workdiary outbox list` shows what is.",
                subject=rid,
                exit_code=ExitCode.NOT_FOUND,
            )
        return moved

    def export(self, target: Path) -> int:
        """Write what is not sent yet into a new folder; returns the number of files.

        `<rid>.jws`, `<rid>.disclosures.json` and the plain images `<rid>.<shot>.<place>.<type>`: nothing is
        encrypted any more, the folder is made for the owner only (0700). Raises KnownError if it exists.
        """
        with border(target):
            target.mkdir(mode=0o700)
        written = 0
        rows = "SELECT rid, jws FROM records WHERE state IN ('signed', 'quarantined') ORDER BY ord"
        for rid, jws in self._db.rows(rows):
            texts = {name: text for name, (_, text) in self._book.disclosures(rid).items()}
            with border(target):
                write_durably(target / f"{rid}.jws", jws.encode("ascii"))
                write_durably(target / f"{rid}.disclosures.json", json.dumps(texts, indent=1).encode())
            written += 2
        images = "SELECT DISTINCT shot_id, rid FROM images WHERE state IN ('held', 'queued', 'quarantined')"
        for shot_id, rid in self._db.rows(images):
            written += self._export_shot(shot_id, target / rid)
        return written

    def _export_shot(self, shot_id: str, stem: Path) -> int:
        shot = self._shots.get(shot_id)
        written = 0
        for place, image in enumerate(() if shot is None else shot.images):
            path = stem.with_name(f"{stem.name}.{shot_id}.{place}.{image.type.rpartition('/')[2]}")
            with border(path):
                try:
                    plain = open_image(self._shots.folder / image.image, decode_key(image.key))
                except DamagedImageError:
                    continue  # the sealed file stays where it is
                write_durably(path, plain)
            written += 1
        return written
