"""The log's part of a bundle, taken apart by epoch; the leaves and the trust file it encloses."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from workdiary.evidence import log
from workdiary.evidence.bundle import Bundle, BundleRecord, LeafFile, NoteFile
from workdiary.evidence.cosign import parse_cosigner
from workdiary.evidence.errors import EvidenceError
from workdiary.verify.logs import EpochLog, NoteReader
from workdiary.verify.trust import TRUST_CAP, Trust, parse_trust


@dataclass(slots=True)
class Part:
    """What a bundle holds of one epoch."""

    records: list[BundleRecord] = field(default_factory=list)
    notes: list[NoteFile] = field(default_factory=list)
    beacons: list[LeafFile] = field(default_factory=list)


def grouped(bundle: Bundle) -> dict[int, Part]:
    """Everything by epoch: hostile epochs can be as many as there are files."""
    epochs = {bundle.manifest.epoch, *bundle.checkpoints}
    epochs |= {record.epoch for record in bundle.records} | {note.epoch for note in bundle.notes}
    epochs |= {leaf.epoch for leaf in bundle.beacons} | {leaf.epoch for leaf in bundle.epochs}
    parts = {epoch: Part() for epoch in sorted(epochs)}
    for record in bundle.records:
        parts[record.epoch].records.append(record)
    for note in bundle.notes:
        parts[note.epoch].notes.append(note)
    for beacon in bundle.beacons:
        parts[beacon.epoch].beacons.append(beacon)
    return parts


def own_copy(bundle: Bundle) -> Trust | None:
    """The trust file inside the bundle, which counts for nothing."""
    if bundle.trust is None or len(bundle.trust) > TRUST_CAP:
        return None
    try:
        return parse_trust(bundle.trust.decode("utf-8", "replace"))
    except EvidenceError:
        return None


def note_reader(
    bundle: Bundle, trust: Trust | None, epochs: Iterable[int], sound: Collection[str] = ()
) -> NoteReader:
    """The reader of a bundle's notes: by the keys that are pinned.

    Without any, the bundle's own copy only shows whether it agrees with itself. `sound`: see `NoteReader`.
    """
    installation = bundle.manifest.origin.split("/")[1]
    pinned = trust or Trust()
    giver = pinned if pinned.log_key is not None else own_copy(bundle)
    vkeys = None
    if giver is not None and giver.installation == installation:
        keys = ((epoch, giver.vkey(epoch)) for epoch in epochs)
        vkeys = {epoch: key for epoch, key in keys if key is not None} or None
    return NoteReader(installation, vkeys, map(parse_cosigner, pinned.witnesses), sound)


def check_leaf(leaf: LeafFile, made: EpochLog) -> None:
    """Raise `EvidenceError` unless the epoch's final tree holds this leaf."""
    if made.final is None or leaf.path is None:
        raise EvidenceError("proof", "nothing shows that the log holds it")
    final = made.final
    log.verify_inclusion(log.leaf_hash(leaf.leaf), leaf.index, final.size, leaf.path, final.root)
