"""Receipts: for a logged record, the proof that it is in the tree of a signed note."""

from __future__ import annotations

from typing import Protocol

from workdiary.evidence.log import inclusion_proof
from workdiary.evidence.notes import Receipt
from workdiary.server.log.cosigned import note_text, proof_note
from workdiary.server.log.models import Leaf, Note
from workdiary.server.log.tree import reader, sign_waiting


class Logged(Protocol):
    """Anything that is in the log (receive's Record)."""

    @property
    def leaf(self) -> Leaf:
        """Its leaf."""
        ...


def receipt_for(record: Logged) -> str:
    """The best tlog-proof of a record there is: the same every time until witnesses have cosigned.

    Against the earliest note that includes it and has k pinned cosignatures, else the earliest note.
    """
    leaf = record.leaf
    note = proof_note(leaf.epoch, leaf.index)
    if note is None:
        # A crash came between the leaf and the note, and this sender asks again before anyone appended.
        sign_waiting()
        note = Note.objects.filter(epoch=leaf.epoch, size__gt=leaf.index).order_by("size")[0]
    path = inclusion_proof(leaf.index, note.size, reader(leaf.epoch, note.size))
    return Receipt(leaf.index, tuple(path), note_text(note)).encode()
