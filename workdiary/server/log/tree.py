"""The stored tree: its beginning, the hashes it is read by, its notes and proofs."""

from __future__ import annotations

import logging

from workdiary.evidence.errors import EvidenceError
from workdiary.evidence.log import EMPTY_ROOT, consistency_proof, root
from workdiary.evidence.notes import Checkpoint, NoteSigner, sign_note
from workdiary.evidence.tiles import TILE_WIDTH, Tile, TileReader, has_tile
from workdiary.server.log import newest
from workdiary.server.log.models import Leaf, Note, TileRoot, Tree
from workdiary.server.store.database import writing
from workdiary.server.store.problem import ProblemError
from workdiary.server.store.runtime import runtime
from workdiary.wire.known import KnownError
from workdiary.wire.problems import ProblemCode

LOG = logging.getLogger("workdiary.log")


def origin(epoch: int) -> str:
    """The name of this installation's log in an epoch; never a host name, which would outlive its owner."""
    return f"workdiary/{runtime().secrets.installation}/{epoch}"


def epoch_of(text: str) -> int | None:
    """The epoch if `text` is an origin of this installation up to now, else None."""
    prefix, _, number = text.rpartition("/")
    if prefix != f"workdiary/{runtime().secrets.installation}" or not number.isdecimal():
        return None
    epoch = int(number)
    return epoch if epoch <= current().epoch else None


def begin() -> None:
    """Start the log if this database has none, and sign what a crash left unsigned.

    Raises KnownError if the database is another installation's (its keys and its log belong together), or if
    it is older than what was signed: a second history under one name would be a lie.
    """
    with writing():
        if not Tree.objects.exists():
            Tree.objects.create(epoch=0, origin=origin(0), size=0, root=EMPTY_ROOT, frontier=b"")
            Note.objects.create(epoch=0, size=0, root=EMPTY_ROOT, at_ms=runtime().now_ms())
    tree = current()
    if tree.origin != origin(tree.epoch):
        raise KnownError(
            "The diary's database and its keys do not belong together",
            "diary.db and secrets.json come from different homes. Put back the pair; nothing was signed.",
            subject=str(runtime().folder),
        )
    if not all(_leads_to(tree, head) for head in (newest.kept_note(signer(tree.epoch).vkey), newest.seen())):
        raise KnownError(
            "The log in this database is older than what was signed before",
            f"It holds {tree.size} records, put back perhaps from a backup. Nothing was signed, so that no "
            "second history begins. Put back the newest diary.db there is, with its -wal file.",
            subject=str(runtime().folder),
        )
    newest.forget_seen()
    sign_waiting()
    newest.keep_note(newest_signed().text or "")


def check_seen(log: str, size: int, seen: bytes) -> None:
    """A record shows a checkpoint of `log`. One that this tree does not lead to proves lost leaves.

    Raises ProblemError (UNAVAILABLE). In solo, where every device is the owner's, the log stops until it is
    started on a database that leads there; elsewhere one device's word must not stop everybody.
    """
    tree = current()
    head = Checkpoint(log, size, seen)
    if log != tree.origin or _leads_to(tree, head):
        return
    LOG.error(
        "a record shows a checkpoint of %d records that this log of %d does not lead to", size, tree.size
    )
    if runtime().solo:
        newest.keep_seen(head)
    raise _stopped()


def refuse_if_stopped() -> None:
    """Raise ProblemError (UNAVAILABLE) once a checkpoint was seen that this log does not lead to."""
    if newest.seen() is not None:
        raise _stopped()


def _stopped() -> ProblemError:
    return ProblemError(ProblemCode.UNAVAILABLE, "the log is older than what was signed before")


def _leads_to(tree: Tree, head: Checkpoint | None) -> bool:
    if head is None or head.origin != tree.origin:
        return True
    if head.size > tree.size:
        return False
    note = Note.objects.filter(epoch=tree.epoch, size=head.size).first()
    known = bytes(note.root) if note is not None else root(head.size, reader(tree.epoch, head.size))
    return known == head.root


def current() -> Tree:
    """The tree that grows now."""
    return Tree.objects.order_by("-epoch")[0]


def signer(epoch: int) -> NoteSigner:
    """The log's own note key, named as its origin."""
    return NoteSigner(origin(epoch), runtime().secrets.log_seed)


def sign_waiting() -> None:
    """Sign every durable size and root that has no note yet, oldest first, and store the notes.

    Only what is durable is signed: the same size gets the same root, and so the same note, after any crash.
    """
    for note in Note.objects.filter(text=None).order_by("epoch", "size"):
        sign(note)


def sign(note: Note) -> None:
    """Sign a durable size and root and store the text."""
    head = Checkpoint(origin(note.epoch), note.size, bytes(note.root))
    note.text = sign_note(head.text(), signer(note.epoch))
    with writing():
        Note.objects.filter(pk=note.pk).update(text=note.text)


def newest_signed() -> Note:
    """The newest signed size and root of the tree that grows now; later leaves are nobody's business yet."""
    signed = Note.objects.filter(epoch=current().epoch, text__isnull=False)
    return signed.order_by("-size")[0]


def read_tile(epoch: int, tile: Tile) -> bytes:
    """The hashes of a tile the tree holds, 32 bytes each; fewer if it does not hold them all."""
    first = tile.index * TILE_WIDTH
    if tile.level == 0:
        rows = Leaf.objects.filter(epoch=epoch, index__gte=first, index__lt=first + tile.width)
        return b"".join(rows.order_by("index").values_list("hash", flat=True))
    upper = TileRoot.objects.filter(epoch=epoch, level=tile.level)
    upper = upper.filter(index__gte=first, index__lt=first + tile.width)
    return b"".join(upper.order_by("index").values_list("hash", flat=True))


def reader(epoch: int, size: int) -> TileReader:
    """Subtree hashes of the tree of `size` leaves."""
    return TileReader(lambda tile: read_tile(epoch, tile), size)


def served_tile(tile: Tile) -> bytes | None:
    """A tile of the signed tree, None if it has no such tile."""
    note = newest_signed()
    return read_tile(note.epoch, tile) if has_tile(tile, note.size) else None


def consistency(old: int, new: int) -> list[bytes]:
    """The RFC 6962 proof between two signed sizes. Raises EvidenceError if there are no such sizes."""
    note = newest_signed()
    if not 0 <= old <= new <= note.size:
        raise EvidenceError("proof", "no such sizes")
    return consistency_proof(old, new, reader(note.epoch, new))
