"""A new epoch: after leaves were lost this installation never signs the old origin again (Protocol 3).

The new log's leaf 0 names the last note known of the old one, so that everybody sees where the break is. What
was logged before keeps its receipts; what was lost is sent again by who has it, and gets new ones.
"""

from __future__ import annotations

from collections.abc import Sequence

from workdiary.evidence.canonical import JsonObject, b64
from workdiary.evidence.errors import EvidenceError
from workdiary.evidence.leaves import epoch_leaf
from workdiary.evidence.log import leaf_hash
from workdiary.evidence.notes import Receipt
from workdiary.server.log import newest
from workdiary.server.log.models import Leaf, Note, Tree
from workdiary.server.log.tree import (
    current,
    epoch_in,
    keep_newest,
    keep_text,
    lost_beyond,
    newest_signed,
    origin,
    own_head,
    own_tree,
    rank,
    sign,
)
from workdiary.server.store.database import writing
from workdiary.server.store.runtime import runtime
from workdiary.wire.known import ExitCode, KnownError


def new_epoch(shown: Sequence[str] = ()) -> int:
    """Begin the next epoch; its number.

    shown: notes of this log that others kept (a device, a witness); the newest known one is named in leaf 0.
    Raises KnownError if nothing is lost, or for a note that is not this log's. No server may run.
    """
    for text in shown:
        if own_head(text) is None:
            raise KnownError(
                "This note is not of this log",
                "Its signature is not by this installation's key. Nothing was changed.",
                exit_code=ExitCode.REFUSED,
            )
        keep_text(text)
    with writing():
        tree = own_tree()
        if not lost_beyond(tree):
            raise KnownError(
                "Nothing of this log is lost",
                f"The database, of {tree.size} records, leads to all that is known. Nothing was changed.",
                exit_code=ExitCode.REFUSED,
            )
        text, seen = _last_known(), newest.seen()
        epoch = max(tree.epoch, rank(own_head(text))[0], (epoch_in(seen.origin) or 0) if seen else 0) + 1
        # Sizes that a crash left without a note stay without: whether others saw them signed is not known.
        Note.objects.filter(epoch=tree.epoch, text=None).delete()
        note = _first_leaf(epoch, text)
    sign(note)
    newest.forget_seen()
    keep_newest(note)
    return epoch


def _last_known() -> str:
    texts = (newest.note() or "", newest_signed().text or "")
    return max(texts, key=lambda text: rank(own_head(text)))


def _first_leaf(epoch: int, before: str) -> Note:
    leaf = leaf_hash(epoch_leaf(before))
    Tree.objects.create(epoch=epoch, origin=origin(epoch), size=1, root=leaf, frontier=leaf, before=before)
    Leaf.objects.create(epoch=epoch, index=0, hash=leaf)
    return Note.objects.create(epoch=epoch, size=1, root=leaf, at_ms=runtime().now_ms())


def signed_size(epoch: int) -> int:
    """How many leaves of an epoch its newest note covers."""
    return newest_signed(epoch).size


def beginning(epoch: int | None = None) -> JsonObject:
    """How an epoch (the present one) began: its leaf 0 as base64, and a tlog-proof that it is leaf 0.

    Raises EvidenceError if there is no such epoch, or it is the first.
    """
    number = current().epoch if epoch is None else epoch
    tree = Tree.objects.filter(epoch=number, before__isnull=False).first()
    if tree is None or tree.before is None:
        raise EvidenceError("proof", "no such epoch")
    first = Note.objects.get(epoch=number, size=1)
    # A tree of one leaf: the leaf's hash is the root, and the path is empty.
    receipt = Receipt(0, (), first.text or "").encode()
    return {"epoch": number, "leaf": b64(epoch_leaf(tree.before)), "receipt": receipt}
