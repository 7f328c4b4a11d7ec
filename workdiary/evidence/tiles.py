"""Tiles of a log (c2sp.org/tlog-tiles): which there are, their paths and bytes, a reader over them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from workdiary.evidence.digest import DIGEST_BYTES
from workdiary.evidence.errors import EvidenceError
from workdiary.evidence.log import SIZE_MAX, HashReader, node_hash

# tlog-tiles: a tile is a subtree of height 8, 256 hashes wide when full.
TILE_HEIGHT = 8
TILE_WIDTH = 1 << TILE_HEIGHT
LEVEL_MAX = 63

_PATH = re.compile(r"(0|[1-9][0-9]?)/((?:x[0-9]{3}/){0,6}[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Tile:
    """Hashes index·256 … index·256 + width − 1 of tile level `level` (each over 256^level leaves)."""

    level: int
    index: int
    width: int = TILE_WIDTH

    @property
    def path(self) -> str:
        """`<L>/<N>[.p/<W>]`: 1234067 is written x001/x234/067."""
        index = self.index
        text = f"{index % 1000:03d}"
        while index >= 1000:  # noqa: PLR2004 - three digits a path element
            index //= 1000
            text = f"x{index % 1000:03d}/{text}"
        partial = "" if self.width == TILE_WIDTH else f".p/{self.width}"
        return f"{self.level}/{text}{partial}"


def parse_path(path: str) -> Tile:
    """The tile a path names, in its one spelling. Raises `EvidenceError` ("proof")."""
    match = _PATH.match(path)
    if match is None:
        raise EvidenceError("proof", "not the path of a tile")
    index = int(match[2].replace("x", "").replace("/", ""))
    tile = Tile(int(match[1]), index, int(match[3] or TILE_WIDTH))
    # Written again and compared: leading x000 elements and a partial tile of full width have no place.
    if tile.path != path or tile.level > LEVEL_MAX or tile.width > TILE_WIDTH:
        raise EvidenceError("proof", "not the path of a tile")
    return tile


def has_tile(tile: Tile, size: int) -> bool:
    """Whether a tree of `size` leaves holds this tile (also partial ones that have since grown)."""
    return tile.index * TILE_WIDTH + tile.width <= size >> (TILE_HEIGHT * tile.level)


def new_tiles(old: int, new: int) -> Iterator[Tile]:
    """The tiles that a tree of `new` leaves has and one of `old` leaves had not, lowest level first."""
    if not 0 <= old <= new <= SIZE_MAX:
        raise EvidenceError("proof", "an older tree is never larger")
    level = 0
    while new >> (TILE_HEIGHT * level):
        before, after = old >> (TILE_HEIGHT * level), new >> (TILE_HEIGHT * level)
        if before != after:
            for index in range(before // TILE_WIDTH, -(-after // TILE_WIDTH)):
                yield Tile(level, index, min(TILE_WIDTH, after - index * TILE_WIDTH))
        level += 1


def tile_bytes(tile: Tile, read: HashReader) -> bytes:
    """The bytes served for a tile: its hashes, one after the other."""
    level, first = TILE_HEIGHT * tile.level, tile.index * TILE_WIDTH
    return b"".join(read(level, first + place) for place in range(tile.width))


class TileReader:
    """A `log.HashReader` over the tiles of a tree of `size` leaves; asks for each tile once.

    read_tile: gives the bytes of a tile that the tree holds; partial tiles are asked for in the width that
    `size` has, so whoever keeps a later, wider one cuts it down to `tile.width` hashes.
    """

    def __init__(self, read_tile: Callable[[Tile], bytes], size: int) -> None:
        self._read_tile = read_tile
        self._size = size
        self._known: dict[tuple[int, int], bytes] = {}

    def __call__(self, level: int, index: int) -> bytes:
        """See `log.HashReader`. Raises `EvidenceError` ("proof") for a tile that is too short."""
        tile_level, height = divmod(level, TILE_HEIGHT)
        first = index << height
        data = self._tile(tile_level, first // TILE_WIDTH)
        offset = first % TILE_WIDTH * DIGEST_BYTES
        hashes = [
            data[at : at + DIGEST_BYTES]
            for at in range(offset, offset + (DIGEST_BYTES << height), DIGEST_BYTES)
        ]
        if any(len(item) != DIGEST_BYTES for item in hashes):
            raise EvidenceError("proof", "a tile that is too short")
        while len(hashes) > 1:
            hashes = [node_hash(hashes[at], hashes[at + 1]) for at in range(0, len(hashes), 2)]
        return hashes[0]

    def _tile(self, level: int, index: int) -> bytes:
        if (level, index) not in self._known:
            width = (self._size >> (TILE_HEIGHT * level)) - index * TILE_WIDTH
            if width <= 0:
                raise EvidenceError("proof", "no such leaf in a tree of this size")
            tile = Tile(level, index, min(width, TILE_WIDTH))
            self._known[level, index] = self._read_tile(tile)
        return self._known[level, index]
