"""Checking the stored tree against itself. Nothing is repaired; a finding names a place, never content."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from workdiary.evidence.errors import EvidenceError
from workdiary.evidence.leaves import epoch_leaf
from workdiary.evidence.log import Frontier, leaf_hash
from workdiary.evidence.notes import open_note, parse_checkpoint
from workdiary.evidence.tiles import TILE_WIDTH
from workdiary.server.log.models import Leaf, Note, TileRoot, Tree
from workdiary.server.log.tree import signer

_CHUNK = 500


@dataclass(slots=True)
class Audit:
    """What was looked at and what was found; no findings means that everything fits."""

    leaves: int = 0
    notes: int = 0
    records: int = 0
    disclosures: int = 0
    images: int = 0
    findings: list[str] = field(default_factory=list)

    def miss(self, what: str, place: object) -> None:
        """Note a finding."""
        self.findings.append(f"{what}: {place}")


def audit_tree(tree: Tree, found: Audit) -> Iterator[Audit]:
    """Recompute a tree from its leaves and compare every note, tile root and the stored state with it."""
    if tree.before is not None:
        first = Leaf.objects.filter(epoch=tree.epoch, index=0).first()
        if first is None or bytes(first.hash) != leaf_hash(epoch_leaf(tree.before)):
            found.miss("an epoch that does not begin with what it says", tree.origin)
    notes = {note.size: note for note in Note.objects.filter(epoch=tree.epoch)}
    frontier, tiles = Frontier(), _Tiles(tree.epoch, found)
    _note(tree, notes.pop(0, None), frontier, found)
    for leaf in Leaf.objects.filter(epoch=tree.epoch).order_by("index").iterator(_CHUNK):
        if leaf.index != frontier.size:
            found.miss("a leaf is missing", f"{tree.origin} {frontier.size}")
            return
        frontier.append(bytes(leaf.hash))
        found.leaves += 1
        _note(tree, notes.pop(frontier.size, None), frontier, found)
        tiles.add(0, bytes(leaf.hash))
        yield found
    if (tree.size, bytes(tree.root)) != (frontier.size, frontier.root()):
        found.miss("the stored state is not that of the leaves", tree.origin)
    if bytes(tree.frontier) != b"".join(frontier.peaks):
        found.miss("the stored frontier is not that of the leaves", tree.origin)
    for size in notes:
        found.miss("a note over leaves that are not there", f"{tree.origin} {size}")


def _note(tree: Tree, note: Note | None, frontier: Frontier, found: Audit) -> None:
    if note is None:
        return
    found.notes += 1
    place = f"{tree.origin} {note.size}"
    if bytes(note.root) != frontier.root():
        found.miss("a root that is not that of the leaves", place)
    if note.text is None:
        found.miss("a root without its signed note", place)
        return
    try:
        head = parse_checkpoint(open_note(note.text, [signer(tree.epoch).vkey]).text)
    except EvidenceError as error:
        found.miss(f"a note that does not verify ({error.code})", place)
        return
    if (head.origin, head.size, head.root) != (tree.origin, frontier.size, frontier.root()):
        found.miss("a note that says something else", place)


class _Tiles:
    """Follows the leaves tile by tile and compares the root of each full one with the stored hash."""

    def __init__(self, epoch: int, found: Audit) -> None:
        self._epoch = epoch
        self._found = found
        self._open: list[Frontier] = []
        self._full: list[int] = []

    def add(self, level: int, item: bytes) -> None:
        """The next hash of a tile level."""
        if level == len(self._open):
            self._open.append(Frontier())
            self._full.append(0)
        self._open[level].append(item)
        if self._open[level].size < TILE_WIDTH:
            return
        root, index = self._open[level].root(), self._full[level]
        row = TileRoot.objects.filter(epoch=self._epoch, level=level + 1, index=index).first()
        if row is None or bytes(row.hash) != root:
            self._found.miss("a tile root is missing or wrong", f"{level + 1}/{index}")
        self._open[level] = Frontier()
        self._full[level] += 1
        self.add(level + 1, root)
