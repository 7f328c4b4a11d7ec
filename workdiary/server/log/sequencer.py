"""The one place where leaves get their index: a group at a time, so that many senders share one fsync.

Whoever comes first commits for all who wait; the others find their leaf settled when it is their turn. A leaf
and what it stands for (`keep`) are one transaction: after any crash a record exists if and only if it is in
the tree.
Order: leaves, tiles, size and root durable → sign → note durable → note kept beside the database → reply.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from django.db import IntegrityError, transaction

from workdiary.evidence.notes import Receipt
from workdiary.evidence.tiles import TILE_HEIGHT, TILE_WIDTH, new_tiles
from workdiary.server.log.growth import Edge
from workdiary.server.log.models import Leaf, Note, TileRoot, Tree
from workdiary.server.log.tree import current, keep_newest, refuse_if_behind, sign
from workdiary.server.store.database import writing
from workdiary.server.store.rows import changed, insert_numbered
from workdiary.server.store.runtime import runtime

# Bounds how long one group holds the database: about 1 ms a leaf, so well below the promised second.
GROUP_MAX = 200
_ATTEMPTS = 20
_SWAP = "UPDATE log_tree SET size = %s, root = %s, frontier = %s WHERE epoch = %s AND size = %s"

# Called with the new leaf inside the group's transaction, and again if the group is tried again.
Keep = Callable[[Leaf], None]


class Moved(Exception):  # noqa: N818 - what happened
    """Another process grew the tree first; the group is tried again on the new size."""


class _RefusedError(Exception):
    """One of a group refuses; `why` is what it raised."""

    def __init__(self, why: Exception) -> None:
        super().__init__()
        self.why = why


@dataclass(slots=True)
class _Waiting:
    hash: bytes
    keep: Keep
    outcome: Leaf | Exception | None = None


class Sequencer:
    """Appends leaves from any number of threads; other processes are met by compare-and-swap on the size."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._turn = threading.Lock()
        self._waiting: deque[_Waiting] = deque()

    def append(self, leaf_hash: bytes, keep: Keep, *, first: bool = False) -> Leaf:
        """Append one leaf; on return it is durable and covered by a signed, durable note.

        first: before all that wait now (a beacon bounds the time of what follows it). `keep` runs in the same
        transaction with the new leaf and may refuse by raising: nothing of this leaf stays then, and the
        exception is raised here.
        """
        item = _Waiting(leaf_hash, keep)
        with self._guard:
            (self._waiting.appendleft if first else self._waiting.append)(item)
        while item.outcome is None:
            with self._turn:
                if item.outcome is None:
                    self._commit(self._group())
        if isinstance(item.outcome, Exception):
            raise item.outcome
        return item.outcome

    def _group(self) -> list[_Waiting]:
        with self._guard:
            return [self._waiting.popleft() for _ in range(min(GROUP_MAX, len(self._waiting)))]

    @staticmethod
    def _commit(group: list[_Waiting]) -> None:
        try:
            grown = _grow(group)
            if grown.note is not None:
                sign(grown.note)
                keep_newest(grown.note)
                _prove(grown)
        except Exception as error:  # noqa: BLE001 - nobody may wait for a leaf that will not come
            # The leaves may be durable already: who sends again finds the record and gets its receipt.
            for item in group:
                item.outcome = error
            return
        for item, outcome in zip(group, grown.outcomes, strict=True):
            item.outcome = outcome


@dataclass(frozen=True, slots=True)
class _Grown:
    """What became of each one of a group; without a note nothing was appended."""

    outcomes: list[Leaf | Exception]
    edge: Edge
    note: Note | None


def _grow(group: list[_Waiting]) -> _Grown:
    # Refusals are rare: first all in one go; if one refuses, again with each on its own.
    append = _append_together
    for _attempt in range(_ATTEMPTS):
        try:
            with writing():
                tree = current()
                refuse_if_behind(tree)
                return append(tree, group)
        except _RefusedError as refusal:
            if len(group) == 1:
                return _Grown([refusal.why], Edge(0, b""), None)
            append = _append_each
        except Moved:
            continue
    raise Moved


def _append_together(tree: Tree, group: list[_Waiting]) -> _Grown:
    edge = Edge(tree.size, bytes(tree.frontier))
    leaves = [
        Leaf(epoch=tree.epoch, index=tree.size + place, hash=item.hash) for place, item in enumerate(group)
    ]
    try:
        insert_numbered(leaves)
    except IntegrityError as error:
        raise Moved from error
    for item, leaf in zip(group, leaves, strict=True):
        try:
            item.keep(leaf)
        except Exception as error:
            raise _RefusedError(error) from error
        edge.append(item.hash)
    return _Grown([*leaves], edge, _swap(tree, edge))


def _append_each(tree: Tree, group: list[_Waiting]) -> _Grown:
    edge = Edge(tree.size, bytes(tree.frontier))
    outcomes: list[Leaf | Exception] = []
    for item in group:
        try:
            with transaction.atomic():
                leaf = Leaf.objects.create(epoch=tree.epoch, index=edge.size, hash=item.hash)
                item.keep(leaf)
        except Exception as error:  # noqa: BLE001 - it is the caller's, who gets it; the others go on
            outcomes.append(error)
            continue
        edge.append(item.hash)
        outcomes.append(leaf)
    return _Grown(outcomes, edge, _swap(tree, edge) if edge.size > tree.size else None)


def _swap(tree: Tree, edge: Edge) -> Note:
    root = edge.frontier.root()
    if not changed(_SWAP, [edge.size, root, edge.peaks, tree.epoch, tree.size]):
        raise Moved
    tiles = (tile for tile in new_tiles(tree.size, edge.size) if tile.width == TILE_WIDTH)
    for tile in tiles:
        # The tile's root is the first hash of the level above.
        above = edge.read(TILE_HEIGHT * (tile.level + 1), tile.index)
        TileRoot.objects.create(epoch=tree.epoch, level=tile.level + 1, index=tile.index, hash=above)
    note = Note(epoch=tree.epoch, size=edge.size, root=root, at_ms=runtime().now_ms())
    insert_numbered([note])
    return note


def _prove(grown: _Grown) -> None:
    for leaf in grown.outcomes:
        if isinstance(leaf, Leaf) and grown.note is not None:
            leaf.receipt = Receipt(leaf.index, grown.edge.path(leaf.index), grown.note.text or "").encode()


SEQUENCER = Sequencer()
