"""Shots and their holds: image rows with wrapped keys, the owner's choices, and what a choice destroys."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from workdiary.client.errors import ExitCode, KnownError, border
from workdiary.client.segment.image_file import decode_key, encode_key, remove_files
from workdiary.client.segment.model import HoldChoice, ShotImage, ShotSet
from workdiary.client.spool import rows
from workdiary.client.spool.schema import Database, Row
from workdiary.client.spool.vault import Vault

_REMOVES = frozenset({"remove-shot", "remove-time"})
_SHOT = "SELECT shot_id, rid, at_ms, hold_until_ms, choice FROM shots"


class ShotRows:
    """Shots of segments, signed or not, while their images are here."""

    def __init__(self, database: Database, vault: Vault, folder: Path) -> None:
        self._db = database
        self._vault = vault
        self.folder = folder

    def add(self, shots: ShotSet) -> None:
        """One shot with its images; the files are durable already. The same shot again changes nothing."""
        images = [
            self._row(shots.shot_id, shots.rid, place, image) for place, image in enumerate(shots.images)
        ]

        def work(db: sqlite3.Connection) -> None:
            _refuse_unless_unsigned(db, shots.rid)
            db.execute(
                "INSERT OR IGNORE INTO shots VALUES (?, ?, ?, ?, ?)",
                (shots.rid, shots.shot_id, shots.at_ms, shots.hold_until_ms, shots.choice),
            )
            db.executemany(_INSERT_IMAGE, images)

        self._db.write(work)

    def replace(self, shot_id: str, images: tuple[ShotImage, ...]) -> None:
        """Blurred images in place of the first ones, whose keys and files end."""
        shot = self._require(shot_id)
        new = [self._row(shot_id, shot.rid, place, image) for place, image in enumerate(images)]

        def work(db: sqlite3.Connection) -> list[str]:
            _refuse_unless_unsigned(db, shot.rid)
            gone = _delete_images(db, shot.rid, shot_id)
            db.executemany(_INSERT_IMAGE, new)
            return gone

        kept = {name for image in images for name in (image.image, image.thumb)}
        self._destroy_files([name for name in self._db.write(work) if name not in kept])

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
                return _delete_images(db, shot.rid, None)
            return _delete_images(db, shot.rid, shot_id) if choice == "remove-shot" else []

        self._destroy_files(self._db.write(work), texts_ended=choice == "remove-time")

    def remove_of(self, rid: str) -> None:
        """Remove all shots of a segment that is not signed yet, keep its time."""

        def work(db: sqlite3.Connection) -> list[str]:
            _refuse_unless_unsigned(db, rid)
            removable = "rid = ? AND (choice IS NULL OR choice <> 'remove-time')"
            db.execute(f"UPDATE shots SET choice = 'remove-shot' WHERE {removable}", (rid,))  # noqa: S608
            return _delete_images(db, rid, None)

        self._destroy_files(self._db.write(work))

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

    def _destroy_files(self, names: list[str], *, texts_ended: bool = False) -> None:
        """After the rows: a crash in between leaves files without keys, which the next start sweeps."""
        if names:
            with border(self.folder):
                remove_files(self.folder, names)
        if names or texts_ended:
            self._db.forget()


_INSERT_IMAGE = (
    "INSERT OR IGNORE INTO images (rid, image, thumb, shot_id, pos, size, key, meta, state, changed_ms) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


def blur_due(shot: ShotSet) -> bool:
    """Whether the owner asked for a blur that is not done: such a shot is never signed as it is."""
    return shot.choice == "blur" and any(image.edit != "blurred" for image in shot.images)


def _delete_images(db: sqlite3.Connection, rid: str, shot_id: str | None) -> list[str]:
    """Delete the image rows of a shot (None: of the whole segment), keys and all; their files' names."""
    found = db.execute(
        "DELETE FROM images WHERE rid = ? AND (? IS NULL OR shot_id = ?) RETURNING image, thumb",
        (rid, shot_id, shot_id),
    ).fetchall()
    return [name for pair in found for name in pair]


def _refuse_unless_unsigned(db: sqlite3.Connection, rid: str) -> None:
    if db.execute("SELECT 1 FROM segments WHERE rid = ?", (rid,)).fetchone() is None:
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
