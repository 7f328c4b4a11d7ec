"""The tree: leaf hashes, the roots of full tiles, its present state and the notes signed over it."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from workdiary.server.store.base import Row


class Tree(Row):
    """The state of one origin (one epoch of this installation's log); the row the sequencer swaps.

    `frontier` is the hashes of the full subtrees that make up `size`, left to right, 32 bytes each; `before`
    the note that leaf 0 names, the last one known of the epoch before (null in epoch 0).
    """

    epoch = models.IntegerField(primary_key=True)
    origin = models.CharField(max_length=80, unique=True)
    size = models.BigIntegerField()
    root = models.BinaryField()
    frontier = models.BinaryField()
    before = models.TextField(null=True)  # noqa: DJ001 - "" would be a note that says nothing


class Leaf(Row):
    """One leaf: `hash` is the leaf hash of RFC 6962.

    `receipt`: after it was appended by this process, the tlog-proof against its group's note; not stored.
    """

    receipt = ""

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


class Cosignature(Row):
    """A witness's line under a note; every time it gave one, because a later one proves a later time.

    witness: its vkey; time_s: the POSIX second it states; line: with its newline.
    """

    epoch = models.IntegerField()
    size = models.BigIntegerField()
    witness = models.CharField(max_length=400)
    time_s = models.BigIntegerField()
    line = models.TextField()

    class Meta:
        """The order of the columns is that of the search for the earliest note with k of them."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["epoch", "size", "witness", "time_s"], name="cosigned_once"),
        ]
        indexes: ClassVar = [models.Index(fields=["epoch", "witness", "size"], name="cosigned_last")]


class Anchor(Row):
    """An RFC 3161 response (DER) over a note's text; time_ms, accuracy_ms: what it states."""

    epoch = models.IntegerField()
    size = models.BigIntegerField()
    token = models.BinaryField()
    time_ms = models.BigIntegerField()
    accuracy_ms = models.BigIntegerField()

    class Meta:
        """The first one of a size is the best: it says by when it was there."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["epoch", "size"], name="anchored_once"),
        ]


class Beacon(Row):
    """A beacon leaf as it was hashed; size: of the note in it; at_ms: when it was logged."""

    epoch = models.IntegerField()
    index = models.BigIntegerField()
    size = models.BigIntegerField()
    leaf = models.BinaryField()
    at_ms = models.BigIntegerField()

    class Meta:
        """One leaf, one beacon."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["epoch", "index"], name="beacon_index_once"),
        ]


class Watch(Row):
    """One row: when a client was last here, and which process speaks to the witnesses, until when."""

    active_ms = models.BigIntegerField(default=0)
    holder = models.CharField(max_length=32, default="")
    until_ms = models.BigIntegerField(default=0)


class Reader(Row):
    """Somebody outside who may read /log: an auditor, or a witness that asks by itself.

    `hash` is SHA-256 of the bearer token, hex; the token itself is told once.
    """

    name = models.CharField(max_length=80, unique=True)
    hash = models.CharField(max_length=64, unique=True)
    made_ms = models.BigIntegerField()
