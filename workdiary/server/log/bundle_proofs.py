"""What joins the checkpoints a bundle mentions to its final one, and what bounds their time."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass

from workdiary.evidence.bundle.contents import LeafFile, NoteFile
from workdiary.evidence.log import consistency_proof, inclusion_proof
from workdiary.server.log.cosigned import note_text, signed_note
from workdiary.server.log.models import Anchor, Beacon
from workdiary.server.log.tree import reader


@dataclass(frozen=True, slots=True)
class Mentioned:
    """What a bundle says of one epoch's log.

    final: size of the epoch's final checkpoint in the bundle; indexes: leaf indexes of its records; sizes:
    every size its records show (cp, cp0) or its receipts' notes have.
    """

    epoch: int
    final: int
    indexes: frozenset[int]
    sizes: frozenset[int]


@dataclass(frozen=True, slots=True)
class LogProofs:
    """Notes, each with its consistency proof to the final checkpoint; beacons, which bound time below."""

    notes: tuple[NoteFile, ...]
    beacons: tuple[LeafFile, ...]


def log_proofs(said: Mentioned) -> LogProofs:
    """All that a verifier needs of an epoch's log beside the records' own receipts, and nothing more.

    Beacons: for each size shown, the newest one below it. Time stamps: for each record, the first one over a
    note that includes it. Raises EvidenceError if the log has no such sizes.
    """
    beacons = _beacons(said)
    anchors = _anchors(said)
    sizes = {size for size in said.sizes if size <= said.final}
    sizes |= {beacon.size for beacon in beacons} | anchors.keys()
    read = reader(said.epoch, said.final)
    notes = [
        NoteFile(
            epoch=said.epoch,
            size=size,
            note=_text(said.epoch, size),
            consistency=tuple(consistency_proof(size, said.final, read)),
            token=anchors.get(size),
        )
        for size in sorted(sizes)
    ]
    leaves = [
        LeafFile(
            said.epoch,
            beacon.index,
            bytes(beacon.leaf),
            tuple(inclusion_proof(beacon.index, said.final, read)),
        )
        for beacon in beacons
    ]
    return LogProofs(tuple(notes), tuple(leaves))


def _text(epoch: int, size: int) -> str | None:
    note = signed_note(epoch, size)
    return None if note is None else note_text(note)


def _beacons(said: Mentioned) -> list[Beacon]:
    rows = Beacon.objects.filter(epoch=said.epoch, index__lt=said.final)
    logged = list(rows.order_by("index").values_list("index", flat=True))
    places = {bisect_left(logged, size) for size in said.sizes} - {0}
    return list(rows.filter(index__in=[logged[place - 1] for place in places]).order_by("index"))


def _anchors(said: Mentioned) -> dict[int, bytes]:
    rows = Anchor.objects.filter(epoch=said.epoch, size__lte=said.final)
    stamped = list(rows.order_by("size").values_list("size", flat=True))
    places = {bisect_right(stamped, index) for index in said.indexes} - {len(stamped)}
    return {row.size: bytes(row.token) for row in rows.filter(size__in=[stamped[place] for place in places])}
