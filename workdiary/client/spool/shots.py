"""Shots and their holds: image rows with wrapped keys, the owner's choices, and what a choice destroys."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Literal

from workdiary.client.errors import ExitCode, KnownError, border
from workdiary.client.segment.image_file import decode_key, encode_key, remove_files
from workdiary.client.segment.model import HoldChoice, ShotImage, ShotSet
from workdiary.client.sign.book import SealedImage
from workdiary.client.spool import rows
from workdiary.client.spool.schema import Database, Row
from workdiary.client.spool.vault import Vault

_LOG = logging.getLogger(__name__)
_REMOVES = frozenset({"remove-shot", "remove-time"})
_SHOT = "SELECT shot_id, rid, at_ms, hold_until_ms, choice FROM shots"


class ShotRows:
    """Shots of segments, signed or not, while their images are here."""

    def __init__(self, database: Database, vault: Vault, folder: Path) -> None:
        self._db = database
        self._vault = vault
        self.folder = folder

    def add(self, shots: ShotSet) -> None:
        """One shot with its images; the files are durable already. The same shot again changes nothing.

        It may land after its owner removed the segment's time: then its files end here, and it says so.
        """
        images = [
            self._row(shots.shot_id, shots.rid, place, image) for place, image in enumerate(shots.images)
        ]

        def work(db: sqlite3.Connection) -> list[str]:
            _refuse_unless_unsigned(db, shots.rid)
            (removed,) = db.execute("SELECT removed FROM segments WHERE rid = ?", (shots.rid,)).fetchone()
            db.execute(
                "INSERT OR IGNORE INTO shots VALUES (?, ?, ?, ?, ?)",
                (
                    shots.rid,
                    shots.shot_id,
                    shots.at_ms,
                    shots.hold_until_ms,
                    "remove-time" if removed else shots.choice,
                ),
            )
            if removed:
                return [name for image in shots.images for name in (image.image, image.thumb)]
            db.executemany(_INSERT_IMAGE, images)
            return []

        self.destroy_files(self._db.write(work))

    def replace(self, shot_id: str, images: tuple[ShotImage, ...]) -> None:
        """Blurred images in place of the first ones, whose keys and files end.

        Where the owner chose something else meanwhile, that stands and the new files end.
        """
        shot = self._require(shot_id)
        new = [self._row(shot_id, shot.rid, place, image) for place, image in enumerate(images)]

        def work(db: sqlite3.Connection) -> list[str]:
            (choice,) = db.execute("SELECT choice FROM shots WHERE rid = ? AND shot_id = ?", place).fetchone()
            if choice not in {None, "blur"} or not _unsigned(db, shot.rid):
                return files
            gone = _delete_images(db, shot.rid, shot_id)
            db.executemany(_INSERT_IMAGE, new)
            return [name for name in gone if name not in files]

        place = (shot.rid, shot_id)
        files = [name for image in images for name in (image.image, image.thumb)]
        self.destroy_files(self._db.write(work))

    def extend(self, shot_id: str, hold_until_ms: int) -> None:
        """Move a hold's end."""
        shot = self._require(shot_id)
        self._db.write(
            lambda db: db.execute(
                "UPDATE shots SET hold_until_ms = ? WHERE rid = ? AND shot_id = ?",
                (hold_until_ms, shot.rid, shot_id),
            )
        )

    def decide(
        self, shot_id: str, choice: HoldChoice, erase: Callable[[sqlite3.Connection, str], None]
    ) -> None:
        """Note a choice; a removal ends the images now.

        erase(db, rid): ends the segment's counts and memo.
        """
        shot = self._require(shot_id)
        if choice == "keep" and self._db.row("SELECT 1 FROM records WHERE rid = ?", shot.rid):
            return  # the hold had ended as keep: that is what was wanted
        if shot.choice in _REMOVES and choice not in _REMOVES:
            raise KnownError(
                "What was removed cannot come back",
                "The images of this shot were destroyed when they were removed.",
                subject=shot_id,
                exit_code=ExitCode.REFUSED,
            )

        def work(db: sqlite3.Connection) -> list[str]:
            _refuse_unless_unsigned(db, shot.rid)
            place = (choice, shot.rid, shot_id)
            db.execute("UPDATE shots SET choice = ? WHERE rid = ? AND shot_id = ?", place)
            if choice == "remove-time":
                erase(db, shot.rid)
                return end_shots(db, shot.rid, "remove-time")
            return _delete_images(db, shot.rid, shot_id) if choice == "remove-shot" else []

        self.destroy_files(self._db.write(work), texts_ended=choice == "remove-time")

    def insert_shots(self, db: sqlite3.Connection, shots: ShotSet) -> None:
        """Within a transaction: a shot with its images, whose files are durable."""
        place = (shots.rid, shots.shot_id, shots.at_ms, shots.hold_until_ms, shots.choice)
        db.execute("INSERT INTO shots VALUES (?, ?, ?, ?, ?)", place)
        rows_ = [self._row(shots.shot_id, shots.rid, k, image) for k, image in enumerate(shots.images)]
        db.executemany(_INSERT_IMAGE, rows_)

    def insert_replacement(
        self, db: sqlite3.Connection, rid: str, image: ShotImage, sealed: SealedImage
    ) -> None:
        """Within a transaction: the image of a `replace` record waits to be sent like any other."""
        self.insert_shots(db, ShotSet(rid, rid, image.at_ms, (image,), image.at_ms, "blur"))
        queue_image(db, rid, sealed)

    def of(self, rid: str) -> tuple[ShotSet, ...]:
        """A segment's shots, oldest first."""
        found = self._db.rows(f"{_SHOT} WHERE rid = ? ORDER BY at_ms, shot_id", rid)
        return tuple(self._shot(row) for row in found)

    def get(self, shot_id: str) -> ShotSet | None:
        """One shot."""
        row = self._db.row(f"{_SHOT} WHERE shot_id = ?", shot_id)
        return None if row is None else self._shot(row)

    def holds(self) -> list[ShotSet]:
        """Shots of unsigned segments: undecided, or to be blurred and not blurred yet; oldest first."""
        query = f"{_SHOT} WHERE rid IN (SELECT rid FROM segments) ORDER BY at_ms, shot_id"  # noqa: S608
        found = [self._shot(row) for row in self._db.rows(query)]
        return [shot for shot in found if shot.choice is None or blur_due(shot)]

    def _require(self, shot_id: str) -> ShotSet:
        shot = self.get(shot_id)
        if shot is None:
            raise KnownError(
                "No such shot",
                "This home has no shot under this id any more.",
                subject=shot_id,
                exit_code=ExitCode.NOT_FOUND,
            )
        return shot

    def _row(self, shot_id: str, rid: str, place: int, image: ShotImage) -> tuple[object, ...]:
        key = self._vault.wrap(decode_key(image.key), f"image/{image.image}/key")
        size = 0
        for name in (image.image, image.thumb):
            with border(self.folder / name):
                size += (self.folder / name).stat().st_size
        meta = rows.seal_meta(self._vault, image)
        return rid, image.image, image.thumb, shot_id, place, size, key, meta, "held", image.at_ms

    def _shot(self, row: Row) -> ShotSet:
        shot_id, rid, at_ms, hold_until_ms, choice = row
        found = self._db.rows(
            "SELECT image, key, meta FROM images "
            "WHERE rid = ? AND shot_id = ? AND key IS NOT NULL ORDER BY pos",
            rid,
            shot_id,
        )
        images = tuple(self._image(*cells) for cells in found)
        return ShotSet(shot_id, rid, at_ms, images, hold_until_ms, choice, choice in _REMOVES)

    def _image(self, image: str, key: bytes, meta: bytes) -> ShotImage:
        plain = self._vault.unwrap(key, f"image/{image}/key")
        return rows.open_meta(self._vault, image, meta, encode_key(plain))

    def destroy_files(self, names: list[str], *, texts_ended: bool = False) -> None:
        """After the rows: a crash in between leaves files without keys, which the next start sweeps.

        So does a disk that refuses: what is committed is done, and nobody may take it for undone.
        """
        try:
            if names:
                with border(self.folder):
                    remove_files(self.folder, names)
        except KnownError as error:
            _LOG.warning("files without keys are left: %s", error.title)
        if names or texts_ended:
            try:
                self._db.forget()
            except KnownError as error:
                _LOG.warning("older pages are left until the next write: %s", error.title)


