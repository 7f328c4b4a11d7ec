"""Receipts: for a logged record, the proof that it is in the tree of a signed note."""

from __future__ import annotations

from typing import Protocol

from workdiary.evidence.log import inclusion_proof
from workdiary.evidence.notes import Receipt
from workdiary.server.log.models import Leaf, Note
from workdiary.server.log.tree import reader, sign_waiting


class Logged(Protocol):
    """Anything that is in the log (receive's Record)."""

    @property
    def leaf(self) -> Leaf:
        """Its leaf."""
        ...


def receipt_for(record: Logged) -> str:
    """The tlog-proof text of a record: against the first note that covered it, so the same every time."""
    leaf = record.leaf
    covering = Note.objects.filter(epoch=leaf.epoch, size__gt=leaf.index).order_by("size")
    note = covering[0]
    if note.text is None:
        # A crash came between the leaf and the note, and this sender asks again before anyone appended.
        sign_waiting()
        note = covering[0]
    path = inclusion_proof(leaf.index, note.size, reader(leaf.epoch, note.size))
    return Receipt(leaf.index, tuple(path), note.text or "").encode()
