"""Recorded segments as they stand now: what a signed record says, and what was said of it since."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from workdiary.client.account import Checkpoint
from workdiary.client.segment.model import (
    AppSpan,
    Bucket,
    SegmentClose,
    SegmentProgress,
    SegmentStart,
    ShotImage,
)
from workdiary.client.sign.book import Target
from workdiary.client.sign.holes import Hole, holes_of, is_claimed
from workdiary.client.spool.book import SpoolBook
from workdiary.client.spool.schema import Database
from workdiary.client.spool.shots import ShotRows
from workdiary.evidence.canonical import unb64u
from workdiary.evidence.envelope import parse
from workdiary.evidence.kinds.time import BUCKETS_CAP, SHOTS_CAP
from workdiary.rules.activity import BucketFacts, bucket_active
from workdiary.rules.policy import STANDARD, by_digest
from workdiary.rules.weeks import cell_start

_IMAGES: Final = "SELECT shot_id, image, key, digest FROM images WHERE rid = ? AND state <> 'gone'"


@dataclass(frozen=True, slots=True)
class Picture:
    """An image that stands for a segment: `rid`, `slot` of the record that discloses it, "" if unsigned.

    shot_id: which instant's; image: None where it is no longer on this computer.
    """

    rid: str
    slot: str
    shot_id: str
    image: ShotImage | None


@dataclass(frozen=True, slots=True)
class PastSegment:
    """A segment that was recorded, with what was said of it since.

    signed: where it is not, `start.boot_id` is the OS's, else what its record shows of it; holes: what was
    discarded of it; claimed: whether idle time in it was taken back; pending_blur: a chosen blur is owed;
    bereft: images of it were removed.
    """

    start: SegmentStart
    close: SegmentClose
    cp0: Checkpoint | None
    pictures: tuple[Picture, ...]
    holes: tuple[Hole, ...] = ()
    signed: bool = False
    is_open: bool = False
    removed: bool = False
    claimed: bool = False
    pending_blur: bool = False
    bereft: bool = False


class SignedSegments:
    """Reads signed segments back into the parts they were made of."""

    def __init__(self, database: Database, book: SpoolBook, shots: ShotRows) -> None:
        self._db = database
        self._book = book
        self._shots = shots

    def read(self, target: Target) -> PastSegment:
        """A signed segment. Raises KnownError."""
        payload, values = parse(self._book.text(target.rid)).payload, self._book.values(target.rid)
        start = _start(target, payload, values)
        apps = [values.get(f"app.{k}") for k in range(_int(payload["apps"]))]
        progress = SegmentProgress(
            end_ms=target.end_ms,
            mono1=_int(payload["mono1"]),
            tracked_ms=_int(payload["tracked"]),
            buckets=_buckets(start, values),
            apps=tuple(AppSpan(a["start"], a["app"], a["title"]) for a in apps if isinstance(a, dict)),
            hit=payload["hit"] is True,
        )
        pictures = self._pictures(target, _int(payload["shots"]))
        close = SegmentClose(
            progress,
            payload["close"],  # type: ignore[arg-type] # checked when it was signed
            payload["no_shot"],  # type: ignore[arg-type] # checked when it was signed
            payload["recovered"] is True,
        )
        return PastSegment(
            start,
            close,
            self._checkpoint(payload["cp0"]),
            tuple(pictures),
            holes=holes_of(self._book, target),
            signed=True,
            removed=target.removed,
            bereft=len(pictures) < _int(payload["shots"]),
            claimed=is_claimed(self._book, target.rid),
        )

    def _checkpoint(self, cp0: object) -> Checkpoint | None:
        if not isinstance(cp0, dict):
            return None
        row = self._db.row("SELECT note FROM notes WHERE size = ?", cp0["size"])
        return None if row is None else Checkpoint(_int(cp0["size"]), str(cp0["root"]), str(row[0]))

    def _pictures(self, target: Target, count: int) -> list[Picture]:
        """The images of a signed segment that nobody removed, later ones in the place of those replaced."""
        found = []
        for k in range(min(count, SHOTS_CAP)):
            name = f"shot.{k}"
            row = self._db.row("SELECT shot_id FROM images WHERE rid = ? AND slot = ?", target.rid, name)
            shot_id = f"{target.rid}/{k}" if row is None else str(row[0])
            place: tuple[Target, str] | None = (target, name)
            if name not in target.digests:
                place = self._standing_in(target, name)
            if place is not None:
                said, slot = place
                found.append(Picture(said.rid, slot, shot_id, self._image(said, slot)))
        return found

    def _standing_in(self, target: Target, slot: str) -> tuple[Target, str] | None:
        """The newest `replace` in the place of an image, None if that was redacted."""
        row = self._db.row("SELECT digest FROM disclosures WHERE rid = ? AND name = ?", target.rid, slot)
        wanted = None if row is None else str(row[0])
        for said in self._book.about(target.rid, "replace"):
            if parse(self._book.text(said.rid)).payload["digest"] == wanted:
                if "shot.0" in said.digests:
                    return said, "shot.0"
                return self._standing_in(said, "shot.0")
        return None

    def _image(self, said: Target, slot: str) -> ShotImage | None:
        digest = unb64u(said.digests[slot]).hex()
        for shot_id, image, key, kept in self._db.rows(_IMAGES, said.rid):
            if kept == digest and key is not None:
                shots = self._shots.get(str(shot_id))
                return next((i for i in (shots.images if shots else ()) if i.image == image), None)
        return None


def _start(target: Target, payload: dict[str, Any], values: dict[str, Any]) -> SegmentStart:
    policy = by_digest(str(payload["policy"])) or STANDARD
    memo, label, zone = (values.get(name) for name in ("memo", "label", "zone"))
    return SegmentStart(
        rid=target.rid,
        session=str(payload["session"]),
        contract=target.contract,
        start_ms=target.start_ms,
        mono0=_int(payload["mono0"]),
        open=payload["open"],
        memo=memo if isinstance(memo, str) else "",
        label=label if isinstance(label, str) else None,
        zone=zone if isinstance(zone, str) else "",
        policy=policy.name,
        mode=str(payload["mode"]),
        backend_counts=payload["backend_counts"],
        boot_id=str(payload["boot"]),
        clock_step=payload["clock_step"] is True,
        clock_unsure=payload["clock_unsure"] is True,
        cell_ms=cell_start(target.start_ms, policy),
    )


def _buckets(start: SegmentStart, values: dict[str, Any]) -> tuple[Bucket, ...]:
    found = [values.get(f"act.{k}") for k in range(BUCKETS_CAP)]
    return tuple(_bucket(start, value) for value in found if isinstance(value, dict))


def _bucket(start: SegmentStart, value: dict[str, Any]) -> Bucket:
    count = {name: _int(number) for name, number in value.items()}
    events = count["keys"] + count["clicks"] + count["scrolls"]
    facts = BucketFacts(events, count["injected"], count["active_s"])
    return Bucket(
        start_ms=count["start"],
        len_ms=count["len"],
        keys=count["keys"],
        clicks=count["clicks"],
        scrolls=count["scrolls"],
        moves=count["moves"],
        active_s=count["active_s"],
        injected=count["injected"],
        active=bucket_active(facts, start.backend_counts),
    )


def _int(value: object) -> int:
    if not isinstance(value, int):
        raise TypeError(type(value).__name__)
    return value