_INSERT_IMAGE = (
    "INSERT OR IGNORE INTO images (rid, image, thumb, shot_id, pos, size, key, meta, state, changed_ms) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


def blur_due(shot: ShotSet) -> bool:
    """Whether the owner asked for a blur that is not done: such a shot is never signed as it is."""
    return shot.choice == "blur" and any(image.edit != "blurred" for image in shot.images)


def choices_of(db: sqlite3.Connection, rid: str) -> frozenset[tuple[str, str]]:
    """Within a transaction: (shot, choice) wherever the owner chose something else than to keep."""
    found = db.execute("SELECT shot_id, choice FROM shots WHERE rid = ? AND choice <> 'keep'", (rid,))
    return frozenset((str(shot_id), str(choice)) for shot_id, choice in found)


def queue_image(db: sqlite3.Connection, rid: str, image: SealedImage) -> None:
    """Within a transaction: an image waits to be sent, under the digest of its disclosure."""
    db.execute(
        "UPDATE images SET state = 'queued', slot = ?, digest = ?, sealed_key = ? "
        "WHERE rid = ? AND image = ?",
        (image.slot, image.digest, image.sealed_key, rid, image.image),
    )


def end_shots(db: sqlite3.Connection, rid: str, choice: Literal["remove-shot", "remove-time"]) -> list[str]:
    """Within a transaction: end every shot of an unsigned segment; the files to remove after it."""
    kept = "choice IS NULL OR choice IN ('keep', 'blur', ?)"
    db.execute(f"UPDATE shots SET choice = ? WHERE rid = ? AND ({kept})", (choice, rid, choice))  # noqa: S608
    return _delete_images(db, rid, None)


def _delete_images(db: sqlite3.Connection, rid: str, shot_id: str | None) -> list[str]:
    """Delete the image rows of a shot (None: of the whole segment), keys and all; their files' names."""
    found = db.execute(
        "DELETE FROM images WHERE rid = ? AND (? IS NULL OR shot_id = ?) RETURNING image, thumb",
        (rid, shot_id, shot_id),
    ).fetchall()
    return [name for pair in found for name in pair]


def _unsigned(db: sqlite3.Connection, rid: str) -> bool:
    return db.execute("SELECT 1 FROM segments WHERE rid = ?", (rid,)).fetchone() is not None


def _refuse_unless_unsigned(db: sqlite3.Connection, rid: str) -> None:
    if not _unsigned(db, rid):
        raise KnownError(
            "This segment is signed already",
            "Use redact to remove its images, discard to remove its time.",
            subject=rid,
            exit_code=ExitCode.REFUSED,
        )


def remove_orphans(folder: Path, known: set[str], aside: Path | None) -> int:
    """Remove files without a row, or move them `aside`; returns how many. Raises OSError."""
    orphans = [path.name for path in folder.iterdir() if path.name not in known]
    if aside is not None and orphans:
        aside.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name in orphans:
            with suppress(FileNotFoundError):
                (folder / name).rename(aside / name)
    elif orphans:
        remove_files(folder, orphans)
    return len(orphans)
