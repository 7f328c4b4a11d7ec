"""The tree: leaf hashes, the roots of full tiles, its present state and the notes signed over it."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from workdiary.server.store.base import Row


class Tree(Row):
    """The state of one origin (one epoch of this installation's log); the row the sequencer swaps.

    `frontier` is the hashes of the full subtrees that make up `size`, left to right, 32 bytes each.
    """

    epoch = models.IntegerField(primary_key=True)
    origin = models.CharField(max_length=80, unique=True)
    size = models.BigIntegerField()
    root = models.BinaryField()
    frontier = models.BinaryField()


class Leaf(Row):
    """One leaf: `hash` is the leaf hash of RFC 6962."""

    epoch = models.IntegerField()
    index = models.BigIntegerField()
    hash = models.BinaryField()

    class Meta:
        """An index is given once."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["epoch", "index"], name="leaf_index_once"),
        ]


class TileRoot(Row):
    """The root of a full tile below: hash number `index` of tile level `level` (1 and up)."""

    epoch = models.IntegerField()
    level = models.IntegerField()
    index = models.BigIntegerField()
    hash = models.BinaryField()

    class Meta:
        """A hash of a tile is written once."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["epoch", "level", "index"], name="tile_hash_once"),
        ]


class Note(Row):
    """A size and root that were durable before `text` was signed over them; `text` is null in between."""

    epoch = models.IntegerField()
    size = models.BigIntegerField()
    root = models.BinaryField()
    text = models.TextField(null=True)  # noqa: DJ001 - "" would be a note that says nothing
    at_ms = models.BigIntegerField()

    class Meta:
        """One root per size, for ever."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["epoch", "size"], name="note_size_once"),
        ]
