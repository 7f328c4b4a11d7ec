"""The stored tree: its beginning, the hashes it is read by, its notes and proofs."""

from __future__ import annotations

import logging
from contextlib import suppress
from functools import lru_cache
from typing import NoReturn

from workdiary.evidence.errors import EvidenceError
from workdiary.evidence.log import EMPTY_ROOT, consistency_proof, root
from workdiary.evidence.notes import Checkpoint, NoteSigner, open_note, parse_checkpoint, sign_note
from workdiary.evidence.tiles import TILE_WIDTH, Tile, TileReader, has_tile
from workdiary.server.log import newest
from workdiary.server.log.models import Leaf, Note, TileRoot, Tree
from workdiary.server.store.database import jotting, writing
from workdiary.server.store.problem import ProblemError
from workdiary.server.store.rows import changed, one
from workdiary.server.store.runtime import runtime
from workdiary.wire.known import KnownError
from workdiary.wire.problems import ProblemCode

LOG = logging.getLogger("workdiary.log")
# Roots that this process signed, by origin and size: what devices show is nearly always one of them.
_HEADS: dict[tuple[str, int], bytes] = {}
_HEADS_MAX = 10_000
# The newest notes by their text, which were verified, or signed here.
_OWN: dict[str, Checkpoint] = {}
_OWN_MAX = 64
_READS = 3
_SIGNED = "UPDATE log_note SET text = %s WHERE id = %s AND size = %s"
_NEWEST = "FROM log_tree ORDER BY epoch DESC LIMIT 1"


def origin(epoch: int) -> str:
    """The name of this installation's log in an epoch; never a host name, which would outlive its owner."""
    return f"workdiary/{runtime().secrets.installation}/{epoch}"


def epoch_in(text: str) -> int | None:
    """The epoch that an origin of this installation names, None for any other text."""
    prefix, _, number = text.rpartition("/")
    if prefix != f"workdiary/{runtime().secrets.installation}" or not number.isdecimal():
        return None
    return int(number) if number == str(int(number)) else None


def epoch_of(text: str) -> int | None:
    """The epoch if `text` is an origin of this installation up to now, None for another installation's.

    Raises ProblemError (UNAVAILABLE) for a later epoch: a database put back from before does not know it.
    """
    epoch = epoch_in(text)
    if epoch is not None and epoch > current().epoch:
        _stop(Checkpoint(text, 0, EMPTY_ROOT))
    return epoch


def begin() -> None:
    """Start the log if this database has none, and sign what a crash left unsigned.

    Raises KnownError if the database is another installation's (its keys and its log belong together), or if
    it is older than what was signed: a second history under one name would be a lie.
    """
    with writing():
        if not Tree.objects.exists():
            Tree.objects.create(epoch=0, origin=origin(0), size=0, root=EMPTY_ROOT, frontier=b"")
            Note.objects.create(epoch=0, size=0, root=EMPTY_ROOT, at_ms=runtime().now_ms())
    tree = own_tree()
    if lost_beyond(tree):
        raise KnownError(
            "The log in this database is older than what was signed before",
            f"It holds {tree.size} records, put back perhaps from a backup. Nothing was signed, so that no "
            "second history begins. Put back the newest database there is (diary.db with its -wal file). If "
            "there is no newer one: `workdiary manage new-epoch` begins a new epoch that names what was last "
            "known, and devices send again what is missing.",
            subject=str(runtime().folder),
        )
    newest.forget_seen()
    sign_waiting()
    keep_newest(newest_signed())


def own_tree() -> Tree:
    """The tree that grows now. Raises KnownError if it is another installation's."""
    tree = current()
    if tree.origin != origin(tree.epoch):
        raise KnownError(
            "The diary's database and its keys do not belong together",
            "The database and secrets.json come from different homes. Put back the pair; nothing was signed.",
            subject=str(runtime().folder),
        )
    return tree


def lost_beyond(tree: Tree) -> bool:
    """Whether something is known beside the database that this tree does not lead to: leaves were lost."""
    return not all(_leads_to(tree, head) for head in (kept_head(), newest.seen()))


def check_seen(log: str, size: int, seen: bytes) -> None:
    """A record shows a checkpoint of `log`. One that this tree does not lead to proves lost leaves.

    Raises ProblemError (UNAVAILABLE). In solo, where every device is the owner's, the log stops until it is
    started on a database that leads there; elsewhere one device's word must not stop everybody. Checkpoints
    of earlier epochs are history: what was lost of them is why there is a new one.
    """
    if _HEADS.get((log, size)) == seen:
        return
    tree = current()
    head = Checkpoint(log, size, seen)
    if log != tree.origin or _leads_to(tree, head):
        return
    _stop(head)


def check_shown(text: str) -> None:
    """A device shows a note that it keeps. Raises ProblemError (UNAVAILABLE) if it proves lost leaves.

    Our own signature is under it, so whoever brings it, all processes stop signing. MALFORMED if it is not.
    """
    head = own_head(text)
    if head is None:
        raise ProblemError(ProblemCode.MALFORMED, "not a note of this log")
    if not _leads_to(current(), head):
        keep_text(text)
        _stop(head)


def refuse_if_stopped() -> None:
    """Raise ProblemError (UNAVAILABLE) if this log must not be signed."""
    refuse_if_behind(current())


