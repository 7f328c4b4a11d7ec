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

from django.db import transaction

from workdiary.evidence.digest import DIGEST_BYTES
from workdiary.evidence.log import Frontier, node_hash
from workdiary.evidence.tiles import TILE_HEIGHT, TILE_WIDTH, new_tiles
from workdiary.server.log.models import Leaf, Note, TileRoot, Tree
from workdiary.server.log.newest import keep_note
from workdiary.server.log.tree import current, reader, refuse_if_stopped, sign
from workdiary.server.store.database import writing
from workdiary.server.store.runtime import runtime

# Bounds how long one group holds the database: about 1 ms a leaf, so well below the promised second.
GROUP_MAX = 200
_ATTEMPTS = 20

Keep = Callable[[Leaf], None]
_Grown = tuple[list[Leaf | Exception], Note | None]


class Moved(Exception):  # noqa: N818 - what happened
    """Another process grew the tree first; the group is tried again on the new size."""


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
        outcomes: list[Leaf | Exception]
        try:
            refuse_if_stopped()
            outcomes, note = _grow(group)
            if note is not None:
                sign(note)
                keep_note(note.text or "")
        except Exception as error:  # noqa: BLE001 - nobody may wait for a leaf that will not come
            # The leaves may be durable already: who sends again finds the record and gets its receipt.
            outcomes = [error] * len(group)
        for item, outcome in zip(group, outcomes, strict=True):
            item.outcome = outcome


def _grow(group: list[_Waiting]) -> _Grown:
    for _attempt in range(_ATTEMPTS):
        try:
            with writing():
                return _append_all(group)
        except Moved:
            continue
    raise Moved


def _append_all(group: list[_Waiting]) -> _Grown:
    tree = current()
    old, frontier = tree.size, Frontier(tree.size, _split(bytes(tree.frontier)))
    outcomes: list[Leaf | Exception] = []
    for item in group:
        try:
            with transaction.atomic():
                leaf = Leaf.objects.create(epoch=tree.epoch, index=frontier.size, hash=item.hash)
                item.keep(leaf)
        except Exception as error:  # noqa: BLE001 - it is the caller's, who gets it; the others go on
            outcomes.append(error)
            continue
        frontier.append(item.hash)
        outcomes.append(leaf)
    if frontier.size == old:
        return outcomes, None
    _keep_tile_roots(tree.epoch, old, frontier.size)
    return outcomes, _swap(tree, frontier)


def _keep_tile_roots(epoch: int, old: int, new: int) -> None:
    for tile in new_tiles(old, new):
        if tile.width == TILE_WIDTH:
            # The tile's root is the first hash of the level above, which is what is being written here.
            read, half = reader(epoch, new), TILE_HEIGHT * tile.level + TILE_HEIGHT - 1
            root = node_hash(read(half, 2 * tile.index), read(half, 2 * tile.index + 1))
            TileRoot.objects.create(epoch=epoch, level=tile.level + 1, index=tile.index, hash=root)


def _swap(tree: Tree, frontier: Frontier) -> Note:
    root = frontier.root()
    grown = Tree.objects.filter(epoch=tree.epoch, size=tree.size).update(
        size=frontier.size, root=root, frontier=b"".join(frontier.peaks)
    )
    if grown != 1:
        raise Moved
    return Note.objects.create(epoch=tree.epoch, size=frontier.size, root=root, at_ms=runtime().now_ms())


def _split(hashes: bytes) -> list[bytes]:
    return [hashes[at : at + DIGEST_BYTES] for at in range(0, len(hashes), DIGEST_BYTES)]


SEQUENCER = Sequencer()
