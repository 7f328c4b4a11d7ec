"""What a bundle needs of the log: receipts, final checkpoints, and the proofs that join all it mentions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from workdiary.evidence.bundle import LeafFile, NoteFile
from workdiary.evidence.envelope import ParsedRecord
from workdiary.evidence.leaves import epoch_leaf
from workdiary.evidence.log import inclusion_proof
from workdiary.evidence.notes import parse_checkpoint, parse_receipt
from workdiary.server.diary.selection import Selection
from workdiary.server.log.bundle_proofs import Mentioned, log_proofs
from workdiary.server.log.cosigned import note_text, proof_note, signed_note
from workdiary.server.log.epochs import signed_size
from workdiary.server.log.models import Note, Tree
from workdiary.server.log.receipts import receipt_for
from workdiary.server.log.tree import epoch_of, reader


@dataclass(frozen=True, slots=True)
class BundleLog:
    """proofs: id of a record → tlog-proof; checkpoints: epoch → final note, `final` that of the newest."""

    proofs: Mapping[str, str]
    final: str
    checkpoints: Mapping[int, str]
    notes: tuple[NoteFile, ...]
    beacons: tuple[LeafFile, ...]
    epochs: tuple[LeafFile, ...]


def bundle_log(selection: Selection, records: Iterable[ParsedRecord]) -> BundleLog:
    """The log's part of a bundle.

    The final checkpoint is the one that proves the seal: of the earliest note with k cosignatures that
    includes it, else the earliest at all.
    """
    proofs = {row.jws_id: receipt_for(row) for row in selection.rows}
    sizes = _sizes(records)
    indexes: dict[int, set[int]] = defaultdict(set)
    for row in selection.rows:
        indexes[row.leaf.epoch].add(row.leaf.index)
        sizes[row.leaf.epoch].add(_proof_size(proofs[row.jws_id]))
    newest = selection.seal.leaf.epoch
    notes: list[NoteFile] = []
    beacons: list[LeafFile] = []
    checkpoints: dict[int, str] = {}
    for epoch in _epochs(min({newest, *indexes, *sizes}), newest):
        final = _final(epoch, selection)
        checkpoints[epoch] = note_text(final)
        mentioned = Mentioned(epoch, final.size, frozenset(indexes[epoch]), frozenset(sizes[epoch]))
        found = log_proofs(mentioned)
        notes += found.notes
        beacons += found.beacons
    epochs = tuple(_opening(epoch, selection) for epoch in sorted(checkpoints) if epoch)
    return BundleLog(proofs, checkpoints[newest], checkpoints, tuple(notes), tuple(beacons), epochs)


def _epochs(oldest: int, newest: int) -> list[int]:
    """Every one up to the newest, so that each one's first leaf leads back to the one before.

    One that a second restore lost as a whole is nowhere but in that leaf.
    """
    known = Tree.objects.filter(epoch__gte=oldest, epoch__lte=newest)
    return list(known.order_by("epoch").values_list("epoch", flat=True))


def _sizes(records: Iterable[ParsedRecord]) -> dict[int, set[int]]:
    """Every size of a checkpoint that a record shows, by the epoch it was signed for."""
    sizes: dict[int, set[int]] = defaultdict(set)
    for parsed in records:
        epoch = epoch_of(parsed.log)
        if epoch is not None and parsed.supported:
            sizes[epoch].update(_shown(parsed))
    return sizes


def _shown(parsed: ParsedRecord) -> Iterator[int]:
    for name in ("cp", "cp0"):
        head = parsed.payload.get(name)
        if isinstance(head, dict):
            yield int(str(head["size"]))


def _proof_size(proof: str) -> int:
    return parse_checkpoint(parse_receipt(proof).checkpoint_note.partition("\n\n")[0] + "\n").size


def _final(epoch: int, selection: Selection) -> Note:
    """An epoch's last signed note; of the seal's own, the one that proves the seal."""
    leaf = selection.seal.leaf
    own = epoch == leaf.epoch
    note = proof_note(epoch, leaf.index) if own else signed_note(epoch, signed_size(epoch))
    if note is None:
        raise LookupError("a size of the log that nobody signed")
    return note


def _opening(epoch: int, selection: Selection) -> LeafFile:
    """Leaf 0 of a later epoch: the last note known of the one before."""
    leaf = epoch_leaf(Tree.objects.get(epoch=epoch).before or "")
    size = _final(epoch, selection).size
    return LeafFile(epoch, 0, leaf, tuple(inclusion_proof(0, size, reader(epoch, size))))