def refuse_if_behind(tree: Tree) -> None:
    """The same for a tree just read: every group asks, because a database may fall back while we run."""
    if newest.seen() is not None or not _leads_to(tree, kept_head()):
        LOG.error("the log of %d records is older than what was signed before", tree.size)
        raise _stopped()


def _stop(head: Checkpoint) -> NoReturn:
    LOG.error("a device shows a checkpoint of %d records that this log does not lead to", head.size)
    if runtime().solo:
        newest.keep_seen(head)
    raise _stopped()


def _stopped() -> ProblemError:
    return ProblemError(ProblemCode.UNAVAILABLE, "the log is older than what was signed before")


def _leads_to(tree: Tree, head: Checkpoint | None) -> bool:
    epoch = None if head is None else epoch_in(head.origin)
    if head is None or epoch is None or epoch < tree.epoch:
        return True
    if epoch > tree.epoch or head.size > tree.size:
        return False
    if head.size == tree.size:
        return bytes(tree.root) == head.root
    note = Note.objects.filter(epoch=tree.epoch, size=head.size).first()
    known = bytes(note.root) if note is not None else root(head.size, reader(tree.epoch, head.size))
    return known == head.root


def kept_head() -> Checkpoint | None:
    """The checkpoint of the note kept beside the database, None if there is none of this log."""
    # Another process may be writing just now: what does not verify is read again before it counts as none.
    for _ in range(_READS):
        text = newest.note()
        head = None if text is None else own_head(text)
        if text is None or head is not None:
            return head
    return None


def own_head(text: str) -> Checkpoint | None:
    """The checkpoint of a note of this installation's log, None if it is not one or does not verify."""
    if text in _OWN:
        return _OWN[text]
    with suppress(EvidenceError):
        epoch = epoch_in(text.partition("\n")[0])
        if epoch is not None:
            head = parse_checkpoint(open_note(text, [signer(epoch).vkey]).text)
            return _remember(text, head)
    return None


def _remember(text: str, head: Checkpoint) -> Checkpoint:
    if len(_OWN) >= _OWN_MAX:
        _OWN.clear()
    _OWN[text] = head
    return head


def keep_newest(note: Note) -> None:
    """Keep a signed note beside the database, and remember its root: devices will show it soon."""
    if len(_HEADS) >= _HEADS_MAX:
        _HEADS.clear()
    _HEADS[origin(note.epoch), note.size] = bytes(note.root)
    _remember(note.text or "", Checkpoint(origin(note.epoch), note.size, bytes(note.root)))
    keep_text(note.text or "")


def keep_text(text: str) -> None:
    """Keep a note of this log beside the database unless a newer one is there."""
    newest.keep_note(text, lambda kept: rank(own_head(kept)) < rank(own_head(text)))


def rank(head: Checkpoint | None) -> tuple[int, int]:
    """(epoch, size): the larger one is newer; nothing is older than everything."""
    return (-1, 0) if head is None else (epoch_in(head.origin) or 0, head.size)


def current() -> Tree:
    """The tree that grows now."""
    found = one(Tree, _NEWEST)
    if found is None:
        raise Tree.DoesNotExist
    return found


def signer(epoch: int) -> NoteSigner:
    """The log's own note key, named as its origin."""
    return _signer(origin(epoch), runtime().secrets.log_seed)


@lru_cache(maxsize=8)
def _signer(name: str, seed: bytes) -> NoteSigner:
    return NoteSigner(name, seed)


def sign_waiting() -> None:
    """Sign every durable size and root that has no note yet, oldest first, and store the notes.

    Only what is durable is signed: the same size gets the same root, and so the same note, after any crash.
    An earlier epoch is never signed again.
    """
    for note in Note.objects.filter(text=None, epoch=current().epoch).order_by("size"):
        sign(note)


def sign(note: Note) -> None:
    """Sign a durable size and root and store the text.

    Ed25519 signs the same bytes the same way, so the text needs no fsync of its own: a power cut that takes
    it leaves the size and root, and these give it again. Raises ProblemError (UNAVAILABLE) if they are gone.
    """
    head = Checkpoint(origin(note.epoch), note.size, bytes(note.root))
    text = sign_note(head.text(), signer(note.epoch))
    with jotting():
        kept = changed(_SIGNED, [text, note.pk, note.size])
    if not kept:
        raise _stopped()
    note.text = text


def newest_signed(epoch: int | None = None) -> Note:
    """The newest signed size and root of the tree that grows now; later leaves are nobody's business yet.

    Of an earlier epoch if asked; raises EvidenceError if there is no such epoch.
    """
    epoch = current().epoch if epoch is None else epoch
    found = Note.objects.filter(epoch=epoch, text__isnull=False).order_by("-size").first()
    if found is None:
        raise EvidenceError("proof", "no such epoch")
    return found


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


def served_tile(tile: Tile, epoch: int | None = None) -> bytes | None:
    """A tile of the signed tree (of an earlier epoch, if asked), None if it has no such tile."""
    note = newest_signed(epoch)
    return read_tile(note.epoch, tile) if has_tile(tile, note.size) else None


def consistency(old: int, new: int, epoch: int | None = None) -> list[bytes]:
    """The RFC 6962 proof between two signed sizes. Raises EvidenceError if there are no such sizes."""
    note = newest_signed(epoch)
    if not 0 <= old <= new <= note.size:
        raise EvidenceError("proof", "no such sizes")
    return consistency_proof(old, new, reader(note.epoch, new))
